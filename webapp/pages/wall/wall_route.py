"""What is new on the wall, for everybody who looks at it: computed once, and fetched by the browsers."""

import gzip
import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from webapp.components.data_uri import grey_address
from webapp.i18n import texts_in
from webapp.networks.file_cache import FileCache
from webapp.pages.wall.figures import accuracy_html, confusion, count_html, enough_html, misreading
from webapp.visitors.folder import StorageError, changes_of, visitors_folder
from webapp.visitors.wall import FILE, Sent, class_drawings, latest

ROUTE = "/api/wall"
TILES = 60
EVERY = 2_000
"""Milliseconds between two questions of a browser. To answer that nothing is new takes a look at four bytes."""
MAX_BYTES = 2_000_000
"""Of the answers that are kept, 10 to 40 kB in each language."""

_answers: FileCache[bytes] = FileCache(MAX_BYTES, len)


async def wall_route(request: Request) -> Response:
    """Return the wall as JSON, see `live_chart`; 204: nothing new since the version in the query, 503: no wall."""
    version = str(changes_of(FILE))
    if request.query_params.get("after") == version:
        return Response(status_code=204)
    try:
        content = await run_in_threadpool(_answer, version, request.query_params.get("lang", ""))
    except StorageError:
        return Response(status_code=503)
    return Response(content, media_type="application/json", headers={"content-encoding": "gzip"})


def _answer(version: str, language: str) -> bytes:
    """Pack the wall as it is; what came after `version` was told is fetched with the next question."""

    def pack() -> bytes:
        with texts_in(language):
            news = {"version": version, "stage": "", "going": True, "every": EVERY, "shown": wall_now()}
        return gzip.compress(json.dumps(news).encode(), 5)

    return _answers.get(visitors_folder() / FILE, pack, version, language)


def wall_now() -> dict[str, Any]:
    """Return all that changes by itself on the page, by its keys, in the visitor's language."""
    drawings = class_drawings()
    return {
        "wall-tiles": [_tile(sent) for sent in latest(TILES)],
        "wall-accuracy": accuracy_html(drawings),
        "wall-counts": count_html(drawings),
        "wall-enough": enough_html(drawings),
        "wall-confusion": confusion(drawings),
    }


def _tile(sent: Sent) -> dict[str, Any]:
    right = sent.read == sent.label
    return {
        "id": sent.id,
        "picture": grey_address(sent.image / 255),
        "name": sent.name,
        "right": right,
        "short": f"{sent.label}" if right else f"{sent.label} → {'–' if sent.read is None else sent.read}",
        "words": misreading(sent.label, sent.read),
    }
