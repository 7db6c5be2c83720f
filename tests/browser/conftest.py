"""The real thing: a server started as a user starts it, a real Chromium, and hands that draw."""

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser.chromium import ADVICE, find

ROOT = Path(__file__).parents[2]
# Chromium's own calls home would only blur the proof that the app makes none.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LAPTOP = {"viewport": {"width": 1440, "height": 900}}
# Streamlit looks for these beside every page first and finds them one folder up: known, and harmless.
EXPECTED_MISSES = ("/train/_stcore/health", "/train/_stcore/host-config")

NewPage = Callable[..., Page]


def serve(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Start the app on a free port, give its address, and stop it."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    address = f"http://localhost:{port}"
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"],
            cwd=ROOT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "RUNS_DIR": str(folder / "runs"), **environment},
            stdout=log,
            stderr=log,
        )
        try:
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                    break
                except OSError:
                    assert server.poll() is None, (folder / "server.log").read_text()
            yield address
        finally:
            server.terminate()
            server.wait()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app, as it is for a user with this machine's settings."""
    yield from serve(tmp_path_factory.mktemp("server"), {})


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find()
    if path is None:
        if "CI" in os.environ:
            pytest.fail(ADVICE)
        pytest.skip(ADVICE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Opens pages that fail the test at any error in the console and any request that leaves the machine."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(**options: Any) -> Page:
        settings: dict[str, Any] = {"locale": "en-US", **LAPTOP, **options}
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"error on the page: {error}"))
        page.on("console", lambda message: _note_error(message, faults))
        page.on("request", lambda request: _note_outside(request.url, faults))
        page.on("websocket", lambda websocket: _note_outside(websocket.url, faults))
        page.set_default_timeout(30_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults, faults


def _note_error(message: ConsoleMessage, faults: list[str]) -> None:
    if message.type == "error" and not str(message.location.get("url", "")).endswith(EXPECTED_MISSES):
        faults.append(f"console: {message.text} {message.location}")


def _note_outside(url: str, faults: list[str]) -> None:
    if not url.startswith(("http://localhost:", "ws://localhost:", "data:", "blob:")):
        faults.append(f"left the machine: {url}")
