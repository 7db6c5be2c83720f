"""What the browser says was pasted: a picture's bytes come through, anything else is refused."""

import base64

import pytest
from streamlit.testing.v1 import AppTest

from mnist_core.imaging.image_file import MAX_BYTES
from webapp.components.paste import PREFIXES, read_address


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_bytes_come_through(prefix):
    assert read_address(prefix + base64.b64encode(b"a picture").decode()) == b"a picture"


@pytest.mark.parametrize(
    "message",
    [None, 7, [], "", "unreadable", "data:text/html;base64,AAAA", PREFIXES[0] + "no base 64!", PREFIXES[0] + "AAAé"],
)
def test_anything_else_is_no_picture(message):
    assert read_address(message) == b""


def test_a_message_that_is_too_long_is_not_even_decoded():
    assert read_address(PREFIXES[0] + "A" * (MAX_BYTES * 4 // 3)) == b""


def test_nothing_was_pasted_at_first():
    def page() -> None:
        import streamlit as st

        from webapp.components.paste import pasted_picture

        st.text(repr(pasted_picture("paste")))

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert app.text[0].value == "None"
