"""Batches of images, gathered from a data set, distorted and normalized."""

import numpy as np

from mnist_core.data.augmentation import Distortion
from mnist_core.nn.normalization import NORMALIZATIONS


def add_noise(x: np.ndarray, deviation: float, rng: np.random.Generator) -> None:
    """Add noise to every input, in place: x + s ε, where ε is drawn from the standard normal distribution.

    Args:
        x: inputs (N, D), as the network gets them.
        deviation: s ≥ 0, the standard deviation of the noise.
        rng: source of the noise.

    Source: Bishop 1995, Training with noise is equivalent to Tikhonov regularization, Neural Computation 7, 108-116.
    """
    x += deviation * rng.standard_normal(x.shape, x.dtype.type)


class Batches:
    """Gathers images as bytes, distorts and normalizes them and adds noise, in memory that is used again at every step.

    A data set of floats would be four times as large, and no faster to gather from.

    Args:
        images: uint8 (N, 28, 28).
        normalization: a key of `NORMALIZATIONS`.
        dtype: of the batches.
        size: images in the largest batch, also an attribute.
        distortion: strength of the distortion of every image, see `Distortion`; 0 for none.
        rng: source of all randomness in distortions and noise.
        noise: standard deviation of the noise that is added to the normalized images; 0 for none.
    """

    def __init__(
        self,
        images: np.ndarray,
        normalization: str,
        dtype: np.dtype,
        size: int,
        distortion: float,
        rng: np.random.Generator,
        noise: float = 0.0,
    ) -> None:
        self.size = size
        self._noise = noise
        self._distortion = Distortion(distortion) if distortion else None
        self._rng = rng
        self._images = images.reshape(len(images), -1)
        self._scale = NORMALIZATIONS[normalization]
        self._pixels = np.empty((size, self._images.shape[1]), np.uint8)
        self._x = np.empty(self._pixels.shape, dtype)

    def gather(self, chosen: np.ndarray | slice) -> np.ndarray:
        """Gather a batch.

        Args:
            chosen: integer (B,), indices of images; or a slice of B consecutive ones.

        Returns:
            (B, 784), valid until the next call.
        """
        if isinstance(chosen, slice):
            pixels = self._images[chosen]
        else:
            # mode="clip" because "raise", the default, would not write into `out` directly
            pixels = self._images.take(chosen, axis=0, out=self._pixels[: len(chosen)], mode="clip")
        x = self._x[: len(pixels)]
        if self._distortion is None:
            np.copyto(x, pixels)
        else:
            self._distortion.distort(pixels, self._rng, x)
        self._scale(x, 255.0)
        if self._noise:
            add_noise(x, self._noise, self._rng)
        return x
