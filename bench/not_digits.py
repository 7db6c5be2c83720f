"""Drawings that are not digits, for measuring how many of them a recognizer takes for one.

Everything is drawn by this file, from skeletons of its own, and has nothing to do with what a network may have been
trained on. Only the digits that are then crossed out come from the table of synthetic digits.
"""

from collections.abc import Callable

import numpy as np

from bench.strokes import CANVAS, draw_somewhere
from mnist_core.data.synthetic import ALLOGRAPHS

Paths = list[np.ndarray]  # float64 (points, 2) each: x to the right, y down

# The notation is that of `ALLOGRAPHS`, with one addition: a stroke is the points at which a pen aims, on a grid of
# 10x10, x before y. The pen cuts the corners between them; points joined by hyphens are joined by straight lines
# instead. A slash lifts the pen.
LETTERS = {
    "A": "09-40-79 / 15-65",
    "C": "72 60 20 04 29 69 77",
    "D": "00-09 / 00 50 82 87 59 09",
    "E": "60-00-09-69 / 04-54",
    "F": "60-00-09 / 04-54",
    "H": "00-09 / 70-79 / 04-74",
    "J": "30-90 / 60 68 39 09 06",
    "K": "00-09 / 70-04-79",
    "L": "00-09-69",
    "M": "09-10-45-80-99",
    "N": "09-00-79-70",
    "P": "00-09 / 00 50 72 44 04",
    "R": "00-09 / 00 60 72 54 04 / 34-79",
    "T": "00-90 / 40-49",
    "U": "00 07 29 59 77 70",
    "V": "00-49-90",
    "W": "00-29-42-69-90",
    "X": "00-79 / 70-09",
    "Y": "00-44-80 / 44-49",
    "a": "64 43 14 07 29 58 64 / 63-68-79",
    "d": "60-69 / 64 45 06 28 49 67",
    "e": "05 55 62 30 02 07 39 68",
    "f": "71 50 32 39 / 14-64",
    "h": "00-09 / 05 34 65 69",
    "k": "00-09 / 53-05-69",
    "m": "03-09 / 05 24 45 49 / 45 64 85 89",
    "n": "03-09 / 05 34 65 69",
    "r": "03-09 / 05 24 63",
    "t": "30 38 59 78 / 13-73",
}
SHAPES = {
    "triangle": "40-89-09-40",
    "square": "00-90-99-09-00",
    "diamond": "40-94-49-04-40",
    "star": "19-40-69-03-83-19",
    "star of two triangles": "40-86-06-40 / 02-82-48-02",
    "arrow": "04-94 / 61-94-67",
    "heart": "42 30 00 04 26 49 49 66 84 80 50 42",
    "house": "09-04-40-84-89-09 / 39-36-56-59",
    "spiral": "45 55 53 33 37 77 71 11 19 99 90",
    "cross": "40-49 / 04-94",
    "tick": "05-29-90",
    "smiley": "50 90 99 09 00 50 / 33 / 63 / 25 48 75",
    "grid": "00-90-99-09-00 / 30-39 / 60-69 / 03-93 / 06-96",
    "hash": "30-39 / 60-69 / 03-93 / 06-96",
    "moon": "50 00 09 59 59 27 22 50",
    "cloud": "28 08 05 24 31 61 63 94 98 28",
    "fir": "40-87-07-40 / 47-49",
    "fish": "92 58 18 04 11 51 97 97 92 / 24",
    "envelope": "01-91-98-08-01 / 01-45-91",
    "sun": "43 63 66 36 33 43 / 40-41 / 48-49 / 04-14 / 84-94 / 11-22 / 77-88 / 18-27 / 72-81",
    "flag": "00-09 / 00-80-84-04",
    "stick figure": "40 60 63 33 30 40 / 43-46 / 14-74 / 19-46-79",
    "ladder": "20-29 / 70-79 / 22-72 / 25-75 / 28-78",
    "asterisk": "40-49 / 12-76 / 16-72",
    "not equal": "03-93 / 06-96 / 70-29",
    "divided by": "04-94 / 41 / 47",
    "square root": "05-15-39-60-90",
    "pi": "00-90 / 20-29 / 60-69",
}
CHARACTERS = {
    "人": "40 36 09 / 33 55 98",
    "八": "32 26 09 / 51 66 99",
    "三": "11-81 / 24-74 / 09-99",
    "土": "14-74 / 40-49 / 09-99",
    "大": "03-93 / 40 45 09 / 44 66 99",
    "小": "40-49-37 / 13-06 / 73-96",
    "山": "40-49 / 04-09-89-84",
    "上": "40-49 / 44-84 / 09-99",
    "下": "00-90 / 40-49 / 43-75",
    "女": "40 16 16 79 / 62 46 09 / 04-94",
    "门": "10-21 / 03-09 / 40-90-99-78",
    "不": "00-90 / 50 35 06 / 43-49 / 54-87",
    "中": "02-82-86-06-02 / 40-49",
    "五": "00-80 / 40-29 / 14-74-69 / 09-99",
    "六": "40-52 / 03-93 / 35-09 / 65-99",
    "天": "11-81 / 04-94 / 41 45 09 / 44 66 99",
    "开": "00-90 / 04-94 / 30 36 09 / 60-69",
    "心": "04-07 / 23 28 59 88 86 / 41-53 / 72-94",
    "手": "70-21 / 13-83 / 05-95 / 51 58 49 28",
    "文": "40-51 / 02-92 / 72 46 09 / 22 46 99",
    "月": "20 26 09 / 20-70-79-57 / 23-73 / 26-76",
    "木": "03-93 / 40-49 / 43 26 08 / 43 66 98",
    "水": "40-49-37 / 03-33-08 / 82-55 / 44 66 98",
    "火": "12-24 / 82-64 / 40 45 09 / 44 66 99",
    "王": "10-80 / 24-74 / 09-99 / 40-49",
    "四": "01-91-98-08-01 / 31 36 16 / 61-66-86",
    "本": "03-93 / 40-49 / 43 26 08 / 43 66 98 / 27-67",
    "生": "20-04 / 13-93 / 25-85 / 09-99 / 50-59",
    "田": "00-80-89-09-00 / 40-49 / 04-84",
    "米": "12-34 / 81-63 / 04-94 / 40-49 / 44 26 08 / 44 66 98",
}
WOBBLE = 0.4
"""How far, on the grid of 10x10, a point is missed at most, in x and in y."""


