"""Drawings that are not digits: letters, shapes and scribbles, drawn by code to be mixed into the training images.

A network that has only ever seen digits is sure of its answer whatever it sees. So it is shown these too, and learns to
answer them with ten equal probabilities (Hendrycks, Mazeika and Dietterich 2019, Deep anomaly detection with outlier
exposure, arXiv:1812.04606).
"""

from collections.abc import Callable

import numpy as np

from mnist_core.constants import OUTLIER_LABEL
from mnist_core.data.synthetic import ALLOGRAPHS, digit_path, pen_path, picture

# Letters that nobody takes for a digit.
LETTERS = (
    "09 40 89 / 26 66",  # A
    "70 20 03 06 29 79",  # C
    "00 09 49 76 73 40 00",  # D
    "70 00 09 79 / 04 54",  # E
    "70 00 09 / 04 54",  # F
    "70 20 03 06 29 79 75 45",  # G
    "00 09 / 70 79 / 04 74",  # H
    "60 67 39 07",  # J
    "00 09 / 70 04 79",  # K
    "00 09 69",  # L
    "09 00 00 46 46 90 90 99",  # M
    "09 00 00 79 79 70",  # N
    "09 00 60 63 44 04",  # P
    "00 09 / 00 60 63 04 04 79",  # R
    "00 90 / 40 49",  # T
    "00 07 39 67 60",  # U
    "00 39 39 70",  # V
    "00 29 29 43 43 69 69 90",  # W
    "00 79 / 70 09",  # X
    "00 34 34 70 / 34 39",  # Y
    "63 23 06 39 66 63 63 69 89",  # a
    "60 69 / 65 24 07 29 66",  # d
    "06 76 64 33 05 28 79",  # e
    "70 40 22 29 / 03 53",  # f
    "00 09 / 05 34 65 69",  # h
    "00 09 / 53 06 06 59",  # k
    "03 09 / 05 23 35 39 / 35 53 65 69",  # m
    "03 09 / 05 34 65 69",  # n
    "03 09 / 06 34 53",  # r
    "30 38 59 / 03 63",  # t
    "03 08 39 65 63 / 63 69",  # u
)


def not_digits(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw letters, shapes, scribbles, blots, digits struck out, and pairs of digits in one picture.

    Args:
        count: number of drawings.
        rng: source of all randomness.

    Returns:
        The images, uint8 (count, 28, 28), and their labels, uint8 (count,), all of them `OUTLIER_LABEL`.
    """
    images = [picture(KINDS[rng.integers(len(KINDS))](rng), rng) for _ in range(count)]
    return np.array(images, np.uint8).reshape(count, 28, 28), np.full(count, OUTLIER_LABEL, np.uint8)


def _letter(rng: np.random.Generator) -> np.ndarray:
    return pen_path(LETTERS[rng.integers(len(LETTERS))], rng)


def _digit(rng: np.random.Generator) -> np.ndarray:
    return digit_path(ALLOGRAPHS[int(rng.integers(10))], rng)


def _points(points: np.ndarray, sharp: bool) -> str:
    """Return points on the grid, (n, 2) in 0 ... 9, as a stroke; a sharp one has corners at its points."""
    figures = [f"{x}{y}" for x, y in points]
    return " ".join(np.repeat(figures, 2) if sharp else figures)


def _curves(rng: np.random.Generator) -> np.ndarray:
    """Draw one long curve or a few short ones, anywhere; a single short one might well be a digit."""
    strokes = int(rng.integers(1, 5))
    points = 7 if strokes == 1 else 3
    sharp = bool(rng.integers(2))
    paths = [_points(rng.integers(0, 10, (points + rng.integers(4), 2)), sharp) for _ in range(strokes)]
    return pen_path(" / ".join(paths), rng)


def _scribble(rng: np.random.Generator) -> np.ndarray:
    """Draw hatching: back and forth across the picture while the hand moves along."""
    turns = int(rng.integers(5, 12))
    along = np.linspace(0, 9, turns).astype(int)
    across = np.where(np.arange(turns) % 2, 9, 0) + rng.integers(-2, 3, turns)
    points = np.stack([along, np.clip(across, 0, 9)], axis=1)
    return pen_path(_points(points[:, :: rng.choice([-1, 1])], bool(rng.integers(2))), rng)


def _polygon(rng: np.random.Generator) -> np.ndarray:
    """Draw a closed shape with straight sides, or a star, which has every second corner near the middle."""
    corners = int(rng.integers(3, 9))
    angles = np.arange(corners) / corners * 2 * np.pi + rng.uniform(0, 2 * np.pi)
    radius = np.full(corners, 4.5)
    if corners % 2 == 0 and corners > 4:
        radius[::2] *= rng.uniform(0.3, 0.6)
    elif corners > 4:
        angles *= 2  # a star drawn in one go
    places = 4.5 + radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = np.clip(np.rint(places), 0, 9).astype(int)
    return pen_path(_points(np.concatenate([points, points[:1]]), sharp=True), rng)


def _spiral(rng: np.random.Generator) -> np.ndarray:
    t = np.linspace(0, 1, 200)
    angle = 2 * np.pi * (rng.uniform(1.7, 4) * t + rng.random()) * rng.choice([-1, 1])
    return 4.5 + 4.5 * t[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _crossing(rng: np.random.Generator) -> np.ndarray:
    """Draw straight lines that cross each other: a cross, a star of lines, a grid."""
    ends = rng.integers(0, 10, (int(rng.integers(2, 6)), 2))
    lines = [f"{a}0 {b}9" if rng.integers(2) else f"0{a} 9{b}" for a, b in ends]
    return pen_path(" / ".join(["00 99" if rng.integers(2) else "04 95", *lines]), rng)


def _struck_out(rng: np.random.Generator) -> np.ndarray:
    strokes = " / ".join(f"0{a} 9{b}" for a, b in rng.integers(0, 10, (int(rng.integers(2, 6)), 2)))
    return np.concatenate([_digit(rng), pen_path(strokes, rng)])


def _blot(rng: np.random.Generator) -> np.ndarray:
    """Draw a filled patch: what a dot becomes when it is scaled up to the size of a digit."""
    across, down = rng.uniform(0.5, 1, 2)
    rows, columns = np.meshgrid(np.linspace(-1, 1, 24), np.linspace(-1, 1, 24))
    inside = rows**2 + columns**2 <= 1
    return 4.5 + 4.5 * np.stack([across * columns[inside], down * rows[inside]], axis=1)


def _pair(rng: np.random.Generator) -> np.ndarray:
    place = np.array([rng.uniform(6, 11), rng.uniform(-1, 1)])
    return np.concatenate([_digit(rng), _digit(rng) + place])


KINDS: tuple[Callable[[np.random.Generator], np.ndarray], ...] = (
    _letter,
    _letter,
    _letter,
    _curves,
    _curves,
    _scribble,
    _polygon,
    _spiral,
    _crossing,
    _struck_out,
    _blot,
    _pair,
)
"""Each draws the path of something that is not a digit; those listed several times are drawn more often."""
