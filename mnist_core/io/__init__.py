"""Files from and to the outside: read with suspicion, written in one piece."""
