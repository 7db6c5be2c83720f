"""The drawing page in a real browser: digits drawn by mouse and by finger are read from the page."""

import re
import statistics
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LAPTOP, PHONE, NewPage, mouse_and_touch
from tests.browser.hand import DIGITS, Hand, press, wait_until_settled


def answer_of(page: Page):
    return page.locator(".st-key-digit .digit")


def certainty_of(page: Page):
    return page.locator(".st-key-digit .certainty")


def open_pad(page: Page, address: str, touch: bool = False) -> Hand:
    page.goto(address)
    page.locator(".answer").wait_for()
    return Hand(page, touch)


def clear(page: Page) -> None:
    page.locator(".st-key-clear button").click()
    expect(answer_of(page)).to_have_text("—")
    wait_until_settled(page)  # the bare board comes after the answer, and takes with it what is drawn before


# Notes what the page shows, in the frame after each change, and when the pen was lifted.
STOPWATCH = """() => {
  window.lifted = [];
  window.shown = { answer: [], bars: [] };
  const text = (place) => document.querySelector(place).innerText;
  const looks = {
    answer: () => text('.st-key-digit') + [...document.querySelectorAll('.st-key-seen img')].map((image) => image.src),
    bars: () => document.querySelector('.st-key-probabilities').innerHTML,  // how long they are, not only in words
  };
  window.addEventListener('mouseup', () => window.lifted.push(performance.now()), true);
  const note = () => requestAnimationFrame(() => {
    for (const [name, look] of Object.entries(looks)) {
      const notes = window.shown[name], now = look();
      if (notes.at(-1)?.[1] !== now) notes.push([performance.now(), now]);
    }
  });
  const changes = { subtree: true, childList: true, characterData: true, attributes: true };
  for (const place of ['digit', 'seen', 'probabilities']) {
    new MutationObserver(note).observe(document.querySelector(`.st-key-${place}`), changes);
  }
}"""


def latencies(page: Page, what: str) -> list[float]:
    """Milliseconds from each lifting of the pen until the page showed what it then kept showing."""
    found = []
    lifted, shown = page.evaluate("window.lifted"), page.evaluate(f"window.shown.{what}")
    for begin, end in zip(lifted, [*lifted[1:], float("inf")], strict=True):
        before = [look for time, look in shown if time < begin]
        after = [(time, look) for time, look in shown if begin <= time < end - MOST]
        if after and after[-1][1] != (before[-1] if before else None):
            found.append(next(time for time, look in after if look == after[-1][1]) - begin)
    return found


MOST = 200  # ms before the next lifting of the pen: from then on, the next stroke may show


PLACES = ((0.2, 0.15, 0.65), (0.45, 0.4, 0.45), (0.1, 0.3, 0.6), (0.3, 0.05, 0.55), (0.05, 0.05, 0.9))
"""Left, top and size of a digit, as shares of the board."""


