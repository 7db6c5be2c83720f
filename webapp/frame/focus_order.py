"""Where the keys lead when a popover is open, and where they go on when a dialog is closed."""

import streamlit as st

from webapp.components.register import component

_focus_order = component("focus_order", __file__)


def focus_order() -> None:
    """Have the focus led on this page."""
    with st.container(key="focus-order"):
        _focus_order(key="focus-led")
