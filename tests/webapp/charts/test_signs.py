"""What raises and what lowers: the same two colours in Python and in CSS, and a legend that is read without them."""

import re
from pathlib import Path

import pytest

from webapp.charts.signs import LOWERS, RAISES, signs_legend


def luminance(colour: tuple[int, int, int]) -> float:
    """The relative luminance, as WCAG 2.2 defines it."""
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("name", "colour"), [("raises", RAISES), ("lowers", LOWERS)])
def test_the_style_sheet_has_the_same_colours(name, colour):
    declared = re.findall(rf"--{name}: rgb\((\d+), (\d+), (\d+)\);", Path("webapp/style.css").read_text("utf-8"))
    assert [tuple(map(int, parts)) for parts in declared] == [colour]


@pytest.mark.parametrize("path", sorted(Path("webapp").rglob("*.css")), ids=str)
def test_no_style_sheet_writes_them_down_again(path):
    text = path.read_text("utf-8").replace(" ", "")
    written = [",".join(map(str, colour)) for colour in (RAISES, LOWERS)]
    assert [text.count(f"rgb({colour})") for colour in written] == [int(path == Path("webapp/style.css"))] * 2


@pytest.mark.parametrize("colour", [RAISES, LOWERS])
def test_both_are_seen_on_a_light_and_on_a_dark_page(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 3
    assert (luminance(colour) + 0.05) / (luminance((23, 22, 20)) + 0.05) >= 3


@pytest.mark.parametrize("colour", [RAISES, LOWERS])
def test_their_signs_are_black_on_them_and_easily_read(colour):
    assert (luminance(colour) + 0.05) / 0.05 >= 4.5
    assert ".signs i {" in (sheet := Path("webapp/style.css").read_text("utf-8"))
    assert "color: #000" in sheet.split(".signs i {")[1].split("}")[0]


def test_the_legend_has_signs_and_words_that_stay_text():
    texts = re.sub(r"<[^>]+>", " ", signs_legend("for <b>", "against")).split()
    assert texts == ["+", "for", "&lt;b&gt;", "−", "against"]
