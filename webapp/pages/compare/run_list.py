"""The list of runs, with the menu of each."""

import itertools
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from webapp.components.kept import kept_choice, linked_choice
from webapp.formats import as_written
from webapp.i18n import gettext as _
from webapp.pages.compare.places import choose, choose_none
from webapp.pages.compare.tables import list_row
from webapp.runs.facts import Order, ordered
from webapp.runs.names import run_name
from webapp.runs.registry import MAX_NAME, MAX_NOTE
from webapp.runs.room import words_for
from webapp.runs.shared import runs
from webapp.runs.snapshot import ACTIVE, Snapshot
from webapp.visitors.identity import browser
from webapp.visitors.rights import may_steer, steered

FIRST_SHOWN = 20
"""Rows of the list at first, and how many more come at each press of the button below it."""


def run_list(places: Sequence[str]) -> dict[str, DeltaGenerator]:
    """Show the list of runs; return the places of their texts, by the ids of the runs."""
    orders: dict[Order, str] = {"newest": _("Newest"), "accuracy": _("Accuracy"), "time": _("Time"), "size": _("Size")}
    owners = {"all": _("All"), "mine": _("Mine")}
    with st.container(horizontal=True, vertical_alignment="center", key="list-options"):
        by: Order = kept_choice(_("Sort by"), "compare-order", orders)
        owner = linked_choice(_("Whose runs"), "compare-owner", owners, "whose")
        if any(places):
            st.button(_("Untick all"), key="untick", type="tertiary", on_click=choose_none)
    if problem := st.session_state.pop("compare-problem", None):
        st.error(problem)
    count = st.session_state.setdefault("compare-shown", FIRST_SHOWN)
    found = (run for run_id in runs().all() if (run := runs().snapshot(run_id, curves=False)) is not None)
    wanted = (run for run in found if owner == "all" or run.owner == browser())
    # To know one more is enough: of the others nothing need be read.
    shown = ordered(list(itertools.islice(wanted, count + 1 if by == "newest" else None)), by)
    if not shown:
        st.caption(_("You have not started a run yet."))
    texts = {run.id: _list_entry(run, places) for run in shown[:count]}
    if len(shown) > count:
        st.button(_("Show more"), key="show-more", on_click=_show_more, width="stretch")
    return texts


def _show_more() -> None:
    st.session_state["compare-shown"] += FIRST_SHOWN


def _list_entry(run: Snapshot, places: Sequence[str]) -> DeltaGenerator:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"run-{run.id}"):
        # Only where it differs: a value that the program sets overrules a click that is under way.
        if st.session_state.get(f"compare-{run.id}") != (run.id in places):
            st.session_state[f"compare-{run.id}"] = run.id in places
        st.checkbox(
            _("Compare {name}").format(name=as_written(run_name(run))),
            key=f"compare-{run.id}",
            label_visibility="collapsed",
            on_change=choose,
            args=(run.id,),
        )
        text = st.empty()
        text.html(row_of(run, places))
        label = _("Menu of {name}").format(name=as_written(run_name(run)))
        menu = st.popover(label, icon=":material/more_vert:", type="tertiary", key=f"menu-{run.id}", on_change="rerun")
        if menu.open:
            with menu:
                _menu(run)
        elif st.session_state.get("deleting") == run.id:
            st.session_state["deleting"] = None
    return text


def row_of(run: Snapshot, places: Sequence[str]) -> str:
    """Return a run's row as HTML, see `list_row`."""
    place = places.index(run.id) if run.id in places else None
    return list_row(run, place, run.owner == browser())


def _menu(run: Snapshot) -> None:
    """Show what can be done with a run; it is only built while it is open."""
    if may_steer(run):
        _naming(run)
    st.page_link(
        "train/page.py",
        label=_("Open on the training page"),
        icon=":material/model_training:",
        query_params={"run": run.id},
    )
    if may_steer(run):
        _deleting(run)
    else:
        st.caption(_("Only whoever started it, or the teacher, can rename or delete it."))


def _naming(run: Snapshot) -> None:
    st.text_input(_("Name"), run_name(run), MAX_NAME, key=f"name-{run.id}")
    st.text_area(_("Note"), run.note, max_chars=MAX_NOTE, key=f"note-{run.id}")
    st.button(
        _("Save"),
        icon=":material/check:",
        key=f"save-{run.id}",
        on_click=steered,
        args=(run.id, _save),
        width="stretch",
    )


def _deleting(run: Snapshot) -> None:
    asked = st.session_state.get("deleting") == run.id
    if run.state in ACTIVE:
        st.caption(_("It can be deleted once it is over: stop it on the training page first."))
    elif asked:
        st.caption(_("Its curves, its checkpoints and its network will be gone, for everybody."))
    st.button(
        _("Delete for good") if asked else _("Delete"),
        icon=":material/delete:",
        key=f"delete-{run.id}",
        type="primary" if asked else "secondary",
        disabled=run.state in ACTIVE,
        on_click=steered,
        args=(run.id, _delete),
        width="stretch",
    )


def _save(run_id: str) -> None:
    run, name = runs().snapshot(run_id, curves=False), st.session_state[f"name-{run_id}"]
    if run is not None and name == run_name(run):
        name = run.name  # as others may read it in another language
    try:
        runs().describe(run_id, name, st.session_state[f"note-{run_id}"])
    except OSError as error:
        st.session_state["compare-problem"] = words_for(error)
    st.session_state[f"menu-{run_id}"] = False


def _delete(run_id: str) -> None:
    """Ask at the first click, delete at the second."""
    if st.session_state.get("deleting") != run_id:
        st.session_state["deleting"] = run_id
        return
    st.session_state["deleting"] = None
    try:
        runs().delete(run_id)
    except OSError as error:
        st.session_state["compare-problem"] = words_for(error)
