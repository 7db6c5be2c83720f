"""Images to learn from: real ones, and those that our own code draws or distorts."""
