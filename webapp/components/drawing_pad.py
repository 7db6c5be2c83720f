"""The drawing pad: people draw here, Python gets the ink.

The surface is ``st_canvas`` of streamlit-drawable-canvas; everything about it stands here and in ``pad.js``, so
that no page knows the component. Three ideas carry the file:

* **Python owns the drawing.** The session keeps a `History` of boards. The browser reports strokes; undo, redo and
  clear happen here and are handed back as a new ``initial_drawing``, which the canvas loads in place.
* **Every message says what it was drawn on.** Each drawing handed out carries a number, and the canvas repeats it
  in all its reports. A report with an old number was under way while somebody pressed undo or clear: it is void.
* **Nothing from a browser is trusted.** A report that is not a list of strokes and a PNG of the right size counts
  as an empty board.

While the pen moves, the helper sends small pictures of the board several times a second, and the answer follows those;
a report of the finished stroke ends them. The helper also keeps the strokes in the tab, and hands them to the new
session that a reload begins.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st
from PIL import Image, ImageChops

from webapp.components.register import component

SIDE = 400  # logical pixels of the canvas; CSS scales it to the board
BOARD = 432  # the board's side in CSS pixels, where there is room for it
DEFAULT_PEN = 30
"""Width of the pen: about as thick as the strokes of MNIST in a digit that fills the board."""
INK = "#ffffff"
BARE = "#101216"
"""The board's colour. The eraser is a pen of this colour: where it goes, the picture shows no ink."""
LIVE_SIDE = 200
"""Side of the helper's pictures, in pixels: real digits are read as well from them as from larger ones."""

# All that the pad keeps in the session: its own record, and the values of its two components.
SESSION_KEY = "pad_record"
CANVAS_KEY = "pad_canvas"
HELPER_KEY = "pad_helper"

_MAX_PAST = 60  # boards that undo can go back to
_MAX_STROKES = 400
_MAX_PICTURE = 400_000  # characters of a picture in a message; a full board takes about 30,000
_MAX_STROKE_PARTS = 20_000  # commands of all strokes that come back after a reload; an hour's scribble has 5,000
_PICTURE_PREFIX = "data:image/png;base64,"

# The canvas copies this property from the drawing it loads into every drawing it reports. It means nothing for a
# canvas as a whole (it is made for single objects), which leaves it free to carry the number.
_STAMP = "lockScalingFlip"

_BOARD_RED = int(BARE[1:3], 16)
_BRIGHTNESS = [max(0, round(255 * (level - _BOARD_RED) / (255 - _BOARD_RED))) for level in range(256)]

Stroke = dict[str, Any]
Ink = npt.NDArray[np.uint8]

# The board is painted behind the transparent canvas, so it looks the same in both themes. It keeps its square on
# narrow and on low screens, and nothing sticks out of it: not the canvas before it is scaled, not its toolbar.
# Whatever Streamlit puts between the board and the canvas must not be what the canvas is stretched to.
_CSS = """
.st-key-pad {
  position: relative; aspect-ratio: 1; height: auto !important; flex: none !important; overflow: hidden !important;
  max-width: clamp(12rem, 100svh - 6rem, 100%); padding: 0 !important;
  background: %s; border-radius: 0.9rem; box-shadow: inset 0 0 0 1px rgb(140 146 160 / 35%);
}
.st-key-pad * { position: static; }
[data-testid="stLayoutWrapper"]:has(> .st-key-pad) { height: auto !important; flex: none !important; }
""".replace("%s", BARE)

_helper = component("digit_pad_helper", __file__, "<span></span>")


@dataclass(frozen=True)
class Board:
    """What is on the board at one moment.

    Attributes:
        strokes: the strokes as the canvas describes them, oldest first.
        png: the browser's picture of them; None for an empty board, or until the browser has sent it.
    """

    strokes: tuple[Stroke, ...] = ()
    png: bytes | None = None


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
        """Take the last undo back; a history without a future stays as it is."""
        if not self.future:
            return self
        return History(self._drawable(self.future[-1]), (*self.past, self.present), self.future[:-1])

    def clear(self) -> History:
        """Wipe the board, which can be undone; an empty board stays as it is."""
        return self._then(Board()) if self.present.strokes else self

    def report(self, board: Board) -> History:
        """Take in what the browser shows.

        Strokes that arrived together become one step each. A board with the same strokes is only a newer picture
        of them: the browser's answer to an undo, which must not cost the redo.
        """
        known = _paths(self.present.strokes)
        paths = _paths(board.strokes)
        if paths == known:
            return replace(self, present=board)
        if paths[: len(known)] != known:
            return self._then(board)
        history = self
        for count in range(len(known) + 1, len(paths)):
            history = history._then(Board(board.strokes[:count]))
        return history._then(board)

    def _then(self, board: Board) -> History:
        return History(board, (*self.past, self.present)[-_MAX_PAST:], ())

    def _drawable(self, board: Board) -> Board:
        """Lend a board that was never pictured the present picture, until the browser sends its own."""
        return replace(board, png=self.present.png) if board.strokes and board.png is None else board