def not_digits(count: int, rng: np.random.Generator) -> tuple[list[np.ndarray], list[str]]:
    """Draw what is no digit: letters, shapes, scribbles, crossed-out digits, Chinese characters, dots, nothing.

    The first five kinds are equally frequent, dots and empty canvases rare. Left out is what is written like a digit:
    the letters B, G, I, O, Q, S, Z, b, g, i, j, l, o, q, s, y, z, the characters 一, 口 and 日, plain circles, plain
    lines, and what differs from these only in size. Place, size and pen vary as in `draw_somewhere`; every point
    wobbles, and every drawing has its own width, slant and turn.

    Args:
        count: how many; 200 or more for shares that mean something.
        rng: source of all randomness.

    Returns:
        The drawings, each uint8 (280, 280), white on black, and the kind of each.
    """
    kinds = (list(_KINDS) * 4 + ["dots"] + list(_KINDS) * 4 + ["empty"]) * (count // 42 + 1)
    return [_drawing(kind, rng) for kind in kinds[:count]], kinds[:count]


def _drawing(kind: str, rng: np.random.Generator) -> np.ndarray:
    if kind == "empty":
        return np.zeros((CANVAS, CANVAS), np.uint8)
    paths = _dots(rng) if kind == "dots" else _KINDS[kind](rng)
    width, slant, turn = np.exp(rng.uniform(-0.25, 0.25)), rng.uniform(-0.15, 0.3), rng.uniform(-0.2, 0.2)
    stretch = np.array([[width, 0], [-slant, 1]])
    rotate = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return draw_somewhere([path @ stretch @ rotate for path in paths], rng)


def _written(table: dict[str, str]) -> Callable[[np.random.Generator], Paths]:
    """Return what writes a random entry of a table."""
    skeletons = list(table.values())
    return lambda rng: _write(skeletons[rng.integers(len(skeletons))], rng)


def _write(skeleton: str, rng: np.random.Generator) -> Paths:
    paths = []
    for stroke in skeleton.split("/"):
        points = stroke.replace("-", " ").split()
        aims = np.array([[int(figure) for figure in point] for point in points], dtype=np.float64)
        aims += rng.uniform(-WOBBLE, WOBBLE, aims.shape)
        paths.append(aims if "-" in stroke else _curve(aims))
    return paths


def _curve(aims: np.ndarray) -> np.ndarray:
    """Lead the pen along points, (points, 2), with rounded corners: a quadratic B-spline that reaches both ends."""
    ends = np.concatenate([aims[:1], (aims[:-1] + aims[1:]) / 2, aims[-1:]])  # of one Bezier arc for each point
    t = np.linspace(0, 1, 10)[:, None]
    arcs = [
        (1 - t) ** 2 * a + 2 * t * (1 - t) * aim + t**2 * b for a, aim, b in zip(ends, aims, ends[1:], strict=False)
    ]
    return np.concatenate(arcs)


def _scribble(rng: np.random.Generator) -> Paths:
    """Draw a tangle, a coil, a zigzag, some hatching or a filled blob."""
    style = rng.integers(5)
    if style == 0:
        return [_curve(rng.uniform(0, 9, (rng.integers(10, 25), 2)))]
    if style == 1:  # the same loop again and again, on its way to the right
        t = np.linspace(0, 2 * np.pi * rng.uniform(3, 6), 150)
        radius = 2 + 0.5 * np.sin(rng.uniform(0.3, 0.7) * t + rng.uniform(0, 6))
        return [np.stack([0.4 * t + radius * np.cos(t), radius * np.sin(t)], axis=1)]
    if style == 2:
        return [_zigzag(int(rng.integers(6, 14)), rng)]
    if style == 3:
        path = _zigzag(2 * int(rng.integers(4, 8)), rng)
        return list(path.reshape(-1, 2, 2))  # only every other line of it is drawn
    t = np.linspace(0, 1, 600)[:, None]  # a blob: a spiral so dense that the thinnest pen fills it
    radius, angle = t * (1 + 0.15 * np.sin(10 * np.array([3, 2]) * t)), 2 * np.pi * 20 * t
    return [radius * np.concatenate([np.cos(angle), np.sin(angle)], axis=1) * rng.uniform(0.6, 1, 2)]


def _zigzag(turns: int, rng: np.random.Generator) -> np.ndarray:
    """Lead the pen to and fro, at a random angle: float64 (turns, 2)."""
    x = np.linspace(0, 9, turns) + rng.uniform(-WOBBLE, WOBBLE, turns)
    y = np.where(np.arange(turns) % 2, 0.0, rng.uniform(4, 9)) + 2 * rng.uniform(-WOBBLE, WOBBLE, turns)
    angle = rng.uniform(0, np.pi)
    return np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=1)


