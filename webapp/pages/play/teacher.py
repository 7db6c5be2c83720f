"""For the teacher: the password that unlocks it, how much is going on, and a new class."""

import logging
from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from webapp.components.turn import out_of_turn
from webapp.i18n import gettext as _
from webapp.runs.room import words_for
from webapp.runs.shared import runs
from webapp.visitors.class_results import class_results, empty_class
from webapp.visitors.collection import count_all, delete_all
from webapp.visitors.counts import Counts, counts
from webapp.visitors.folder import StorageError
from webapp.visitors.handwriting_networks import all_hands, forget_all_hands
from webapp.visitors.rights import TooManyTriesError, is_teacher, lock, password, unlock

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
                "Only on the computer that runs this app, at `http://localhost:{port}`. Elsewhere it takes a teacher's "
                "password: whoever starts the app sets it, as `TEACHER_PASSWORD`."
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
    """Offer to delete what the last class has left."""
    st.markdown("**" + _("Start a new class") + "**")
    stay = st.session_state.pop("class-emptied", None)
    if stay is not None:
        st.success(_("Deleted. A new class can begin."), icon=":material/check:")
    if stay:
        st.warning(_("Trainings that another server has in hand stay: {count}").format(count=stay))
    try:
        heaps = _heaps(now)
    except StorageError as error:
        st.error(str(error), icon=":material/error:")
        return
    ticked = [heap for heap in heaps if st.checkbox(f"**{heap.label}**: {heap.about}", key=f"empty-{heap.key}")]
    pressed = st.button(
        _("Delete for good"), key="play-empty", icon=":material/delete_forever:", type="primary", disabled=not ticked
    )
    if pressed and ticked:
        try:
            stay = 0
            with out_of_turn():  # hundreds of runs take a while
                for heap in ticked:
                    _log.info("new class: %(heap)s deleted", {"heap": heap.key})
                    stay += heap.delete()
        except (StorageError, OSError) as error:
            st.error(words_for(error) if isinstance(error, OSError) else str(error), icon=":material/error:")
        else:
            st.session_state["class-emptied"] = stay
            for heap in heaps:
                st.session_state.pop(f"empty-{heap.key}", None)
            st.rerun()


def _heaps(now: Counts) -> tuple[_Heap, ...]:
    results = class_results()
    about = {
        "games": _("{games}, with their drawings").format(games=results.draw_games + results.duels),
        "runs": _("{runs}, with their networks, {megabytes:,} MB; those that are going are stopped").format(
            runs=now.runs, megabytes=round(now.disk / 1e6)
        ),
        "collections": _("{drawings}, with the networks that learnt them: {networks}").format(
            drawings=count_all(), networks=len(all_hands())
        ),
    }
    return (
        _Heap("games", _("Games"), about["games"], _empty_games),
        _Heap("runs", _("Trainings"), about["runs"], runs().clear),
        _Heap("collections", _("Drawings that visitors keep"), about["collections"], _empty_collections),
    )


def _empty_games() -> int:
    empty_class()
    return 0


def _empty_collections() -> int:
    forget_all_hands()
    delete_all()
    return 0
