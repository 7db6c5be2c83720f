"""The board that people draw on: its strokes, the way back to earlier ones, and its ink as a picture.

Nothing from a browser is trusted: a report that is not a list of strokes and a PNG of the right size counts as an empty
board. Nothing here knows Streamlit.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops

from webapp.components.sent_picture import read_address

SIDE = 400  # logical pixels of the canvas; CSS scales it to the board
BARE = "#101216"
"""The board's colour, as in `drawing_pad.css`. The eraser is a pen of this colour: what it touches is no ink."""
LIVE_SIDE = 200
"""Side of the helper's pictures, in pixels: real digits are read as well from them as from larger ones."""


_MAX_PAST = 60  # boards that undo can go back to
_MAX_PAST_BYTES = 4_000_000  # of them all; a usual one takes 10,000 to 30,000
_MAX_STROKES = 400
_MAX_BYTES = 1_000_000  # of a board's strokes; an hour's scribble takes 300,000
MAX_PICTURE = 400_000
"""Characters of a picture in a message; a full board takes about 30,000."""
_PICTURE_PREFIX = "data:image/png;base64,"

# The canvas copies this property from the drawing it loads into every drawing it reports. It means nothing for a
# canvas as a whole (it is made for single objects), which leaves it free to carry the number.
_STAMP = "lockScalingFlip"

_BOARD_RED = int(BARE[1:3], 16)
_BRIGHTNESS = [max(0, round(255 * (level - _BOARD_RED) / (255 - _BOARD_RED))) for level in range(256)]

Ink = npt.NDArray[np.uint8]


class Stroke(NamedTuple):
    """A stroke as the canvas describes it, as JSON, which takes a tenth of the memory.

    Attributes:
        path: its line, which identifies it: the canvas rounds the other numbers when it loads them.
        rest: all else, an object.
    """

    path: str
    rest: str


@dataclass(frozen=True)
class Board:
    """What is on the board at one moment.

    Attributes:
        strokes: the strokes as the canvas describes them, oldest first.
        png: the browser's picture of them; None for an empty board, or until the browser has sent it.
        borrowed: whether that is another board's picture, shown until the browser has sent this one's.
    """

    strokes: tuple[Stroke, ...] = ()
    png: bytes | None = None
    borrowed: bool = False

    @property
    def unpictured(self) -> bool:
        """Whether the browser has still to send the picture."""
        return bool(self.strokes) and (self.png is None or self.borrowed)

    @property
    def nbytes(self) -> int:
        """How much it holds."""
        return sum(len(stroke.path) + len(stroke.rest) for stroke in self.strokes) + len(self.png or b"")


@dataclass(frozen=True)
class History:
    """The board as it is, those that undo goes back to and those that redo brings again (nearest last)."""

    present: Board = Board()
    past: tuple[Board, ...] = ()
    future: tuple[Board, ...] = ()

    def undo(self) -> History:
        """Go one step back; a history without a past stays as it is."""
        if not self.past:
            return self
        return History(self._drawable(self.past[-1]), self.past[:-1], (*self.future, self.present))

    def redo(self) -> History:
        """Undo the last undo; a history without a future stays as it is."""
        if not self.future:
            return self
        return History(self._drawable(self.future[-1]), (*self.past, self.present), self.future[:-1])

    def clear(self) -> History:
        """Wipe the board, which can be undone; an empty board stays as it is."""
        return self._then(Board()) if self.present.strokes else self

    def report(self, board: Board) -> History:
        """Add what the browser shows.

        Strokes that arrived together become one step each. A board with the same strokes is only a newer picture
        of them: the browser's answer to an undo, which must not cost the redo.
        """
        known = _paths(self.present.strokes)
        paths = _paths(board.strokes)
        if paths == known:
            return self if board.unpictured else replace(self, present=board)
        if paths[: len(known)] != known:
            return self._then(self._drawable(board))
        history = self
        for count in range(len(known) + 1, len(paths)):
            history = history._then(Board(board.strokes[:count]))
        return history._then(self._drawable(board))

    def _then(self, board: Board) -> History:
        past = (*self.past, self.present)[-_MAX_PAST:]
        while past and sum(old.nbytes for old in past) > _MAX_PAST_BYTES:
            past = past[1:]
        return History(board, past, ())

    def _drawable(self, board: Board) -> Board:
        """Return a board with a picture: one without borrows the present one until the browser sends its own."""
        return replace(board, png=self.present.png, borrowed=True) if board.unpictured else board


