"""Reads real pen strokes on paper as a phone's camera sees it: `recognize_picture` beside plain `recognize_number`.

Run: python -m bench.photos shared/strokes/pen_strokes_dev.npz [--sheet sheet.png]
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from bench.strokes import Strokes, ink, load_strokes, scaled
from mnist_core.imaging.image_file import read_picture
from mnist_core.imaging.segmentation import Box
from mnist_core.recognizer import NumberPart, Recognizer

SHAPE = 900, 1200
PHOTOS = 20
ROWS, COLUMNS = 2, 5
"""Digits on a photograph."""


@dataclass(frozen=True)
class Condition:
    """How a photograph was taken.

    Attributes:
        ink: how much light the pen takes from the paper, 0 to 1; pencil takes a third or less.
        falls: how much darker one side of the paper is than the other.
        vignette: how much darker the corners are than the middle.
        shadow: whether half of the paper lies in a shadow with a soft edge.
        ruled: pixels between ruled lines, 0 for none.
        squared: whether lines run down as well.
        turned: degrees.
        noise: standard deviation in grey levels.
        quality: of the JPEG.
    """

    ink: float = 0.75
    falls: float = 1.0
    vignette: float = 0.0
    shadow: bool = False
    ruled: int = 0
    squared: bool = False
    turned: float = 0.0
    noise: float = 2.0
    quality: int = 85


PLAIN = Condition()
CONDITIONS = {
    "even light": PLAIN,
    "light falls 2:1": replace(PLAIN, falls=2.0),
    "vignette": replace(PLAIN, vignette=0.5),
    "shadow over half": replace(PLAIN, shadow=True),
    "pencil": replace(PLAIN, ink=0.3, falls=1.5),
    "ruled": replace(PLAIN, ruled=45, falls=1.3),
    "squared": replace(PLAIN, ruled=45, squared=True, falls=1.3),
    "ruled, turned by 4°": replace(PLAIN, ruled=45, turned=4.0, falls=1.3),
    "noise 12, JPEG 40": replace(PLAIN, noise=12.0, quality=40),
    "all of it": Condition(0.4, 2.0, 0.3, True, 45, False, 3.0, 6.0, 60),
}
"""What is photographed how."""


def main() -> None:
    """Print a table of conditions, and what reading costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("strokes", help="file of pen strokes")
    parser.add_argument("--sheet", help="where to save a picture of one photograph per condition")
    options = parser.parse_args()
    strokes, recognizer = load_strokes(options.strokes), Recognizer.load()
    tiles = []
    print("| condition | found | read right | plain: found | plain: read right |\n|---|---|---|---|---|")
    for name, condition in CONDITIONS.items():
        rng = np.random.default_rng(0)
        counts = np.zeros(4, int)
        for _ in range(PHOTOS):
            pixels, boxes, labels = take_photo(strokes, condition, rng)
            parts = recognizer.recognize_picture(pixels)
            counts += (*score(parts, boxes, labels), *score(recognizer.recognize_number(pixels), boxes, labels))
        tiles.append(_boxed(pixels, parts))
        print(f"| {name} | " + " | ".join(f"{count / (PHOTOS * ROWS * COLUMNS):.1%}" for count in counts) + " |")
    if options.sheet:
        Image.fromarray(np.vstack(tiles)).save(options.sheet)
    _times(recognizer, strokes)


