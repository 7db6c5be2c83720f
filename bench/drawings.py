"""Digits as browsers send them, drawn from real pen strokes, and what the network reads in them."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bench.strokes import draw_somewhere, load_strokes
from mnist_core.recognizer import Recognizer
from webapp.components.drawing_board import LIVE_SIDE


@dataclass(frozen=True)
class Digit:
    """A digit that visitors draw.

    Attributes:
        picture: as the browser sends it, an address.
        stroke: as the canvas describes it.
        expected: what is read in it, as the page shows it.
    """

    picture: str
    stroke: dict[str, object]
    expected: list[str]


def digits(path: Path, count: int) -> list[Digit]:
    """Draw digits from a file of pen strokes, and read them."""
    strokes = load_strokes(path)
    rng = np.random.default_rng(0)
    recognizer = Recognizer.load()
    found = []
    for place in rng.choice(len(strokes.digits), count, replace=False):
        ink = draw_somewhere(strokes.digits[place], rng, LIVE_SIDE)
        parts = recognizer.recognize_number(ink, background=0)
        expected = ["?" if p.recognition.certainty == "no digit" else str(p.recognition.digit) for p in parts]
        line = [["Q", float(x), float(y), float(x), float(y)] for x, y in np.concatenate(strokes.digits[place])]
        found.append(Digit(_address(ink), {"type": "Path", "path": line}, expected))
    return found


def _address(ink: np.ndarray) -> str:
    rgba = Image.merge("RGBA", [Image.new("L", ink.shape[::-1], 255)] * 3 + [Image.fromarray(ink)])
    file = io.BytesIO()
    rgba.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
