"""An experiment: the chosen failure, its two runs, and the buttons that start them."""

import dataclasses
from collections.abc import Mapping

import streamlit as st

from webapp.components.kept import linked_choice
from webapp.i18n import gettext
from webapp.i18n import gettext as _
from webapp.networks.choice import remember_run
from webapp.pages.lab.failures import FAILURES, Failure
from webapp.runs.job import Job
from webapp.runs.room import words_for
from webapp.runs.shared import runs
from webapp.runs.snapshot import ACTIVE, Snapshot
from webapp.visitors.rights import starter

ROLES = ("fail", "mend")
"""The two runs of a failure, as they stand in the URL."""

Pair = Mapping[str, Snapshot]
"""The runs that have been started, by `ROLES`."""


def open_failure() -> Failure:
    """Show the choice of a failure: the one in the URL is open, else the one of this session, else the first."""
    names = {failure.key: gettext(failure.label) for failure in FAILURES}
    key = linked_choice(_("Failures"), "lab-failure", names, "failure", widget=st.pills, on_change=_forget_url)
    return next(failure for failure in FAILURES if failure.key == key)


def _forget_url() -> None:
    for name in (*ROLES, "guess"):
        st.query_params.pop(name, None)


def current_runs(failure: Failure) -> dict[str, Snapshot]:
    """Return the runs of a failure: those in the URL, else those that this session has started."""
    mine = st.session_state.setdefault("lab-runs", {}).setdefault(failure.key, {})
    found = {}
    for role, recipe in zip(ROLES, (failure.recipe, failure.remedy), strict=True):
        run_id = st.query_params.get(role) or mine.get(role)
        snapshot = runs().snapshot(run_id) if run_id else None
        # A link may name any run; with another seed it is still the same experiment.
        if snapshot is not None and snapshot.job.recipe == dataclasses.replace(recipe, seed=snapshot.job.recipe.seed):
            found[role] = snapshot
            mine[role] = st.query_params[role] = snapshot.id
        else:
            mine.pop(role, None)
            st.query_params.pop(role, None)
    return found


def start(failure: Failure, role: str, data: str, seed: int) -> None:
    """Start one of a failure's two runs and show it; the one that fails begins the experiment anew."""
    recipe, part = (failure.recipe, "failure") if role == "fail" else (failure.remedy, "remedy")
    mine = st.session_state["lab-runs"]  # first: the script may be broken off wherever it looks into the session
    try:
        run_id = runs().start(Job(dataclasses.replace(recipe, seed=seed), data), f"{failure.title}: {part}", starter())
    except OSError as error:
        st.error(words_for(error), icon=":material/error:")
        return
    mine[failure.key] = {role: run_id} if role == "fail" else {**mine[failure.key], role: run_id}
    _forget_url()
    remember_run(run_id)
    st.rerun()


def buttons(failure: Failure, pair: Pair, data: str) -> None:
    """Show the two clicks of an experiment, and a third one, once it is over, that begins it anew.

    None is a callback: the message of a poll can carry a press that is on its way by itself, see `status.steer`.
    """
    seed = pair["fail"].job.recipe.seed if "fail" in pair else failure.recipe.seed
    with st.container(horizontal=True, key="lab-buttons"):
        if st.button(
            _("Let it fail"),
            key="let-it-fail",
            type="secondary" if pair else "primary",
            icon=":material/play_arrow:",
            disabled="fail" in pair,
        ):
            start(failure, "fail", data, seed)
        if st.button(
            _("Apply the remedy"),
            key="apply-the-remedy",
            type="primary" if "fail" in pair and "mend" not in pair else "secondary",
            icon=":material/healing:",
            disabled="fail" not in pair or "mend" in pair,
        ):
            start(failure, "mend", data, seed)
        if (
            len(pair) == len(ROLES)
            and not is_going(pair)
            and st.button(_("Again, with other random numbers"), key="again", type="tertiary", icon=":material/casino:")
        ):
            start(failure, "fail", data, seed + 1)


def is_going(pair: Pair) -> bool:
    """Return whether one of the runs still moves, or will."""
    return any(snapshot.state in ACTIVE for snapshot in pair.values())
