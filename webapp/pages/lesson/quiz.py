"""The quiz before and after a lesson: for each visitor, and how the class answered it."""

import csv
import io
from collections.abc import Sequence
from html import escape

import streamlit as st

from webapp.components.save_file import save_file
from webapp.components.scroll_to import scroll_to
from webapp.components.turn import fragment
from webapp.i18n import gettext as _
from webapp.lessons.lesson import Lesson, Question
from webapp.visitors.folder import StorageError
from webapp.visitors.identity import browser
from webapp.visitors.quiz import Moment, Tally, answers_of, hand_in, tallies
from webapp.visitors.rights import is_teacher

POLL_SECONDS = 4.0


@fragment
def quiz(lesson: Lesson, moment: Moment) -> None:
    """Show the questions to this visitor; after the lesson, once they are answered, the right answers and why."""
    try:
        given = answers_of(lesson.key, browser())
    except StorageError as error:
        st.error(str(error), icon=":material/error:")
        return
    answers = given.get(moment, ())
    if len(answers) != len(lesson.quiz) or st.session_state.get("quiz-again"):
        _form(lesson, moment)
    elif moment == "before":
        st.success(_("Thank you! At the end you are asked the same once more."), icon=":material/check:")
        st.button(_("Answer again"), key="quiz-change", type="tertiary", on_click=_again)
    else:
        _result(lesson.quiz, given.get("before", ()), answers)
        scroll_to(
            ".quiz-score", f"{lesson.key} {answers}", "to-the-score"
        )  # the button that was pressed stood far below
        st.button(_("Answer again"), key="quiz-change", type="tertiary", on_click=_again)


def _again() -> None:
    st.session_state["quiz-again"] = True


def _form(lesson: Lesson, moment: Moment) -> None:
    if moment == "before":
        st.caption(_("Answer as well as you can: nobody sees who answered what."))
    keys = [f"quiz-{lesson.key}-{moment}-{number}" for number in range(1, len(lesson.quiz) + 1)]
    with st.form(f"quiz-{lesson.key}-{moment}", border=False):
        for number, (question, key) in enumerate(zip(lesson.quiz, keys, strict=True), 1):
            st.radio(
                f"**{number}.** {question.ask}",
                range(len(question.choices)),
                index=None,
                format_func=question.choices.__getitem__,
                key=key,
            )
        # A callback: the answers are kept before the page is shown, with the thanks.
        st.form_submit_button(
            _("Hand in"), type="primary", icon=":material/send:", on_click=_take, args=(lesson.key, moment, keys)
        )
    if "quiz-refused" in st.session_state:
        st.warning(st.session_state.pop("quiz-refused"), icon=":material/warning:")


def _take(lesson: str, moment: Moment, keys: Sequence[str]) -> None:
    """Keep the answers that the widgets with these keys hold."""
    chosen = [st.session_state.get(key) for key in keys]
    answers = [answer for answer in chosen if isinstance(answer, int)]
    if len(answers) < len(keys):
        st.session_state["quiz-refused"] = _("One answer to each question, please; guess where you don't know.")
        return
    try:
        hand_in(lesson, moment, browser(), answers)
    except StorageError as error:
        st.session_state["quiz-refused"] = str(error)
    else:
        st.session_state.pop("quiz-again", None)


def _result(questions: Sequence[Question], before: Sequence[int], after: Sequence[int]) -> None:
    """Show which answers were right, and why."""
    right = [question.right for question in questions]
    score = sum(answer == rightly for answer, rightly in zip(after, right, strict=True))
    text = _("{score} of {count} right").format(score=score, count=len(right))
    if len(before) == len(right):
        earlier = sum(answer == rightly for answer, rightly in zip(before, right, strict=True))
        text = _("{score} of {count} right; before the lesson {earlier}").format(
            score=score, count=len(right), earlier=earlier
        )
    st.html(f'<p class="quiz-score">{text}</p>')
    for number, (question, answer) in enumerate(zip(questions, after, strict=True), 1):
        sign = ":green[✓]" if answer == question.right else ":red[✗]"
        lines = [f"**{number}.** {question.ask}", f"{sign} {question.choices[answer]}"]
        if answer != question.right:
            lines.append(_("Right: {answer}").format(answer=question.choices[question.right]))
        st.markdown("  \n".join(lines))
        if question.why:
            st.caption(question.why)


