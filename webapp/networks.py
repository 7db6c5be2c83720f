"""Which network reads on the drawing page: one that ships, or one that this visitor has trained."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from webapp.resources import runs, shipped_weights


@dataclass(frozen=True)
class Choice:
    """A network that can be chosen.

    Attributes:
        key: names it in the URL: a file's stem, or a run's id.
        path: its weights.
    """

    key: str
    path: Path


def remember_run(run_id: str) -> None:
    """Count a run as one of this visitor's."""
    mine: list[str] = st.session_state.setdefault("runs", [])
    if run_id not in mine:
        mine.append(run_id)


def choices() -> list[Choice]:
    """List the networks that this visitor can choose: shipped ones, then those of own runs, newest first."""
    found = [Choice(path.stem, path) for path in shipped_weights()]
    for run_id in reversed(st.session_state.get("runs", [])):
        snapshot = runs().snapshot(run_id)
        if snapshot is not None and snapshot.weights is not None:
            found.append(Choice(run_id, snapshot.weights))
    return found


def choose(key: str) -> None:
    """Let the drawing page read with this network from now on."""
    st.session_state["network"] = key


def chosen() -> Choice:
    """Say which network is chosen: in this session, else in the URL, else the default one."""
    asked = st.session_state.get("network") or st.query_params.get("network", "")
    if "network" not in st.session_state and asked and runs().snapshot(asked) is not None:
        remember_run(asked)  # after a reload the URL still knows the visitor's own network
    available = choices()
    return next((choice for choice in available if choice.key == asked), available[0])