def _paths(strokes: tuple[Stroke, ...]) -> list[object]:
    """Return what identifies strokes: their lines; the canvas rounds the other numbers when it loads them."""
    return [stroke.get("path") for stroke in strokes]


def read_ink(png: bytes) -> Ink | None:
    """Read the ink of a picture made by the canvas.

    The canvas is transparent, its ink white and opaque, and what was erased has the board's colour: ink is what is
    both opaque and brighter than the board.

    Args:
        png: bytes that claim to be a PNG picture of the canvas.

    Returns:
        uint8 (LIVE_SIDE, LIVE_SIDE) or (SIDE, SIDE), 0 for the bare board and 255 for full ink; None if the bytes are
        anything else.
    """
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
            # Opening reads the header only: a huge picture is refused before it is unpacked.
            if picture.size not in ((SIDE, SIDE), (LIVE_SIDE, LIVE_SIDE)) or picture.mode != "RGBA":
                return None
            red, _, _, opacity = picture.split()
    except Exception:  # forged files make Pillow raise half a dozen kinds, IndexError and SyntaxError among them
        return None
    return np.asarray(ImageChops.multiply(red.point(_BRIGHTNESS), opacity)).copy()


def read_report(drawing: object, stamp: int) -> Board | None:
    """Check what the browser sent.

    Args:
        drawing: the canvas's value: ``{"raw": {"objects": [...], ...}, "data": "data:image/png;base64,..."}``.
        stamp: the number of the drawing that the canvas was last given.

    Returns:
        The board; an empty one if the message is malformed; None if it says nothing new, because the browser has
        not reported yet or the report is about an older drawing than `stamp`.
    """
    if drawing is None:
        return None
    if not isinstance(drawing, dict) or not isinstance(drawing.get("raw"), dict):
        return Board()
    raw, picture = drawing["raw"], drawing.get("data")
    if picture is None or raw.get(_STAMP, stamp) != stamp:
        return None
    strokes, png = read_strokes(raw.get("objects")), _read_png(picture)
    if not strokes or png is None or read_ink(png) is None:
        return Board()
    return Board(strokes, png)


def read_strokes(objects: object) -> tuple[Stroke, ...]:
    """Check what claims to be the canvas's list of strokes; give none if it is anything else."""
    if not isinstance(objects, list) or len(objects) > _MAX_STROKES:
        return ()
    if not all(isinstance(stroke, dict) and isinstance(stroke.get("path"), list) for stroke in objects):
        return ()
    return tuple(objects)


@dataclass(frozen=True)
class Glimpse:
    """The board as the helper pictured it, with a stroke that the canvas has not reported yet.

    Attributes:
        png: the picture.
        pen_down: whether the pen is on the board; else the picture is of a drawing that came back after a reload.
    """

    png: bytes
    pen_down: bool


def read_glimpse(live: object, stamp: int, strokes: int) -> Glimpse | None:
    """Check what the helper sent.

    Args:
        live: its value: ``{"stamp": ..., "strokes": ..., "penDown": ..., "picture": "data:image/png;base64,..."}``.
        stamp: the number of the drawing that the canvas was last given.
        strokes: how many strokes were reported by then.

    Returns:
        The glimpse; None if it is malformed, or about another drawing or another stroke.
    """
    if not isinstance(live, dict) or live.get("stamp") != stamp or live.get("strokes") != strokes:
        return None
    png = _read_png(live.get("picture"))
    return None if png is None or read_ink(png) is None else Glimpse(png, live.get("penDown") is True)


