"""The top row of every page: what this is, the way to the other pages, and the switch of languages."""

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from webapp.i18n import LANGUAGES, choose_language, current_language
from webapp.i18n import gettext as _

Menu = Mapping[str, Sequence[StreamlitPage]]
"""The entries by their names; each leads to its first page, and to the others from there."""


def top_row(menu: Menu, here: StreamlitPage) -> None:
    """Show the row, and below it the pages of the entry that is open, if it has several.

    Args:
        menu: its entries, at most five: so many have room on a phone.
        here: the page that is open.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="top"):
        about = _("A neural network, written from scratch in NumPy, reads what you draw.")
        st.html(f'<p class="brand"><b>MNIST from scratch</b><span>{about}</span></p>', width="stretch")
        with st.container(horizontal=True, key="corner", width="content"):
            _languages()
    with st.container(horizontal=True, key="menu"):
        for name, pages in menu.items():
            with st.container(key=f"entry-{pages[0].url_path or 'draw'}{'-open' * (here in pages)}", width="content"):
                st.page_link(pages[0], label=name, width="content")
    siblings = next(pages for pages in menu.values() if here in pages)
    if len(siblings) > 1:
        with st.container(horizontal=True, key="submenu"):
            for page in siblings:
                st.page_link(page, width="content")


def _languages() -> None:
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
