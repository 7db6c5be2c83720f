"""How other demos convert a drawing to 28x28: each differs in one thing from the way MNIST was made.

`preprocess` does what NIST did. These shortcuts are common because they are short, but they hand the network pictures
unlike those it learned from. Compare what is read, and you see what each stage of `preprocess` is worth.

All take and return what `whole_shrunk` does; without ink the result is zeros, that of `not_inverted` ones.
"""

import numpy as np
from PIL import Image

from mnist_core.constants import SIDE
from mnist_core.imaging.preprocess import centre_box, crop_to_ink, fit_to_box, placed, stages_of_ink


def whole_shrunk(ink: np.ndarray) -> np.ndarray:
    """Shrink the whole canvas, with antialiasing.

    A small digit stays small, one in a corner stays there, and a thin pen becomes a pale grey line: none of that is in
    MNIST, where every digit fills a box of 20 pixels in the middle.

    Args:
        ink: float32 (H, W) in [0, 1], background 0, at least 1x1; see `preprocess.find_ink`.

    Returns:
        float32 (28, 28) in [0, 1].
    """
    return _resize(ink, Image.Resampling.BILINEAR)


def pixels_picked(ink: np.ndarray) -> np.ndarray:
    """Shrink the whole canvas by keeping single pixels of it, without antialiasing ("nearest neighbour").

    In addition to what `whole_shrunk` does, thin strokes tear, because the pixels between those kept are ignored, and
    edges are hard steps where MNIST has greys.
    """
    return _resize(ink, Image.Resampling.NEAREST)


def stretched(ink: np.ndarray) -> np.ndarray:
    """Cut the ink out and stretch it over all 28x28 pixels, whatever its shape.

    A slim 1 becomes a block as wide as it is high, and the margin of 4 empty pixels around every MNIST digit is gone.
    """
    crop = crop_to_ink(ink)
    return _resize(crop, Image.Resampling.BILINEAR) if crop.size else centre_box(crop)


def top_left(ink: np.ndarray) -> np.ndarray:
    """Cut the ink out and scale it into 20x20 pixels as MNIST does, but leave it in the upper left corner.

    A network without convolutions has learned what each single pixel means: a few pixels further, the same digit is a
    different input.
    """
    crop = crop_to_ink(ink)
    return placed(fit_to_box(crop) if crop.size else crop, 0, 0)


def not_inverted(ink: np.ndarray) -> np.ndarray:
    """Do all that MNIST did, but leave the ink black on white paper, as it comes from a canvas or a scanner.

    MNIST is white on black. Here the pixels that were always 0 in training are 1, so every weight at the border, which
    training never corrected, takes part in the answer.
    """
    return 1 - stages_of_ink(ink).centred


NAIVE_PIPELINES = {way.__name__: way for way in (whole_shrunk, pixels_picked, stretched, top_left, not_inverted)}


def _resize(picture: np.ndarray, filtering: Image.Resampling) -> np.ndarray:
    resized = Image.fromarray(np.ascontiguousarray(picture)).resize((SIDE, SIDE), filtering)
    return np.clip(np.asarray(resized, dtype=np.float32), 0, 1)
