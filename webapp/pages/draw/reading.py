"""How a drawing is read: what a visitor wants, and each picture once, for the pen that moves and for the page."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

import streamlit as st
from starlette.datastructures import QueryParams

from mnist_core.imaging.preprocess import DEFAULT_OPTIONS, PreprocessOptions
from mnist_core.network import Network
from mnist_core.recognizer import Recognition, Recognizer
from webapp.components.drawing_board import read_ink
from webapp.i18n import current_language

SWITCHED = ("crop", "stroke_width", "slant", "centre")
"""The fields of `PreprocessOptions` that have a switch, in the order in which the steps are taken."""
KEPT_READINGS = 256
"""Of all networks, about 200 kB each: those of some seconds, with sixty pens."""

_readings: WeakKeyDictionary[Network, OrderedDict[tuple[bytes, PreprocessOptions], list[Recognition]]]
_readings = WeakKeyDictionary()
_guard = Lock()


@dataclass(frozen=True)
class Wanted:
    """What a visitor wants: all that an answer depends on besides the drawing.

    Attributes:
        network: key of the network that reads, see `networks.Choice`.
        steps: on the way to it.
        place: of several digits, which one the page is about, counted from 0; None for the least sure one.
        count: among how many that was chosen.
        language: of the words.
    """

    network: str
    steps: PreprocessOptions = DEFAULT_OPTIONS
    place: int | None = None
    count: int = 0
    language: str = "en"

    def to_query(self) -> str:
        """Write it as the query of an address."""
        steps = "".join("01"[getattr(self.steps, name)] for name in SWITCHED)
        place = "" if self.place is None else self.place
        return urlencode(
            {"network": self.network, "steps": steps, "place": place, "count": self.count, "lang": self.language}
        )

    @classmethod
    def from_query(cls, query: QueryParams) -> "Wanted":
        """Read it back; it comes from a browser, and what is not understood there is as usual."""
        options = _read_steps(query.get("steps", "")) or DEFAULT_OPTIONS
        place, count = (_small_number(query.get(name)) for name in ("place", "count"))
        chosen_place = place if place < count else None
        return cls(query.get("network", ""), options, chosen_place, count, query.get("lang", ""))


def _read_steps(text: str) -> PreprocessOptions | None:
    """Read steps as an address has them, "1101": those of `SWITCHED` that are on; None for anything else."""
    if len(text) != len(SWITCHED) or set(text) - set("01"):
        return None
    return PreprocessOptions(**{name: on == "1" for name, on in zip(SWITCHED, text, strict=True)})


def _small_number(text: str | None) -> int:
    return int(text) if text and len(text) < 4 and text.isascii() and text.isdecimal() else 999


def adopt_linked_steps() -> None:
    """Switch the steps as a link asks with `?steps=1101`; what is pressed later counts more, so it is asked once."""
    if (steps := _read_steps(st.query_params.get("steps", ""))) is not None:
        st.session_state["stages_steps"] = steps
    st.query_params.pop("steps", None)


def chosen_steps() -> PreprocessOptions:
    """Return the steps that this visitor has switched on."""
    steps: PreprocessOptions = st.session_state.get("stages_steps", DEFAULT_OPTIONS)
    return steps


def wanted(network: str) -> Wanted:
    """Return what this visitor wants of a network, given by its key."""
    place, count = st.session_state.get("place", (None, 0))
    return Wanted(network, chosen_steps(), place, count, current_language())


def read_drawing(reader: Recognizer | None, png: bytes | None, keep: bool = True) -> list[Recognition]:
    """Read what is on a pad, from left to right.

    Args:
        reader: the network that reads, with the steps on the way to it; None for none.
        png: the browser's picture of the pad, see `drawing_board.read_ink`; None while nothing is drawn.
        keep: whether the same picture will be asked for again: that under a moving pen will not.

    Returns:
        The digits, the same objects if the same picture was read a moment ago.
    """
    if reader is None or png is None:
        return []
    key = png, reader.options
    with _guard:
        known = _readings.setdefault(reader.network, OrderedDict())
        if key in known:
            known.move_to_end(key)
            return known[key]
    ink = read_ink(png)
    parts = [] if ink is None else reader.recognize_number(ink, background=0)
    read = [part.recognition for part in parts if part.recognition.digit is not None]
    if not keep:
        return read
    with _guard:
        known[key] = read
        while sum(map(len, _readings.values())) > KEPT_READINGS:
            max(_readings.values(), key=len).popitem(last=False)
    return read
