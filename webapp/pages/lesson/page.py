"""The lessons' page: all of them to choose from, or one, at its beginning, at one of its steps or at its end."""

import streamlit as st

from webapp.components.scroll_to import scroll_to
from webapp.frame import presentation
from webapp.lessons.lesson import lesson_of
from webapp.pages.lesson.choice import choice
from webapp.pages.lesson.ends import beginning, end
from webapp.pages.lesson.place import PRESSED, keep_place, place_in
from webapp.pages.lesson.progress import progress
from webapp.pages.lesson.step import step

st.session_state.pop(PRESSED, None)
lesson = lesson_of(st.query_params.get("lesson", ""))
if lesson is None:
    choice()
else:
    place = place_in(lesson)
    keep_place(lesson, place)
    with st.container(key="lesson-large" if presentation.is_on() else "lesson-place"):
        if place == 0:
            beginning(lesson)
        elif place <= len(lesson.steps):
            step(lesson, place)
        else:
            end(lesson)
    progress(lesson, place)
    scroll_to(".st-key-top", f"{lesson.key} {place}", "to-the-step")  # Back and Next may stand far below it
