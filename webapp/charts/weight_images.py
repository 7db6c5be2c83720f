"""Weights as pictures: blue below 0, orange above."""

import numpy as np

from webapp.charts.signs import LOWERS, RAISES

STRONG = 0.995
"""This share of the weights is told apart; beyond, the colour does not change. One outlier must not make all pale."""


STEPS = (1, 1.5, 2, 3, 4, 5, 7, 10)
"""The scale changes by these only, so that pictures do not flicker while the largest weight grows."""


def round_scale(weights: np.ndarray) -> float:
    """Choose the weight that has the strongest colour: a round number that few of them exceed.

    Args:
        weights: float, any shape.

    Returns:
        A number > 0: one of `STEPS` times a power of ten.
    """
    strong = max(float(np.quantile(np.abs(weights), STRONG)), 1e-6)
    power = 10.0 ** np.floor(np.log10(strong))
    return float(next((step for step in STEPS if strong <= step * power), STEPS[-1]) * power)


def weight_pictures(weights: np.ndarray, scale: float) -> np.ndarray:
    """Colour weights: blue below 0, orange above, and the stronger the weight, the less transparent.

    A weight of 0 shows the page, so the pictures suit a light and a dark one.

    Args:
        weights: float (U, 28, 28).
        scale: > 0, from where on the colour is full.

    Returns:
        uint8 (U, 28, 28, 4): red, green, blue and opacity.
    """
    pictures = np.empty((*weights.shape, 4), np.uint8)
    pictures[..., :3] = np.where(weights[..., None] < 0, LOWERS, RAISES)
    strength = np.minimum(np.abs(weights) / scale, 1)
    pictures[..., 3] = (strength * 31).round() * (255 / 31)  # 32 shades: half the bytes, and no eye sees it
    return pictures
