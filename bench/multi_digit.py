"""Measure how well numbers of four digits are read; run by hand, results go to `bench/RESULTS.md`.

    python -m bench.multi_digit --strokes FILE [--count 500] [--seed 0] [--weights FILE] [--sheets FOLDER]

The digits are real pen strokes, those of one number by one writer. To tell the faults of splitting from those of
reading, each digit is also drawn alone, with the same ink at the same place: it survives if its part of the number is
read as it is alone. A digit that does not was split (no part has its box), merged (its part holds another digit too)
or misread (it has its part, but the ink of others changed the reading).
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import platform
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import click
import numpy as np
from PIL import Image, ImageDraw

from bench.strokes import Strokes, draw_somewhere, ink, load_strokes, scaled
from mnist_core.imaging.preprocess import find_ink
from mnist_core.imaging.segmentation import Box, split_digits
from mnist_core.network import DEFAULT_WEIGHTS
from mnist_core.recognizer import NumberPart, Recognizer

DIGITS = 4
SINGLE = 1500
"""So many single digits are drawn, to see whether one is split."""
HEIGHTS = 0.85, 1.15
"""Of the pen's path; everything below is measured in the height of a usual digit."""
OFFSET = 0.07
"""A digit stands this much above or below the line, at most."""
SLOPE = 5.0
"""Of the line, up or down, at most, in degrees."""
PENS = 0.07, 0.14
GAPS = 0.1, 0.5
"""Between the boxes of neighbouring digits."""
CLOSE_GAPS = 0.04, 0.2
"""Between the ink of neighbouring digits where they come closest: the boxes of one third overlap."""
FILLS = 0.7, 1.0
"""How much of the canvas the number fills, in the direction in which it fills more of it."""


@dataclass(frozen=True, eq=False)
class Number:
    """A drawn number.

    Attributes:
        pixels: uint8 (H, W), dark on light or light on dark.
        labels: of its digits, from left to right.
        alone: for each digit, the same drawing without the others.
    """

    pixels: np.ndarray
    labels: list[int]
    alone: list[np.ndarray]


@dataclass(frozen=True)
class Setting:
    """How numbers are drawn: the shape of the canvas, and whether the digits stand close."""

    name: str
    shape: tuple[int, int]
    close: bool


SETTINGS = (
    Setting("280×280", (280, 280), False),
    Setting("280×840", (280, 840), False),
    Setting("280×280, close", (280, 280), True),
)


@click.command()
@click.option("--strokes", "file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--weights", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=DEFAULT_WEIGHTS)
@click.option("--seed", default=0, show_default=True, help="Of all that is drawn at random.")
@click.option("--count", type=click.IntRange(min=1), default=500, show_default=True, help="Numbers of each kind.")
@click.option("--sheets", type=click.Path(file_okay=False, path_type=Path), help="Folder for pictures of what fails.")
def main(file: Path, weights: Path, seed: int, count: int, sheets: Path | None) -> None:
    """Measure how well numbers are read, and print tables in Markdown."""
    strokes = load_strokes(file)
    recognizer = Recognizer.load(weights)
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, NumPy {np.__version__}, seed {seed}.\n")
    print(
        f"| {count} numbers each | digits survive | numbers survive | digits right | the same alone "
        f"| numbers right | split | merged | misread |\n|---|---|---|---|---|---|---|---|---|"
    )
    for setting in SETTINGS:
        failures = _measure(recognizer, setting, strokes, count, np.random.default_rng(seed))
        if sheets is not None and failures:
            sheets.mkdir(parents=True, exist_ok=True)
            name = setting.name.replace("×", "x").replace(", ", "-")
            _sheet(failures).save(sheets / f"numbers-{name}.png")
    print()
    _single_digits(recognizer, strokes, np.random.default_rng(seed))
    print()
    _times(recognizer, strokes, np.random.default_rng(seed))


