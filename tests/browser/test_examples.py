"""The way in for those who don't draw: examples, keys alone, the chip that leads on, and what a screen reader says."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LAPTOP, PHONE, NewPage, mouse_and_touch, wait_for
from tests.browser.hand import Hand, press, wait_until_settled

pytestmark = pytest.mark.usefixtures("real_mnist")


def open_page(new_page: NewPage, address: str, touch: bool = False, path: str = "/") -> tuple[Page, Hand]:
    page = new_page(**PHONE if touch else LAPTOP)
    page.goto(address + path)
    return page, Hand(page, touch)


def tab_to(page: Page, place: str) -> None:
    """Press Tab until the focus is in a place."""
    for _ in range(60):
        if page.evaluate("place => Boolean(document.activeElement?.closest(place))", place):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way by keys to {place}")


@mouse_and_touch(slow="mouse")
def test_an_example_is_read_in_place_of_a_drawing(touch: bool, address: str, new_page: NewPage) -> None:
    page, _hand = open_page(new_page, address, touch)
    tiles = page.locator(".examples div button")
    expect(tiles).to_have_count(5)
    names = [tile.locator("img").get_attribute("alt") or "" for tile in tiles.all()]
    assert names == ["Try this 7", "Try this 2", "Try this 1", "Try this 0", "Try this 4"]
    press(tiles.nth(1), touch)
    expect(page.locator(".digit")).to_have_text("2")
    expect(page.locator(".board")).to_have_attribute("alt", "Test image 2 of MNIST, labelled 2")
    expect(page.get_by_text("Test image 2 of MNIST, labelled 2")).to_be_visible()
    assert "test=1" in page.url
    expect(tiles.first).to_be_hidden()
    for key, place in (("example-next", 3), ("example-next", 4), ("example-before", 3)):
        press(page.locator(f".st-key-{key} button"), touch)
        expect(page.locator(".board")).to_have_attribute("alt", re.compile(f"Test image {place} of MNIST"))
    press(page.locator(".st-key-draw-yourself button"), touch)
    expect(tiles.first).to_be_visible()
    assert "test=" not in page.url


def test_the_examples_go_when_the_pen_moves_and_come_back_when_the_board_is_bare(
    address: str, new_page: NewPage
) -> None:
    page, hand = open_page(new_page, address)
    first = page.locator(".examples div button").first
    expect(first).to_be_visible()
    with hand.pen_down((0.5, 0.2)) as move_to:
        expect(first).to_be_hidden()
        move_to((0.5, 0.8))
    expect(page.locator(".digit")).to_have_text("1")
    wait_until_settled(page)
    expect(first).to_be_hidden()
    page.locator(".st-key-clear button").click()
    expect(first).to_be_visible()


def test_everything_from_an_example_to_why_is_done_by_keys(address: str, new_page: NewPage) -> None:
    page, _hand = open_page(new_page, address)
    board = page.locator(".board")
    wait_until_settled(page)
    page.keyboard.press("x")  # an example by chance
    expect(board).to_be_visible()
    wait_until_settled(page)
    here = board.get_attribute("alt") or ""
    page.keyboard.press("ArrowRight")
    expect(board).not_to_have_attribute("alt", here)
    wait_until_settled(page)
    page.keyboard.press("ArrowLeft")
    expect(board).to_have_attribute("alt", here)
    wait_until_settled(page)
    tab_to(page, ".lead")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-why .why-pictures img")).to_have_count(2)
    wait_for(page, "Boolean(document.activeElement.closest('.st-key-views [aria-checked=true]'))")
    page.keyboard.press("ArrowRight")  # among the views, the arrows are theirs
    page.keyboard.press("Enter")
    expect(page.locator(".neurons .units")).to_be_visible()
    expect(board).to_have_attribute("alt", here)
    tab_to(page, ".st-key-draw-yourself")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-pad canvas").last).to_be_visible()


@pytest.mark.slow
def test_a_tile_is_pressed_by_keys(address: str, new_page: NewPage) -> None:
    page, _hand = open_page(new_page, address)
    expect(page.locator(".examples div button").first).to_be_visible()
    tab_to(page, ".examples div")
    page.keyboard.press("Enter")
    expect(page.locator(".digit")).to_have_text("7")


@mouse_and_touch(slow="mouse")
def test_after_an_answer_a_chip_leads_on(touch: bool, address: str, new_page: NewPage) -> None:
    page, hand = open_page(new_page, address, touch)
    chip = page.locator(".answer .lead")
    expect(chip).to_be_hidden()
    hand.write(4)
    expect(chip).to_have_text("Why 4?")
    wait_until_settled(page)
    press(chip, touch)
    expect(page.locator(".st-key-why .why-words").first).to_contain_text("for 4")
    expect(chip).to_be_hidden()  # it has led there
    assert "view=why" in page.url
    if touch:  # the view's bar goes right below the strip
        close = """() => {
          const strip = document.querySelector('.answer').getBoundingClientRect();
          const views = document.querySelector('.st-key-views').getBoundingClientRect();
          return strip.top === 0 && views.top >= strip.bottom && views.top - strip.bottom < 24;
        }"""
        wait_for(page, close)
    press(page.locator(".st-key-views button", has_text="Neurons"), touch)
    expect(chip).to_be_visible()


@pytest.mark.slow
def test_the_chip_is_about_the_digit_in_question(address: str, new_page: NewPage) -> None:
    page, hand = open_page(new_page, address)
    hand.write(2, left=0.08, top=0.32, size=0.35)
    hand.write(4, left=0.55, top=0.3, size=0.35)
    expect(page.locator(".digit")).to_have_text("24")
    wait_until_settled(page)
    for place, digit in ((0, 2), (1, 4)):
        page.locator(".st-key-digit-choice button").nth(place).click()
        expect(page.locator(".answer .lead")).to_have_text(f"Why {digit}?")


def test_a_screen_reader_is_told_once_the_pen_is_lifted(address: str, new_page: NewPage) -> None:
    page, hand = open_page(new_page, address)
    status = page.locator(".answer [role=status]")
    expect(status).to_have_count(1)
    expect(status).to_have_text("")
    status.evaluate("place => { place.dataset.mark = 'mine'; }")
    with hand.pen_down((0.5, 0.15)) as move_to:
        for y in (0.3, 0.5, 0.7, 0.9):
            move_to((0.5, y))
        expect(page.locator(".digit")).to_have_text("1")
        expect(status).to_have_text("")  # not for each answer on the way
    expect(status).to_have_text(re.compile(r"^Read 1, (more than )?\d+% sure$"))
    wait_until_settled(page)
    page.locator(".st-key-clear button").click()
    expect(status).to_have_text("")
    page.locator(".st-key-example button").click()
    expect(status).to_have_text(re.compile(r"^Read \d, "))
    assert status.get_attribute("data-mark") == "mine"  # the same element all the time
    expect(page.locator(".answer [aria-live]")).to_have_count(0)
