"""From pixels to the numbers that a network calculates with."""

import math
from collections.abc import Callable

import numpy as np

MEAN, DEVIATION = 0.1307, 0.3081
"""Mean and standard deviation of MNIST's training pixels in [0, 1], as every tutorial quotes them."""


def unit(x: np.ndarray, white: float) -> None:
    """Scale to [0, 1]."""
    x *= 1 / white


def standard(x: np.ndarray, white: float) -> None:
    """Scale to mean 0 and variance 1 over MNIST's training pixels: (pixel / white − mean) / deviation."""
    x *= 1 / (white * DEVIATION)
    x -= MEAN / DEVIATION


def raw(x: np.ndarray, white: float) -> None:
    """Scale to [0, 255], the numbers as they stand in the file: what a network gets if one forgets to scale."""
    if white != 255:
        x *= 255 / white


def min_max(x: np.ndarray, white: float) -> None:
    """Scale each image by itself: its darkest pixel becomes 0, its brightest 1; a uniform image becomes 0."""
    low = x.min(axis=1, keepdims=True)
    span = x.max(axis=1, keepdims=True) - low
    x -= low
    x /= np.where(span > 0, span, 1)


NORMALIZATIONS: dict[str, Callable[[np.ndarray, float], None]] = {
    "unit": unit,
    "standard": standard,
    "raw": raw,
    "min-max": min_max,
}
"""Each changes x (N, 784), in which black is 0 and white is `white`, in place."""


def normalize(images: np.ndarray, normalization: str, dtype: type[np.floating] = np.float32) -> np.ndarray:
    """Flatten and scale a batch of images.

    Args:
        images: uint8 (N, 28, 28) in [0, 255], or float (N, 28, 28) in [0, 1].
        normalization: a key of `NORMALIZATIONS`.
        dtype: of the result.

    Returns:
        (N, 784).
    """
    x = images.reshape(len(images), math.prod(images.shape[1:])).astype(dtype)
    NORMALIZATIONS[normalization](x, 255.0 if images.dtype == np.uint8 else 1.0)
    return x
