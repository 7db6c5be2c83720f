"""The answer while the pen moves, from a route of its own.

A run of the page's script takes several times as long, and thirty pens would wait for one another. The script reads the
drawing once the pen rests, for all else that is on the page.
"""

from functools import cache

from anyio import CapacityLimiter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from mnist_core.errors import WeightsError
from mnist_core.recognizer import Recognizer
from webapp.components.drawing_board import MAX_PICTURE, read_png
from webapp.i18n import texts_in
from webapp.networks.choice import weights_of
from webapp.networks.recognizers import recognizer
from webapp.pages.draw.answer import answer_content, digit_in_question
from webapp.pages.draw.reading import Wanted, read_drawing
from webapp.pages.draw.stages import way_html
from webapp.visitors.identity import VISITOR_COOKIE, read_id

ROUTE = "/api/read"


async def read_route(request: Request) -> Response:
    """Read the picture in a request's body, as its query says: `answer_content` as JSON.

    The body is the address of a PNG, as canvases make it; "live" in the query says that it will not be asked for again.
    With "view" comes also the drawing's way into the network. A network that has learnt a visitor's hand reads only for
    the browser with that visitor's cookie.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_PICTURE:
            return PlainTextResponse(f"found more than {MAX_PICTURE} bytes, expected the picture of a pad", 413)
    query = request.query_params
    visitor = read_id(request.cookies.get(VISITOR_COOKIE))
    wish, live, view = Wanted.from_query(query), "live" in query, "view" in query
    if not view:
        return await run_in_threadpool(_respond, body, wish, live, view, visitor)
    async with _views():
        if await request.is_disconnected():  # the pen has gone on
            return Response(status_code=204)
        return await run_in_threadpool(_respond, body, wish, live, view, visitor)


@cache
def _views() -> CapacityLimiter:
    """Return what lets one view be computed at a time: it takes thrice as long as an answer, which would wait."""
    return CapacityLimiter(1)


def _respond(body: bytes, wish: Wanted, live: bool, view: bool, visitor: str | None) -> Response:
    png = read_png(body.decode("ascii", "replace"))
    if png is None:
        return PlainTextResponse("found something else, expected the PNG of a pad as a data address", 400)
    path = weights_of(wish.network, visitor)
    try:
        network = None if path is None else recognizer(path).network
    except WeightsError:
        network = None
    if network is None:
        return PlainTextResponse("found no such network, expected the key of one that can be chosen", 404)
    reader = Recognizer(network, wish.steps)
    read = read_drawing(reader, png, keep=not live)
    shown = digit_in_question(read, wish.place, wish.count)
    with texts_in(wish.language):
        return JSONResponse(answer_content(read, shown, way_html(reader, shown) if view else None))