def take_photo(
    strokes: Strokes, condition: Condition, rng: np.random.Generator, enlarged: int = 1
) -> tuple[np.ndarray, list[Box], list[int]]:
    """Write digits in rows on paper and photograph it.

    Returns:
        The pixels, uint8 (H, W, 3); the digits' boxes in them, and their labels, row by row.
    """
    height, width = SHAPE
    written, boxes, labels = np.zeros(SHAPE, np.float32), [], []
    angle = np.deg2rad(condition.turned)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])  # of (x, y), rows of points
    middle = np.array([width / 2, height / 2])
    for row in range(ROWS):
        for column in range(COLUMNS):
            i = int(rng.integers(len(strokes.digits)))
            paths = scaled(strokes.digits[i], rng.uniform(90, 160))
            place = np.array([160 + column * 190, 180 + row * 300]) + rng.uniform(-15, 15, 2)
            turned = [(path + place - middle) @ turn + middle for path in paths]
            drawn = ink(turned, rng.uniform(5, 11), SHAPE) / np.float32(255)
            box = Image.fromarray((drawn > 0.5).astype(np.uint8)).getbbox()
            if box is None:
                continue
            boxes.append((box[1], box[0], box[3], box[2]))
            labels.append(int(strokes.labels[i]))
            written = np.maximum(written, drawn)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    lines = np.zeros(SHAPE, bool)
    if condition.ruled:
        along, across = np.tensordot(turn.astype(np.float32), np.stack([x - middle[0], y - middle[1]]), 1)
        lines = across % condition.ruled < 2.5
        if condition.squared:
            lines |= along % condition.ruled < 2.5
    light = 215 / condition.falls ** (x / width)
    light = light * (1 - condition.vignette * (((x - middle[0]) / width) ** 2 + ((y - middle[1]) / height) ** 2) * 2)
    if condition.shadow:
        light = light * (1 - 0.4 / (1 + np.exp((x + 0.4 * y - 0.8 * width) / 25)))
    colours = light[..., None] * np.where(lines[..., None], [0.66, 0.76, 0.94], [1.0, 0.99, 0.95])
    colours = colours * (1 - condition.ink * written[..., None]) + rng.normal(0, condition.noise, (*SHAPE, 3))
    picture = Image.fromarray(colours.clip(0, 255).astype(np.uint8))
    picture = picture.resize((width * enlarged, height * enlarged))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=condition.quality)
    return read_picture(file.getvalue()), boxes, labels


def score(parts: Sequence[NumberPart], boxes: Sequence[Box], labels: Sequence[int]) -> tuple[int, int]:
    """Count the digits that were found, whole and apart, and those of them that were read right."""
    found = right = 0
    for box, label in zip(boxes, labels, strict=True):
        part = max(parts, key=lambda part: _overlap(box, part.box), default=None)
        if part is not None and _overlap(box, part.box) >= 0.6:
            found += 1
            right += part.recognition.digit == label
    return found, right


def _overlap(one: Box, other: Box) -> float:
    """The share of two boxes' common area in the area of both."""
    common = _area((max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])))
    return common / (_area(one) + _area(other) - common)


def _area(box: Box) -> int:
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def _boxed(pixels: np.ndarray, parts: Sequence[NumberPart]) -> np.ndarray:
    picture = Image.fromarray(pixels)
    draw = ImageDraw.Draw(picture)
    for part in parts:
        top, left, bottom, right = part.box
        draw.rectangle((left, top, right - 1, bottom - 1), outline="red", width=2)
        draw.text((left, top - 24), str(part.recognition.digit), fill="red", font_size=22)
    return np.asarray(picture)


def _times(recognizer: Recognizer, strokes: Strokes) -> None:
    """Time photographs of 1 and 12 megapixels, and one of nothing but noise."""
    rng = np.random.default_rng(1)
    print("\n| photograph | median of 5 |\n|---|---|")
    for name, enlarged in (("1200×900", 1), ("4800×3600", 4)):
        pixels, _, _ = take_photo(strokes, CONDITIONS["all of it"], rng, enlarged)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=90)
        content = file.getvalue()
        print(f"| {name}, decoding | {_median(read_picture, content):.0f} ms |")
        print(f"| {name}, reading | {_median(recognizer.recognize_picture, pixels):.0f} ms |")
    noise = rng.integers(0, 256, (3000, 4000, 3), np.uint8)
    print(f"| 4000×3000 of noise, reading | {_median(recognizer.recognize_picture, noise):.0f} ms |")


def _median(work: Callable[..., object], argument: object) -> float:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        work(argument)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
