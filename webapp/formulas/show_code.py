"""Code of the core on a page, with a link to its place in its file."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from webapp.formulas.sources import source_of
from webapp.i18n import current_language
from webapp.i18n import gettext as _

LONG = 36
"""Lines of code from which on a piece scrolls."""
LONG_HEIGHT = 480


def show_code(code: Callable[..., Any]) -> None:
    """Show a function, method or class of `mnist_core`, and the way to it on the code page."""
    source = source_of(code)
    place = _("{file}, line {line}").format(file=source.file, line=source.line)
    link = f"code?file={source.file}&line={source.line}&lang={current_language()}"
    st.markdown(f"`{source.name}` · [{place}]({link})")
    is_long = source.text.count("\n") >= LONG
    st.code(source.text, wrap_lines=True, height=LONG_HEIGHT if is_long else "content")
