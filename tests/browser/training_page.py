"""The training page as tests use it: its fields and buttons, and what its curves show."""

import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page

from tests.browser.conftest import wait_for
from webapp.runs.records import RecordReader, Records

POINTS = """() => {
  const chart = document.querySelector('.st-key-loss-chart .live-chart');
  return chart?.data ? Math.max(...chart.data[0].x, 0) : 0;
}"""
"""JavaScript: the epochs that the curve of the loss has come to."""
QUICK_STEPS = 844
"""Steps of an epoch of the first recipe, on MNIST."""


def open_training(page: Page, address: str, query: str = "") -> None:
    """Open the page and wait until it can be used."""
    page.goto(f"{address}/train{query}")
    page.locator(".st-key-start button").wait_for()


def start(page: Page, address: str, epochs: int, learning_rate: str | None = None) -> None:
    """Start the first recipe with a few changes."""
    open_training(page, address)
    set_number(page, "Epochs", str(epochs))
    if learning_rate is not None:
        set_number(page, "Learning rate", learning_rate)
    page.locator(".st-key-start button").click()


def set_number(page: Page, label: str, value: str) -> None:
    """Type a number into a field and leave it."""
    field = page.get_by_label(label, exact=True).first
    field.fill(value)
    field.press("Tab")


def choose(page: Page, key: str, option: str) -> None:
    """Choose an option of a select box."""
    field = page.locator(f".st-key-{key} input").first
    field.click()
    field.fill(option)
    page.get_by_role("option", name=option).first.click()


def press(page: Page, key: str) -> None:
    """Press the button with a key."""
    page.locator(f".st-key-{key} button:visible").first.click()  # one with a help text is there twice


def wait_for_state(page: Page, state: str, timeout: float = 60_000) -> None:
    """Wait until the page says that its run is in a state."""
    page.locator(f".st-key-status-{state}").wait_for(timeout=timeout)


def trained_epochs(page: Page) -> float:
    """Return how far the curve of the loss has come."""
    return float(page.evaluate(POINTS))


def wait_for_epochs(page: Page, epochs: float) -> None:
    """Wait until the curve of the loss has passed a point."""
    wait_for(page, f"({POINTS})() > {epochs}", timeout=60_000)


def wait_until_shown(page: Page, epochs: float) -> None:
    """Wait until the curve of the loss ends at a point."""
    wait_for(page, f"Math.abs(({POINTS})() - {epochs}) < 1e-3")


def run_of(page: Page) -> str:
    """Return the id of the run that the page's URL names, once it does."""
    page.wait_for_url("**run=*")
    return parse_qs(urlsplit(page.url).query)["run"][0]


def records_of(runs: Path, run_id: str) -> Records:
    """Read what a run has written."""
    return RecordReader(runs / run_id / "records.jsonl").read()


def wait_until_held(runs: Path, run_id: str) -> None:
    """Wait until a run has written that it stands still."""
    deadline = time.monotonic() + 30
    while not records_of(runs, run_id).paused:
        assert time.monotonic() < deadline
        time.sleep(0.02)