def class_quiz(lesson: Lesson) -> None:
    """Show how the class has answered, question by question; new answers appear by themselves."""
    if is_teacher():
        _tell(lesson)
    fragment(_bars, run_every=POLL_SECONDS)(lesson)
    if is_teacher():
        _download(lesson)


def _bars(lesson: Lesson) -> None:
    try:
        counted = tallies(lesson.key, [question.right for question in lesson.quiz])
    except StorageError as error:
        st.error(str(error), icon=":material/error:")
        return
    before, after = counted[0].answered
    if before or after:
        st.caption(_("Answered before: {before}, after: {after}").format(before=before, after=after))
    else:
        st.caption(_("Nobody has answered yet. Answer on your own phone or computer."))
    told = st.session_state.get("quiz-told") == lesson.key
    if told:
        after_it, before_it = (
            _("How many chose each answer, after the lesson"),
            _("How many chose each answer, before the lesson"),
        )
        st.caption(after_it if after else before_it)
    st.html("".join(_bars_of(question, tally, told) for question, tally in zip(lesson.quiz, counted, strict=True)))


def _tell(lesson: Lesson) -> None:
    """Offer the teacher to show the answers to all, who look at this screen; before, it would spoil the quiz."""
    told = st.session_state.get("quiz-told") == lesson.key
    st.button(
        _("Hide the answers") if told else _("Show the answers"),
        key="quiz-tell",
        icon=":material/visibility_off:" if told else ":material/visibility:",
        on_click=lambda: st.session_state.update({"quiz-told": None if told else lesson.key}),
    )


def _bars_of(question: Question, tally: Tally, told: bool) -> str:
    """Return a question with how the class answered it, as HTML.

    Args:
        question: of the quiz.
        tally: how many were right, before the lesson and, once somebody has answered then, after it.
        told: whether each answer is shown with how many have chosen it, and which one is right.
    """
    bars = []
    for place, (name, kind) in enumerate(((_("right before"), "before"), (_("right after"), "after"))):
        share = tally.share(place)
        if share is None and kind == "after":
            continue
        shown = "–" if share is None else f"{share:.0%}"
        bars.append(
            f'<dt>{name}</dt><dd><i class="{kind}" style="width: {100 * (share or 0):.0f}%"></i><b>{shown}</b></dd>'
        )
    answers = f'<ol class="quiz-answers">{_answers(question, tally)}</ol>' if told else ""
    return f'<section class="quiz-bars"><h3>{escape(question.ask)}</h3><dl>{"".join(bars)}</dl>{answers}</section>'


def _answers(question: Question, tally: Tally) -> str:
    total = max(sum(tally.chosen.values()), 1)
    rows = []
    for place, text in enumerate(question.choices):
        count, is_right = tally.chosen.get(place, 0), place == question.right
        sign = '<b class="right">✓</b> ' if is_right else ""
        rows.append(
            f'<li><i class="{"right" if is_right else ""}" style="width: {100 * count / total:.0f}%"></i>'
            f"<span>{sign}{escape(text)}</span><b>{count}</b></li>"
        )
    return "".join(rows)


@fragment
def _download(lesson: Lesson) -> None:
    """Offer the class's result as a table."""
    pressed = st.button(_("Save as CSV"), key="quiz-csv", icon=":material/download:", type="tertiary")
    content = None
    if pressed:
        try:
            content = table(lesson.quiz, tallies(lesson.key, [question.right for question in lesson.quiz]))
        except StorageError as error:
            st.error(str(error), icon=":material/error:")
    save_file(content, f"{lesson.key}-quiz.csv", "quiz-file")


def table(questions: Sequence[Question], counted: Sequence[Tally]) -> bytes:
    """Write a class's result as CSV: a line for each question, with how many were right before and after.

    The byte order mark tells Excel that it is UTF-8; a number before each question keeps a program from taking a
    question for a formula.
    """
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow([_("question"), _("right before"), _("answered before"), _("right after"), _("answered after")])
    for number, (question, tally) in enumerate(zip(questions, counted, strict=True), 1):
        (before, after), (all_before, all_after) = tally.right, tally.answered
        rows.writerow([f"{number}. {question.ask}", before, all_before, after, all_after])
    return ("\ufeff" + text.getvalue()).encode("utf-8")
