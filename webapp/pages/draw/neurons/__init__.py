"""The hidden units that a drawing lights up."""
