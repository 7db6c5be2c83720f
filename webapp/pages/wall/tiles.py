"""The wall itself: the latest drawings as tiles, which the browser keeps up to date; one that is pressed is hidden."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import streamlit as st

from webapp.components.address import address_of
from webapp.components.register import component
from webapp.i18n import current_language
from webapp.i18n import gettext as _
from webapp.pages.wall.wall_route import ROUTE
from webapp.visitors.folder import StorageError
from webapp.visitors.identity import browser
from webapp.visitors.rights import is_teacher
from webapp.visitors.wall import TEACHER, hide, sent_by, unhide

KEY = "wall-tiles"

_tiles = component("wall_tiles", __file__, '<ul class="wall-tiles"></ul><p class="wall-empty"></p>')


def source() -> str:
    """Return where the browser asks for what is new on the wall, in the visitor's language."""
    return address_of(f"{ROUTE}?{urlencode({'lang': current_language()})}")


def what_is_hidden() -> None:
    """Show the way back for what this visitor has hidden: one press, one drawing, the last one first."""
    failure = st.session_state.pop("wall_failure", None)
    if failure:
        st.error(failure, icon=":material/error:")
    elif _hidden():
        label, icon = _("Show hidden ({count})").format(count=len(_hidden())), ":material/undo:"
        st.button(label, icon=icon, type="tertiary", key="wall-unhide", on_click=_unhide, width="content")


def tiles() -> None:
    """Show the wall; the teacher hides any drawing with one press, everybody else their own."""
    data = {
        "source": source(),
        "all": is_teacher(),
        "mine": sent_by(browser()),
        "hide": _("Hide this drawing"),
        "empty": _("Nothing is on the wall yet. What the class sends appears here by itself."),
    }
    _tiles(key=KEY, data=data, on_pressed_change=_hide, on_emptied_change=lambda: None)


def _hidden() -> list[int]:
    """Return what this visitor has hidden and can show again, the last one at the end."""
    return st.session_state.setdefault("wall_hidden", [])


def _who() -> str:
    return TEACHER if is_teacher() else browser()


def _hide() -> None:
    value = st.session_state[KEY]
    pressed = value.get("pressed") if isinstance(value, Mapping) else None
    if isinstance(pressed, int) and 0 < pressed < 2**63:  # it comes from a browser
        if pressed not in _hidden():  # a press may be told twice
            _hidden().append(pressed)  # before it is hidden: the next press may break this run off
        _tried(hide, pressed)


def _unhide() -> None:
    if _hidden():
        _tried(unhide, _hidden().pop())


def _tried(act: Callable[[int, str], None], drawing: int) -> None:
    try:
        act(drawing, _who())
    except StorageError as error:
        st.session_state["wall_failure"] = str(error)
