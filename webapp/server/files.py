"""The files that a browser loads: scripts and styles, compressed once instead of at every visit.

Streamlit serves its own scripts as they are, since its middleware would compress them anew for each visitor; thirty
phones that open the page at once then fetch 100 MB over one network.
"""

import gzip
import mimetypes
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from threading import Lock

import plotly
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import file_util

from webapp.components.live_chart import PLOTLY

COMPRESSED = {".js", ".css", ".svg", ".json"}
KEPT = 256
"""Compressed files in memory; all that the pages need take 3 MB."""
YEAR = 365 * 24 * 60 * 60  # seconds
_LOCK = Lock()


def served_files() -> dict[str, Path]:
    """List the files that are served compressed, by their addresses."""
    return {
        PLOTLY: Path(plotly.__file__).parent / "package_data" / "plotly.min.js",
        **files_below(Path(file_util.get_static_dir()) / "static", "/static"),
    }


def files_below(folder: Path, address: str) -> dict[str, Path]:
    """List the files in a folder that are worth compressing, by their addresses, which begin with `address`."""
    found = (path for path in folder.rglob("*") if path.suffix in COMPRESSED)
    return {f"{address}/{path.relative_to(folder).as_posix()}": path for path in found}


class CompressedFiles:
    """ASGI middleware that answers requests for some files, compressed, and passes all others on.

    Their names or addresses change with their content, so browsers keep them for a year.

    Args:
        app: answers all other requests.
        files: by their addresses.
    """

    def __init__(self, app: ASGIApp, files: Mapping[str, Path]) -> None:
        self._app = app
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        path = self._files.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if path is None:
            await self._app(scope, receive, send)
            return
        accepted = Headers(scope=scope).get("accept-encoding", "")
        packed = "gzip" in accepted
        content = await run_in_threadpool(_compressed if packed else Path.read_bytes, path)
        headers = {"cache-control": f"public, immutable, max-age={YEAR}", "vary": "accept-encoding"}
        if packed:
            headers["content-encoding"] = "gzip"
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        await Response(content, headers=headers, media_type=media_type)(scope, receive, send)


def _compressed(path: Path) -> bytes:
    with _LOCK:  # those who ask at once wait for one
        return _compress(path)


@lru_cache(maxsize=KEPT)
def _compress(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)