@pytest.mark.slow
def test_all_digits_by_mouse_are_read(
    address: str,
    new_page: NewPage,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = new_page()
    hand = open_pad(page, address)
    page.evaluate(STOPWATCH)
    found: dict[str, list[float]] = {"answer": [], "bars": []}
    for left, top, size in PLACES:
        for digit in DIGITS:
            for stroke in hand.strokes(digit, left, top, size):
                hand.draw(stroke)
                wait_until_settled(page)  # so that no stroke hides when the one before was answered
            expect(answer_of(page)).to_have_text(str(digit))
            for what, times in found.items():
                times += latencies(page, what)
            page.evaluate("window.lifted = []; window.shown = { answer: [], bars: [] }")
            clear(page)
            page.evaluate("window.lifted = []")
    assert all(len(times) >= len(DIGITS) * len(PLACES) for times in found.values())
    with capsys.disabled():
        for what, times in found.items():
            median, late = statistics.median(times), statistics.quantiles(times, n=20)[-1]
            print(f"\nfrom pen-up to the {what}: median {median:.0f} ms, p95 {late:.0f} ms of {len(times)} strokes")


def test_the_answer_follows_the_pen_while_it_moves(address: str, new_page: NewPage) -> None:
    page = new_page()
    hand = open_pad(page, address)
    hand.draw([(0.2, 0.17), (0.7, 0.15)])
    expect(answer_of(page)).not_to_have_text("—")
    seen = page.locator(".st-key-seen img")
    with hand.pen_down((0.7, 0.15)) as move_to:
        for point in ((0.65, 0.3), (0.55, 0.6), (0.45, 0.9)):
            before = seen.get_attribute("src") or ""
            move_to(point)
            expect(seen).not_to_have_attribute("src", before)  # it follows, and does not look only once
        expect(answer_of(page)).to_have_text("7")
    expect(answer_of(page)).to_have_text("7")
    expect(page.locator(".st-key-redo button")).to_be_disabled()


@pytest.mark.slow
def test_the_eraser_takes_ink_away_and_clear_brings_the_pen_back(address: str, new_page: NewPage) -> None:
    page = new_page()
    hand = open_pad(page, address)
    hand.write(8)
    expect(answer_of(page)).to_have_text("8")
    page.locator(".st-key-eraser button").click()
    expect(page.locator(".st-key-eraser button[kind=primary]")).to_be_visible()
    for x in (0.36, 0.4, 0.44):  # the left side of the lower loop
        hand.draw([(x, 0.55), (x, 0.75)])
    expect(answer_of(page)).not_to_have_text("8")
    for _ in range(3):
        wait_until_settled(page)  # Streamlit makes one of two presses that meet
        page.locator(".st-key-undo button").click()
    expect(answer_of(page)).to_have_text("8")
    clear(page)
    expect(page.locator(".st-key-eraser button[kind=secondary]")).to_be_visible()
    hand.write(3)
    expect(answer_of(page)).to_have_text("3")


@pytest.mark.slow
def test_keys_undo_redo_and_clear(address: str, new_page: NewPage) -> None:
    page = new_page()
    hand = open_pad(page, address)
    hand.write(7)
    expect(answer_of(page)).to_have_text("7")
    for keys, answer in (("Delete", "—"), ("Control+z", "7"), ("Control+z", "—"), ("Control+y", "7")):
        wait_until_settled(page)  # a button that is enabled hears its key a moment later
        page.keyboard.press(keys)
        expect(answer_of(page)).to_have_text(answer)


@mouse_and_touch(slow="mouse")
def test_the_drawing_survives_a_reload(touch: bool, address: str, new_page: NewPage) -> None:
    page = new_page(**PHONE) if touch else new_page()
    hand = open_pad(page, address, touch)
    hand.write(4)
    expect(answer_of(page)).to_have_text("4")
    wait_until_settled(page)
    page.reload()
    expect(answer_of(page)).to_have_text("4")
    page.locator(".st-key-undo button").click()  # stroke by stroke, as before
    expect(answer_of(page)).not_to_have_text("4")
    clear(page)
    page.reload()
    expect(page.locator(".st-key-pad .pad-hint")).to_be_visible()
    expect(answer_of(page)).to_have_text("—")


@pytest.mark.parametrize("screen", [pytest.param(LAPTOP, marks=pytest.mark.slow), PHONE], ids=["laptop", "phone"])
def test_nothing_jumps_while_a_digit_is_drawn(screen: dict[str, Any], address: str, new_page: NewPage) -> None:
    page = new_page(**screen)
    hand = open_pad(page, address, touch=screen is PHONE)
    keys = ("pad", "tools", "seen", "probabilities", "views")
    places = [".digit", ".certainty", *(f".st-key-{key}" for key in keys)]
    before = [page.locator(place).bounding_box() for place in places]
    assert None not in before
    hand.write(4)
    expect(answer_of(page)).to_have_text("4")
    assert [page.locator(place).bounding_box() for place in places] == before


def test_five_digits_by_touch_are_read_and_the_page_stays(address: str, new_page: NewPage) -> None:
    page = new_page(**PHONE)
    hand = open_pad(page, address, touch=True)
    for digit in (3, 4, 5, 7, 8):
        hand.write(digit)
        expect(answer_of(page)).to_have_text(str(digit))
        assert page.evaluate("document.querySelector('.stMain').scrollTop + window.scrollY") == 0
        clear(page)


def test_an_empty_pad_invites_and_does_not_guess(address: str, new_page: NewPage) -> None:
    page = new_page()
    open_pad(page, address)
    expect(answer_of(page)).to_have_text("—")
    expect(page.locator(".st-key-pad .pad-hint")).to_have_text("Draw a digit or a whole number here")
    expect(page.locator(".st-key-probabilities .bar")).to_have_count(10)
    assert page.locator(".st-key-probabilities .value").all_inner_texts() == [""] * 10


def test_the_answer_comes_with_bars_and_the_picture_that_was_seen(address: str, new_page: NewPage) -> None:
    page = new_page()
    hand = open_pad(page, address)
    hand.write(8)
    expect(answer_of(page)).to_have_text("8")
    wait_until_settled(page)
    shares = [float(text.rstrip("%")) for text in page.locator(".st-key-probabilities .value").all_inner_texts()]
    assert len(shares) == 10
    assert sum(shares) == pytest.approx(100, abs=0.5)
    assert max(shares) == shares[8]
    seen = page.locator(".st-key-seen img")
    assert seen.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [28, 28]
    inked = """image => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 28, height: 28 });
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      const pixels = context.getImageData(0, 0, 28, 28).data;
      return [...Array(784).keys()].filter(i => pixels[4 * i] > 128).length;
    }"""
    assert 40 < seen.evaluate(inked) < 300


def test_a_number_is_read_from_left_to_right(address: str, new_page: NewPage) -> None:
    page = new_page()
    hand = open_pad(page, address)
    hand.write(4, left=0.55, top=0.3, size=0.35)  # the right one first
    expect(answer_of(page)).to_have_text("4")
    expect(certainty_of(page)).to_have_text(re.compile(r"\d+% sure"))
    hand.write(2, left=0.08, top=0.32, size=0.35)
    expect(answer_of(page)).to_have_text("24")
    expect(page.locator(".st-key-seen img")).to_have_count(2)
    expect(certainty_of(page)).to_have_text(re.compile("digit [12] of 2"))


# Presses a link in the very turn in which the strokes are reported.
HURRY = """() => {
  const later = window.setTimeout;
  const link = document.querySelector('a[href$="train"]');
  const both = (report) => () => { report(); link.click(); };
  window.setTimeout = (call, wait, ...rest) => later(wait === 350 ? both(call) : call, wait, ...rest);
}"""


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["with the report", "before it"])
def test_a_link_pressed_just_after_a_stroke_leads_to_its_page(address: str, new_page: NewPage, moment: str) -> None:
    page = new_page()
    hand = open_pad(page, address)
    wait_until_settled(page)
    if moment == "with the report":
        page.evaluate(HURRY)
    hand.draw([(0.5, 0.1), (0.5, 0.9)])
    if moment == "before it":
        page.locator('a[href$="train"]').click()
    page.locator(".st-key-start button").wait_for()
    wait_until_settled(page)
    expect(page.locator(".st-key-start button")).to_be_visible()
    page.get_by_role("link", name="Draw").click()
    expect(answer_of(page)).to_have_text("1")  # nothing was lost


