"""The one way to register a component: its script, and its style if it has one, lie beside its Python file."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer


def component(name: str, file: str, html: str = "<span hidden></span>") -> ComponentRenderer:
    """Register a component with Streamlit.

    Args:
        name: under which the browser knows it; unique in the app.
        file: the caller's `__file__`; the `.js` and `.css` files of the same name belong to the component.
        html: what the script finds in its parent element.

    Returns:
        The function that mounts it on a page.
    """
    script, style = Path(file).with_suffix(".js"), Path(file).with_suffix(".css")
    return st.components.v2.component(
        name,
        html=html,
        css=style.read_text(encoding="utf-8") if style.exists() else None,
        js=script.read_text(encoding="utf-8"),
        isolate_styles=False,
    )
