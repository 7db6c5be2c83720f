"""The server behind the pages: whom it answers, and what it lets a page ask for."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import INSIDE, NewPage, Server
from tests.browser.hand import Hand

OPENING = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "A" * 22 + "==",
}
WAYS = {
    "/": ("GET", {}),
    "/train": ("GET", {}),
    "/api/read": ("POST", {}),
    "/api/curves/x": ("GET", {}),
    "/_stcore/health": ("GET", {}),
    "/_stcore/stream": ("GET", OPENING),
    "/_stcore/upload_file/a/b": ("PUT", {}),
}


def ask(address: str, path: str, host: str) -> tuple[int, str]:
    """Call the server by a name of our choice; return the status and the beginning of what it says."""
    method, headers = WAYS[path]
    connection = HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.request(method, path, headers={"Host": host, **headers})
    answer = connection.getresponse()
    text = "" if answer.status == 101 else answer.read(500).decode()
    connection.close()
    return answer.status, text


@pytest.mark.parametrize("path", WAYS)
def test_a_name_that_somebody_else_pointed_here_is_refused_everywhere(address, path):
    status, text = ask(address, path, "evil.example")

    if WAYS[path][1]:
        assert status == 403  # a WebSocket that was not opened
    else:
        assert status == 400 and "evil.example" in text and "ALLOWED_HOSTS" in text


@pytest.mark.parametrize("host", ["192.168.1.7:8501", "[::1]:8501", "localhost"])
@pytest.mark.parametrize("path, status", [("/", 200), ("/_stcore/health", 200), ("/_stcore/stream", 101)])
def test_a_classroom_calls_it_by_its_address(address, path, status, host):
    assert ask(address, path, host)[0] == status


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """The address of another server, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<body>a page without a policy</body>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


# The ways in which a page fetches without being clicked; each promise ends when the browser has decided.
ATTEMPTS = """address => {
  const loaded = (tag, set) => new Promise((end) => {
    const element = document.createElement(tag);
    set(element);
    element.onload = element.onerror = end;
    document.body.append(element);
  });
  const socket = () => new Promise((end) => {
    try { new WebSocket(address.replace('http', 'ws') + '/socket').onerror = end; } catch { end(); }
  });
  const smuggled = document.createElement('div');
  smuggled.innerHTML = '<img src="/none.png" onerror="window.ran = true">';
  document.body.append(smuggled);
  return Promise.all([
    loaded('img', (e) => { e.src = address + '/img'; }),
    loaded('link', (e) => { e.rel = 'stylesheet'; e.href = address + '/style'; }),
    loaded('script', (e) => { e.src = address + '/script'; }),
    loaded('iframe', (e) => { e.src = address + '/frame'; }),
    loaded('video', (e) => { e.src = address + '/video'; }),
    loaded('object', (e) => { e.data = address + '/object'; }),
    new FontFace('f', `url(${address}/font)`).load().catch(() => {}),
    fetch(address + '/fetch').catch(() => {}),
    socket(),
    import(address + '/module').catch(() => {}),
    loaded('img', (e) => { e.src = '/none.png'; }),
  ]).then(() => window.ran ?? false);
}"""


def test_no_request_leaves_the_server_whatever_stands_in_a_page(address, browser: Browser, elsewhere):
    other, asked = elsewhere
    page = browser.new_page()
    page.goto(other)
    assert page.evaluate(ATTEMPTS, other) is True
    assert len(set(asked) - {"/", "/favicon.ico", "/none.png"}) == 10  # so each attempt could succeed
    asked.clear()

    page.goto(address)
    page.locator(".st-key-pad").wait_for()
    assert page.evaluate(ATTEMPTS, other) is False  # nor did a script run that stood in HTML
    page.close()
    assert asked == []


def test_a_call_of_the_server_or_of_a_training_would_be_noted(tmp_path):
    """What the server's fixture asserts at the end would fail if there were one."""
    program = "import urllib.request as r\ntry: r.urlopen('http://192.0.2.1', timeout=0.1)\nexcept OSError: pass"
    calls = tmp_path / "calls"
    for address in ("http://192.0.2.1", "http://name.invalid", "http://127.0.0.1:9"):
        called = program.replace("http://192.0.2.1", address)
        environment = {**os.environ, "PYTHONPATH": str(INSIDE), "CALLS": str(calls)}
        subprocess.run([sys.executable, "-c", called], env=environment, check=True)
    assert calls.read_text().splitlines() == [
        "socket.getaddrinfo 192.0.2.1",
        "socket.connect 192.0.2.1",
        "socket.getaddrinfo name.invalid",
    ]


@pytest.mark.slow
def test_a_browser_that_goes_away_in_mid_stroke_is_not_missed(server: Server, new_page: NewPage) -> None:
    for _ in range(3):
        page = new_page()
        page.goto(server.address)
        move = Hand(page).pen_down((0.3, 0.2)).__enter__()  # and never lifted
        for step in range(10):
            move((0.3 + step * 0.04, 0.3 + step * 0.05))
        page.close()
    page = new_page()
    page.goto(server.address)
    Hand(page).write(7)
    expect(page.locator(".st-key-digit .digit")).to_have_text("7")
    assert "Traceback" not in server.log.read_text()


def test_a_header_without_end_is_broken_off(address: str) -> None:
    """Some readers of requests keep all of it in memory, and hold up everybody meanwhile."""
    place = urlsplit(address)
    with socket.create_connection((place.hostname, place.port), timeout=30) as sender:
        sender.sendall(f"GET / HTTP/1.1\r\nHost: {place.netloc}\r\nX: ".encode())
        with pytest.raises(ConnectionError):
            for _ in range(50):
                sender.sendall(b"a" * 1_000_000)
    assert ask(address, "/_stcore/health", place.netloc)[0] == 200
