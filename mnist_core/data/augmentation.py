"""Distorted copies of training images: the same digits, as if other people had written them.

A network that sees every image turned, slanted, scaled, moved, bent and inked differently in every epoch can't learn it
by heart, so it learns what all versions of a digit have in common.

Sources: Simard, Steinkraus and Platt 2003, Best practices for convolutional neural networks applied to visual
document analysis, ICDAR (elastic distortions); Ciresan, Meier, Gambardella and Schmidhuber 2010, Deep big simple
neural nets excel on handwritten digit recognition, arXiv:1003.0358 (affine and elastic ones, new in every epoch).
"""

import numpy as np

from mnist_core.constants import SIDE

ROTATION = 15.0
"""Degrees, at most, in either direction. This and all that follows is at strength 1."""
SCALE = 0.15
"""Width and height are each multiplied or divided by at most e to this power, independently."""
SHEAR = 0.15
"""Slant: a row moves sideways by at most this share of its distance from the middle."""
SHIFT = 1.5
"""Pixels, at most, in either direction; elastic displacements move an image a little further."""
ELASTIC = 1.1
"""Root mean square of the elastic displacements in pixels, that of Simard's fields with sigma 5 and alpha 34."""
SIGMA = 5.0
"""Smoothness of the elastic displacements: the width in pixels of the Gaussian that blurs them."""
WAVES = 6
"""The elastic displacements are made of this many cosine waves in each direction; the next one's square would be 0.001%
of the first's."""
THICKNESS = 0.8
"""Share, at most, of the way to strokes a pixel wider on each side; at most half of it to strokes a pixel narrower.
Neighbours are those above, below, left and right; at any strength a stroke changes by no more than that pixel."""
CHUNK = 32
"""Images that are distorted at a time: this many stay in the processor's cache, which halves the time."""