def write_number(strokes: Strokes, rng: np.random.Generator, shape: tuple[int, int], close: bool) -> Number:
    """Write four random digits of one writer side by side.

    Args:
        strokes: to choose from.
        rng: draws everything.
        shape: height and width of the canvas.
        close: whether the gap counts between the ink, where it comes closest, instead of between the boxes.
    """
    own = np.flatnonzero(strokes.writers == rng.choice(strokes.writers))
    labels = rng.choice(np.unique(strokes.labels[own]), DIGITS).tolist()
    pen = rng.uniform(*PENS)
    placed: list[list[np.ndarray]] = []
    for label in labels:
        digit = strokes.digits[rng.choice(own[strokes.labels[own] == label])]
        width, height = np.ptp(np.concatenate(digit), axis=0)
        wide = min(max(width / max(height, 1e-6), 1.0), 1.5)  # one that is wider than high is not blown up
        paths = scaled(digit, rng.uniform(*HEIGHTS) * wide)
        bottom = np.concatenate(paths)[:, 1].max() + rng.uniform(-OFFSET, OFFSET)
        paths = [path - [0, bottom] for path in paths]
        if placed:
            ends = [_clear_of(one, paths, pen) if close else np.concatenate(one)[:, 0].max() for one in placed]
            left = max(ends) + pen + rng.uniform(*(CLOSE_GAPS if close else GAPS))
            paths = [path + np.array([left, 0]) for path in paths]
        placed.append(paths)
    slope = np.tan(np.radians(rng.uniform(-SLOPE, SLOPE)))
    placed = [[path + np.array([0, slope * paths[0][0, 0]]) for path in paths] for paths in placed]

    points = np.concatenate([path for paths in placed for path in paths])
    space = np.array([shape[1], shape[0]]) - 2.0
    extent = np.ptp(points, axis=0) + pen
    scale = (space / extent).min() * rng.uniform(*FILLS)
    corner = 1 + pen * scale / 2 + rng.random(2) * (space - extent * scale)
    placed = [[(path - points.min(axis=0)) * scale + corner for path in paths] for paths in placed]
    together = ink([path for paths in placed for path in paths], pen * scale, shape)
    alone = [ink(paths, pen * scale, shape) for paths in placed]
    dark = rng.random() < 0.5
    return Number(255 - together if dark else together, labels, [255 - one if dark else one for one in alone])


def _clear_of(digit: Sequence[np.ndarray], following: Sequence[np.ndarray], pen: float) -> float:
    """How far right the next digit must move to clear another wherever both have ink at nearly the same height."""
    here, there = _dense(digit), _dense(following)
    level = np.abs(here[:, None, 1] - there[:, 1]) < pen + CLOSE_GAPS[0]  # (points, points)
    return float(np.where(level, here[:, None, 0] - there[:, 0], -np.inf).max())


def _dense(digit: Sequence[np.ndarray]) -> np.ndarray:
    """Points on the strokes, at most 0.03 apart."""
    points = [path[-1:] for path in digit]
    for path in digit:
        for begin, end in pairwise(path):
            count = int(np.hypot(*(end - begin)) / 0.03) + 1
            points.append(begin + (end - begin) * np.linspace(0, 1, count, endpoint=False)[:, None])
    return np.concatenate(points)


def _measure(
    recognizer: Recognizer, setting: Setting, strokes: Strokes, count: int, rng: np.random.Generator
) -> list[tuple[Number, list[NumberPart]]]:
    """Print a row of the table, and return the numbers that did not survive."""
    faults: Counter[str] = Counter()
    alone_right = right = numbers_right = 0
    failures = []
    for _ in range(count):
        number = write_number(strokes, rng, setting.shape, setting.close)
        alone = [recognition.digit for recognition in recognizer.recognize_many(number.alone)]
        parts = recognizer.recognize_number(number.pixels)
        read = [part.recognition.digit for part in parts]
        for drawing, label, expected in zip(number.alone, number.labels, alone, strict=True):
            fault, digit = _find(_box(drawing), parts)
            faults[fault or ("none" if digit == expected else "misread")] += 1
            right += digit == label
            alone_right += expected == label
        numbers_right += read == number.labels
        if read != alone:
            failures.append((number, parts))
    total = count * DIGITS
    print(
        f"| {setting.name} | {faults['none'] / total:.2%} | {1 - len(failures) / count:.1%} | {right / total:.2%} "
        f"| {alone_right / total:.2%} | {numbers_right / count:.1%} "
        f"| {faults['split']} | {faults['merged']} | {faults['misread']} |"
    )
    return failures


