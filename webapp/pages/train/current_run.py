"""The run that the page shows, and the job that its URL describes."""

import time

import streamlit as st

from webapp.datasets import data_folders
from webapp.i18n import gettext as _
from webapp.networks.choice import remember_run
from webapp.runs.job import Job
from webapp.runs.shared import runs
from webapp.runs.snapshot import Snapshot
from webapp.settings.links import LinkError, job_of_query, settings_query

DOUBLE_CLICK_SECONDS = 1.0
"""Two presses of Start within this time are one."""


def current_run() -> Snapshot | None:
    """Return the run of this page: the one in the URL, else the last one of this session."""
    run_id = st.query_params.get("run") or st.session_state.get("run")
    snapshot = runs().snapshot(run_id) if run_id else None
    if snapshot is None:
        st.query_params.pop("run", None)
        return None
    show_run(snapshot.id)
    return snapshot


def show_run(run_id: str) -> None:
    """Make a run the one of this page."""
    st.session_state["run"] = st.query_params["run"] = run_id
    remember_run(run_id)


def start(job: Job) -> None:
    """Start a run and show it, unless the button was pressed twice."""
    if time.monotonic() - st.session_state.get("start_pressed", -DOUBLE_CLICK_SECONDS) >= DOUBLE_CLICK_SECONDS:
        st.session_state["start_pressed"] = time.monotonic()
        show_next(runs().start(job))


def show_next(run_id: str) -> None:
    """Run the page anew, with this run.

    The URL is left to that next run of the page: whatever talks to the browser may be broken off by a poll, and the new
    run would never be shown.
    """
    st.session_state["next_run"] = run_id
    st.rerun()


def linked_job() -> Job | None:
    """Return the job that the URL describes; None, with a word on the page, if it can't be understood."""
    try:
        return job_of_query(st.query_params.to_dict(), data_folders())
    except LinkError as error:
        st.warning(_("The settings of this link can't be used: {reason}").format(reason=error))
        return None


def keep_in_url(job: Job) -> None:
    """Keep the settings in the URL, beside run and language: it is a link to them, and survives a reload."""
    before = st.query_params.to_dict()
    after = {name: before[name] for name in ("run", "lang") if name in before} | settings_query(job)
    if after != before:
        st.query_params.from_dict(after)
