"""The class's wall in a real browser: a phone sends, the projector shows it, the teacher hides it and calls."""

import re
import secrets
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, NewPage, Server, wait_for
from tests.browser.hand import Hand, wait_until_settled
from webapp.runs.folder import Label, RunFolder
from webapp.visitors.wall import empty_wall

SOON = 4_000
"""Milliseconds: a question every two seconds, its answer, and a busy computer."""
FROM_ANOTHER_PAGE = 9_000
"""Milliseconds: the call is asked for every four seconds."""
FITS = "document.querySelector('.stMain').scrollWidth <= innerWidth"


def send(page: Page, hand: Hand, digit: int, meant: int) -> None:
    """Write a digit with a finger, and say what it is meant to be."""
    page.locator(".st-key-pad").scroll_into_view_if_needed()
    hand.write(digit)
    expect(page.locator(".wall-reading b")).to_have_text(str(digit))
    page.locator(".st-key-wall-label").get_by_role("radio", name=str(meant), exact=True).tap()
    expect(page.get_by_text(f"You meant {meant}, it read {digit}")).to_be_visible()
    expect(page.locator(".wall-reading b")).to_be_empty()  # the pad is free for the next one
    wait_until_settled(page)


def tile(page: Page, words: str, name: str) -> Locator:
    """A drawing on the wall, by what was meant and read, and by whom."""
    picture = page.locator(f'img[alt="{words}"]')
    return page.locator(".wall-tiles li").filter(has=picture, has_text=name)


