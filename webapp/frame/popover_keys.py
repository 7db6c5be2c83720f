"""Lets the Tab key lead from a popover's button into the popover."""

import streamlit as st

from webapp.components.register import component

_popover_keys = component("popover_keys", __file__)


def popover_keys() -> None:
    """Have it done for all popovers of this page."""
    with st.container(key="popover-keys"):
        _popover_keys(key="keys-lead-in")
