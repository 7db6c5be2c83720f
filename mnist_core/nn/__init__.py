"""The neural network, from scratch in NumPy alone: forward, backward, and one step of an optimizer."""
