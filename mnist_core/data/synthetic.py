"""Synthetic digits: handwriting drawn by code, for computers with neither network nor data files.

None of it is anybody's writing or part of MNIST. Each digit starts as a few points that a pen aims at (the table
below); everything in which two people's digits differ is then drawn at random: the way of writing, the shape, the
slant, the width, the pen. The result has MNIST's form: white ink on black, the digit fitted into a box of 20x20 pixels,
its centre of mass in the middle of 28x28.
"""

import numpy as np

from mnist_core.imaging.preprocess import BOX, centre_mass

# The ways to write each digit, each with its relative frequency. A stroke is a list of points, a point is two figures:
# x from the left, then y from the top, on a grid of 10x10. The pen starts at the first point, ends at the last and
# rounds the corners between, except at a point that is listed twice: there it turns sharply. A slash lifts the pen.
ALLOGRAPHS: dict[int, list[tuple[float, str]]] = {
    0: [
        (4, "30 00 09 69 60 20"),  # an oval, from the top
        (3, "40 00 09 89 80 30"),  # rounder
        (3, "61 60 00 09 79 70 21"),  # begun at the right, the ends overlap
        (2, "21 00 09 69 60 30 13"),  # ending inside
        (0.5, "30 00 09 69 60 20 / 60 09"),  # slashed
    ],
    1: [
        (10, "30 39"),  # a bare stick
        (1.5, "22 30 30 39"),  # with a flag
        (1, "22 30 30 39 / 19 59"),  # with flag and foot
    ],
    2: [
        (3, "02 10 50 63 36 09 09 69"),  # with a sharp foot
        (3, "01 00 50 53 26 08 08 98"),  # wide
        (2, "02 10 50 53 36 08 39 89"),  # with a round foot
        (3, "12 20 50 53 39 09 07 27 58 79"),  # with a loop
        (3, "12 30 60 53 48 19 08 06 36 68 97"),  # with a large loop, the foot rising
        (3, "13 30 60 64 49 19 07 16 46 79"),  # hardly anything but loops
    ],
    3: [
        (4, "01 20 60 63 14 14 64 68 39 08"),  # two bows
        (3, "02 20 60 53 24 24 64 67 49 19 07"),  # the end curled up
        (3, "02 20 70 63 24 24 55 57 29 09"),  # the upper bow larger
        (3, "02 10 50 63 34 34 66 69 39 08 06"),  # the lower bow larger
        (2, "01 10 60 60 24 24 64 68 29 08"),  # with a flat top
        (2, "02 10 50 53 34 25 34 65 69 29 07"),  # with a small loop between the bows
    ],
    4: [
        (4, "10 05 05 65 / 60 49"),  # open
        (3, "00 04 05 25 64 / 60 69"),  # open and round
        (2, "10 05 05 66 / 42 39"),  # with a short upright
        (2, "40 40 06 06 76 / 40 49"),  # closed
        (1, "00 05 15 63 60 60 49"),  # in one stroke
    ],
    5: [
        (3, "60 10 10 04 14 44 67 49 09 08"),  # in one stroke
        (3, "20 14 14 54 67 39 08 / 20 80"),  # the hat last
        (3, "90 40 30 14 34 55 57 39 08"),  # hasty, with a long hat
        (3, "71 30 12 44 66 49 29 07"),  # like an S
        (4, "70 20 03 03 53 76 59 19 07"),  # with a large bow
    ],
    6: [
        (3, "50 20 03 08 39 58 65 35 07"),  # bent
        (3, "40 03 07 19 49 57 45 26 08"),  # with a straight back
        (3, "30 04 08 29 59 66 35 17"),  # slender
        (2, "20 03 08 29 69 76 55 26 18"),  # with a wide bowl
        (2, "50 23 06 19 39 57 36 16 18"),  # with a small bowl
    ],
    7: [
        (4, "01 01 60 60 29"),  # plain
        (3, "02 01 60 60 44 29"),  # with a bent leg
        (2, "02 00 00 60 60 29"),  # with a hook
        (2, "02 01 20 60 54 39"),  # round
        (2, "01 01 60 60 29 / 15 65"),  # crossed
    ],
    8: [
        (3, "51 30 11 03 44 57 49 19 07 25 52 51"),  # an S, closed on the way back
        (4, "60 30 12 24 46 48 29 08 26 43 70"),  # the same, the ends open
        (3, "42 40 10 12 34 46 48 29 18 16 34 42 40 20"),  # slender, the ends overlap
        (3, "62 40 10 03 35 66 69 29 08 06 35 63 62"),  # wide
        (2, "30 11 13 34 53 51 30 / 34 15 18 39 58 55 34"),  # two rings
    ],
    9: [
        (3, "51 30 02 04 25 52 51 51 49"),  # with a straight leg
        (3, "51 30 03 05 35 61 61 29"),  # with a slanting leg
        (2, "60 20 02 05 45 73 60 62 59"),  # with a wide head
        (2, "51 20 03 15 44 61 60 65 69"),  # with a leg bent outwards
        (2, "50 20 03 14 42 50 40 43 39"),  # round at the top
        (2, "51 30 03 05 35 51 56 39 18"),  # with a hook
    ],
}


