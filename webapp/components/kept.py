"""Widgets whose values outlive a change of pages."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def values() -> dict[str, Any]:
    """Return what this visitor's widgets said last, by their keys."""
    return st.session_state.setdefault("settings", {})


BEGINS = {st.selectbox: "index", st.radio: "index", st.segmented_control: "default", st.pills: "default"}
"""What each kind of widget calls the value that it begins with; all others: "value"."""


def kept(widget: Callable[..., Any], label: str, key: str, first: object, **options: Any) -> Any:
    """Show a widget whose value outlives a change of pages: Streamlit forgets those of widgets it does not show.

    A value that the program sets is told to the browser once, and a slow one misses it if a poll comes before it has
    built the widget: it would show, and soon report, the least of all numbers, or that nothing is chosen. So it is told
    every time what the widget begins with.
    """
    if key not in st.session_state:
        st.session_state[key] = values().get(key, first)
    begins, parameter = st.session_state[key], BEGINS.get(widget, "value")
    if parameter == "index":
        begins = options["options"].index(begins) if begins in options["options"] else None
    values()[key] = widget(label, key=key, **options, **{parameter: begins})
    return values()[key]


def kept_choice(
    label: str, key: str, names: Mapping[Any, str], widget: Callable[..., Any] = st.segmented_control, **options: Any
) -> Any:
    """Show a row of options, one of which is always chosen, as `kept` does.

    Args:
        label: what is chosen, for those who hear the page.
        key: of the widget.
        names: the options with their names; the first is the default.
        widget: `st.segmented_control` or `st.pills`.
        options: more that the widget takes.
    """
    return kept(
        widget,
        label,
        key,
        next(iter(names)),
        options=list(names),
        format_func=names.__getitem__,
        required=True,
        label_visibility="collapsed",
        **options,
    )


def linked_choice(label: str, key: str, names: Mapping[str, str], parameter: str, **options: Any) -> str:
    """Show a choice as `kept_choice` does, and keep it in the URL: what a link asks for comes before what was kept."""
    if key not in st.session_state:
        asked = st.query_params.get(parameter) or values().get(key)
        st.session_state[key] = asked if asked in names else next(iter(names))
    chosen = str(kept_choice(label, key, names, **options))
    if st.query_params.get(parameter) != chosen:
        st.query_params[parameter] = chosen
    return chosen


def row() -> DeltaGenerator:
    """Return a container whose widgets stand side by side where there is room, on a phone as well."""
    return st.container(horizontal=True, vertical_alignment="bottom")
