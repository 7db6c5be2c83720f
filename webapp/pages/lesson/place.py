"""Where a visitor is in which lesson: the address says it, and the session keeps it for the way back."""

import re
from contextlib import suppress
from urllib.parse import urlencode

import streamlit as st

from webapp.frame.lesson_bar import SESSION_KEY
from webapp.lessons.lesson import Lesson
from webapp.pages.lesson.memory import REMEMBERED
from webapp.visitors.classroom import be_at, call, current_call
from webapp.visitors.folder import StorageError
from webapp.visitors.identity import browser
from webapp.visitors.rights import is_teacher

PRESSED = "lesson-pressed"
"""In the session, from a press until what it changes is shown: a poll that has carried the press away (CONTRIBUTING)
asks for the page."""


def place_in(lesson: Lesson) -> int:
    """Return the place that the address names: 0 is the beginning, then the steps follow, then the end."""
    asked = st.query_params.get("step", "")
    return min(int(asked), len(lesson.steps) + 1) if re.fullmatch("[0-9]{1,4}", asked) else 0


def keep_place(lesson: Lesson, place: int) -> None:
    """Note where the visitor is: for the bar on other pages, and, but for the teacher, for who is at which step."""
    if 1 <= place <= len(lesson.steps):
        st.session_state[SESSION_KEY] = (lesson.key, place)
    else:
        st.session_state.pop(SESSION_KEY, None)
    if not is_teacher():
        with suppress(StorageError):  # who is where is no reason to be without the lesson
            be_at(lesson.key, place)


def address_in(lesson: str, place: int | str) -> str:
    """Return the address of a place of a lesson."""
    return f"/lesson?{urlencode({'lesson': lesson, 'step': place})}"


def go(lesson: str, place: int) -> None:
    """Go to a place of a lesson, for a button; whoever the teacher has called to the one before comes along."""
    before = st.query_params.get("step", "0")
    with suppress(StorageError):  # then the call stays as it is
        made = current_call()
        follows = made is not None and made.caller == browser() and made.address == address_in(lesson, before)
        if follows and is_teacher():
            call(address_in(lesson, place))
    st.query_params["lesson"], st.query_params["step"] = lesson, str(place)
    st.session_state[PRESSED] = True


def leave() -> None:
    """Go back to the choice of lessons: for a button."""
    for name in ("lesson", "step", REMEMBERED):
        st.query_params.pop(name, None)
    st.session_state[PRESSED] = True