def synthetic_digits(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw digits that look handwritten, each as often as any other, in random order.

    Args:
        count: number of digits, at least 1. Where 10 does not divide it, some digits come once more than others.
        rng: source of all randomness: the same state gives the same digits.

    Returns:
        The images, uint8 of shape (count, 28, 28) with 0 for background and 255 for ink, and the labels,
        uint8 of shape (count,) in 0 ... 9.

    Raises:
        ValueError: if count is not a whole number of at least 1.
    """
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
        raise ValueError(f"count is {count!r}, expected a whole number of at least 1: ask for some digits")
    labels = rng.permutation(np.arange(count) % 10).astype(np.uint8)
    images = [picture(digit_path(ALLOGRAPHS[int(label)], rng), rng) for label in labels]
    return np.array(images), labels


def digit_path(ways: list[tuple[float, str]], rng: np.random.Generator) -> np.ndarray:
    """Draw a way of writing at random, and the path of the pen that follows it.

    Args:
        ways: each with its relative frequency, as in `ALLOGRAPHS`.
        rng: source of all randomness.

    Returns:
        float64 (points, 2), the positions of the pen on the grid.
    """
    shares = np.array([share for share, _ in ways])
    _, strokes = ways[rng.choice(len(ways), p=shares / shares.sum())]
    return pen_path(strokes, rng)


def pen_path(strokes: str, rng: np.random.Generator) -> np.ndarray:
    """Draw the path of a pen along strokes in the notation of `ALLOGRAPHS`; see `digit_path`."""
    return np.concatenate([_stroke_path(stroke, rng) for stroke in strokes.split("/")])


def picture(path: np.ndarray, rng: np.random.Generator, thickest: float = 2.0) -> np.ndarray:
    """Distort a path, fit it into the box, ink it with a random pen and centre it.

    Args:
        path: float64 (points, 2), close together, but not all the same.
        rng: source of all randomness.
        thickest: radius of the thickest pen in pixels, by default about that of MNIST.

    Returns:
        uint8 (28, 28), 255 is ink.
    """
    radius = rng.triangular(0.6, 1.1, thickest)  # in pixels; the thinnest pen is about that of MNIST
    ink = _ink(_fit(_distort(path, rng), radius), radius)
    return np.rint(centre_mass(ink) * 255).astype(np.uint8)


def _stroke_path(stroke: str, rng: np.random.Generator) -> np.ndarray:
    """Return the path of the pen, float64 (points, 2), that aims at the points of one stroke and hits none exactly.

    The curve is a quadratic B-spline: one Bezier arc for each point aimed at, from halfway between it and the one
    before to halfway between it and the next. Neighbouring arcs meet without a kink because both are tangent to the
    line between two points.
    """
    aims = np.array([[int(figure) for figure in point] for point in stroke.split()], dtype=np.float64)
    aims += rng.uniform(-0.75, 0.75, size=aims.shape)
    aims = np.concatenate([aims[:1], aims, aims[-1:]])  # doubled ends: the curve reaches them
    start, aim, end = (aims[:-2] + aims[1:-1]) / 2, aims[1:-1], (aims[1:-1] + aims[2:]) / 2
    t = np.linspace(0, 1, 16)[:, None, None]
    arcs = (1 - t) ** 2 * start + 2 * t * (1 - t) * aim + t**2 * end  # (16, arcs, 2)
    return arcs.swapaxes(0, 1).reshape(-1, 2)  # (points, 2), in the order of writing


def _distort(path: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Distort a path, (points, 2) on the grid, by one writer's proportions, wobble, width, slant and turn.

    The plane is distorted, not the pen's movement, so that strokes which touch still do.
    """
    path = path + rng.uniform(-0.35, 0.35, 2) * path * (9 - path) / 9  # one half grows, the other shrinks
    path = path + 0.35 * np.sin(rng.uniform(0.3, 0.9, 2) * path[:, ::-1] + rng.uniform(0, 2 * np.pi, 2))
    x, y = (path - 4.5).T
    x = x * np.exp(rng.uniform(-0.5, 0.25))
    x = x - rng.uniform(-0.2, 0.65) * y  # most people lean to the right
    turn = rng.uniform(-0.2, 0.2)  # radians
    return np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], axis=1)


def _fit(path: np.ndarray, radius: float) -> np.ndarray:
    """Scale the path, (points, 2), to pixels of the box, so that a pen of this radius just fills it.

    Fitting the path instead of a finished picture keeps every line sharp and as thick as the pen.
    """
    low, high = path.min(axis=0), path.max(axis=0)
    scale = (BOX - 2 * radius) / (high - low).max()
    return (path - (low + high) / 2) * scale + (BOX - 1) / 2  # pixel i has its centre at i


def _ink(path: np.ndarray, radius: float) -> np.ndarray:
    """Draw the path with a pen of this radius, float32 (20, 20) in [0, 1].

    A pixel on the edge of the line has less ink the further it is from the path: the soft edge of a scanned line.
    """
    pixels = np.arange(BOX, dtype=np.float32)
    squares = (pixels[:, None, None] - path.astype(np.float32)) ** 2  # (20, points, 2)
    across, down = squares[..., 0], squares[..., 1]
    distance = np.sqrt((down[:, None] + across).min(axis=2))  # (20, 20): to the nearest point of the path
    return np.clip((radius - distance) / 1.1 + 0.5, 0, 1)
