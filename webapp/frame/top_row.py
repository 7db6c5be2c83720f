"""The top row of every page: what this is, the way to the other pages, and what belongs to none of them."""

from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from webapp.frame.call_bar import call_bar
from webapp.frame.corner_menu import corner_menu
from webapp.i18n import LANGUAGES, choose_language, current_language
from webapp.i18n import gettext as _

Menu = Mapping[str, Mapping[str, StreamlitPage]]
"""The entries by their names: each has pages by theirs, and leads to the first of them."""


def top_row(menu: Menu, here: StreamlitPage) -> None:
    """Show the row, and below it the pages of the entry that is open, if it has several.

    Args:
        menu: its entries, at most five: so many have room on a phone.
        here: the page that is open.
    """
    call_bar({f"/{page.url_path}": page.title for pages in menu.values() for page in pages.values()})
    with st.container(horizontal=True, vertical_alignment="center", key="top"):
        about = _("A neural network in NumPy reads your digits")
        st.html(f'<p class="brand"><b>MNIST from scratch</b> <span>{about}</span></p>', width="stretch")
        with st.container(horizontal=True, key="menu", width="content"):
            for name, pages in menu.items():
                _link(next(iter(pages.values())), name, "menu", here in pages.values())
        with st.container(horizontal=True, vertical_alignment="center", key="corner", width="content"):
            _languages()
            corner_menu([page for pages in menu.values() for page in pages.values()])
    siblings = next(pages for pages in menu.values() if here in pages.values())
    if len(siblings) > 1:
        with st.container(horizontal=True, key="submenu"):
            for name, page in siblings.items():
                _link(page, name, "submenu", page is here)


def _link(page: StreamlitPage, name: str, group: str, is_open: bool) -> None:
    # Streamlit marks the link to this very page only, and with its looks alone.
    with st.container(key=f"{'open' if is_open else 'link'}-{group}-{page.url_path}", width="content"):
        st.page_link(page, label=name, width="content")


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
