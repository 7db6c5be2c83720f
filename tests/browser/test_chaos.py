"""What no run may suffer from: a killed worker, a killed server, more runs than processors, many tabs."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Server
from tests.browser.training_page import (
    QUICK_STEPS,
    open_training,
    press,
    records_of,
    run_of,
    set_number,
    wait_for_epochs,
    wait_for_state,
    wait_until_shown,
)
from tests.webapp.real_runs import worker_of

EPOCHS = 30  # so many that a run is still going when a slow page has shown that it is


pytestmark = pytest.mark.slow


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that may be killed; two runs train at once."""
    running = Server(tmp_path, RUNS_AT_ONCE="2")
    yield running
    running.stop()


def start(page: Page, epochs: int) -> str:
    """Start a small run on the open page."""
    set_number(page, "Hidden layers", "64")
    set_number(page, "Epochs", str(epochs))
    page.wait_for_url(f"**epochs={epochs}*")
    press(page, "start")
    return run_of(page)


def epochs_of(server: Server, run_id: str) -> float:
    """Return how many epochs of a run are on the disk."""
    return len(records_of(server.runs, run_id).loss) / QUICK_STEPS


def undisturbed(page: Page) -> str:
    """Run once more what is on the page, from its beginning to its end."""
    before = page.url
    press(page, "again")
    page.wait_for_url(lambda url: url != before)
    page.get_by_text(run_of(page).replace("-", " · ")).wait_for()
    wait_for_state(page, "finished", timeout=180_000)
    return run_of(page)


def assert_nothing_lost_or_doubled(server: Server, disturbed: str, whole: str) -> None:
    """Compare a run that was interrupted with one that was not."""
    mine, theirs = records_of(server.runs, disturbed), records_of(server.runs, whole)
    for part in ("loss", "accuracy", "learning_rate", "epochs", "validation_loss", "validation_accuracy", "layers"):
        assert getattr(mine, part) == getattr(theirs, part), part
    assert mine.end["test_accuracy"] == theirs.end["test_accuracy"]


def test_a_killed_worker_and_a_killed_server_lose_nothing(own_server: Server, new_page: NewPage) -> None:
    page = new_page()
    open_training(page, own_server.address)
    run_id = start(page, EPOCHS)
    wait_for_epochs(page, 0.5)
    os.kill(worker_of(run_id), signal.SIGKILL)
    wait_for_state(page, "interrupted")
    expect(page.get_by_text("Nothing is lost")).to_be_visible()
    reached = epochs_of(own_server, run_id)
    press(page, "resume")
    wait_for_epochs(page, reached + 0.5)  # more than the page showed before

    page.goto("about:blank")  # a page that is open says in the console that its server is gone
    own_server.process.kill()
    own_server.process.wait()
    own_server.start()
    page.goto(f"{own_server.address}/train?run={run_id}")
    wait_for_state(page, "interrupted")
    assert epochs_of(own_server, run_id) > reached
    wait_for_epochs(page, epochs_of(own_server, run_id) - 0.1)
    press(page, "resume")
    wait_for_state(page, "finished", timeout=180_000)
    assert_nothing_lost_or_doubled(own_server, run_id, undisturbed(page))


def test_five_runs_on_two_processors_wait_in_a_queue(own_server: Server, new_page: NewPage) -> None:
    pages = [new_page() for _ in range(5)]
    runs = []
    for page in pages:
        open_training(page, own_server.address)
        runs.append(start(page, 400))
    for page in pages[:2]:
        wait_for_state(page, "running")
    for place, page in enumerate(pages[2:], 1):
        expect(page.locator(".st-key-status-queued")).to_contain_text(f"place {place}")
    press(pages[0], "stop")
    wait_for_state(pages[2], "running")
    expect(pages[3].locator(".st-key-status-queued")).to_contain_text("place 1")
    press(pages[1], "pause")  # a paused run lends its place
    wait_for_state(pages[3], "running")
    press(pages[1], "resume")  # and waits for another one
    expect(pages[1].locator(".st-key-status-queued")).to_contain_text("place 2")
    press(pages[4], "stop")
    wait_for_state(pages[4], "stopped")
    press(pages[2], "stop")
    wait_for_state(pages[1], "running")
    for page in (pages[1], pages[3]):
        press(page, "stop")
        wait_for_state(page, "stopped")
    for run_id in runs:
        assert re.fullmatch("stopped", records_of(own_server.runs, run_id).end["state"])


def test_a_link_to_a_run_shows_it_to_everybody(own_server: Server, new_page: NewPage) -> None:
    page, other = new_page(), new_page(locale="zh-CN")
    open_training(page, own_server.address)
    run_id = start(page, 400)
    other.goto(f"{own_server.address}/train?run={run_id}")
    wait_for_state(other, "running")
    wait_for_epochs(other, 0.3)
    press(other, "pause")
    wait_for_state(page, "paused")
    held = epochs_of(own_server, run_id)
    for seen in (page, other):
        wait_until_shown(seen, held)
    page.reload()
    wait_for_state(page, "paused")
    wait_until_shown(page, held)
    press(page, "resume")
    wait_for_epochs(other, held)
    press(page, "stop")
    wait_for_state(other, "stopped")
