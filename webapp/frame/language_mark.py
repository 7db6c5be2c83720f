"""Tells the browser which language the page is in."""

import streamlit as st

from webapp.components.register import component
from webapp.i18n import current_language

_language_mark = component("language_mark", __file__)


def language_mark() -> None:
    """Declare the page's language."""
    with st.container(key="language-mark"):
        _language_mark(key="language-declared", data={"language": current_language()})
