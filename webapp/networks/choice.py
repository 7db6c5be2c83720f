"""Which network reads on the drawing page: one that ships, or one that this visitor has trained, trains or taught."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from mnist_core.errors import WeightsError
from mnist_core.recognizer import Recognizer
from webapp.i18n import error_text
from webapp.i18n import gettext as _
from webapp.networks.recognizers import recognizer, shipped_weights
from webapp.runs.names import run_name
from webapp.runs.shared import runs
from webapp.runs.snapshot import ACTIVE
from webapp.visitors.handwriting_networks import hand_of, hand_path
from webapp.visitors.identity import visitor_id

HAND = "hand"
"""Key of the network that has learnt the visitor's hand."""


@dataclass(frozen=True)
class Choice:
    """A network that can be chosen.

    Attributes:
        key: names it in the URL: a file's stem, a run's id, or `HAND`.
        name: what people call it.
        path: its weights; while it trains, the file is replaced every few seconds.
        trains: whether it is still in training.
    """

    key: str
    name: str
    path: Path
    trains: bool = False


def remember_run(run_id: str) -> None:
    """Count a run as one of this visitor's."""
    mine: list[str] = st.session_state.setdefault("runs", [])
    if run_id not in mine:
        mine.append(run_id)


def choices() -> list[Choice]:
    """List the networks that this visitor can choose: shipped ones, those of own runs, newest first, the taught one."""
    names = {"default": _("default")}
    found = [Choice(path.stem, names.get(path.stem, path.stem), path) for path in shipped_weights()]
    for run_id in reversed(st.session_state.get("runs", [])):
        snapshot = runs().snapshot(run_id, curves=False)
        path = None if snapshot is None else snapshot.weights
        if snapshot is not None and path is not None:
            found.append(Choice(run_id, run_name(snapshot), path, snapshot.state in ACTIVE))
    visitor = visitor_id()
    hand = None if visitor is None else hand_of(visitor)
    if visitor is not None and hand is not None:
        base = next((choice.name for choice in found if choice.key == hand.base), None)
        name = _("my hand") if base is None else _("{network}, my hand").format(network=base)
        found.append(Choice(HAND, name, hand_path(visitor)))
    return found


def weights_of(key: str, visitor: str | None) -> Path | None:
    """Find the file of a network by its key; None if there is none, or if it is another visitor's."""
    if key == HAND:
        return None if visitor is None else hand_path(visitor)
    shipped = next((path for path in shipped_weights() if path.stem == key), None)
    if shipped is not None:
        return shipped
    snapshot = runs().snapshot(key, curves=False)
    return None if snapshot is None else snapshot.weights


def choose(key: str) -> None:
    """Choose the network that the drawing page reads with from now on."""
    st.session_state["network"] = key
    st.query_params.pop("network", None)


def chosen() -> Choice:
    """Return the network that is chosen: in the URL, else in this session, else the default one."""
    linked = st.query_params.get("network", "")
    if linked and runs().snapshot(linked, curves=False) is not None:
        remember_run(linked)  # after a reload, or on another computer, the URL still knows the network
        st.session_state["network"] = linked
    available = {choice.key: choice for choice in choices()}
    asked = (key for key in (linked, st.session_state.get("network")) if key in available)
    return available[next(asked, next(iter(available)))]


def reader_of(choice: Choice) -> Recognizer | None:
    """Load a network; None, with a word on the page, if that fails."""
    try:
        return recognizer(choice.path)
    except WeightsError as error:
        st.error(_("This network cannot be loaded: {reason}").format(reason=error_text(error)), icon=":material/error:")
        return None
