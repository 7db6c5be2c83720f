"""The row of tools below the pad, a test image or a picture."""

import streamlit as st

from webapp.components import drawing_pad as pad
from webapp.i18n import gettext as _
from webapp.networks.choice import Choice
from webapp.pages.draw.examples import any_place, show_any_example
from webapp.pages.draw.linked_image import LinkedImage, leave_image, show_place
from webapp.pages.draw.network_choice import network_choice
from webapp.pages.draw.picture import has_picture, put_away


def tools(choice: Choice) -> None:
    """Show pen and eraser, undo, redo and clear, the ways to a test image and to pictures, and the settings."""
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
        st.button(_("Example"), icon=":material/casino:", key="example", shortcut="X", on_click=show_any_example)
        st.button(_("Picture"), icon=":material/add_a_photo:", key="picture", on_click=choose_input, args=("picture",))
        _settings(choice, draws=True)


def image_tools(choice: Choice, image: LinkedImage) -> None:
    """Show the ways to the test images around this one, to any other, and back to the pad."""
    before, after = max(image.place - 1, 0), min(image.place + 1, image.images - 1)
    with st.container(horizontal=True, key="tools"):
        for label, icon, key, shortcut, place in (
            (_("Previous"), "chevron_left", "example-before", "Left", before),
            (_("Next one"), "chevron_right", "example-next", "Right", after),
            (_("Another"), "casino", "example", "X", any_place(image.images, image.place)),
        ):
            here, icon = place == image.place, f":material/{icon}:"
            st.button(label, icon=icon, key=key, shortcut=shortcut, on_click=show_place, args=(place,), disabled=here)
        st.button(_("Draw yourself"), icon=":material/draw:", key="draw-yourself", shortcut="D", on_click=leave_image)
        _settings(choice)


def picture_tools(choice: Choice) -> None:
    """Show the ways to another picture, and back to the pad."""
    with st.container(horizontal=True, key="tools"):
        if has_picture():
            icon = ":material/add_photo_alternate:"
            st.button(_("Another picture"), icon=icon, key="picture-another", on_click=put_away)
        st.button(_("Draw yourself"), icon=":material/draw:", key="draw-yourself", on_click=choose_input, args=("pad",))
        _settings(choice)


def _settings(choice: Choice, draws: bool = False) -> None:
    """Show what is rarely changed: the network that reads, and the width of the pen."""
    with st.popover(_("Settings"), icon=":material/tune:", key="settings"):
        network_choice(choice)
        if draws:
            _pen_slider()


def _clear() -> None:
    st.session_state["tool"] = "pen"
    pad.clear()


def _pen_slider() -> None:
    """Show the slider of the pen's width; the value outlives a visit to another page."""
    st.session_state["pen"] = pen_width()  # in every run: the slider is there only while the settings are open
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
