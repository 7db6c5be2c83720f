"""Who visits, and what visitors agreed to leave on the server."""
