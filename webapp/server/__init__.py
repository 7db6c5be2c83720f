"""The web server around the pages: what is served besides them, and how."""
