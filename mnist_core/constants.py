"""The shape of the problem: how large an image is, and which classes there are."""

SIDE = 28
"""Height and width of an image, in pixels."""
PIXELS = SIDE * SIDE
"""Pixels of an image, the inputs of a network."""
CLASSES = 10
"""The digits 0 to 9, the outputs of a network."""
OUTLIER_LABEL = 255
"""The label of an image that shows none of the classes."""
