"""The real thing: a server started as a user starts it, a real Chromium, and hands that draw."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from mnist_core.recipes.presets import RECIPES
from tests.browser.chromium import ADVICE, find
from tests.paths import ROOT
from tests.webapp.real_runs import train_job
from webapp.runs.job import Job

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
EXPECTED_MISSES = tuple(
    f"/{page}/_stcore/{name}"
    for page in ("train", "compare", "lab", "wall", "play", "code", "lesson")
    for name in ("health", "host-config")
)

MOUSE_AND_TOUCH = ("mouse", "touch")
PATIENCE = 30_000
"""Milliseconds until a page that does not show what it should has failed: much, since a busy computer is no fault."""
expect.set_options(timeout=PATIENCE)

INSIDE = ROOT / "tests" / "browser" / "inside"
"""On Python's path, the app's processes note whom they call."""

NewPage = Callable[..., Page]


def mouse_and_touch(slow: str | None = None) -> pytest.MarkDecorator:
    """Do a test with the mouse and again with a finger.

    Args:
        slow: which of the two is for `make test-slow`, in a test that takes long.
    """
    kinds = [
        pytest.param(kind == "touch", id=kind, marks=[pytest.mark.slow] if kind == slow else [])
        for kind in MOUSE_AND_TOUCH
    ]
    return pytest.mark.parametrize("touch", kinds)


def wait_for(page: Page, expression: str, arg: object = None, timeout: float = PATIENCE) -> None:
    """Ask the page again and again until it says yes.

    Playwright's `wait_for_function` leaves that to the page, where the app's policy lets no text become a program.
    """
    deadline = time.monotonic() + timeout / 1000
    while not page.evaluate(expression, arg):
        assert time.monotonic() < deadline, f"waited in vain for {expression}"
        page.wait_for_timeout(50)


class Server:
    """The app, started as a user starts it, on a free port.

    Args:
        folder: for its runs and its log.
        environment: settings of its own.

    Attributes:
        address: where it answers; the same after a restart.
        runs: the folder of its runs.
        visitors: the folder of what its visitors leave.
        log: what it says.
        process: it can be killed.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("localhost", 0))
            self._port = free.getsockname()[1]
        self.log = folder / "server.log"
        self._environment = environment
        self.address = f"http://localhost:{self._port}"
        self.runs = folder / "runs"
        self.visitors = folder / "visitors"
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = ["streamlit", "run", "app.py", "--server.headless=true", f"--server.port={self._port}"]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env={
                    **os.environ,
                    "OPENBLAS_NUM_THREADS": "1",
                    "MALLOC_ARENA_MAX": "2",
                    "RUNS_DIR": str(self.runs),
                    "VISITORS_DIR": str(self.visitors),
                    **self._environment,
                },
                stdout=log,
                stderr=log,
            )
        while True:
            try:
                urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1).close()
                break
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.1)

    def stop(self) -> None:
        """Stop it as Ctrl-C does, or make sure that it is gone."""
        self.process.terminate()
        self.process.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, as it is for a user with this machine's settings; whatever is done with it, it calls nobody."""
    folder = tmp_path_factory.mktemp("server")
    calls = folder / "calls"
    # Four at once: a failing test leaves its run behind.
    running = Server(folder, RUNS_AT_ONCE="4", PYTHONPATH=str(INSIDE), CALLS=str(calls))
    yield running
    running.stop()
    assert not calls.exists(), calls.read_text()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of one epoch on MNIST, trained once for all tests that look at one."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    train_job(folder, Job(replace(RECIPES["quick"], epochs=1), "mnist"))
    return folder


@pytest.fixture
def finished_run(server: Server, trained: Path) -> str:
    """The id of such a run, of the test's own; its files can be changed."""
    run_id = f"quick-{secrets.token_hex(3)}"
    shutil.copytree(trained, server.runs / run_id)
    return run_id


@pytest.fixture(scope="session")
def address(server: Server) -> str:
    """Where the app answers."""
    return server.address


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
        page.set_default_timeout(PATIENCE)
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
