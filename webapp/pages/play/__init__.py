"""The parts of the page to play on: two games, and what the class has played."""