@pytest.mark.slow
def test_what_is_no_digit_is_not_answered_with_one(address: str, new_page: NewPage) -> None:
    page = new_page()
    hand = open_pad(page, address)
    for end in ((0.9, 0.2), (0.9, 0.8), (0.5, 0.95), (0.2, 0.9)):  # a star of lines
        hand.draw([(1 - end[0], 1 - end[1]), end])
    expect(answer_of(page)).to_have_text("?")
    expect(certainty_of(page)).to_have_text("this doesn't look like a digit")


@pytest.mark.slow
def test_bars_stay_where_they_are_while_they_move(address: str, new_page: NewPage) -> None:
    page = new_page()
    hand = open_pad(page, address)
    page.evaluate("document.querySelector('.st-key-probabilities .bar').dataset.mark = 'mine'")
    page.evaluate("document.querySelector('.st-key-pad').dataset.mark = 'mine'")
    hand.write(4)
    expect(answer_of(page)).to_have_text("4")
    expect(page.locator(".st-key-probabilities .bar[data-mark]")).to_have_count(1)
    expect(page.locator(".st-key-pad[data-mark]")).to_have_count(1)


@mouse_and_touch(slow="touch")
def test_undo_redo_and_clear(touch: bool, address: str, new_page: NewPage) -> None:
    page = new_page(**PHONE) if touch else new_page()
    hand = open_pad(page, address, touch)

    def use(tool: str) -> None:
        press(page.locator(f".st-key-{tool} button"), touch)

    hand.draw([(0.7, 0.15), (0.45, 0.9)])
    expect(answer_of(page)).to_have_text("1")
    hand.draw([(0.2, 0.17), (0.7, 0.15)])
    expect(answer_of(page)).to_have_text("7")
    use("undo")
    expect(answer_of(page)).to_have_text("1")
    use("redo")
    expect(answer_of(page)).to_have_text("7")
    use("clear")
    expect(answer_of(page)).to_have_text("—")
    use("undo")
    expect(answer_of(page)).to_have_text("7")
    use("undo")
    expect(answer_of(page)).to_have_text("1")
    use("undo")
    expect(answer_of(page)).to_have_text("—")
    expect(page.locator(".st-key-undo button")).to_be_disabled()


