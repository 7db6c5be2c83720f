"""The formulas of a network, and the code that stands beside them."""
