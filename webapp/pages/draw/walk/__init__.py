"""Forward and backward through the network, step by step, with the visitor's drawing."""
