"""Learning: one record after the other, from a recipe and its data to a trained network."""
