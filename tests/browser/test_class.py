"""A class on phones of their own: who may steer which run, what a joker writes, and what the teacher clears away."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, NewPage, Server
from tests.browser.training_page import press, run_of, start, wait_for_state
from webapp.runs.registry import MAX_NAME
from webapp.visitors.identity import BROWSER_COOKIE

PASSWORD = "correct horse"  # noqa: S105
JOKE = "![x](http://192.0.2.1/a.png)<img src=http://192.0.2.1/b.png>:material/bolt: $x$ :red[y] [z](http://192.0.2.1)"
"""Each part is something else to Markdown or HTML; new_page fails if a request leaves the machine."""


@pytest.fixture
def own_server(tmp_path) -> Iterator[Server]:
    """A server on which nobody is the teacher without the password, and with runs of its own."""
    running = Server(tmp_path, TEACHER_PASSWORD=PASSWORD)
    yield running
    running.stop()


def rename(page: Page, run_id: str, name: str) -> None:
    page.locator(f".st-key-menu-{run_id} button").click()
    page.get_by_label("Name", exact=True).fill(name[:MAX_NAME])  # more is not taken
    page.get_by_label("Note").fill(name)
    press(page, f"save-{run_id}")
    expect(page.locator(f".st-key-run-{run_id} .run-head")).to_contain_text(name[:MAX_NAME])


@pytest.mark.slow
def test_a_joker_can_neither_stop_others_nor_write_anything_but_text_and_the_teacher_clears_up(
    own_server: Server, new_page: NewPage
) -> None:
    anna, joker, teacher = new_page(), new_page(**PHONE), new_page()
    start(anna, own_server.address, epochs=500)
    run_id = run_of(anna)
    wait_for_state(anna, "running")
    assert "mnist" not in anna.evaluate("document.cookie")  # no script can take it away
    assert BROWSER_COOKIE in {cookie["name"] for cookie in anna.context.cookies()}
    anna.reload()
    press(anna, "pause")  # it is still hers
    wait_for_state(anna, "paused")

    joker.goto(f"{own_server.address}/train?run={run_id}")
    expect(joker.get_by_text("Only whoever started it, or the teacher, can pause or stop it.")).to_be_visible()
    for key in ("stop", "resume", "step"):
        expect(joker.locator(f".st-key-{key} button")).to_have_count(0)
    joker.goto(f"{own_server.address}/compare?runs={run_id}")
    joker.locator(f".st-key-menu-{run_id} button").click()
    expect(joker.get_by_text("Only whoever started it, or the teacher, can rename or delete it.")).to_be_visible()
    expect(joker.locator(f".st-key-delete-{run_id} button")).to_have_count(0)

    start(joker, own_server.address, epochs=1)
    joke = run_of(joker)
    wait_for_state(joker, "finished")
    joker.goto(f"{own_server.address}/compare?runs={joke},{run_id}")
    rename(joker, joke, JOKE)
    name = JOKE[:MAX_NAME]
    for address, shown in (
        (f"train?run={joke}", "p.about"),
        (f"compare?runs={joke},{run_id}", f".st-key-run-{joke}"),
        (f"compare?runs={joke},{run_id}", ".comparison"),
    ):
        anna.goto(f"{own_server.address}/{address}")
        expect(anna.locator(shown).first).to_contain_text(name)
        expect(anna.locator("img[src*='192.0.2.1'], a[href*='192.0.2.1']")).to_have_count(0)
    anna.goto(f"{own_server.address}/?network={joke}")
    press(anna, "settings")
    expect(anna.get_by_label("Network", exact=True)).to_have_value(re.compile(re.escape(name)))

    teacher.goto(f"{own_server.address}/play?game=class")
    press(teacher, "teacher")
    teacher.get_by_label("Teacher's password").fill(PASSWORD)
    teacher.get_by_role("button", name="Unlock").click()
    expect(teacher.get_by_text("trainings: 1 going, 0 waiting")).to_be_visible()
    teacher.get_by_text("2, with their networks").click()
    teacher.get_by_text("I have saved what I need").click()
    press(teacher, "play-empty")
    expect(teacher.get_by_text("a new class can begin")).to_be_visible()
    for ticked in teacher.locator(".st-key-play-saved input, .st-key-empty-runs input").all():
        expect(ticked).not_to_be_checked()
    assert [path.name for path in own_server.runs.iterdir() if path.is_dir()] == []
    anna.goto(f"{own_server.address}/train?run={run_id}")
    expect(anna.get_by_text("Nothing is training yet")).to_be_visible()
