"""The choice of a light or a dark page. The browser keeps it, and the server never hears of it."""

from collections.abc import Sequence

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from webapp.components.address import address_of
from webapp.components.register import component
from webapp.i18n import gettext as _

_theme_choice = component("theme_choice", __file__, '<div class="theme-choice" role="group"></div>')


def theme_choice(pages: Sequence[StreamlitPage]) -> None:
    """Show the choice.

    Args:
        pages: Streamlit keeps a theme for each address: the choice is for these.
    """
    label = _("Theme")
    data = {
        "label": label,
        "names": {"System": _("As the device"), "Light": _("Light"), "Dark": _("Dark")},
        "paths": [address_of(f"/{page.url_path}") for page in pages],
    }
    st.caption(label)
    _theme_choice(key="theme-choice", data=data)
