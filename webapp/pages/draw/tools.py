"""The tools below the pad: pen and eraser, undo, redo and clear, the pen's width, and the way to pictures."""

import streamlit as st

from webapp.components import drawing_pad as pad
from webapp.i18n import gettext as _


def tools() -> None:
    """Show pen and eraser, undo, redo and clear, and the way to pictures."""
    with st.container(horizontal=True, key="tools"):
        st.button(
            _("Eraser"),
            icon=":material/ink_eraser:",
            key="eraser",
            type="primary" if erases() else "secondary",
            shortcut="E",
            on_click=lambda: st.session_state.update(tool="pen" if erases() else "eraser"),
        )
        for label, key, shortcut, move, boards in (
            (_("Undo"), "undo", "Ctrl+Z", pad.undo, pad.history().past),
            (_("Redo"), "redo", "Ctrl+Y", pad.redo, pad.history().future),
        ):
            icon = f":material/{key}:"
            st.button(label, icon=icon, key=key, shortcut=shortcut, on_click=move, disabled=not boards)
        st.button(_("Clear"), icon=":material/delete:", key="clear", shortcut="Delete", on_click=_clear)
        st.button(_("Picture"), icon=":material/add_a_photo:", key="picture", on_click=choose_input, args=("picture",))

    keys = _("Keys: Ctrl+Z undo, Ctrl+Y redo, Delete clear, E eraser")
    st.html(f'<p class="caption keys">{keys}</p>')


def _clear() -> None:
    st.session_state["tool"] = "pen"
    pad.clear()


def pen_slider() -> None:
    """Show the slider of the pen's width; the value outlives a visit to another page."""
    if "pen" not in st.session_state:
        st.session_state["pen"] = pen_width()
    st.slider(
        _("Pen width"),
        10,
        60,
        step=2,
        key="pen",
        on_change=lambda: st.session_state.update(kept_pen=st.session_state["pen"]),
    )


def pen_width() -> int:
    """Return the width of the visitor's pen, see `drawing_pad.pad`."""
    width: int = st.session_state.get("kept_pen", pad.DEFAULT_PEN)
    return width


def erases() -> bool:
    """Return whether the eraser is chosen."""
    return st.session_state.get("tool") == "eraser"


def choose_input(name: str) -> None:
    """Switch to another input: "pad" or "picture"."""
    st.session_state["input"] = name
