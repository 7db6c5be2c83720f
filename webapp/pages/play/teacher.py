"""For the teacher: the password that unlocks it, how much is going on, and a new class."""

import logging
from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from webapp.components.turn import out_of_turn
from webapp.formats import named
from webapp.i18n import gettext as _
from webapp.runs.room import words_for
from webapp.runs.shared import runs
from webapp.visitors.class_results import class_results, empty_class
from webapp.visitors.classroom import empty_classroom
from webapp.visitors.collection import count_all, delete_all
from webapp.visitors.counts import Counts, counts
from webapp.visitors.folder import StorageError
from webapp.visitors.handwriting_networks import all_hands, forget_all_hands
from webapp.visitors.quiz import count_answers, empty_quiz
from webapp.visitors.rights import TooManyTriesError, is_teacher, lock, password, unlock
from webapp.visitors.wall import class_drawings, count_hidden, empty_wall

_log = logging.getLogger(__name__)


class _Heap(NamedTuple):
    """Something that a class leaves behind, and that a new one need not find.

    Attributes:
        key: names it.
        label: the same for people.
        about: what there is of it, and who loses what if it is deleted.
        delete: deletes it, and returns how much stays all the same.
    """

    key: str
    label: str
    about: str
    delete: Callable[[], int]

    @property
    def words(self) -> str:
        """Its name and what there is of it, as Markdown."""
        return named(f"**{self.label}**", self.about)


def teacher() -> None:
    """Show what only the teacher can do, or how to become it."""
    with st.popover(_("Teacher"), icon=":material/school:", on_change="rerun", key="teacher") as opened:
        if opened.open:
            if is_teacher():
                now = counts()
                _figures(now)
                _new_class(now)
                if password():
                    st.button(_("Lock again"), icon=":material/lock:", key="teacher-lock", on_click=lock)
            else:
                _unlock()


def _unlock() -> None:
    if not password():
        st.markdown(
            _(
                "The teacher's page is on the computer that runs this app, at `http://localhost:{port}`. On any other "
                "device it takes a password, which whoever starts the app sets as `TEACHER_PASSWORD`."
            ).format(port=st.get_option("server.port"))
        )
        return
    with st.form("teacher-password", border=False):
        entered = st.text_input(_("Teacher's password"), type="password")
        if not st.form_submit_button(_("Unlock"), type="primary"):
            return
        try:
            if unlock(entered):
                st.rerun()
            st.error(_("This is not the password."))
        except TooManyTriesError:
            st.error(_("Too many wrong passwords came from here: wait a minute."))


def _figures(now: Counts) -> None:
    st.caption(_("You may stop, rename and delete all trainings of this server."))
    figures = (
        _("open pages: {count}").format(count=now.pages),
        _("trainings: {training} going, {queued} waiting").format(training=now.training, queued=now.queued),
        _("memory: {megabytes:,} MB").format(megabytes=round(now.memory / 1e6)),
    )
    st.caption(" · ".join(figures))


def _new_class(now: Counts) -> None:
    """Offer to delete what the last class has left: its results in any case, with a tick what may stay as well."""
    st.html('<h2 class="play-heading">' + _("For the next class") + "</h2>")
    stay = st.session_state.pop("class-emptied", None)
    if stay is not None:
        st.success(_("Cleared: a new class can begin."), icon=":material/check:")
    if stay:
        st.warning(_("Trainings that another server has in hand stay: {count}").format(count=stay))
    try:
        results, others = _results(), _others(now)
    except StorageError as error:
        st.error(str(error), icon=":material/error:")
        return
    if stay is not None:  # no tick outlives what it was made for, in the browser neither
        st.session_state.update({"play-saved": False, **{f"empty-{heap.key}": False for heap in others}})
    st.markdown(_("This goes:") + "".join(f"\n- {heap.words}" for heap in results))
    st.markdown(_("This goes as well if you tick it:"))
    ticked = [heap for heap in others if st.checkbox(heap.words, key=f"empty-{heap.key}")]
    st.caption(_("It is deleted for everybody, and cannot be brought back."))
    saved = st.checkbox(_("I have saved what I need"), key="play-saved")
    pressed = st.button(
        _("Clear results and begin with a new class"),
        key="play-empty",
        icon=":material/delete_forever:",
        disabled=not saved,
    )
    if pressed:
        try:
            stay = 0
            with out_of_turn():  # hundreds of runs take a while
                for heap in (*results, *ticked):
                    _log.info("new class: %(heap)s deleted", {"heap": heap.key})
                    stay += heap.delete()
        except (StorageError, OSError) as error:
            st.error(words_for(error) if isinstance(error, OSError) else str(error), icon=":material/error:")
        else:
            st.session_state["class-emptied"] = stay
            st.rerun()


def _results() -> tuple[_Heap, ...]:
    """List what belongs to one class alone."""
    played, drawings = class_results(), len(class_drawings().labels) + count_hidden()
    about = {
        "games": _("{games}, with their drawings").format(games=played.draw_games + played.duels),
        "wall": _("{drawings} drawings, and the data set of them").format(drawings=drawings),
        "quiz": _("{answers}, from before and after the lessons").format(answers=count_answers()),
        "lesson": _("who is at which step, and a call that has not ended"),
    }
    return (
        _Heap("games", _("Results of games"), about["games"], _emptied(empty_class)),
        _Heap("wall", _("The wall"), about["wall"], _emptied(empty_wall)),
        _Heap("quiz", _("Answers to quizzes"), about["quiz"], _emptied(empty_quiz)),
        _Heap("lesson", _("The lesson"), about["lesson"], _emptied(empty_classroom)),
    )


def _others(now: Counts) -> tuple[_Heap, ...]:
    """List what the next class may go on with."""
    about = {
        "runs": _("{runs}, with their networks, {megabytes:,} MB; those that are going are stopped").format(
            runs=now.runs, megabytes=round(now.disk / 1e6)
        ),
        "collections": _("{drawings}, with the networks that learnt them: {networks}").format(
            drawings=count_all(), networks=len(all_hands())
        ),
    }
    return (
        _Heap("runs", _("Trainings"), about["runs"], runs().clear),
        _Heap(
            "collections",
            _("Drawings that visitors keep"),
            about["collections"],
            _emptied(forget_all_hands, delete_all),
        ),
    )


def _emptied(*acts: Callable[[], object]) -> Callable[[], int]:
    """Return what deletes a heap of which nothing stays."""

    def empty() -> int:
        for act in acts:
            act()
        return 0

    return empty
