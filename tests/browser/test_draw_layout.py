"""Where things stand on the drawing page: the best is above the fold, and on a phone the answer stays in sight."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, NewPage, wait_for
from tests.browser.hand import Hand, wait_until_settled

Options = dict[str, Any]

SMALL_PHONE: Options = {**PHONE, "viewport": {"width": 320, "height": 640}}
BETWEEN_BARS: Options = {**PHONE, "viewport": {"width": 390, "height": 664}}
"""A phone with the bars of its browser."""


def screen(width: int, height: int) -> Options:
    return {"viewport": {"width": width, "height": height}}


TABLET, LOW_LAPTOP, LAPTOP, PROJECTOR = screen(768, 1024), screen(1280, 720), screen(1440, 900), screen(1920, 1080)
SCREENS: dict[str, Options] = {
    "small phone": SMALL_PHONE,
    "phone between bars": BETWEEN_BARS,
    "phone": PHONE,
    "tablet": TABLET,
    "low laptop": LOW_LAPTOP,
    "laptop": LAPTOP,
    "projector": PROJECTOR,
}
on_each_screen = pytest.mark.parametrize(
    "options",
    [
        pytest.param(options, id=name, marks=[] if name in ("phone", "laptop") else [pytest.mark.slow])
        for name, options in SCREENS.items()
    ],
)


def open_pad(new_page: NewPage, address: str, options: Options, path: str = "/") -> tuple[Page, Hand]:
    page = new_page(**options)
    page.goto(address + path)
    return page, Hand(page, options.get("has_touch", False))


def box(place: Locator) -> dict[str, float]:
    """Where something stands, with its right and lower edges."""
    found = place.bounding_box()
    assert found is not None
    x, y, width, height = found["x"], found["y"], found["width"], found["height"]
    return {"x": x, "y": y, "width": width, "height": height, "right": x + width, "bottom": y + height}


def names_of_tools_are_whole(page: Page) -> bool:
    """Whether each tool's name is shown, and fits into its button."""
    widths = """tools => tools.map(tool => {
      const name = document.createRange();
      name.selectNodeContents(tool.querySelector('p'));
      return [name.getBoundingClientRect().width, tool.querySelector('p').offsetWidth, tool.clientWidth];
    })"""
    found = page.locator(".st-key-tools button:visible").evaluate_all(widths)
    return all(shown > 8 and name <= min(shown + 1, tool) for name, shown, tool in found)


def overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    return (
        min(one["right"], other["right"]) > max(one["x"], other["x"]) + 0.5
        and min(one["bottom"], other["bottom"]) > max(one["y"], other["y"]) + 0.5
    )


@on_each_screen
def test_pad_answer_and_the_bar_of_views_are_above_the_fold(options: Options, address: str, new_page: NewPage) -> None:
    page, hand = open_pad(new_page, address, options)
    hand.write(4)
    expect(page.locator(".digit")).to_have_text("4")
    wait_until_settled(page)
    parts = [box(page.locator(f".{name}")) for name in ("st-key-pad", "st-key-tools", "answer", "st-key-views")]
    height, width = options["viewport"]["height"], options["viewport"]["width"]
    assert [part["bottom"] <= height for part in parts] == [True] * 4
    assert [part["x"] >= 0 and part["right"] <= width for part in parts] == [True] * 4
    assert not any(overlap(one, other) for place, one in enumerate(parts) for other in parts[place + 1 :])
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= width
    if width >= 390:  # on narrower screens the bar moves sideways
        assert box(page.locator(".st-key-view button").last)["right"] <= width
    pad = parts[0]
    assert pad["width"] == pytest.approx(pad["height"], abs=1) and pad["width"] >= 240


@pytest.mark.slow
@pytest.mark.parametrize("options", [LOW_LAPTOP, LAPTOP, PROJECTOR], ids=["low laptop", "laptop", "projector"])
def test_the_view_stands_beside_the_pad_where_there_is_room(options: Options, address: str, new_page: NewPage) -> None:
    page, _hand = open_pad(new_page, address, options)
    pad, views, body = (box(page.locator(f".st-key-{name}")) for name in ("pad", "views", "view-body"))
    assert views["x"] > pad["right"] and abs(views["y"] - pad["y"]) < 8
    assert body["width"] > 0.58 * options["viewport"]["width"]


