"""The page to play on, in a real browser: whole games by mouse, by finger and by keys, and what the class sees."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import LAPTOP, PHONE, NewPage, mouse_and_touch
from tests.browser.hand import Hand, press, wait_until_settled

MARKS = {"✓": True, "✗": False}


class Player:
    """A browser with the page open.

    Args:
        new_page: opens the browser's page.
        address: where the app answers.
        part: the part of the page, as the URL names it.
        touch: whether it is a phone.
    """

    def __init__(self, new_page: NewPage, address: str, part: str, touch: bool) -> None:
        self.page = new_page(**PHONE if touch else LAPTOP)
        self._touch = touch
        self.page.goto(f"{address}/play?game={part}")

    def press(self, key: str) -> None:
        """Press the button with a key."""
        button = self.page.locator(f".st-key-{key} button")
        expect(button).to_be_enabled()
        press(button, self._touch)

    @property
    def question(self) -> Locator:
        """What is asked, and which question it is."""
        return self.page.locator(".play-question")

    @property
    def score(self) -> Locator:
        """The score of the finished game."""
        return self.page.locator(".play-score h2")

    def assert_fits(self) -> None:
        """Nothing is wider than the screen."""
        assert self.page.evaluate("document.querySelector('.stMain').scrollWidth <= innerWidth")


def games_of(page: Page) -> int:
    """How many games the class's page has counted."""
    shown = page.locator(".play-figures strong")
    expect(shown.or_(page.get_by_text("No game has been finished yet")).first).to_be_visible()
    return int(shown.first.inner_text()) if shown.count() else 0


@pytest.mark.slow
@mouse_and_touch(slow="mouse")
def test_ten_digits_are_drawn_and_the_class_sees_the_one_misread(touch: bool, address: str, new_page: NewPage) -> None:
    asked, drawn = (7, 2) if touch else (3, 8)
    player, projector = Player(new_page, address, "draw", touch), Player(new_page, address, "class", touch=False)
    page, games = player.page, games_of(projector.page)
    expect(page.get_by_role("switch", name="Count my games for the class")).to_be_checked()
    player.assert_fits()
    player.press("play-start")
    hand = Hand(page, touch)
    asked_so_far = []
    for place in range(1, 11):
        expect(player.question).to_contain_text(f"{place} of 10")
        text = player.question.locator("h2").inner_text()
        digit = int(text.removeprefix("Draw the digit "))
        asked_so_far.append(digit)
        expect(page.locator(".st-key-play-done button")).to_be_disabled()  # nothing is drawn yet
        written = drawn if digit == asked else digit
        page.locator(".st-key-pad").scroll_into_view_if_needed()
        wait_until_settled(page)
        hand.write(written)
        expect(page.locator(".play-said")).to_have_count(0)  # it stays hidden until then
        player.press("play-done")
        mark = "✗" if digit == asked else "✓"
        expect(page.locator(".play-said strong")).to_have_text(f"{mark} The network reads {written}")
        player.assert_fits()
        player.press("play-next")
    assert sorted(asked_so_far) == list(range(10))
    expect(player.score).to_have_text("The network read 9 of 10")
    captions = [f"{digit} ✓" if digit != asked else f"{asked} ✗ read as {drawn}" for digit in asked_so_far]
    expect(page.locator(".play-strip figcaption")).to_have_text(captions)
    expect(page.get_by_text("This game counts for the class.")).to_be_visible()
    player.assert_fits()

    class_page = projector.page  # which nobody has touched
    expect(class_page.locator(".play-figures strong").first).to_have_text(str(games + 1), timeout=8_000)
    newest = class_page.locator(".st-key-play-misread .gallery > *").first
    expect(newest).to_have_text(f"{asked}, read as {drawn}")
    assert newest.locator("canvas").evaluate(INKED) > 40
    expect(class_page.locator(".st-key-play-shares .bars .point")).to_have_count(10)


INKED = """canvas => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, 28, 28).data;
  return [...Array(784).keys()].filter(i => pixels[4 * i] > 128).length;
}"""
"""JavaScript: how many pixels of a tile show ink."""


@pytest.mark.slow
@mouse_and_touch()
def test_a_duel_counts_what_its_verdicts_showed(touch: bool, address: str, new_page: NewPage) -> None:
    player = Player(new_page, address, "duel", touch)
    page = player.page
    player.assert_fits()
    player.press("play-start")
    scores, tiles = {"you": 0, "network": 0}, []
    for place in range(1, 11):
        expect(player.question).to_contain_text(f"{place} of 10")
        expect(page.get_by_role("heading", level=1)).to_have_count(1)  # a phone hides it from the eye only
        answer = place % 10
        expect(page.locator(".st-key-play-next button")).to_be_disabled()
        wait_until_settled(page)  # a button that is enabled hears its key a moment later
        if touch:
            player.press(f"play-digit-{answer}")
        else:
            page.keyboard.press(str(answer))
        verdict = page.locator(".play-answers")
        expect(verdict).to_contain_text("It is labelled")
        if not touch:
            page.keyboard.press(str((answer + 1) % 10))  # too late
        found = re.search(r"You (\d) (.)\s*Network (\d) (.)\s*\((.+)%\)\s*It is labelled (\d)", verdict.inner_text())
        assert found is not None, verdict.inner_text()
        you, your_mark, network, its_mark, _sure, label = found.groups()
        assert int(you) == answer
        assert MARKS[your_mark] == (you == label)
        assert MARKS[its_mark] == (network == label)
        scores["you"] += you == label
        scores["network"] += network == label
        tiles.append(f"{label}: you {you} {your_mark}\nnetwork {network} {its_mark}")
        player.assert_fits()
        expect(page.locator(".st-key-play-next button")).to_be_enabled()
        wait_until_settled(page)
        if touch:
            player.press("play-next")
        else:
            page.keyboard.press("Enter")
    expect(player.score).to_have_text(f"You {scores['you']}, network {scores['network']}")
    shown = page.locator(".st-key-play-images .gallery > *")
    expect(shown).to_have_count(10)
    expect(shown.last.locator("span")).not_to_be_empty()
    assert shown.locator("span").all_inner_texts() == tiles
    player.assert_fits()


@pytest.mark.slow
@pytest.mark.parametrize("screen", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_a_link_opens_its_part_and_a_reload_keeps_it(screen: object, address: str, new_page: NewPage) -> None:
    player = Player(new_page, address, "class", touch=screen is PHONE)
    page = player.page
    teacher = page.get_by_role("button", name="Teacher")
    expect(teacher).to_be_visible()
    player.assert_fits()
    page.get_by_role("radio", name="Beat the network").click()
    expect(page.locator(".st-key-play-start")).to_be_visible()
    page.wait_for_url("**/play?game=duel")
    page.reload()
    expect(page.get_by_text("Ten test images, which no training has seen")).to_be_visible()
    page.goto(f"{address}/play?game=class")
    expect(teacher).to_be_visible()
    page.goto(f"{address}/play")
    expect(page.get_by_text("Draw each of the ten digits once")).to_be_visible()


def test_on_a_projector_the_question_the_pad_and_its_buttons_are_in_sight_together(
    address: str, new_page: NewPage
) -> None:
    page = new_page(viewport={"width": 1920, "height": 1080})
    page.goto(f"{address}/play?game=draw&present=1")
    page.locator(".st-key-play-start button").click()
    page.locator(".st-key-play-done button").wait_for()
    wait_until_settled(page)
    for part in (".play-question h2", ".st-key-pad", ".st-key-play-done button"):
        expect(page.locator(part).first).to_be_in_viewport(ratio=1)