def _crossed_out(rng: np.random.Generator) -> Paths:
    """Write a digit, then draw three to six lines across it, or one long zigzag."""
    ways = ALLOGRAPHS[int(rng.integers(10))]
    digit = _write(ways[rng.integers(len(ways))][1], rng)
    points = np.concatenate(digit)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    extent = np.maximum(np.ptp(points, axis=0), 5)  # wider than a 1, which would only get thicker
    if rng.random() < 0.3:
        path = _zigzag(int(rng.integers(7, 11)), rng)
        low = path.min(axis=0)
        return [*digit, (path - low) / np.ptp(path, axis=0) * extent + middle - extent / 2]
    count, first = int(rng.integers(3, 7)), rng.uniform(0, np.pi)
    crossing = rng.random() < 0.5  # every other line at right angles to the rest
    for i in range(count):
        angle = first + (np.pi / 2) * (crossing and i % 2) + rng.uniform(-0.15, 0.15)
        along, across = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        centre = middle + across * extent * ((i + 0.5) / count - 0.5) * 0.8
        digit.append(centre + np.outer([-0.6, 0.6], along * extent))
    return digit


def _dots(rng: np.random.Generator) -> Paths:
    return [rng.uniform(0, 9, (1, 2)) for _ in range(rng.integers(2, 7))]


_KINDS = {
    "letter": _written(LETTERS),
    "shape": _written(SHAPES),
    "scribble": _scribble,
    "crossed-out digit": _crossed_out,
    "Chinese character": _written(CHARACTERS),
}
"""The frequent kinds, each with what draws it on the grid."""
