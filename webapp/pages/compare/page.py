"""The page that lists all runs of this server, and puts chosen ones side by side."""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from webapp.charts.comparison import Axis, Measure, Part, overlay_figure, run_curve
from webapp.components.frame import page_title
from webapp.components.kept import kept
from webapp.components.live_chart import live_chart
from webapp.i18n import gettext as _
from webapp.pages.compare.tables import Placed, comparison_table, legend, list_row, without_validation
from webapp.runs.facts import Order, ordered
from webapp.runs.registry import MAX_NAME, MAX_NOTE
from webapp.runs.shared import runs
from webapp.runs.snapshot import ACTIVE, Snapshot

POLL_SECONDS = 1.0
FIRST_SHOWN = 20
"""Rows of the list at first, and how many more come at each press of the button below it."""
SETTLING_SECONDS = 5.0
"""A click that comes before the browser has heard of the one before it still carries the URL from before both: for so
long after a click the session knows better."""


def compared() -> list[str]:
    """Give the ids of the runs to compare: those in the URL, else those chosen before in this session.

    A place is empty where a run was taken out or does not exist: the others keep their colours, on every screen that
    has the link.
    """
    asked = st.query_params.get("runs")
    places: list[str] = st.session_state.get("compared", [])
    if asked is not None and time.monotonic() - st.session_state.get("compared-at", -math.inf) > SETTLING_SECONDS:
        places = asked.split(",")
    known = [
        run_id if run_id not in places[:place] and runs().snapshot(run_id) is not None else ""
        for place, run_id in enumerate(places)
    ]
    while known and not known[-1]:
        known.pop()
    st.session_state["compared"] = known
    if not known:
        st.query_params.pop("runs", None)
    elif asked != ",".join(known):
        st.query_params["runs"] = ",".join(known)
    return known


def choose(run_id: str) -> None:
    """Take a run into the comparison, in the first empty place, or out of it, as its box says.

    Like every callback beside a fragment that polls, this one sends nothing to the browser, so it does not touch the
    URL: whatever sends something may be broken off there when a poll and a click come together, and isn't called again.
    """
    places: list[str] = st.session_state["compared"]
    if not st.session_state[f"compare-{run_id}"]:
        places = ["" if other == run_id else other for other in places]
    elif run_id not in places:
        places = [*places, ""]
        places[places.index("")] = run_id
    st.session_state.update({"compared": places, "compared-at": time.monotonic()})


def choose_none() -> None:
    """Take all runs out of the comparison."""
    st.session_state.update({"compared": [], "compared-at": time.monotonic()})


def run_list(places: Sequence[str]) -> dict[str, DeltaGenerator]:
    """Show the list of runs, and give the places of their texts, by the ids of the runs."""
    orders: dict[Order, str] = {"newest": _("Newest"), "accuracy": _("Accuracy"), "time": _("Time"), "size": _("Size")}
    owners = {"all": _("All"), "mine": _("Mine")}
    with st.container(horizontal=True, vertical_alignment="center", key="list-options"):
        by: Order = _choice(_("Sort by"), "compare-order", orders)
        owner = _choice(_("Whose runs"), "compare-owner", owners)
        if any(places):
            st.button(_("Untick all"), key="untick", type="tertiary", on_click=choose_none)
    ids = [run_id for run_id in runs().all() if owner == "all" or _is_mine(run_id)]
    if not ids:
        st.caption(_("You have not started a run in this visit."))
    count = st.session_state.setdefault("compare-shown", FIRST_SHOWN)
    if by == "newest":
        ids = ids[: count + 1]  # to know one more is enough: the others need not be read
    shown = ordered([run for run_id in ids if (run := runs().snapshot(run_id)) is not None], by)
    texts = {run.id: _list_entry(run, places) for run in shown[:count]}
    if len(shown) > count:
        st.button(_("Show more"), key="show-more", on_click=_show_more, width="stretch")
    return texts


def _choice(label: str, key: str, names: Mapping[Any, str]) -> Any:
    return kept(
        st.segmented_control,
        label,
        key,
        next(iter(names)),
        options=list(names),
        format_func=names.__getitem__,
        required=True,
        label_visibility="collapsed",
    )


def _show_more() -> None:
    st.session_state["compare-shown"] += FIRST_SHOWN


def _list_entry(run: Snapshot, places: Sequence[str]) -> DeltaGenerator:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"run-{run.id}"):
        # Only where it differs: a value that the program sets overrules a click that is under way.
        if st.session_state.get(f"compare-{run.id}") != (run.id in places):
            st.session_state[f"compare-{run.id}"] = run.id in places
        st.checkbox(
            _("Compare {name}").format(name=run.id),
            key=f"compare-{run.id}",
            label_visibility="collapsed",
            on_change=choose,
            args=(run.id,),
        )
        text = st.empty()
        text.html(list_row(run, _place(run.id, places), _is_mine(run.id)))
        label = _("Menu of {name}").format(name=run.id)
        menu = st.popover(label, icon=":material/more_vert:", type="tertiary", key=f"menu-{run.id}", on_change="rerun")
        if menu.open:
            with menu:
                _menu(run)
        elif st.session_state.get("deleting") == run.id:
            st.session_state["deleting"] = None
    return text


