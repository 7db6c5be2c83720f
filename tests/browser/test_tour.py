"""The tour, card by card: each waits until what it asks for is done, in both languages."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, NewPage, wait_for
from tests.browser.hand import Hand, expect_ink, press, wait_until_settled

TITLES = {
    "en": [
        "Draw a 7",
        "This is all it sees: 784 numbers",
        "Into the corner",
        "What spoke for the 7?",
        "Fool it",
        "A new network only guesses",
        "Draw with your own network",
        "That was the tour",
    ],
    "zh": [
        "写一个 7",
        "它看到的只有 784 个数",
        "写到角落里",
        "是什么让它觉得是 7？",
        "骗骗它",
        "新网络只会瞎猜",
        "用你自己的网络",
        "导览到此结束",
    ],
}


ABOVE_THE_CARD = """selector => {
  const [what, card] = [selector, '.st-key-tour'].map(name => document.querySelector(name).getBoundingClientRect());
  return what.top >= 0 && what.bottom <= card.top;
}"""


def expect_card(page: Page, language: str, number: int) -> None:
    """Expect the card of that number, from 1 on; 8 is the end."""
    expect(page.locator(".tour-title")).to_contain_text(TITLES[language][number - 1])
    wait_until_settled(page)


def go_on(page: Page, touch: bool) -> None:
    """Go on from a card that is done."""
    expect(page.locator(".tour-well")).to_be_visible()
    press(page.locator(".st-key-tour-next button"), touch)


@pytest.mark.slow
@pytest.mark.parametrize(("language", "touch"), [("en", False), ("zh", True)], ids=["en-mouse", "zh-touch"])
def test_each_card_waits_until_it_is_done(new_page: NewPage, address: str, language: str, touch: bool):
    page = new_page(**(PHONE if touch else {}))
    page.goto(f"{address}/?lang={language}&tour=1")
    hand = Hand(page, touch)
    expect_card(page, language, 1)
    hand.write(1, left=0.4)
    wait_until_settled(page)
    expect_card(page, language, 1)  # this was no seven
    press(page.locator(".st-key-clear button"), touch)
    wait_until_settled(page)
    hand.write(7)
    go_on(page, touch)
    expect_card(page, language, 2)
    assert page.evaluate("new URLSearchParams(location.search).get('tour')") == "2"
    hand.draw([(0.35, 0.5), (0.7, 0.48)])
    go_on(page, touch)
    expect_card(page, language, 3)
    hand.write(7, left=0.04, top=0.04, size=0.3)
    go_on(page, touch)
    expect_card(page, language, 4)
    press(page.locator(".st-key-views button").nth(1), touch)
    expect(page.locator(".tour-well")).to_be_visible()
    for what in (".why-pictures", ".why-pictures + .signs"):  # on a phone the page has moved
        wait_for(page, ABOVE_THE_CARD, what)
    go_on(page, touch)
    expect_card(page, language, 5)
    press(page.locator(".st-key-clear button"), touch)
    wait_until_settled(page)
    page.locator(".st-key-pad").scroll_into_view_if_needed()
    hand.draw([(0.2, 0.2), (0.8, 0.8)])
    hand.draw([(0.8, 0.2), (0.2, 0.8)])
    hand.draw([(0.5, 0.1), (0.5, 0.9)])
    go_on(page, touch)
    expect_card(page, language, 6)
    press(page.locator(".st-key-tour-steer a"), touch)
    press(page.locator(".st-key-start button"), touch)
    expect(page.locator(".own-digit")).to_be_visible()  # the seven, after each epoch
    expect(page.locator(".st-key-tour")).not_to_contain_text({"en": "Press", "zh": "按"}[language])  # that is done
    go_on(page, touch)
    expect_card(page, language, 7)
    press(page.locator(".st-key-use a:visible").first, touch)  # one with a help text is there twice
    hand = Hand(page, touch)
    wait_until_settled(page)
    press(page.locator(".st-key-clear button"), touch)
    wait_until_settled(page)
    hand.write(3)
    go_on(page, touch)
    expect_card(page, language, 8)
    press(page.locator(".st-key-tour-done button"), touch)
    expect(page.locator(".st-key-tour")).to_have_count(0)
    assert "tour" not in page.url
    expect_ink(page)


@pytest.mark.slow
@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
def test_the_empty_page_leads_to_the_tour(new_page: NewPage, address: str, touch: bool):
    page = new_page(**(PHONE if touch else {}))
    page.goto(address)
    press(page.locator(".examples .tour"), touch)
    expect_card(page, "en", 1)


@pytest.mark.slow
def test_what_is_drawn_and_read_stands_above_the_card_on_a_small_phone(new_page: NewPage, address: str):
    page = new_page(**{**PHONE, "viewport": {"width": 320, "height": 640}})
    page.goto(f"{address}/?tour=2")
    expect_card(page, "en", 2)
    hand = Hand(page, touch=True)
    hand.write(7)
    expect(page.locator(".tour-numbers")).to_be_visible()
    wait_until_settled(page)
    page.locator(".st-key-tour-skip button").tap()
    expect_card(page, "en", 3)
    for part in (".st-key-pad", ".st-key-draw-answer"):
        wait_for(page, ABOVE_THE_CARD, part)
    hand.write(7, left=0.04, top=0.04, size=0.3)
    expect(page.locator(".tour-well")).to_be_visible()
    wait_for(page, ABOVE_THE_CARD, ".st-key-draw-answer")
    expect(page.locator(".st-key-tour-next button")).to_be_in_viewport(ratio=1)


@pytest.mark.slow
def test_the_keyboard_goes_on_from_a_new_card(new_page: NewPage, address: str):
    page = new_page()
    page.goto(f"{address}/?tour=1")
    expect(page.locator(".tour-title")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Leave the tour")).to_be_focused()
    page.locator(".examples div button").first.focus()  # a 7
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-tour-guide [role=status]")).to_have_text("It has read your 7.")
    page.locator(".st-key-tour-next button").focus()
    page.keyboard.press("Enter")
    expect_card(page, "en", 2)
    expect(page.locator(".tour-title")).to_be_focused()
