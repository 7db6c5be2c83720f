"""Real pen strokes, drawn onto a canvas the way a person would: anywhere, small or large, with any pen.

The strokes are only for measuring: nothing is trained on them, and nothing of them is kept here.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

CANVAS = 280
"""Of the canvas, in pixels."""
SIZES = 0.3, 0.9
"""Smallest and largest extent of a digit's path, as shares of the side."""
PENS = 8.0, 30.0
"""Thinnest and thickest pen, in pixels."""
FINER = 3
"""Drawn this many times as large first, then shrunk: that is the antialiasing."""


@dataclass(frozen=True, eq=False)
class Strokes:
    """Digits as pen strokes, without those that are marked as suspect or as duplicates.

    Attributes:
        digits: for each digit its strokes, float32 (points, 2): x to the right, y down.
        labels: uint8 (N,).
        writers: int32 (N,), who wrote each.
    """

    digits: list[list[np.ndarray]]
    labels: np.ndarray
    writers: np.ndarray


def load_strokes(path: str | os.PathLike[str]) -> Strokes:
    """Read a file of pen strokes."""
    with np.load(path, allow_pickle=False) as file:
        strokes = np.split(file["points"], file["stroke_offsets"][1:-1])
        offsets = file["digit_offsets"]
        good = np.flatnonzero((file["suspect"] == 0) & (file["duplicate"] == 0))
        digits = [strokes[offsets[i] : offsets[i + 1]] for i in good]
        return Strokes(digits, file["labels"][good], file["writers"][good])


def draw_somewhere(digit: Sequence[np.ndarray], rng: np.random.Generator, side: int = CANVAS) -> np.ndarray:
    """Draw one digit at a random size and place with a random pen, white on black.

    The size is the longer extent of the pen's path, so the ink is larger by the pen's width.

    Args:
        digit: its strokes.
        rng: draws size, pen and place, in this order.
        side: of the canvas, in pixels.

    Returns:
        uint8 (side, side).
    """
    size = rng.uniform(*SIZES) * side
    pen = rng.uniform(*PENS)
    paths = scaled(digit, min(size, side - pen - 2))
    extent = np.concatenate(paths).max(axis=0)
    corner = pen / 2 + 1 + rng.random(2) * np.maximum(side - pen - 2 - extent, 0)
    return ink([path + corner for path in paths], pen, (side, side))


def scaled(digit: Sequence[np.ndarray], size: float) -> list[np.ndarray]:
    """Scale strokes so that their longer extent is `size`, and move them to the corner (0, 0)."""
    points = np.concatenate(digit)
    low = points.min(axis=0)
    scale = size / max(float(np.ptp(points, axis=0).max()), 1e-6)
    return [(path - low) * scale for path in digit]


def ink(paths: Sequence[np.ndarray], pen: float, shape: tuple[int, int]) -> np.ndarray:
    """Draw strokes with round caps and joints, antialiased.

    Args:
        paths: float (points, 2) each, in pixels of the canvas.
        pen: width in pixels.
        shape: height and width of the canvas.

    Returns:
        uint8 of that shape; 255 is ink.
    """
    canvas = Image.new("L", (shape[1] * FINER, shape[0] * FINER))
    draw = ImageDraw.Draw(canvas)
    radius = pen * FINER / 2
    for path in paths:
        points = [(x * FINER, y * FINER) for x, y in path.tolist()]
        if len(points) > 1:
            draw.line(points, fill=255, width=round(2 * radius), joint="curve")
        for x, y in points:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(canvas.resize((shape[1], shape[0]), Image.Resampling.BOX))
