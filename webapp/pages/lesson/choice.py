"""The choice of a lesson."""

from html import escape

import streamlit as st

from webapp.formats import in_a_row, named
from webapp.frame.lesson_bar import SESSION_KEY
from webapp.frame.page_title import page_title
from webapp.i18n import gettext as _
from webapp.lessons.lesson import Lesson, WrongFile, lessons, own_folder
from webapp.pages.lesson.place import go
from webapp.visitors.rights import is_teacher


def choice() -> None:
    """Show all lessons as cards, and the files that are none."""
    page_title(_("Lessons"), _("Each is one lesson at school: predict, try it out, and see why."))
    if "lesson" in st.query_params:
        st.warning(_("There is no such lesson on this computer."), icon=":material/warning:")
    found = lessons()
    with st.container(key="lesson-cards"):
        for number, lesson in enumerate((one for one in found if isinstance(one, Lesson)), 1):
            with st.container(border=True, height="stretch", key=f"lesson-card-{lesson.key}"):
                _card(number, lesson)
    for wrong in (one for one in found if isinstance(one, WrongFile)):
        advice = _("Mend the file and open this page again; the lessons that ship show how one is written.")
        st.warning(named(f"`{wrong.name}`", in_a_row(wrong.reason, advice)), icon=":material/warning:")
    if is_teacher():
        text = _("Your own lessons: put their files into the folder `{folder}` (`LESSONS_DIR`); they appear here.")
        st.caption(text.format(folder=own_folder().absolute()))
    else:
        st.page_link(
            "play/page.py", label=_("I am the teacher"), icon=":material/school:", query_params={"game": "class"}
        )


def _card(number: int, lesson: Lesson) -> None:
    length = _("{minutes} min").format(minutes=lesson.minutes)
    st.html(
        f'<h2 class="lesson-name"><small>{number}</small> {escape(lesson.title)}</h2><p class="caption">{length}</p>'
    )
    st.markdown(lesson.about)
    key, place = st.session_state.get(SESSION_KEY, ("", 0))
    here = place if key == lesson.key else 0
    st.button(
        _("Go on with step {step}").format(step=here) if here else _("Open the lesson"),
        key=f"open-{lesson.key}",
        type="primary" if here else "secondary",
        icon=":material/arrow_forward:",
        on_click=go,
        args=(lesson.key, here),
        width="stretch",
    )
