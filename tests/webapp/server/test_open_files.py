"""The limit of open files: raised as far as the computer lets us, and if that isn't far, said."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.paths import ROOT
from webapp.server.open_files import RESERVE, RoomForVisitors

if sys.platform == "win32":
    pytest.skip("there is no such limit", allow_module_level=True)
import resource

# As on a computer of another kind: macOS says "unlimited", and refuses what its kernel does not have.
MACOS = """
import resource
real = resource.setrlimit
def limited(what, limits):
    if limits[0] > 10_240: raise ValueError("current limit exceeds maximum limit")
    real(what, (limits[0], 20_000))
resource.getrlimit = lambda what: (256, resource.RLIM_INFINITY)
resource.setrlimit = limited
"""
OPENING = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "A" * 22 + "==",
    "Sec-WebSocket-Protocol": "streamlit",
}
RAISE = "from webapp.server.open_files import raise_open_files; print(raise_open_files())"


def limited(soft: int, hard: int, script: str = RAISE) -> tuple[str, str]:
    """Run a script in a process with these limits; return what it prints and what it logs."""
    limits = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
    ran = subprocess.run([sys.executable, "-c", limits + script], cwd=ROOT, capture_output=True, text=True, check=True)
    return ran.stdout.strip(), ran.stderr


def test_the_limit_is_raised_to_what_the_computer_allows():
    assert limited(256, 4_000) == ("4000", "")


def test_a_computer_that_says_unlimited_is_asked_for_less_until_it_agrees():
    assert limited(256, 20_000, MACOS + RAISE) == ("10240", "")


def test_a_limit_that_is_high_already_is_left_alone():
    assert limited(3_000, 3_000) == ("3000", "")


def test_a_limit_that_stays_too_low_is_said_with_what_to_do():
    printed, logged = limited(256, 256)

    assert printed == "256" and len(logged.splitlines()) == 1
    assert "256 files" in logged and "about 25 visitors" in logged and "ulimit -n 4096" in logged


def test_the_last_files_are_kept_for_those_who_are_there():
    """With a limit just above what is open, one is let in, and the next refused."""

    async def stream(socket_: WebSocket) -> None:
        await socket_.accept()
        await socket_.receive()

    room = Middleware(RoomForVisitors, limit=RESERVE + 3)
    client = TestClient(Starlette(routes=[WebSocketRoute("/", stream)], middleware=[room]))
    with client.websocket_connect("/"), pytest.raises(WebSocketDisconnect), client.websocket_connect("/"):
        pass
    with client.websocket_connect("/"):
        pass


@contextmanager
def server(tmp_path, soft: int, hard: int) -> Iterator[int]:
    """Start the app with these limits; yield its port."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = ["-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"]
    folders = {"RUNS_DIR": str(tmp_path / "runs"), "VISITORS_DIR": str(tmp_path / "visitors")}
    with (tmp_path / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=os.environ | folders,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)),
        )
    try:
        while True:
            with suppress(OSError), socket.create_connection(("localhost", port), timeout=1):
                break
            assert process.poll() is None, (tmp_path / "server.log").read_text()
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def come(port: int, count: int) -> int:
    """Open the sessions of so many visitors, and hold them; return how many were let in."""
    with ExitStack() as held:
        let_in = 0
        for _ in range(count):
            visitor = held.enter_context(closing(HTTPConnection("localhost", port, timeout=30)))
            with suppress(OSError):
                visitor.request("GET", "/_stcore/stream", headers=OPENING)
                let_in += visitor.getresponse().status == 101
        return let_in


@pytest.mark.slow
def test_a_hundred_and_twenty_visitors_come_to_a_server_that_began_with_256_files(tmp_path):
    with server(tmp_path, 256, 4_000) as port:
        assert come(port, 120) == 120


@pytest.mark.slow
def test_where_the_limit_cannot_be_raised_visitors_are_refused_without_a_flood_in_the_log(tmp_path):
    with server(tmp_path, 256, 256) as port:
        assert 25 < come(port, 120) < 60
        assert come(port, 1) == 1  # there is room again
    assert len((tmp_path / "server.log").read_text().splitlines()) < 30
