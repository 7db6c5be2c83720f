"""QR codes: what the page shows is the code that segno calculates, black on white in its quiet zone."""

import re
import urllib.parse
import xml.etree.ElementTree as ElementTree

import numpy as np
import segno

from webapp.components.qr_code import QUIET_ZONE, qr_picture

ADDRESS = "http://192.168.7.5:8501/train?recipe=quick&data=mnist&hidden_sizes=128,64"


def drawing(text: str) -> ElementTree.Element:
    picture = qr_picture(text)
    assert picture is not None
    kind, content = picture.split(",", 1)
    assert kind.startswith("data:image/svg+xml")
    return ElementTree.fromstring(urllib.parse.unquote(content))  # noqa: S314


def dark_modules(path: str, side: int) -> np.ndarray:
    """Draw the path of strokes, each a module high, into an array."""
    modules = np.zeros((side, side), bool)
    x = y = 0.0
    for command, numbers in re.findall(r"([MmhH])\s*([-\d. ]+)", path):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            modules[int(y), int(x) : int(x + values[0])] = True
            x += values[0]
    return modules


def test_the_picture_is_the_code_in_its_quiet_zone():
    svg = drawing(ADDRESS)
    matrix = np.array([list(row) for row in segno.make_qr(ADDRESS, error="l").matrix]) % 2 == 1
    side = len(matrix) + 2 * QUIET_ZONE
    assert svg.attrib["viewBox"] == f"0 0 {side} {side}"
    ground, code = [element for element in svg.iter() if element.tag.endswith("path")]
    assert ground.attrib["fill"] == "#fff"
    assert ground.attrib["d"] == f"M0 0h{side}v{side}h-{side}z"
    assert code.attrib["stroke"] == "#000"
    assert np.array_equal(dark_modules(code.attrib["d"], side), np.pad(matrix, QUIET_ZONE))


def test_another_address_is_another_picture():
    assert qr_picture(ADDRESS) != qr_picture(ADDRESS + "0")


def test_a_text_that_no_code_can_hold_has_no_picture():
    assert qr_picture("a" * 2900) is not None
    assert qr_picture("a" * 3000) is None
