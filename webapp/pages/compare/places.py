"""Which runs are compared: each has a place, which decides its colour, in the URL and in the session."""

import math
import time

import streamlit as st

from webapp.charts.comparison import COLOURS, DASHES
from webapp.runs.shared import runs

MAX_COMPARED = len(COLOURS) * len(DASHES)
"""Beyond that two runs would look alike; a link may name thousands."""
SETTLING_SECONDS = 5.0
"""A click that comes before the browser has heard of the one before it still carries the URL from before both: for so
long after a click the session knows better."""


def compared() -> list[str]:
    """Return the ids of the runs to compare: those in the URL, else those chosen before in this session.

    A place is empty where a run was taken out or does not exist: the others keep their colours, on every screen that
    has the link.
    """
    asked = st.query_params.get("runs")
    places: list[str] = st.session_state.get("compared", [])
    if asked is not None and time.monotonic() - st.session_state.get("compared-at", -math.inf) > SETTLING_SECONDS:
        places = asked.split(",", MAX_COMPARED)[:MAX_COMPARED]
    known = [
        run_id if run_id not in places[:place] and runs().snapshot(run_id, curves=False) is not None else ""
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
    """Add a run to the comparison, in the first empty place, or remove it, as its box says.

    Like every callback beside a fragment that polls, this one sends nothing to the browser, so it does not touch the
    URL: whatever sends something may be broken off there when a poll and a click come together, and isn't called again.
    """
    places: list[str] = st.session_state["compared"]
    if not st.session_state[f"compare-{run_id}"]:
        places = ["" if other == run_id else other for other in places]
    elif run_id not in places:
        places = [*places, ""]
        places[places.index("")] = run_id
        places = places[:MAX_COMPARED]
    st.session_state.update({"compared": places, "compared-at": time.monotonic()})


def choose_none() -> None:
    """Remove all runs from the comparison."""
    st.session_state.update({"compared": [], "compared-at": time.monotonic()})
