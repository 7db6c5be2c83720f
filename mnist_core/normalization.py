"""From pixels to the numbers that a network calculates with."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Normalization:
    """x = (pixel / 255 − mean) / deviation."""

    mean: float
    deviation: float


NORMALIZATIONS: dict[str, Normalization] = {
    # [0, 1]
    "unit": Normalization(0.0, 1.0),
    # Mean 0 and variance 1 over MNIST's training pixels, the two figures that every tutorial quotes.
    "standard": Normalization(0.1307, 0.3081),
}


def normalize(images: np.ndarray, normalization: str, dtype: type[np.floating] = np.float32) -> np.ndarray:
    """Flatten and scale a batch of images.

    Args:
        images: uint8 (N, 28, 28) in [0, 255], or float (N, 28, 28) in [0, 1].
        normalization: a key of `NORMALIZATIONS`.
        dtype: of the result.

    Returns:
        (N, 784).
    """
    chosen = NORMALIZATIONS[normalization]
    x = images.reshape(len(images), -1).astype(dtype)
    white = 255.0 if images.dtype == np.uint8 else 1.0
    # One multiplication and one addition for (x / white - mean) / deviation.
    x *= dtype(1 / (white * chosen.deviation))
    x -= dtype(chosen.mean / chosen.deviation)
    return x
