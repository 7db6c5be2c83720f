"""What is one press away on every page: explanations, the theme, and the presentation mode."""

from collections.abc import Sequence

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from webapp.frame import presentation
from webapp.frame.about import about
from webapp.frame.glossary import glossary
from webapp.frame.theme_choice import theme_choice
from webapp.i18n import gettext as _
from webapp.tour.progress import go_to

KEY = "corner-menu"


def corner_menu(pages: Sequence[StreamlitPage]) -> None:
    """Show the button in the corner, and what it opens.

    Args:
        pages: all pages, which have the theme in common.
    """
    dialogs = {
        "glossary": (_("Glossary"), ":material/menu_book:", glossary),
        "about": (_("About"), ":material/info:", about),
    }
    with st.popover(_("Menu"), icon=":material/menu:", type="tertiary", on_change="rerun", key=KEY) as menu:
        if menu.open:
            st.button(_("Tour"), icon=":material/flag:", key="tour-start", width="stretch", on_click=_start_tour)
            for key, (title, icon, _show) in dialogs.items():
                st.button(title, icon=icon, key=key, width="stretch", on_click=_open, args=(key,))
            theme_choice(pages)
            presentation.switch()
    if asked := st.session_state.pop("dialog", None):
        title, _icon, show = dialogs[asked]
        st.dialog(title, width="large")(show)()


def _start_tour() -> None:
    go_to(0)
    st.session_state[KEY] = False


def _open(dialog: str) -> None:
    st.session_state.update({"dialog": dialog, KEY: False})  # the menu closes: it would lie over the dialog
