"""Files from and to the outside: read with suspicion, written atomically."""