class Distortion:
    """Distorts batches, every image in its own way, in memory that is used again at every step.

    The place where each pixel of the new image is looked up in the old one is a sum of a few fixed pictures: a
    constant, the row and the column (which together make any affine map), and smooth waves. What Simard does with noise
    and a Gaussian filter is done here by drawing the amplitudes of those waves: blurring multiplies the wave k of white
    noise by exp(−(π σ k / 28)² / 2). So the places of a whole batch are one small matrix product.

    Args:
        strength: ≥ 0, multiplies everything described above; 0 leaves the images as they are.
    """

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self._basis, self._amplitudes = displacement_basis()
        # Each pixel is stored with its right, lower and lower right neighbours: one look-up finds all four.
        self._quads = np.zeros((CHUNK, SIDE, SIDE, 4), np.uint8)
        self._offsets = np.arange(CHUNK)[:, None] * (SIDE * SIDE)

    def distort(self, pixels: np.ndarray, rng: np.random.Generator, out: np.ndarray) -> None:
        """Distort a batch.

        Args:
            pixels: uint8 (B, 784), not changed.
            rng: source of all randomness: the same state gives the same images.
            out: float (B, 784), filled with values in [0, 255]. Beyond its edge an image continues with its outermost
                pixels.
        """
        for start in range(0, len(pixels), CHUNK):
            chunk = slice(start, start + CHUNK)
            out[chunk] = self._distorted(pixels[chunk], rng)

    def _distorted(self, pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        count = len(pixels)
        rows, columns = self.places(count, rng)  # (B, 784) each
        inked = self.thickened(pixels.reshape(count, SIDE, SIDE), rng)
        row, down = _whole_and_rest(rows)
        column, right = _whole_and_rest(columns)
        row *= SIDE
        row += column
        row += self._offsets[:count]
        found = self._quadruples(inked).take(row).view(np.uint8).reshape(count, SIDE * SIDE, 4)
        upper, lower = (
            _between(found[..., i].astype(np.float32), found[..., i + 1].astype(np.float32), right) for i in (0, 2)
        )
        return _between(upper, lower, down)

    def places(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw the places that the pixels of the new images come from, (B, 784) rows and columns."""
        strength = self.strength
        turn, lean, *sizes = rng.uniform(-strength, strength, (4, count))
        moves = rng.uniform(-strength * SHIFT, strength * SHIFT, (2, count))
        angle = turn * np.deg2rad(ROTATION)
        cos, sin = np.cos(angle), np.sin(angle)
        tall, wide = np.exp(np.multiply(sizes, SCALE))
        shear = lean * SHEAR
        waves = rng.standard_normal((2, count, len(self._amplitudes)), np.float32)
        waves *= strength * ELASTIC * self._amplitudes
        middle = (SIDE - 1) / 2
        # Turn, then slant, then stretch; the basis begins with 1, row and column, counted from the middle.
        down = np.stack([moves[0] + middle, tall * cos, tall * sin], axis=1)
        across = np.stack([moves[1] + middle, wide * (shear * cos - sin), wide * (shear * sin + cos)], axis=1)
        coefficients = np.concatenate([np.stack([down, across]).astype(np.float32), waves], axis=2)
        rows, columns = coefficients @ self._basis
        return rows, columns

    def thickened(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return images, uint8 (B, 28, 28), with thicker or thinner strokes."""
        amount = rng.uniform(-self.strength * THICKNESS / 2, self.strength * THICKNESS, len(images))
        images = images.copy()
        for chosen, extreme in ((amount > 0, np.maximum), (amount < 0, np.minimum)):
            part = images[chosen]
            spread = part.copy()
            for there, here in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[:, :, 1:], np.s_[:, :, :-1])):
                extreme(spread[there], part[here], out=spread[there])
                extreme(spread[here], part[there], out=spread[here])
            share = np.rint(np.minimum(np.abs(amount[chosen]), 1) * 256).astype(np.int16)[:, None, None]
            # In fixed-point numbers, 256 being 1.
            change = (spread.astype(np.int32) - part) * share >> 8
            images[chosen] = part + change
        return images

    def _quadruples(self, images: np.ndarray) -> np.ndarray:
        """Pack each pixel with its three neighbours, uint32 (B · 784,)."""
        quads = self._quads[: len(images)]
        quads[..., 0] = images
        quads[:, :, :-1, 1] = images[:, :, 1:]
        quads[:, :-1, :, 2] = images[:, 1:]
        quads[:, :-1, :-1, 3] = images[:, 1:, 1:]
        return quads.reshape(-1).view(np.uint32)


def displacement_basis() -> tuple[np.ndarray, np.ndarray]:
    """Compute the pictures that the places are sums of, (3 + waves, 784), and the amplitudes of the waves."""
    places = np.arange(SIDE)
    k = np.arange(WAVES)
    waves = np.cos(np.pi * k[:, None] * (places + 0.5) / SIDE)  # (WAVES, 28)
    waves[1:] *= np.sqrt(2)  # each of mean square 1
    blurred = np.exp(-((np.pi * SIGMA * k / SIDE) ** 2) / 2)
    amplitudes = np.outer(blurred, blurred).reshape(-1)
    amplitudes /= np.sqrt((amplitudes**2).sum())
    both = np.einsum("kr,lc->klrc", waves, waves).reshape(WAVES * WAVES, -1)
    centred = places - (SIDE - 1) / 2
    row, column = np.repeat(centred, SIDE), np.tile(centred, SIDE)
    basis = np.concatenate([np.stack([np.ones(SIDE * SIDE), row, column]), both])
    return basis.astype(np.float32), amplitudes.astype(np.float32)


def _whole_and_rest(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split places into the pixel before, an index, and the distance beyond it, in [0, 1]."""
    np.clip(places, 0, SIDE - 1, out=places)
    whole = np.minimum(places, SIDE - 2).astype(np.intp)
    places -= whole
    return whole, places


def _between(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Compute a + (b − a) · share, in the memory of b."""
    b -= a
    b *= share
    b += a
    return b