@pytest.mark.slow
@pytest.mark.parametrize("options", [SMALL_PHONE, PHONE], ids=["small phone", "phone"])
def test_on_a_phone_the_answer_stays_in_sight_above_the_view(options: Options, address: str, new_page: NewPage) -> None:
    page, hand = open_pad(new_page, address, options)
    hand.write(4)
    expect(page.locator(".digit")).to_have_text("4")
    wait_until_settled(page)
    for distance in (0, 600, 1200):
        page.evaluate(f"document.querySelector('.stMain').scrollTo(0, {distance})")
        strip = box(page.locator(".answer"))
        assert strip["height"] < 100
        assert strip["y"] == pytest.approx(0, abs=1) or distance == 0
        assert (strip["x"], strip["width"]) == (0, options["viewport"]["width"])  # nothing shows beside it
        assert page.evaluate(  # and nothing lies over it
            "([x, y]) => Boolean(document.elementFromPoint(x, y)?.closest('.answer'))", [5, strip["y"] + 20]
        )


def test_nothing_moves_when_another_view_is_chosen(address: str, new_page: NewPage) -> None:
    page, hand = open_pad(new_page, address, PHONE)
    hand.write(4)
    wait_until_settled(page)
    page.evaluate("document.querySelector('.stMain').scrollTo(0, 500)")
    before = box(page.locator(".st-key-views"))
    for name in ("Neurons", "Teach it", "Why?"):
        page.locator(".st-key-views button", has_text=name).tap()
        wait_until_settled(page)
        assert box(page.locator(".st-key-views")) == before


@pytest.mark.slow
@on_each_screen
def test_the_tools_are_in_one_row_and_large_enough_for_a_finger(
    options: Options, address: str, new_page: NewPage
) -> None:
    page, _hand = open_pad(new_page, address, options)
    wait_until_settled(page)
    tools = [box(tool) for tool in page.locator(".st-key-tools button").all()]
    assert len(tools) == 7
    assert {round(tool["y"]) for tool in tools} == {round(tools[0]["y"])}
    assert all(tool["height"] >= 44 and tool["width"] >= 36 for tool in tools)
    assert not any(overlap(one, other) for place, one in enumerate(tools) for other in tools[place + 1 :])
    for tool, button in zip(tools, page.locator(".st-key-tools button").all(), strict=True):
        icon = box(button.locator("[data-testid=stIconMaterial]:visible"))
        middle = icon["x"] + icon["width"] / 2
        assert middle == pytest.approx(tool["x"] + tool["width"] / 2, abs=1.5)
        name = box(button.locator("p"))
        assert icon["y"] + icon["height"] <= name["y"] + 1 and name["width"] <= tool["width"]
    assert names_of_tools_are_whole(page)


@pytest.mark.parametrize(
    ("path", "sizes"),
    [("/?lang=zh", [(844, 390), (640, 400)]), ("/?embed=true", [(640, 400), (400, 600), (1000, 700), (1366, 620)])],
    ids=["low", "in a frame"],
)
@pytest.mark.slow
def test_pad_tools_with_their_names_and_answer_fit_a_small_window(
    path: str, sizes: list[tuple[int, int]], address: str, new_page: NewPage
) -> None:
    page, hand = open_pad(new_page, address, screen(*sizes[0]), path)
    hand.write(4)
    expect(page.locator(".digit")).to_have_text("4")
    wait_until_settled(page)
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        wait_for(page, "innerWidth => innerWidth === window.innerWidth", width)
        answer = [f".answer .{part}" for part in ("seen", "digit", "certainty", "bars")]
        parts = [box(page.locator(place)) for place in (".st-key-pad", ".st-key-tools", *answer)]
        assert all(part["x"] >= 0 and part["right"] <= width and part["bottom"] <= height for part in parts), parts
        assert not any(overlap(one, other) for place, one in enumerate(parts) for other in parts[place + 1 :])
        assert parts[0]["width"] == pytest.approx(parts[0]["height"], abs=1) and parts[0]["width"] >= 0.58 * height
        assert names_of_tools_are_whole(page)


