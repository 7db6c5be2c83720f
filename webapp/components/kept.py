"""Widgets whose values outlive a change of pages."""

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def values() -> dict[str, Any]:
    """Give what this visitor's widgets said last, by their keys."""
    return st.session_state.setdefault("settings", {})


def kept(widget: Callable[..., Any], label: str, key: str, default: object, **options: Any) -> Any:
    """Show a widget whose value outlives a change of pages: Streamlit forgets those of widgets it does not show."""
    if key not in st.session_state:
        st.session_state[key] = values().get(key, default)
    values()[key] = widget(label, key=key, **options)
    return values()[key]


def row() -> DeltaGenerator:
    """Give a container whose widgets stand side by side where there is room, on a phone as well."""
    return st.container(horizontal=True, vertical_alignment="bottom")