def top_of(page: Page) -> float:
    """Where the settings begin on the training page."""
    box = page.locator(".st-key-settings").bounding_box()
    assert box is not None
    return box["y"]


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A writer's name of this test's own: the wall is the server's, and others' tests may write on it."""
    return f"Mia {abs(hash(request.node.name)) % 1000}"


@pytest.mark.slow
def test_a_phone_sends_the_projector_shows_it_the_teacher_hides_it_and_calls_the_class(
    address: str, new_page: NewPage, name: str
) -> None:
    projector, phone = new_page(), new_page(**PHONE)
    projector.goto(f"{address}/wall?present=1")
    expect(projector.get_by_role("button", name="Everybody come here")).to_be_visible()
    expect(projector.locator(".st-key-pad")).to_have_count(0)  # the wall alone
    phone.goto(f"{address}/wall")
    phone.get_by_label("Name on the wall").fill(f"<b>{name}</b>")
    hand = Hand(phone, touch=True)
    wait_until_settled(phone)
    send(phone, hand, 7, 7)
    send(phone, hand, 3, 5)
    assert phone.evaluate(FITS)

    right, wrong = tile(projector, "7, read correctly", name), tile(projector, "5, read as 3", name)
    expect(right).to_have_count(1, timeout=SOON)
    expect(wrong).to_have_class(re.compile("misread"), timeout=SOON)
    expect(wrong.locator("small")).to_have_text(f"<b>{name}</b>"[:20])  # as text
    assert projector.locator(".wall-tiles li").first.locator("img").get_attribute("alt") == "5, read as 3"

    wrong.get_by_role("button").dblclick()  # the second click would hit the tile that has moved there
    expect(wrong).to_have_count(0)
    expect(right).to_have_count(1)
    expect(tile(phone, "5, read as 3", name)).to_have_count(0, timeout=SOON)
    projector.get_by_role("button", name="Show hidden (1)").click()
    expect(tile(phone, "5, read as 3", name)).to_have_count(1, timeout=SOON)
    phone.get_by_role("button", name="Take it back").tap()  # the last one is deleted, and is on the pad again
    expect(tile(projector, "5, read as 3", name)).to_have_count(0, timeout=SOON)
    expect(phone.locator(".wall-reading b")).to_have_text("3")

    phone.goto(f"{address}/train")
    expect(phone.locator(".st-key-settings")).to_be_visible()
    wait_until_settled(phone)
    before = top_of(phone)
    projector.get_by_role("button", name="Everybody come here").click()
    calling = projector.locator(".call-bar")
    expect(calling).to_contain_text("0 of", timeout=FROM_ANOTHER_PAGE)
    expect(phone.locator(".call-bar")).to_be_visible(timeout=FROM_ANOTHER_PAGE)
    expect(phone.locator(".call-bar")).to_contain_text("The teacher calls you: Wall")
    assert top_of(phone) == before  # it lies over the page, which doesn't move
    phone.get_by_role("button", name="Go", exact=True).tap()
    phone.wait_for_url("**/wall")
    expect(phone.locator(".st-key-pad")).to_be_visible()
    expect(phone.locator(".call-bar")).to_be_hidden()
    expect(calling).to_contain_text("1 of", timeout=FROM_ANOTHER_PAGE)
    calling.get_by_role("button", name="End").click()
    expect(calling).to_be_hidden()
    wait_until_settled(projector)  # the server knows, too: other tests are not called


@pytest.mark.slow
def test_when_a_new_class_begins_all_walls_are_empty_and_nothing_can_be_taken_back(
    server: Server, new_page: NewPage, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    projector, phone = new_page(), new_page(**PHONE)
    projector.goto(f"{server.address}/wall?present=1")
    phone.goto(f"{server.address}/wall")
    phone.get_by_label("Name on the wall").fill(name)
    hand = Hand(phone, touch=True)
    wait_until_settled(phone)
    send(phone, hand, 1, 1)
    expect(tile(projector, "1, read correctly", name)).to_be_visible(timeout=SOON)
    expect(phone.locator(".st-key-wall-back")).to_be_visible()
    monkeypatch.setenv("VISITORS_DIR", str(server.visitors))
    empty_wall()
    for page in (projector, phone):
        expect(page.locator(".wall-tiles li")).to_have_count(0, timeout=SOON)
        expect(page.locator(".wall-empty")).to_be_visible()
    expect(phone.locator(".st-key-wall-back")).to_have_count(0)


@pytest.mark.slow
def test_a_training_appears_among_the_curves_of_the_class_by_itself(
    server: Server, trained: Path, new_page: NewPage
) -> None:
    projector = new_page()
    projector.goto(f"{server.address}/wall?present=1")
    projector.get_by_role("button", name="The class's curves").click()
    for number in range(2):  # the first may come to an empty chart, or to what other tests have trained
        run_id = f"quick-{secrets.token_hex(3)}"
        shutil.copytree(trained, server.runs / run_id)
        RunFolder(server.runs / run_id).write_label(Label(f"Run {number} of <b>Mia</b>"))
        names = "document.querySelector('.st-key-wall-curves .js-plotly-plot')?.data.map(line => line.name) ?? []"
        wait_for(projector, f"({names}).includes('Run {number} of &lt;b&gt;Mia&lt;/b&gt;')")
    projector.get_by_role("button", name="The wall alone").click()
    expect(projector.locator(".st-key-wall-curves")).to_have_count(0)


@pytest.mark.slow
def test_a_call_that_was_put_away_stays_away_and_a_new_one_comes(address: str, new_page: NewPage) -> None:
    teacher, phone = new_page(), new_page(**PHONE)
    teacher.goto(f"{address}/wall")
    phone.goto(f"{address}/lab")
    bar = phone.locator(".call-bar")
    for _again in range(2):
        teacher.get_by_role("button", name="Everybody come here").click()
        expect(bar).to_be_visible(timeout=FROM_ANOTHER_PAGE)
        bar.get_by_role("button", name="Stay on this page").tap()
        expect(bar).to_be_hidden()
        with phone.expect_response("**/api/class*"):
            phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # it asks at once
        expect(bar).to_be_hidden()
    assert phone.evaluate(FITS)
    phone.goto(address)
    teacher.get_by_role("button", name="Everybody come here").click()
    expect(bar).to_be_visible(timeout=FROM_ANOTHER_PAGE)
    wait_until_settled(phone)
    with Hand(phone).pen_down((0.5, 0.2)) as move:  # nothing lies between pen and page
        move((0.5, 0.5))
        expect(bar).to_be_hidden()
    expect(bar).to_be_visible()
    teacher.locator(".call-bar").get_by_role("button", name="End").click()
    expect(teacher.locator(".call-bar")).to_be_hidden()
    wait_until_settled(teacher)  # the server knows, too: other tests are not called