def _read_png(address: object) -> bytes | None:
    if not isinstance(address, str) or len(address) > _MAX_PICTURE or not address.startswith(_PICTURE_PREFIX):
        return None
    try:
        return base64.b64decode(address.removeprefix(_PICTURE_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None


def drawing_of(board: Board, stamp: int) -> dict[str, Any]:
    """Return the drawing that makes the canvas show `board` and stamp its reports with `stamp`."""
    return {"objects": list(board.strokes), _STAMP: stamp}


@dataclass
class _Record:
    """The pad of one session: its history, and the drawing that the canvas was last given.

    That drawing changes when Python changes the board or the canvas is mounted anew, never because of a stroke:
    the canvas would load it again under the pen.
    """

    history: History = field(default_factory=History)
    stamp: int = 0
    handed_out: dict[str, Any] = field(default_factory=dict)
    glimpse: Glimpse | None = None
    untouched: bool = True  # nothing was drawn in this session: a drawing from before a reload may come back
    last_report: object = None
    last_live: object = None

    def hand_out(self) -> None:
        self.stamp += 1
        self.handed_out = drawing_of(self.history.present, self.stamp)

    def take_in(self, report: object, live: object, kept: object) -> None:
        if live != self.last_live:
            self.last_live = live
            self.glimpse = read_glimpse(live, self.stamp, len(self.history.present.strokes))
        if report != self.last_report:
            self.last_report = report
            board = read_report(report, self.stamp)
            if board is not None:
                self.history = self.history.report(board)
                self.untouched = self.untouched and not board.strokes
                self.glimpse = None
        if self.untouched and kept is not None:
            self.untouched = False
            strokes = read_strokes(kept)
            if sum(len(stroke["path"]) for stroke in strokes) <= _MAX_STROKE_PARTS:
                self.change(self.history.report(Board(strokes)))

    def change(self, history: History) -> None:
        if history != self.history:
            self.history, self.glimpse = history, None
            self.hand_out()


def _record() -> _Record:
    """Return the session's record, brought up to date with what the browser has sent."""
    if SESSION_KEY not in st.session_state:
        st.session_state[SESSION_KEY] = _Record()
    record: _Record = st.session_state[SESSION_KEY]
    canvas, helper = st.session_state.get(CANVAS_KEY), st.session_state.get(HELPER_KEY)
    canvas = canvas if isinstance(canvas, Mapping) else {}
    helper = helper if isinstance(helper, Mapping) else {}
    record.take_in(canvas.get("drawing"), helper.get("live"), helper.get("kept"))
    return record


def pad(hint: str, stroke_width: int, erase: bool = False) -> Ink | None:
    """Show the pad; at most one per page, in a container with the key ``pad``.

    Args:
        hint: the words on the empty board; they go when the first stroke begins.
        stroke_width: width of the pen for the next stroke, in units of which the board is `SIDE` wide.
        erase: whether the next stroke takes ink away.

    Returns:
        As `current_ink` does.
    """
    # The package registers its component when imported, which only works inside a running app; here, so that the
    # rest of this file can be imported anywhere.
    from streamlit_drawable_canvas import st_canvas  # noqa: PLC0415

    record = _record()
    if CANVAS_KEY not in st.session_state:
        record.hand_out()  # the canvas is mounted anew: first visit, or back from another page
    # The fixed size holds the place until the CSS is there, which then lets the square shrink on phones.
    with st.container(key="pad", width=BOARD, height=BOARD, border=False):
        st.html(f"<style>{_CSS}</style>")
        # The package stumbles over a forged value after it has placed the canvas; the value is judged elsewhere.
        with contextlib.suppress(AttributeError, KeyError, TypeError):
            st_canvas(
                stroke_width=stroke_width,
                stroke_color=BARE if erase else INK,
                background_color="",  # any other colour, changed, would wipe the board
                width=SIDE,
                height=SIDE,
                initial_drawing=record.handed_out,
                return_image_data=True,
                key=CANVAS_KEY,
            )
        record = _record()  # after a lost connection the value is known only now
        strokes = record.history.present.strokes
        about = {
            "hint": hint,
            "empty": not strokes,
            "stamp": record.stamp,
            "strokes": [] if record.untouched else list(strokes),
            "untouched": record.untouched,
            "heard": zlib.crc32(repr(record.last_live).encode()),  # the next picture waits until this one was taken in
            "unpictured": bool(strokes) and record.history.present.png is None and record.glimpse is None,
        }
        _helper(key=HELPER_KEY, data=about, on_live_change=lambda: None, on_kept_change=lambda: None)
    return current_ink()


def current_ink() -> Ink | None:
    """Give the ink of this session's drawing, also on pages without the pad.

    Returns:
        As `read_ink` does; None while nothing is drawn.
    """
    record = _record()
    png = record.history.present.png if record.glimpse is None else record.glimpse.png
    return None if png is None else read_ink(png)


def is_down() -> bool:
    """Tell whether the pen is on the board, as far as is known."""
    glimpse = _record().glimpse
    return glimpse is not None and glimpse.pen_down


def version() -> int:
    """Give a number that changes whenever the board is changed by anything but the pen."""
    return _record().stamp


def undo() -> None:
    """Take back the last stroke, or the last clear."""
    record = _record()
    record.change(record.history.undo())


def redo() -> None:
    """Bring back what `undo` took."""
    record = _record()
    record.change(record.history.redo())


def clear() -> None:
    """Wipe the board; `undo` brings the drawing back."""
    record = _record()
    record.change(record.history.clear())


def can_undo() -> bool:
    """Tell whether there is something to take back."""
    return bool(_record().history.past)


def can_redo() -> bool:
    """Tell whether there is something to bring back."""
    return bool(_record().history.future)
