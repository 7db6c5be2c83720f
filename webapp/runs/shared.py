"""The registry of runs that all sessions of the server share."""

import os
from pathlib import Path

import streamlit as st

from webapp.runs.registry import Runs


@st.cache_resource(show_spinner=False)
def runs() -> Runs:
    """Return the registry of runs: those in `RUNS_DIR` (runs/), `RUNS_AT_ONCE` of them at a time (one per core)."""
    at_once = int(os.environ.get("RUNS_AT_ONCE", 0)) or os.cpu_count() or 1
    return Runs(Path(os.environ.get("RUNS_DIR", "runs")), at_once)