def _box(alone: np.ndarray) -> Box:
    """The box of all ink."""
    marked = find_ink(alone) > 0
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _find(box: Box, parts: Sequence[NumberPart]) -> tuple[str, int | None]:
    """Return how a digit was split wrongly, or "", and what was read in its part."""
    part = max(parts, key=lambda part: _area(_common(box, part.box)), default=None)
    if part is None or _area(_common(box, part.box)) < 0.8 * _area(box):
        return "split", None
    if _area(box) < 0.8 * _area(part.box):
        return "merged", None
    return "", part.recognition.digit


def _common(one: Box, other: Box) -> Box:
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def _area(box: Box) -> int:
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def _single_digits(recognizer: Recognizer, strokes: Strokes, rng: np.random.Generator) -> None:
    """Draw single digits, and see whether one becomes several and whether it is read as ever."""
    split = other = 0
    for i in rng.permutation(len(strokes.digits))[:SINGLE]:
        drawing = draw_somewhere(strokes.digits[i], rng)
        parts = recognizer.recognize_number(drawing)
        split += len(parts) != 1
        other += len(parts) == 1 and parts[0].recognition.digit != recognizer.recognize(drawing).digit
    print(f"{SINGLE} single digits: {split} split ({split / SINGLE:.2%}), {other} read otherwise than by `recognize`")


def _times(recognizer: Recognizer, strokes: Strokes, rng: np.random.Generator) -> None:
    """Time numbers and single digits on a canvas of 400×400."""
    number = write_number(strokes, rng, (400, 400), close=False)
    digit = draw_somewhere(strokes.digits[0], rng, 400)
    found = find_ink(digit)
    print("| 400×400 | median of 50 |\n|---|---|")
    for name, work in (
        (f"`recognize_number`, {DIGITS} digits", lambda: recognizer.recognize_number(number.pixels)),
        ("`recognize_number`, one digit", lambda: recognizer.recognize_number(digit)),
        ("`recognize`, the same digit", lambda: recognizer.recognize(digit)),
        ("`split_digits`, the same digit", lambda: split_digits(found)),
    ):
        print(f"| {name} | {_median(work):.2f} ms |")


def _median(work: Callable[[], object]) -> float:
    times = []
    for _ in range(50):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def _sheet(failures: Sequence[tuple[Number, list[NumberPart]]], across: int = 5, most: int = 60) -> Image.Image:
    """Show failures with the box of each part, what was read and what it should have been."""
    tiles = []
    for number, parts in failures[:most]:
        tile = Image.fromarray(number.pixels).convert("RGB")
        draw = ImageDraw.Draw(tile)
        for part in parts:
            top, left, bottom, right = part.box
            draw.rectangle((left, top, right - 1, bottom - 1), outline="red")
        read = "".join(str(part.recognition.digit) for part in parts)
        draw.text((4, 4), f"{''.join(map(str, number.labels))}: {read}", fill="red")
        tiles.append(tile)
    width, height = tiles[0].size
    sheet = Image.new("RGB", (across * (width + 4), -(-len(tiles) // across) * (height + 4)), "blue")
    for i, tile in enumerate(tiles):
        sheet.paste(tile, (i % across * (width + 4), i // across * (height + 4)))
    return sheet


if __name__ == "__main__":
    main()
