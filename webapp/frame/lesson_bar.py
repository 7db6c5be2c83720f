"""The way back to the lesson, on every other page while one is going on, with what is to be done there."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from webapp.i18n import gettext as _
from webapp.lessons.lesson import lesson_of

SESSION_KEY = "lesson"
"""Under it, the session keeps the lesson's key and the step, together."""
STYLE = Path(__file__).with_suffix(".css")


def lesson_bar(here: StreamlitPage) -> None:
    """Show the bar, unless the page is the lesson's own, or no step of a lesson is going on.

    Args:
        here: the page that is open.
    """
    key, place = st.session_state.get(SESSION_KEY, ("", 0))
    lesson = lesson_of(key) if key and here.url_path != "lesson" else None
    if lesson is None or not 1 <= place <= len(lesson.steps):
        return
    step = lesson.steps[place - 1]
    st.html(STYLE)
    with st.container(horizontal=True, vertical_alignment="center", key="lesson-bar"):
        st.page_link(
            "lesson/page.py",
            label=_("Lesson, step {step}: {title}").format(step=place, title=step.title),
            icon=":material/arrow_back:",
            query_params={"lesson": lesson.key, "step": str(place)},
        )
        st.button(
            _("Leave the lesson"),
            key="lesson-dismiss",
            type="tertiary",
            icon=":material/close:",
            on_click=lambda: st.session_state.pop(SESSION_KEY, None),
        )
    with st.expander(_("What to do"), icon=":material/task_alt:", key=f"lesson-task-{lesson.key}-{place}"):
        st.markdown(step.do)  # in the page: a popover would lie on what it speaks of
