"""Batches of images, gathered from a data set, distorted and normalized."""

import numpy as np

from mnist_core.data.augmentation import Distortion
from mnist_core.nn.normalization import NORMALIZATIONS


class Batches:
    """Gathers images as bytes, distorts and normalizes them, in memory that is used again at every step.

    A data set of floats would be four times as large, and no faster to gather from.

    Args:
        images: uint8 (N, 28, 28).
        normalization: a key of `NORMALIZATIONS`.
        dtype: of the batches.
        size: images in the largest batch, also an attribute.
        distortion: strength of the distortion of every image, see `Distortion`; 0 for none.
        rng: source of all randomness in a distortion.
    """

    def __init__(
        self,
        images: np.ndarray,
        normalization: str,
        dtype: np.dtype,
        size: int,
        distortion: float,
        rng: np.random.Generator,
    ) -> None:
        self.size = size
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
        return x
