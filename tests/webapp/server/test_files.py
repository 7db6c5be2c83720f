"""Scripts and styles: compressed once, kept by browsers, and nothing else is handed out."""

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest

from webapp.components.live_chart import PLOTLY, plotly_script
from webapp.server.files import CompressedFiles, files_below, served_files

Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "static"
    (place / "js").mkdir(parents=True)
    (place / "js" / "index.js").write_text("let x = 1;\n" * 500)
    (place / "font.woff2").write_bytes(b"font")
    (tmp_path / "secret.js").write_text("secret")
    return place


def get(files: dict[str, Path], address: str, encodings: str = "gzip, deflate", method: str = "GET") -> Answer:
    sent: list[dict[str, Any]] = []

    async def pass_on(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 599, "headers": []})
        await send({"type": "http.response.body", "body": b"passed on"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nobody reads the request")

    headers = [(b"accept-encoding", encodings.encode())]
    scope = {"type": "http", "method": method, "path": address, "headers": headers}
    asyncio.run(CompressedFiles(pass_on, files)(scope, receive, send))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:])


def test_a_script_comes_compressed_and_is_kept(folder):
    status, headers, body = get(files_below(folder, "/static"), "/static/js/index.js")

    assert status == 200 and headers["content-encoding"] == "gzip"
    assert "immutable" in headers["cache-control"] and "javascript" in headers["content-type"]
    assert gzip.decompress(body) == (folder / "js" / "index.js").read_bytes()
    assert len(body) < 200


def test_a_browser_that_cannot_unpack_gets_it_as_it_is(folder):
    status, headers, body = get(files_below(folder, "/static"), "/static/js/index.js", encodings="")

    assert status == 200 and "content-encoding" not in headers
    assert body == (folder / "js" / "index.js").read_bytes()


@pytest.mark.parametrize(
    "address",
    ["/", "/static/", "/static/none.js", "/static/font.woff2", "/static/../secret.js", "/static/js", "/static/\0.js"],
)
def test_all_else_is_passed_on(folder, address):
    assert get(files_below(folder, "/static"), address) == (599, {}, b"passed on")


def test_only_reading_is_answered(folder):
    assert get(files_below(folder, "/static"), "/static/js/index.js", method="POST")[0] == 599


def test_plotly_is_served_from_here():
    assert plotly_script().startswith(f"{PLOTLY}?v=")
    status, headers, body = get(served_files(), PLOTLY)
    assert status == 200 and headers["content-encoding"] == "gzip" and b"Plotly" in gzip.decompress(body)
