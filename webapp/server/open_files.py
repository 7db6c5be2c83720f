"""How many files and connections the server may have open at once: as many as the computer lets it have.

A program starts with few, 256 on macOS; a visitor takes ten while the page loads, and leaves three behind for two
minutes with each reload (Streamlit's loop for the session, kept in case the browser comes back).
"""

import logging
import sys
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

if sys.platform != "win32":  # where there is neither such a limit nor the module
    import resource

WANTED = (65_536, 10_240, 4_096)
"""Limits to ask for; macOS refuses those above its own, which it does not tell."""
PER_VISITOR = 10
ENOUGH = 1_500
"""For 150 visitors."""
RESERVE = 64
"""Kept for those who are there: their pictures, weights, runs."""


def raise_open_files() -> int | None:
    """Raise this process's limit of open files; log a warning if it stays too low for many visitors.

    Returns:
        The limit that now holds; None where there is none.
    """
    if sys.platform == "win32":
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in WANTED:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft == resource.RLIM_INFINITY or soft >= limit:
            break
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        except (OSError, ValueError):
            continue
        soft = limit
    if soft == resource.RLIM_INFINITY:
        return None
    if soft < ENOUGH:
        logging.getLogger(__name__).warning(
            "This computer lets the app have %s files and connections open at once, enough for about %s visitors; "
            "others will be refused. Raise the limit before you start the app, if need be as administrator: "
            "ulimit -n 4096",
            soft,
            soft // PER_VISITOR,
        )
    return soft


class RoomForVisitors:
    """ASGI middleware that lets no more visitors in once few files are left.

    Streamlit would fail for them, and for those who are there, with a hundred lines in the log each time.

    Args:
        app: answers.
        limit: of open files; None if there is none.
    """

    def __init__(self, app: ASGIApp, limit: int | None) -> None:
        self._app = app
        self._limit = limit
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse a visitor's WebSocket before it opens."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        # The first is let in always: what others left behind goes when the next one leaves.
        if self._inside and self._limit is not None and _open_files() > self._limit - RESERVE:
            await WebSocketClose(1013)(scope, receive, send)  # "try again later": the browser does
            return
        self._inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1


def _open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))
