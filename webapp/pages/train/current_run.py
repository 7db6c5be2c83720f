"""The run that the page shows, and the job that its URL describes."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from webapp.datasets import data_folders
from webapp.i18n import gettext as _
from webapp.networks.choice import remember_run
from webapp.runs.job import Job
from webapp.runs.room import words_for
from webapp.runs.shared import runs
from webapp.runs.snapshot import Snapshot
from webapp.settings.links import OF_EVERY_PAGE, LinkError, job_of_query, settings_query

DOUBLE_CLICK_SECONDS = 1.0
"""Two presses of a button that starts a run are one within this time."""


@dataclass
class _Started:
    """The last start of this session.

    Streamlit may break a script off wherever that looks into the session, for the next press of a button: what belongs
    together is an object that one look finds.

    Attributes:
        run_id: the run, until it is shown.
        at: when it was started, by the clock `time.monotonic`.
    """

    run_id: str | None = None
    at: float = -DOUBLE_CLICK_SECONDS


def _last_start() -> _Started:
    return st.session_state.setdefault("started", _Started())


def current_run() -> Snapshot | None:
    """Return the run of this page: the one in the URL, else the last one of this session; None if it is gone."""
    run_id = st.query_params.get("run") or st.session_state.get("run")
    snapshot = runs().snapshot(run_id) if run_id else None
    if snapshot is None:
        if run_id:
            st.session_state["run"] = run_id
        st.query_params.pop("run", None)
        return None
    show_run(snapshot.id)
    return snapshot


def is_gone() -> bool:
    """Return whether this page has no run because the one that was asked for does not exist."""
    return "run" in st.session_state


def show_run(run_id: str) -> None:
    """Make a run the one of this page."""
    st.session_state["run"] = st.query_params["run"] = run_id
    remember_run(run_id)


def start(begin: Callable[[], str]) -> None:
    """Start a run, unless a button was pressed twice, and run the page anew, with this run; or say why that can't be.

    Args:
        begin: starts it and returns its id.
    """
    last = _last_start()
    if time.monotonic() - last.at >= DOUBLE_CLICK_SECONDS:
        try:
            last.run_id = begin()
        except OSError as error:
            st.error(words_for(error), icon=":material/error:")
            return
        last.at = time.monotonic()
        st.rerun()


def show_started() -> None:
    """Show the run that was just started.

    At the beginning of a run of the page: whatever talks to the browser, as a change of the URL does, may be broken off
    by the next request, and the new run would never be shown.
    """
    last = _last_start()
    if last.run_id is not None:
        st.session_state["rewind"] = False  # the popover that forked it is closed
        show_run(last.run_id)
        last.run_id = None


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
    after = {name: before[name] for name in (*OF_EVERY_PAGE, "run", "tab") if name in before} | settings_query(job)
    if after != before:
        st.query_params.from_dict(after)