def _place(run_id: str, places: Sequence[str]) -> int | None:
    return places.index(run_id) if run_id in places else None


def _is_mine(run_id: str) -> bool:
    return run_id in st.session_state.get("runs", [])


def _menu(run: Snapshot) -> None:
    """Show what can be done with a run; it is only built while it is open."""
    st.text_input(_("Name"), run.name, MAX_NAME, key=f"name-{run.id}")
    st.text_area(_("Note"), run.note, max_chars=MAX_NOTE, key=f"note-{run.id}")
    st.button(_("Save"), icon=":material/check:", key=f"save-{run.id}", on_click=_save, args=(run.id,), width="stretch")
    st.page_link(
        "webapp/pages/train/page.py",
        label=_("Open on the training page"),
        icon=":material/model_training:",
        query_params={"run": run.id},
    )
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
        on_click=_delete,
        args=(run.id,),
        width="stretch",
    )


def _save(run_id: str) -> None:
    runs().describe(run_id, st.session_state[f"name-{run_id}"], st.session_state[f"note-{run_id}"])
    st.session_state[f"menu-{run_id}"] = False


def _delete(run_id: str) -> None:
    """Ask at the first click, delete at the second."""
    if st.session_state.get("deleting") != run_id:
        st.session_state["deleting"] = run_id
        return
    st.session_state["deleting"] = None
    runs().delete(run_id)


def watch(places: Sequence[str], texts: Mapping[str, DeltaGenerator], going: frozenset[str]) -> None:
    """Show the comparison; while one of the runs in sight is going, this runs again and renews its row as well.

    Args:
        places: see `compared`.
        texts: see `run_list`.
        going: the runs in sight that were going when the page was built.
    """
    still = False
    for run_id in going:
        run = runs().snapshot(run_id)
        still = still or (run is not None and run.state in ACTIVE)
        if run is not None and run_id in texts:
            texts[run_id].html(list_row(run, _place(run_id, places), _is_mine(run_id)))
    if going and not still:
        st.rerun()  # once: the polling ends
    chosen = [(place, run) for place, run_id in enumerate(places) if (run := runs().snapshot(run_id)) is not None]
    if chosen:
        _comparison(chosen)
        return
    with st.container(border=True, key="nothing-chosen"):
        st.subheader(_("Nothing is compared yet"), anchor=False)
        st.markdown(_("Tick runs in the list: their curves are drawn over each other here."))


def _comparison(chosen: Placed) -> None:
    parts: dict[Part, str] = {"validation": _("Validation images"), "training": _("Training images")}
    axes: dict[Axis, str] = {"epochs": _("Epochs"), "seconds": _("Seconds")}
    with st.container(horizontal=True, vertical_alignment="center", key="curve-options"):
        part: Part = _choice(_("Which images"), "compare-part", parts)
        axis: Axis = _choice(_("Horizontal axis"), "compare-axis", axes)
        logarithmic = kept(st.toggle, _("Logarithmic loss"), "compare-log", False)
    st.html(legend(chosen, without_validation(chosen) if part == "validation" else ""))
    x_title = _("epoch") if axis == "epochs" else _("seconds of training")
    measures: dict[Measure, str] = {"loss": _("loss"), "accuracy": _("accuracy")}
    for measure, name in measures.items():
        curves = [run_curve(run.name, place, run.job.recipe, run.records, measure, part, axis) for place, run in chosen]
        with st.container(key=f"{measure}-overlay"):
            live_chart(overlay_figure(curves, measure, x_title, name, logarithmic), name, f"compare-{measure}")
    st.html(comparison_table(chosen))


page_title(_("Compare runs"), _("Tick runs in the list: their curves, settings and results stand side by side."))
if runs().all():
    places = compared()
    left, right = st.columns([5, 9], gap="medium")
    with left, st.container(key="runs"):
        texts = run_list(places)
        if any(places):
            st.html('<a class="jump" href="#comparison">' + _("See the comparison") + "</a>")
    in_sight = [runs().snapshot(run_id) for run_id in {*texts, *places}]
    going = frozenset(run.id for run in in_sight if run is not None and run.state in ACTIVE)
    with right:
        st.fragment(watch, run_every=POLL_SECONDS if going else None)(places, texts, going)
else:
    with st.container(border=True, key="no-runs"):
        st.subheader(_("There are no runs yet"), anchor=False)
        st.markdown(_("Every training on this server is listed here, with its curves, its settings and its results."))
        st.page_link("webapp/pages/train/page.py", label=_("Train a network"), icon=":material/model_training:")
