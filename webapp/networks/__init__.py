"""Which networks can be chosen, and how well each of them reads."""
