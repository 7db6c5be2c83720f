"""What every page begins with: the way to the other pages, the switch of languages, and a title."""

from collections.abc import Sequence

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from webapp.components.register import component
from webapp.i18n import LANGUAGES, choose_language, current_language

_language_mark = component("language_mark", __file__)


def top_row(pages: Sequence[StreamlitPage]) -> None:
    """Show links to all pages and the switch of languages, in one row also on a phone.

    Streamlit's own menu of pages would hide behind an unnamed arrow there.
    """
    with st.container(key="language-mark"):
        _language_mark(key="language-declared", data={"language": current_language()})
    with st.container(horizontal=True, vertical_alignment="center", key="top"):
        for page in pages:
            st.page_link(page, width="content")
        for code in LANGUAGES:
            if code != current_language():
                st.button(
                    LANGUAGES[code],
                    icon=":material/translate:",
                    type="tertiary",
                    key=f"language-{code}",
                    on_click=choose_language,
                    args=(code,),
                    width="content",
                )


def page_title(title: str, explanation: str) -> None:
    """Show a page's title and one line on what it is for, both translated."""
    st.html(f'<div class="title"><h1>{title}</h1><p>{explanation}</p></div>')