@pytest.mark.slow
def test_the_drawing_survives_another_page_another_theme_and_another_language(address: str, new_page: NewPage) -> None:
    page = new_page()
    hand = open_pad(page, address)
    hand.write(7)
    expect(answer_of(page)).to_have_text("7")
    page.get_by_role("link", name="Train").click()
    expect(page.locator(".st-key-start")).to_be_visible()
    page.get_by_role("link", name="Draw").click()
    expect(answer_of(page)).to_have_text("7")
    page.emulate_media(color_scheme="dark")
    expect(answer_of(page)).to_have_text("7")
    page.locator(".st-key-corner-menu button").click()
    page.get_by_role("button", name="Light", exact=True).click()
    Hand(page)  # it is another page's load
    expect(answer_of(page)).to_have_text("7")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("h1")).to_have_text("写一个数字")
    expect(answer_of(page)).to_have_text("7")
    Hand(page).draw([(0.35, 0.5), (0.75, 0.5)])  # the strokes are still there to go on with: a crossed seven
    expect(answer_of(page)).to_have_text("7")
    expect(page.locator(".st-key-undo button")).to_be_enabled()


@pytest.mark.slow
def test_the_language_follows_the_browser_the_url_and_the_switch(address: str, new_page: NewPage) -> None:
    page = new_page(locale="zh-CN")
    page.goto(address)
    expect(page.locator("h1")).to_have_text("写一个数字")
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Draw a digit")
    page.reload()
    expect(page.locator("h1")).to_have_text("Draw a digit")
    other = new_page()
    other.goto(f"{address}/train?lang=zh")
    expect(other.locator("h1")).to_have_text("训练一个网络")
    other.goto(f"{address}/?lang=nonsense")
    expect(other.locator("h1")).to_have_text("Draw a digit")


def test_nothing_is_wider_than_a_phone(address: str, new_page: NewPage) -> None:
    page = new_page(**PHONE)
    for path, landmark in (("/", ".st-key-pad canvas"), ("/train", ".st-key-start")):
        page.goto(address + path)
        page.locator(landmark).last.wait_for()
        assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390
