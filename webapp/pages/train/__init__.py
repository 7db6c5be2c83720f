"""A training, live."""
