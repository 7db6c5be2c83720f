"""HTML that is changed in place, with switches in it.

As one element: a page of many small ones costs the server a message for each, in every run.
"""

from collections.abc import Callable, Mapping

import streamlit as st

from webapp.components.register import component

_live = component("live_html", __file__, '<div class="live-html"></div>')


def switch(name: str, label: str, on: bool, disabled: bool = False) -> str:
    """Write a switch as HTML.

    Args:
        name: what `live_html` calls its function with; letters and underscores only.
        label: for those who hear the page.
        on: its position.
        disabled: whether it can't be pressed.
    """
    state = " checked" * on + " disabled" * disabled
    return f'<input type="checkbox" role="switch" data-switch="{name}" aria-label="{label}"{state}>'


def live_html(html: str, key: str, on_switch: Callable[[str], None]) -> None:
    """Show HTML of our own making; what others wrote in it must be escaped.

    Args:
        html: what is shown.
        key: names it on its page.
        on_switch: is called with the name of a switch that was pressed, before the page runs again. It comes from a
            browser, so it may be anything.
    """

    def pressed() -> None:
        value = st.session_state[key]
        if isinstance(value, Mapping) and isinstance(value.get("switched"), str):
            on_switch(value["switched"])

    _live(key=key, data={"html": html}, on_switched_change=pressed)
