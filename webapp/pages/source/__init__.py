"""The source code, to be read."""
