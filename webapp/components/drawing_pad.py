"""The drawing pad: people draw here, Python gets the ink.

The surface is ``st_canvas`` of streamlit-drawable-canvas; everything about it stands here and in ``drawing_pad.js``, so
that no page knows the component. Two ideas carry the file:

* **Python owns the drawing.** The session keeps a `History` of boards. The browser reports strokes; undo, redo and
  clear happen here and are handed back as a new ``initial_drawing``, which the canvas loads in place.
* **Every message says what it was drawn on.** Each drawing handed out carries a number, and the canvas repeats it
  in all its reports. A report with an old number was under way while somebody pressed undo or clear: it is void.

While the pen moves, and when it is lifted, the helper sends pictures of the board to an address that the page names,
and tells whoever listens on the page what came back. The finished strokes are reported once the pen rests. The helper
also keeps them in the tab, and hands them to the new session that a reload begins.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from webapp.components.drawing_board import (
    BARE,
    SIDE,
    Board,
    History,
    Ink,
    drawing_of,
    read_ink,
    read_report,
    read_strokes,
)
from webapp.components.register import component

BOARD = 432  # the board's side in CSS pixels, where there is room for it
DEFAULT_PEN = 30
"""Width of the pen: about as thick as the strokes of MNIST in a digit that fills the board."""
INK = "#ffffff"

# All that the pad keeps in the session: its state, and the values of its two components.
SESSION_KEY = "pad_record"
CANVAS_KEY = "pad_canvas"
HELPER_KEY = "pad_helper"

_helper = component("digit_pad_helper", __file__, "<span></span>")


@dataclass
class PadState:
    """The pad of one session: its history, and the drawing that the canvas was last given.

    That drawing changes when Python changes the board or the canvas is mounted anew, never because of a stroke:
    the canvas would load it again under the pen.
    """

    history: History = field(default_factory=History)
    stamp: int = 0
    handed_out: dict[str, Any] = field(default_factory=dict)
    untouched: bool = True  # nothing was drawn in this session: a drawing from before a reload may come back
    last_report: object = None
    last_picture: object = None
    heard: object = None  # when the browser sent its last picture, which tells it that this has arrived

    def hand_out(self) -> None:
        """Hand the drawing, as it is now, to the canvas."""
        self.stamp += 1
        self.handed_out = drawing_of(self.history.present, self.stamp)

    def take_in(self, report: object, picture: object, kept: object) -> None:
        """Note what the browser sent: a finished drawing with its picture, or the strokes of before."""
        self.heard = picture.get("at") if isinstance(picture, Mapping) else None
        if report != self.last_report:
            self.last_report = report
            sent = picture.get("address") if isinstance(picture, Mapping) and picture != self.last_picture else None
            board = read_report(report, sent, self.stamp)
            self.last_picture = picture
            if board is not None:
                self.history = self.history.report(board)
                self.untouched = self.untouched and not board.strokes
        if self.untouched and kept is not None:
            self.untouched = False
            self.change(self.history.report(Board(read_strokes(kept))))

    def change(self, history: History) -> None:
        """Go on with another history; a drawing that is another one goes to the canvas."""
        if history != self.history:
            self.history = history
            self.hand_out()


def _known() -> PadState:
    """Return the session's state, as it is known after `pad`, or on a page without it."""
    state: PadState = st.session_state.setdefault(SESSION_KEY, PadState())
    return state


def _state() -> PadState:
    """Return the session's state, brought up to date with what the browser has sent."""
    state = _known()
    canvas, helper = st.session_state.get(CANVAS_KEY), st.session_state.get(HELPER_KEY)
    canvas = canvas if isinstance(canvas, Mapping) else {}
    helper = helper if isinstance(helper, Mapping) else {}
    state.take_in(canvas.get("drawing"), helper.get("picture"), helper.get("kept"))
    return state


def has_news() -> bool:
    """Return whether strokes have come that nobody has asked about yet."""
    canvas = st.session_state.get(CANVAS_KEY)
    return isinstance(canvas, Mapping) and canvas.get("drawing") != _known().last_report


def pad(hint: str, stroke_width: int, erase: bool = False, ask: str = "", view: bool = False) -> None:
    """Show the pad, at most one per page, in a container with the key ``pad``.

    Args:
        hint: the words on the empty board; they go when the first stroke begins.
        stroke_width: width of the pen for the next stroke, in units of which the board is `SIDE` wide.
        erase: whether the next stroke takes ink away.
        ask: where the browser sends pictures of the board while somebody draws; "" for nowhere.
        view: whether it asks there for the view, too, when the pen rests.
    """
    # The package registers its component when imported, which only works inside a running app; here, so that the
    # rest of this file can be imported anywhere.
    from streamlit_drawable_canvas import st_canvas  # noqa: PLC0415

    state = _state()
    if CANVAS_KEY not in st.session_state:
        state.hand_out()  # the canvas is mounted anew: first visit, or back from another page
    # The fixed size holds the place until the CSS is there, which then lets the square shrink on phones.
    with st.container(key="pad", width=BOARD, height=BOARD, border=False):
        # The package stumbles over a forged value after it has placed the canvas; the value is judged elsewhere.
        with contextlib.suppress(AttributeError, KeyError, TypeError):
            st_canvas(
                stroke_width=stroke_width,
                stroke_color=BARE if erase else INK,
                background_color="",  # any other colour, changed, would wipe the board
                update_streamlit=False,  # the helper says when
                width=SIDE,
                height=SIDE,
                initial_drawing=state.handed_out,
                key=CANVAS_KEY,
            )
        state = _state()  # after a lost connection the value is known only now
        board = state.history.present
        about = {
            "hint": hint,
            "empty": not board.strokes,
            "strokes": [] if state.untouched else [[stroke.path, stroke.rest] for stroke in board.strokes],
            "untouched": state.untouched,
            "unpictured": board.unpictured,
            "heard": state.heard,
            "ask": ask,
            "view": view,
            "about": about_now(ask),
        }
        _helper(key=HELPER_KEY, data=about, on_picture_change=lambda: None, on_kept_change=lambda: None)


def current_ink() -> Ink | None:
    """Return the ink of this session's drawing, also on pages without the pad.

    Returns:
        As `read_ink` does; None while nothing is drawn.
    """
    png = current_png()
    return None if png is None else read_ink(png)


def current_png() -> bytes | None:
    """Return the browser's picture of this session's drawing; None while nothing is drawn."""
    return _state().history.present.png


def about_now(ask: str) -> str:
    """Name the drawing that the canvas was last given, and where pictures of it are sent."""
    return f"{_known().stamp} {ask}"


def undo() -> None:
    """Undo the last stroke, or the last clear."""
    state = _state()
    state.change(state.history.undo())


def redo() -> None:
    """Bring back what `undo` removed."""
    state = _state()
    state.change(state.history.redo())


def clear() -> None:
    """Wipe the board; `undo` brings the drawing back, and no reload brings back an older one."""
    state = _state()
    state.untouched = False
    state.change(state.history.clear())


def put(board: Board) -> None:
    """Put another drawing on the board; `undo` brings the one before back."""
    state = _state()
    state.change(state.history.report(board))


def history() -> History:
    """Return the board with what `undo` and `redo` would bring back."""
    return _known().history
