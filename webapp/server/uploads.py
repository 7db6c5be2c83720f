"""Uploaded files: how much of them the server keeps.

Streamlit keeps each until its visitor leaves, under whatever id the browser gives it. Here a page reads a file as soon
as it has come (`pages/draw/picture.py`), so the oldest are let go instead of refusing new ones, first those of whoever
keeps most.
"""

import asyncio
import re
from collections import Counter
from typing import cast

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import get_option, runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

FILES = 3
"""Files that are kept for one visitor's page."""
TOTAL = 400_000_000
"""Bytes of all visitors' files, those on their way included."""
AT_ONCE = 3
"""Files on their way to one visitor's page."""
PATIENCE, SLOWEST = 15.0, 20_000
"""Seconds, and bytes a second: so long may a file take altogether, else it keeps room from the others."""
FULL = "Too many files are being sent to this server at once: try again in a minute.\n"
LATE = "This file came too slowly: try again.\n"
_UPLOAD = re.compile(r".*/_stcore/upload_file/(?P<session>[^/]+)/[^/]+")


class BoundedUploads:
    """ASGI middleware that bounds what uploaded files take, and refuses one only if too many are on their way.

    Args:
        app: Streamlit, which receives them.
        files: kept for one session, the newest.
        total: bytes.
    """

    def __init__(self, app: ASGIApp, files: int = FILES, total: int = TOTAL) -> None:
        self._app = app
        self._files = files
        self._total = total
        self._arriving = 0  # bytes
        self._senders: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make room for a file before it comes, and see afterwards what has become of it."""
        upload = _UPLOAD.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if upload is None:
            await self._app(scope, receive, send)
            return
        largest = get_option("server.maxUploadSize") * 1024 * 1024  # Streamlit reads no more, whatever is announced
        size = min(int(Headers(scope=scope).get("content-length", largest)), largest)
        session = upload["session"]
        if self._arriving + size > self._total or self._senders[session] == AT_ONCE:
            await PlainTextResponse(FULL, 413)(scope, receive, send)
            return
        self._arriving += size
        self._senders[session] += 1
        try:
            self._let_go(session)
            await self._app(scope, _in_time(receive), send)
        except TimeoutError:
            await PlainTextResponse(LATE, 408)(scope, receive, send)
        finally:
            self._arriving -= size
            self._senders[session] -= 1
            self._senders += Counter()  # forgets those who send nothing
            self._let_go(session)

    def _let_go(self, session: str) -> None:
        """Drop the oldest files of one session, and of those that keep most, until the bounds are held."""
        server = runtime.get_instance()
        kept = cast(MemoryUploadedFileManager, server.uploaded_file_mgr)
        if not server.is_active_session(session):  # who left meanwhile would leave the file here for ever
            kept.remove_session_files(session)
        for old in list(kept.file_storage.get(session, ()))[: -self._files]:
            kept.remove_file(session, old)
        while sum((sizes := _sizes(kept)).values()) + self._arriving > self._total:
            most = max(sizes, key=sizes.__getitem__)
            kept.remove_file(most, next(iter(kept.file_storage[most])))


def _in_time(receive: Receive) -> Receive:
    """Return what receives a file, and raises TimeoutError if that takes too long."""
    now = asyncio.get_running_loop().time
    began, arrived = now(), 0

    async def receive_in_time() -> Message:
        nonlocal arrived
        message = await asyncio.wait_for(receive(), began + PATIENCE + arrived / SLOWEST - now())
        arrived += len(message.get("body", b""))
        return message

    return receive_in_time


def _sizes(kept: MemoryUploadedFileManager) -> dict[str, int]:
    return {session: sum(len(file.data) for file in files.values()) for session, files in kept.file_storage.items()}
