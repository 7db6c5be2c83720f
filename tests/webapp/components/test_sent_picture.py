"""What the browser says is a picture: its bytes come through, anything else is refused."""

import base64

import pytest

from mnist_core.imaging.image_file import MAX_BYTES
from webapp.components.paste import LONGEST, PREFIXES
from webapp.components.sent_picture import read_address


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_bytes_come_through(prefix):
    assert read_address(prefix + base64.b64encode(b"a picture").decode(), PREFIXES, LONGEST) == b"a picture"


@pytest.mark.parametrize(
    "message",
    [None, 7, [], "", "unreadable", "data:text/html;base64,AAAA", PREFIXES[0] + "no base 64!", PREFIXES[0] + "AAAé"],
)
def test_anything_else_is_no_picture(message):
    assert read_address(message, PREFIXES, LONGEST) == b""


def test_a_message_that_is_too_long_is_not_even_decoded():
    assert read_address(PREFIXES[0] + "A" * (MAX_BYTES * 4 // 3), PREFIXES, LONGEST) == b""
