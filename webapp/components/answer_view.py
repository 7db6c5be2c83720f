"""A view that follows the answer at once: HTML that `answer.js` gets together with it, with switches in it.

As one element, and filled by the browser: of a page with many small ones, the server would send each in every run.
"""

from collections.abc import Callable, Mapping

import streamlit as st

from webapp.components.register import component

KEY = "answer-view"

_view = component("answer_view", __file__, '<div class="answer-view"></div>')


def switch(name: str, label: str, on: bool, disabled: bool = False) -> str:
    """Write a switch as HTML.

    Args:
        name: what `answer_view` calls its function with; letters and underscores only.
        label: for those who hear the page.
        on: its position.
        disabled: whether it can't be pressed.
    """
    state = " checked" * on + " disabled" * disabled
    return f'<input type="checkbox" role="switch" data-switch="{name}" aria-label="{label}"{state}>'


def answer_view(on_switch: Callable[[str], None]) -> None:
    """Show the view of the answer, which stands above on the page; see `Content`.

    Args:
        on_switch: is called with the name of a switch that was pressed, before the page runs again. It comes from a
            browser, so it may be anything.
    """

    def pressed() -> None:
        value = st.session_state[KEY]
        if isinstance(value, Mapping) and isinstance(value.get("switched"), str):
            on_switch(value["switched"])

    _view(key=KEY, on_switched_change=pressed)
