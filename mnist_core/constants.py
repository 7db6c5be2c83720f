"""The shape of the problem: what an image is, and what it can show."""

SIDE = 28
"""Height and width of an image, in pixels."""
PIXELS = SIDE * SIDE
"""Inputs of a network."""
CLASSES = 10
"""Outputs of a network: the digits 0 to 9."""
OUTLIER_LABEL = 255
"""Label of an image that shows none of the classes."""
