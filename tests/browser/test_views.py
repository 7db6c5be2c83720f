"""What stands below the pad, in a real browser: every view speaks of the digit that was drawn, and follows it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LAPTOP, PHONE, NewPage, mouse_and_touch
from tests.browser.hand import Hand, press, wait_until_settled
from tests.browser.test_draw import clear


def draw(page: Page, address: str, view: str, digit: int, touch: bool) -> Hand:
    page.goto(f"{address}/?view={view}")
    hand = Hand(page, touch)
    hand.write(digit)
    expect(page.locator(".st-key-digit .digit")).to_have_text(str(digit))
    wait_until_settled(page)
    return hand


@mouse_and_touch(slow="mouse")
def test_a_stage_that_is_switched_off_changes_what_the_network_sees(
    touch: bool, address: str, new_page: NewPage
) -> None:
    page = new_page(**PHONE if touch else LAPTOP)
    hand = draw(page, address, "stages", 7, touch)
    expect(page.locator(".st-key-stages-way img")).to_have_count(6)
    expect(page.locator(".stages-others figure")).to_have_count(6)
    expect(page.locator(".stages-others .stages-answer").first).to_have_text(re.compile("reads 7"))
    seen = page.locator(".st-key-seen img")
    before = seen.get_attribute("src")
    press(page.locator("[data-switch=centre]"), touch)  # the centre of mass
    expect(seen).not_to_have_attribute("src", before or "")
    expect(page.locator(".st-key-stages-card-6 .stages-answer")).to_have_text(re.compile("^with it: 7"))
    clear(page)
    hand.write(7)
    expect(page.locator(".st-key-stages-card-6 .stages-answer")).to_have_text(re.compile("^with it: 7"))  # it stays
    press(page.locator(".st-key-stages-reset button"), touch)
    expect(page.locator(".st-key-stages-card-6 .stages-answer")).to_have_text(re.compile("^without it: "))


@pytest.mark.slow
@mouse_and_touch()
def test_why_compares_two_digits_and_shows_what_looks_alike(touch: bool, address: str, new_page: NewPage) -> None:
    page = new_page(**PHONE if touch else LAPTOP)
    hand = draw(page, address, "why", 4, touch)
    words = page.locator(".st-key-why .why-words").first
    expect(words).to_have_text(re.compile("for 4"))
    expect(page.locator(".why-nearest figure")).to_have_count(12)
    expect(page.locator(".why-nearest figure.same")).not_to_have_count(0)
    pictures = page.locator(".why-pictures img")
    expect(pictures).to_have_count(2)
    before = [picture.get_attribute("src") for picture in pictures.all()]
    press(page.locator(".st-key-why_other [role=combobox], .st-key-why_other input"), touch)
    page.get_by_role("option", name="and not 1?").click()
    expect(words).to_have_text(re.compile("rather than 1"))
    assert [picture.get_attribute("src") for picture in pictures.all()] != before
    clear(page)
    hand.write(3)
    expect(words).to_have_text(re.compile("for 3"))  # the comparison follows another answer


# How far below the last line of a text its neighbour begins.
BELOW = """([text, next]) => {
  const lines = document.createRange();
  lines.selectNodeContents(document.querySelector(text));
  return document.querySelector(next).getBoundingClientRect().top - lines.getBoundingClientRect().bottom;
}"""


@pytest.mark.slow
def test_a_text_leaves_no_hole_before_its_pictures_and_a_choice_is_not_cut(address: str, new_page: NewPage) -> None:
    page = new_page(**PHONE)
    page.goto(f"{address}/?test=0&view=why&lang=zh")
    page.locator(".why-pictures").wait_for()
    wait_until_settled(page)
    assert 0 < page.evaluate(BELOW, [".st-key-why .why-words", ".why-pictures"]) < 36
    page.locator(".st-key-views button").first.click()
    page.locator(".stages-card").first.wait_for()
    wait_until_settled(page)
    assert 0 < page.evaluate(BELOW, [".st-key-stages-usual p", ".stages-card"]) < 36

    page = new_page(viewport={"width": 1920, "height": 1080})
    page.goto(f"{address}/?test=0&view=why&lang=zh")
    chosen = page.locator(".st-key-why_digit input")
    expect(chosen).to_have_value("为什么是 7")
    assert chosen.evaluate("field => field.scrollWidth <= field.clientWidth")


@pytest.mark.slow
@mouse_and_touch()
def test_a_neuron_shows_its_whole_arithmetic(touch: bool, address: str, new_page: NewPage) -> None:
    page = new_page(**PHONE if touch else LAPTOP)
    draw(page, address, "neurons", 5, touch)
    tile = page.locator(".neurons .units button").nth(3)
    name = re.search(r"Unit (\d+)", tile.inner_text())
    assert name
    press(page.locator(".neurons .units button >> nth=3"), touch)
    expect(page.locator(".neurons h2")).to_have_text(f"The whole arithmetic of unit {name[1]} in layer 1")
    pixel = page.locator(".neurons .pixel")
    found = re.search(r"Row \d+, column \d+: (\S+) × (\S+) = (\S+)", pixel.inner_text())
    assert found
    a, b, product = (float(number.replace("−", "-")) for number in found.groups())
    assert a * b == pytest.approx(product, rel=0.01)
    if not touch:
        box = page.locator(".neurons canvas.ink").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 3, box["y"] + 3)
        expect(pixel).to_have_text(re.compile("Row 1, column 1: 0 ×"))
    terms = [
        float(text.replace("−", "-").replace("+", ""))
        for text in page.locator(".neuron-sum td:nth-child(2)").all_inner_texts()
    ]
    assert sum(terms[:-1]) == pytest.approx(terms[-1], abs=1e-9)  # as printed
    page.locator(".st-key-neurons-choices button", has_text="Output").click()
    expect(page.locator(".neurons .units button")).to_have_count(10)
    expect(page.locator(".shares tr.chosen th")).to_have_text("5")


@pytest.mark.slow
@mouse_and_touch()
def test_the_walk_goes_forward_and_back_through_the_network(touch: bool, address: str, new_page: NewPage) -> None:
    page = new_page(**PHONE if touch else LAPTOP)
    draw(page, address, "walk", 2, touch)
    where = page.locator(".walk-where")
    names = []
    for stop in range(1, 24):
        expect(where).to_have_text(re.compile(rf"{stop} / 23"))
        names.append(where.inner_text().splitlines()[-1])
        expect(page.locator(".st-key-walk-body .katex").first).to_be_visible()
        if stop < 23:
            page.get_by_role("button", name="›", exact=True).click()
    assert names[0] == "Input"
    assert names[-1] == "One step"
    assert "Loss" in names
    expect(page.locator(".walk-table tr")).to_have_count(5)
    assert page.locator(".katex-error").count() == 0


@pytest.mark.slow
def test_of_a_number_each_digit_can_be_looked_at(address: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{address}/?view=why")
    hand = Hand(page)
    hand.write(2, left=0.08, top=0.32, size=0.35)
    hand.write(4, left=0.55, top=0.3, size=0.35)
    expect(page.locator(".st-key-digit .digit")).to_have_text("24")
    wait_until_settled(page)
    choice = page.locator(".st-key-digit-choice button")
    for place, digit in ((0, 2), (1, 4)):
        choice.nth(place).click()
        expect(page.locator(".st-key-digit .certainty")).to_have_text(re.compile(rf"digit {place + 1} of 2"))
        expect(page.locator(".st-key-probabilities .bar.best")).to_have_text(re.compile(rf"^{digit}"))
        expect(page.locator(".st-key-why .why-words").first).to_have_text(re.compile(f"for {digit}"))