def _paths(strokes: tuple[Stroke, ...]) -> list[str]:
    return [stroke.path for stroke in strokes]


@lru_cache(maxsize=64)  # a stroke's picture is checked, read and explained: unpacked once; 64 take 10 MB at most
def read_ink(png: bytes) -> Ink | None:
    """Read the ink of a picture made by the canvas.

    The canvas is transparent, its ink white and opaque, and what was erased has the board's colour: ink is what is
    both opaque and brighter than the board.

    Args:
        png: bytes that claim to be a PNG picture of the canvas.

    Returns:
        uint8 (LIVE_SIDE, LIVE_SIDE) or (SIDE, SIDE), read-only, 0 for the bare board and 255 for full ink; None if the
        bytes are anything else.
    """
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
            # Opening reads the header only: a huge picture is refused before it is unpacked.
            if picture.size not in ((SIDE, SIDE), (LIVE_SIDE, LIVE_SIDE)) or picture.mode != "RGBA":
                return None
            red, _, _, opacity = picture.split()
    except Exception:  # forged files make Pillow raise half a dozen kinds, IndexError and SyntaxError among them
        return None
    return np.asarray(ImageChops.multiply(red.point(_BRIGHTNESS), opacity))


def read_report(drawing: object, picture: object, stamp: int) -> Board | None:
    """Check what the browser sent.

    Args:
        drawing: the canvas's value: ``{"raw": {"objects": [...], ...}}``.
        picture: the address of a PNG that shows it; anything else if there is none.
        stamp: the number of the drawing that the canvas was last given.

    Returns:
        The board; an empty one if the message is malformed; None if it says nothing new, because the browser has
        not reported yet or the report is about an older drawing than `stamp`.
    """
    if drawing is None:
        return None
    if not isinstance(drawing, dict) or not isinstance(drawing.get("raw"), dict):
        return Board()
    raw = drawing["raw"]
    if raw.get(_STAMP, stamp) != stamp:
        return None
    strokes = read_strokes(raw.get("objects"))
    return Board(strokes, read_png(picture)) if strokes else Board()


def read_png(address: object) -> bytes | None:
    """Read a picture of the canvas that a browser sends as a data address; None if it is anything else."""
    png = read_address(address, _PICTURE_PREFIX, MAX_PICTURE)
    return None if read_ink(png) is None else png


def read_strokes(objects: object) -> tuple[Stroke, ...]:
    """Check what claims to be the canvas's list of strokes; return none if it is anything else, or too much."""
    if not isinstance(objects, list) or len(objects) > _MAX_STROKES:
        return ()
    if not all(isinstance(stroke, dict) and isinstance(stroke.get("path"), list) for stroke in objects):
        return ()
    try:
        strokes = tuple(
            Stroke(
                json.dumps(stroke["path"], allow_nan=False),
                json.dumps({name: value for name, value in stroke.items() if name != "path"}, allow_nan=False),
            )
            for stroke in objects
        )
    except (ValueError, RecursionError):  # "NaN" is no JSON to a browser; lists may lie in lists in lists in …
        return ()
    return strokes if Board(strokes).nbytes <= _MAX_BYTES else ()


def drawing_of(board: Board, stamp: int) -> dict[str, Any]:
    """Return the drawing that makes the canvas show `board` and stamp its reports with `stamp`."""
    objects = [{"path": json.loads(stroke.path), **json.loads(stroke.rest)} for stroke in board.strokes]
    return {"objects": objects, _STAMP: stamp}
