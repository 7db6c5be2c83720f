"""The drawing pad: people draw here, Python gets the ink.

The surface is ``st_canvas`` of streamlit-drawable-canvas; everything about it stands here and in ``drawing_pad.js``, so
that no page knows the component. Two ideas carry the file:

* **Python owns the drawing.** The session keeps a `History` of boards. The browser reports strokes; undo, redo and
  clear happen here and are handed back as a new ``initial_drawing``, which the canvas loads in place.
* **Every message says what it was drawn on.** Each drawing handed out carries a number, and the canvas repeats it
  in all its reports. A report with an old number was under way while somebody pressed undo or clear: it is void.

While the pen moves, the helper sends small pictures of the board several times a second, and the answer follows those;
a report of the finished stroke ends them. The helper also keeps the strokes in the tab, and hands them to the new
session that a reload begins.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from webapp.components.drawing_board import (
    BARE,
    SIDE,
    Board,
    Glimpse,
    History,
    Ink,
    drawing_of,
    read_glimpse,
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

_MAX_COMMANDS = 20_000  # commands of all strokes that come back after a reload; an hour's scribble has 5,000

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


@dataclass
class PadState:
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
        """Hand the drawing, as it is now, to the canvas."""
        self.stamp += 1
        self.handed_out = drawing_of(self.history.present, self.stamp)

    def take_in(self, report: object, live: object, kept: object) -> None:
        """Note what the browser sent: a finished drawing, the picture under the pen, or the strokes of before."""
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
            if sum(len(stroke["path"]) for stroke in strokes) <= _MAX_COMMANDS:
                self.change(self.history.report(Board(strokes)))

    def change(self, history: History) -> None:
        """Go on with another history; a drawing that is another one goes to the canvas."""
        if history != self.history:
            self.history, self.glimpse = history, None
            self.hand_out()


def _state() -> PadState:
    """Return the session's state, brought up to date with what the browser has sent."""
    if SESSION_KEY not in st.session_state:
        st.session_state[SESSION_KEY] = PadState()
    state: PadState = st.session_state[SESSION_KEY]
    canvas, helper = st.session_state.get(CANVAS_KEY), st.session_state.get(HELPER_KEY)
    canvas = canvas if isinstance(canvas, Mapping) else {}
    helper = helper if isinstance(helper, Mapping) else {}
    state.take_in(canvas.get("drawing"), helper.get("live"), helper.get("kept"))
    return state


def pad(hint: str, stroke_width: int, erase: bool = False) -> Ink | None:
    """Show the pad, at most one per page, in a container with the key ``pad``; return what `current_ink` does.

    Args:
        hint: the words on the empty board; they go when the first stroke begins.
        stroke_width: width of the pen for the next stroke, in units of which the board is `SIDE` wide.
        erase: whether the next stroke takes ink away.
    """
    # The package registers its component when imported, which only works inside a running app; here, so that the
    # rest of this file can be imported anywhere.
    from streamlit_drawable_canvas import st_canvas  # noqa: PLC0415

    state = _state()
    if CANVAS_KEY not in st.session_state:
        state.hand_out()  # the canvas is mounted anew: first visit, or back from another page
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
                initial_drawing=state.handed_out,
                return_image_data=True,
                key=CANVAS_KEY,
            )
        state = _state()  # after a lost connection the value is known only now
        strokes = state.history.present.strokes
        about = {
            "hint": hint,
            "empty": not strokes,
            "stamp": state.stamp,
            "strokes": [] if state.untouched else list(strokes),
            "untouched": state.untouched,
            "heard": zlib.crc32(repr(state.last_live).encode()),  # the next picture waits until this one was taken in
            "unpictured": bool(strokes) and state.history.present.png is None and state.glimpse is None,
        }
        _helper(key=HELPER_KEY, data=about, on_live_change=lambda: None, on_kept_change=lambda: None)
    return current_ink()


def current_ink() -> Ink | None:
    """Return the ink of this session's drawing, also on pages without the pad.

    Returns:
        As `read_ink` does; None while nothing is drawn.
    """
    state = _state()
    png = state.history.present.png if state.glimpse is None else state.glimpse.png
    return None if png is None else read_ink(png)


def is_down() -> bool:
    """Return whether the pen is on the board, as far as is known."""
    glimpse = _state().glimpse
    return glimpse is not None and glimpse.pen_down


def version() -> object:
    """Return what is another one after every change of the board."""
    state = _state()
    return state.stamp, state.history.present, state.glimpse


def undo() -> None:
    """Undo the last stroke, or the last clear."""
    state = _state()
    state.change(state.history.undo())


def redo() -> None:
    """Bring back what `undo` removed."""
    state = _state()
    state.change(state.history.redo())


def clear() -> None:
    """Wipe the board; `undo` brings the drawing back."""
    state = _state()
    state.change(state.history.clear())


def history() -> History:
    """Return the board with what `undo` and `redo` would bring back."""
    return _state().history
