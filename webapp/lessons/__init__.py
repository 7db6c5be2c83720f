"""The lessons: data, not code. One file each, read with suspicion, and what is handed out for each."""