@pytest.mark.slow
def test_the_names_of_the_tools_are_whole_however_high_the_window_is(address: str, new_page: NewPage) -> None:
    page, _hand = open_pad(new_page, address, LAPTOP)
    for height in range(720, 1001, 20):
        page.set_viewport_size({"width": 1440, "height": height})
        wait_for(page, "height => innerHeight === height", height)
        assert names_of_tools_are_whole(page), height


@pytest.mark.slow
def test_a_class_sees_pad_and_all_bars_without_scrolling(address: str, new_page: NewPage) -> None:
    page, hand = open_pad(new_page, address, LAPTOP, "/?present=1")
    hand.write(4)
    expect(page.locator(".digit")).to_have_text("4")
    wait_until_settled(page)
    for width, height in ((1440, 900), (1920, 1080), (1536, 830)):
        page.set_viewport_size({"width": width, "height": height})
        wait_for(page, "height => innerHeight === height", height)
        assert box(page.locator(".answer .bars"))["bottom"] <= height
        assert box(page.locator(".st-key-pad"))["width"] >= 240
        assert names_of_tools_are_whole(page)


@pytest.mark.slow
def test_the_key_of_a_tool_appears_under_the_pointer(address: str, new_page: NewPage) -> None:
    page, _hand = open_pad(new_page, address, LAPTOP)
    key = page.locator(".st-key-eraser kbd")
    clipped = "place => getComputedStyle(place).clipPath"
    assert key.evaluate(clipped) != "none"
    page.locator(".st-key-eraser button").hover()
    expect(key).to_have_text("E")
    assert key.evaluate(clipped) == "none"


@pytest.mark.slow
def test_the_pen_keeps_its_width_while_the_settings_are_closed(address: str, new_page: NewPage) -> None:
    page, hand = open_pad(new_page, address, LAPTOP)
    width = page.locator(".st-key-pen [data-testid=stSliderThumbValue]")
    for digit in (1, 4):
        page.locator(".st-key-settings button").click()
        expect(width).to_have_text("30" if digit == 1 else "32")
        page.locator(".st-key-pen input").press("ArrowRight")
        wait_until_settled(page)
        page.keyboard.press("Escape")
        hand.write(digit)
        wait_until_settled(page)


@pytest.mark.slow
def test_another_network_is_named_beside_the_answer(address: str, new_page: NewPage, finished_run: str) -> None:
    page, _hand = open_pad(new_page, address, SMALL_PHONE)
    reader, called = page.locator(".answer .reader"), finished_run.replace("-", " · ")
    expect(reader).to_have_text("")
    page, _hand = open_pad(new_page, address, SMALL_PHONE, f"/?network={finished_run}")
    reader = page.locator(".answer .reader")
    expect(reader).to_have_text(f"Network: {called}")
    expect(reader).to_have_attribute("title", f"Network: {called}")
    wait_for(page, "document.querySelector('.reader').getBoundingClientRect().right <= 320")
    page.set_viewport_size(PROJECTOR["viewport"])  # beside it, the pad is smaller
    wait_for(page, "innerWidth === 1920")
    assert names_of_tools_are_whole(page) and box(reader)["bottom"] <= 1080


@pytest.mark.slow
def test_before_there_is_a_picture_no_bare_bars_ask_for_nothing(address: str, new_page: NewPage) -> None:
    page, _hand = open_pad(new_page, address, PHONE)
    page.locator(".st-key-picture button").tap()
    expect(page.locator(".st-key-picture-ask")).to_be_visible()
    expect(page.locator(".answer .bars")).to_be_hidden()
    page.locator(".st-key-draw-yourself button").tap()
    expect(page.locator(".examples div button").first).to_be_visible()
