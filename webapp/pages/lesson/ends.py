"""The beginning of a lesson, and its end: what it is for, the quiz, and what can be handed out."""

from html import escape

import streamlit as st

from webapp.frame import presentation
from webapp.frame.call_bar import call_button
from webapp.frame.page_title import page_title
from webapp.i18n import gettext as _
from webapp.lessons.lesson import Lesson
from webapp.pages.lesson.handouts import handouts
from webapp.pages.lesson.head import head
from webapp.pages.lesson.place import address_in
from webapp.pages.lesson.present import present_button
from webapp.pages.lesson.quiz import class_quiz, quiz
from webapp.visitors.quiz import Moment
from webapp.visitors.rights import is_teacher


def beginning(lesson: Lesson) -> None:
    """Show what the lesson is for, its plan, the quiz before it, and for the teacher what belongs to it."""
    page_title(escape(lesson.title), _("{minutes} min").format(minutes=lesson.minutes))
    _teachers_row(lesson, 0)
    if is_teacher() and not presentation.is_on():
        with st.expander(_("For the teacher: what you need"), icon=":material/school:"):
            st.markdown(lesson.prepare)
            _new_class()
    *quizzed, rest = st.columns([3, 2] if lesson.quiz else 1, gap="medium")
    for column in quizzed:
        with column, st.container(border=True, key="lesson-quiz"):
            head(_("What do you know already?"))
            _quiz(lesson, "before")
    with rest, st.container(border=True, key="lesson-goals"):
        if not lesson.quiz:  # beside one, it would give the answers away
            st.markdown(lesson.about)
        if lesson.goals:
            head(_("What you can do afterwards"))
            st.markdown("\n".join(f"- {goal}" for goal in lesson.goals))
        if presentation.is_on() or is_teacher():
            _plan(lesson)
        handouts(lesson)


def end(lesson: Lesson) -> None:
    """Show the quiz after the lesson, and for the teacher how the class answered both times."""
    page_title(escape(lesson.title), _("The end of the lesson"))
    _teachers_row(lesson, len(lesson.steps) + 1)
    *quizzed, rest = st.columns([3, 2] if lesson.quiz else 1, gap="medium")
    for column in quizzed:
        with column, st.container(border=True, key="lesson-quiz"):
            head(_("What do you know now?"))
            _quiz(lesson, "after")
    with rest, st.container(border=True, key="lesson-after"):
        if is_teacher() and lesson.quiz and not presentation.is_on():
            head(_("How the class answered"))
            class_quiz(lesson)
        if lesson.tasks:
            head(_("To go on with, on paper"))
            st.markdown("\n".join(f"{number}. {task}" for number, task in enumerate(lesson.tasks, 1)))
        handouts(lesson)
        if is_teacher() and not presentation.is_on():
            _new_class()


def _new_class() -> None:
    """Show the way to where everything of the last class is cleared away."""
    st.page_link(
        "play/page.py",
        label=_("To begin with a new class: Play → The class → Teacher"),
        icon=":material/school:",
        query_params={"game": "class"},
    )


def _quiz(lesson: Lesson, moment: Moment) -> None:
    if presentation.is_on():
        class_quiz(lesson)
    else:
        quiz(lesson, moment)


def _teachers_row(lesson: Lesson, place: int) -> None:
    if presentation.is_on() or is_teacher():
        with st.container(horizontal=True, vertical_alignment="center", key="lesson-teacher"):
            present_button()
            if is_teacher():
                call_button(address_in(lesson.key, place))


def _plan(lesson: Lesson) -> None:
    """Show the steps with their minutes."""
    length = _("{minutes} min")
    rows = "".join(
        f"<li><span>{escape(step.title)}</span> <small>{length.format(minutes=step.minutes)}</small></li>"
        for step in lesson.steps
    )
    head(_("The steps"))
    st.html(f'<ol class="lesson-plan">{rows}</ol>')
