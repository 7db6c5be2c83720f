"""How a drawing is read, the same for the page and for the pen that moves.

While the pen moves, and when it is lifted, the browser sends the picture under it to a route of its own and shows what
comes back: a run of the page's script takes several times as long, and thirty pens would wait for one another. The
script reads the drawing once the pen rests, for all else that is on the page.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from mnist_core.errors import WeightsError
from mnist_core.imaging.preprocess import DEFAULT_OPTIONS, PreprocessOptions
from mnist_core.recognizer import Recognition, Recognizer
from webapp.components.answer import Content
from webapp.components.drawing_board import MAX_PICTURE, Ink, read_picture
from webapp.i18n import current_language, texts_in
from webapp.networks.choice import weights_of
from webapp.networks.recognizers import recognizer
from webapp.pages.draw.answer import answer_content, digit_in_question
from webapp.visitors.identity import COOKIE, read_id

ROUTE = "/api/read"
SWITCHED = ("crop", "stroke_width", "slant", "centre")
"""The fields of `PreprocessOptions` that have a switch, in the order in which the steps are taken."""


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
        steps = query.get("steps", "")
        if len(steps) != len(SWITCHED) or set(steps) - set("01"):
            options = DEFAULT_OPTIONS
        else:
            options = PreprocessOptions(**{name: on == "1" for name, on in zip(SWITCHED, steps, strict=True)})
        place, count = (_small_number(query.get(name)) for name in ("place", "count"))
        chosen_place = place if place < count else None
        return cls(query.get("network", ""), options, chosen_place, count, query.get("lang", ""))


def _small_number(text: str | None) -> int:
    return int(text) if text and len(text) < 4 and text.isascii() and text.isdecimal() else 999


def chosen_steps() -> PreprocessOptions:
    """Return the steps that this visitor has switched on."""
    steps: PreprocessOptions = st.session_state.get("stages_steps", DEFAULT_OPTIONS)
    return steps


def wanted(network: str) -> Wanted:
    """Return what this visitor wants of a network, given by its key."""
    place, count = st.session_state.get("place", (None, 0))
    return Wanted(network, chosen_steps(), place, count, current_language())


def read_ink(reader: Recognizer | None, ink: Ink | None) -> list[Recognition]:
    """Read what is on the pad, from left to right; nothing without ink, or without a network."""
    if reader is None or ink is None:
        return []
    found = [part.recognition for part in reader.recognize_number(ink, background=0)]
    return [recognition for recognition in found if recognition.digit is not None]


async def read_route(request: Request) -> Response:
    """Read the picture in a request's body, as its query says: `answer_content` as JSON.

    The body is the address of a PNG, as canvases make it. A network that has learnt a visitor's hand reads only for
    the browser with that visitor's cookie.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_PICTURE:
            return PlainTextResponse(f"found more than {MAX_PICTURE} bytes, expected the picture of a pad", 413)
    visitor = read_id(request.cookies.get(COOKIE))
    return await run_in_threadpool(_respond, body, Wanted.from_query(request.query_params), visitor)


def _respond(body: bytes, wish: Wanted, visitor: str | None) -> Response:
    ink = read_picture(body.decode("ascii", "replace"))
    if ink is None:
        return PlainTextResponse("found something else, expected the PNG of a pad as a data address", 400)
    path = weights_of(wish.network, visitor)
    try:
        network = None if path is None else recognizer(path).network
    except WeightsError:
        network = None
    if network is None:
        return PlainTextResponse("found no such network, expected the key of one that can be chosen", 404)
    read = read_ink(Recognizer(network, wish.steps), ink)
    with texts_in(wish.language):
        content: Content = answer_content(read, digit_in_question(read, wish.place, wish.count))
    return JSONResponse(content)
