"""What stands around every page: the menu in the corner, the theme, the presentation mode, and a page in a frame."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, NewPage, Server, wait_for
from tests.browser.hand import Hand, expect_ink, press, wait_until_settled

BACKGROUND = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"


def open_menu(page: Page, touch: bool = False) -> None:
    """Open the menu in the corner."""
    press(page.locator(".st-key-corner-menu button").first, touch)
    page.locator(".theme-choice button").first.wait_for()


@pytest.mark.slow
def test_a_theme_that_is_chosen_holds_on_every_page(new_page: NewPage, address: str):
    page = new_page(color_scheme="light")
    page.goto(address)
    light = page.evaluate(BACKGROUND)
    open_menu(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Dark", exact=True).click()
    page.locator(".st-key-pad canvas").last.wait_for()
    dark = page.evaluate(BACKGROUND)
    assert dark != light
    page.goto(f"{address}/lab")
    page.locator(".st-key-lab-buttons").wait_for()
    assert page.evaluate(BACKGROUND) == dark
    open_menu(page)
    # It stands outside the app, and `light-dark()` in its styles goes by this.
    assert page.evaluate("getComputedStyle(document.querySelector('.theme-choice')).colorScheme") == "dark"
    with page.expect_navigation():
        page.get_by_role("button", name="As the device").click()
    page.locator(".st-key-lab-buttons").wait_for()
    assert page.evaluate(BACKGROUND) == light


@pytest.mark.slow
def test_the_glossary_opens_from_a_phones_menu_which_gives_way_to_it(new_page: NewPage, address: str):
    page = new_page(**PHONE)
    page.goto(f"{address}/code?lang=zh")
    open_menu(page, touch=True)
    press(page.locator(".st-key-glossary button"), touch=True)
    expect(page.get_by_role("dialog")).to_contain_text("反向传播")
    expect(page.locator(".theme-choice")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".glossary")).to_have_count(0)


def test_keys_lead_through_the_menu_and_come_back_to_its_button_when_a_dialog_is_closed(
    new_page: NewPage, address: str
):
    page = new_page()
    page.goto(f"{address}/code")
    page.locator(".source").wait_for()
    wait_until_settled(page)
    button = page.locator(".st-key-corner-menu button").first
    button.focus()
    page.keyboard.press("Enter")
    page.locator(".theme-choice button").first.wait_for()
    wait_until_settled(page)
    page.keyboard.press("Tab")
    expect(page.locator(".st-key-tour-start button")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(button).to_be_focused()
    for _place in range(9):  # through the menu, and on to the page
        page.keyboard.press("Tab")
        if page.locator(".st-key-code_file input").evaluate("field => field === document.activeElement"):
            break
    expect(page.locator(".st-key-code_file input")).to_be_focused()
    page.locator(".st-key-glossary button").focus()
    page.keyboard.press("Enter")
    page.locator(".glossary").wait_for()
    page.keyboard.press("Escape")
    expect(page.locator(".glossary")).to_have_count(0)
    expect(button).to_be_focused()


@pytest.mark.slow
def test_an_unknown_address_is_told_in_the_visitors_words(browser: Browser, address: str):
    page = browser.new_page()  # Streamlit notes it as an error
    for language, words in {"en": "There is no such page here", "zh": "你要打开的页面不存在"}.items():
        page.goto(f"{address}/nowhere?lang={language}")
        expect(page.get_by_role("dialog")).to_contain_text(words)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.close()


def test_what_comes_and_goes_above_the_page_leaves_the_ink_on_the_pad(new_page: NewPage, address: str):
    page = new_page()
    page.goto(f"{address}/lesson?lesson=how-a-computer-sees&step=1")
    page.locator(".st-key-lesson-ways").wait_for()
    page.get_by_role("link", name="Draw", exact=True).click()
    Hand(page).write(7)
    wait_until_settled(page)
    page.get_by_role("button", name="Leave the lesson").click()
    expect(page.locator(".st-key-lesson-bar")).to_have_count(0)
    expect_ink(page)
    open_menu(page)
    page.get_by_text("Presentation mode").click()
    wait_for(page, "() => location.search.includes('present=1')")
    expect_ink(page)


@pytest.mark.slow
def test_a_presentation_is_large_without_settings_and_stays_so_on_the_next_page(new_page: NewPage, address: str):
    page = new_page()
    page.goto(f"{address}/train?present=1")
    page.locator(".st-key-start button").wait_for()
    wait_until_settled(page)
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "22.4px"
    expect(page.locator(".st-key-recipe")).to_be_hidden()
    expect(page.locator(".st-key-start button")).to_be_visible()  # a training can be shown all the same
    page.locator(".st-key-menu a").first.click()
    page.locator(".st-key-pad canvas").last.wait_for()
    wait_until_settled(page)
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "22.4px"
    assert "present=1" in page.url


def test_in_a_frame_stand_pad_and_answer_alone(new_page: NewPage, address: str):
    page = new_page(viewport={"width": 640, "height": 400})
    page.goto(f"{address}/?embed=true&lang=zh")
    hand = Hand(page)
    hand.write(4)
    expect(page.locator(".answer .digit")).to_have_text("4")
    wait_until_settled(page)
    for elsewhere in (".st-key-top", ".st-key-views", ".st-key-draw-view", ".answer .lead:visible"):
        expect(page.locator(elsewhere)).to_have_count(0)
    for part in (".st-key-pad canvas", ".st-key-tools", ".answer .digit", ".answer .certainty"):
        expect(page.locator(part).last).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.lang") == "zh"


def test_a_page_of_another_site_may_not_show_it_in_a_frame(new_page: NewPage, server: Server):
    page = new_page()
    response = page.goto(server.address)
    assert response is not None
    assert "frame-ancestors 'self'" in response.headers["content-security-policy"].split("; ")
