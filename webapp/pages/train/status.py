"""Where a run stands: its state and progress, and the buttons that steer it."""

from typing import Literal

import streamlit as st

from webapp.components.live_chart import live_words
from webapp.i18n import error_text
from webapp.i18n import gettext as _
from webapp.pages.train.progress import progress_html
from webapp.pages.train.views.curves import source_of
from webapp.runs.facts import state_text
from webapp.runs.records import reason_of
from webapp.runs.shared import runs
from webapp.runs.snapshot import ACTIVE, Snapshot
from webapp.visitors.rights import may_steer, steered


def steer(snapshot: Snapshot) -> None:
    """Show the run's state with its buttons.

    In a part of the page that no poll runs, and what counts each press is no callback: the browser's message for a poll
    can carry a press that is also on its way by itself, and whatever that message runs would take it for another one.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="steer"):
        with st.container(key=f"status-{snapshot.state}", width="stretch"):
            st.html(f'<h2 class="state">{_heading(snapshot)}</h2>')
        _buttons(snapshot)


def status(snapshot: Snapshot) -> None:
    """Show the run's progress and figures, and what else is to be said about it."""
    live_words(progress_html(snapshot), "progress", source=source_of(snapshot), stage=snapshot.stage)
    if "error" in snapshot.records.end:
        reason = error_text(reason_of(snapshot.records.end))
        st.error(_("The training could not go on: {reason}").format(reason=reason), icon=":material/error:")
    elif snapshot.state == "interrupted":
        st.warning(
            _("The training process or the server ended while this run was going. Nothing is lost: resume it."),
            icon=":material/warning:",
        )
    if snapshot.note:
        st.text(snapshot.note)
    if snapshot.records.begin.get("synthetic"):
        st.info(_("Trained on synthetic digits, which are drawn by code: figures do not compare with MNIST."))


def _heading(snapshot: Snapshot) -> str:
    if snapshot.stopping:
        return _("Stopping")
    if snapshot.pausing:
        return _("Training until it pauses")
    if snapshot.state == "queued":
        return _("Waiting for a processor: place {place}").format(place=snapshot.place)
    if snapshot.state == "running" and not snapshot.records.begin:
        return _("Loading the data")
    return state_text(snapshot)


def _buttons(snapshot: Snapshot) -> None:
    """Show what can be done with the run now; what can't be done yet is there, but disabled, so that nothing jumps."""
    registry, out_of_reach = runs(), snapshot.elsewhere or snapshot.behind
    if snapshot.state not in (*ACTIVE, "interrupted"):
        return
    if not may_steer(snapshot):
        st.caption(_("Only whoever started it, or the teacher, can pause or stop it."), width="content")
        return
    # In a place of its own: for a moment Streamlit shows the one that comes beside the one that goes.
    with st.container(key="pause-or-resume"):
        if snapshot.state == "running" and not snapshot.pausing:
            label, key, icon, act = _("Pause"), "pause", ":material/pause:", registry.pause
        else:
            label, key, icon, act = _("Resume"), "resume", ":material/play_arrow:", registry.resume
        disabled = snapshot.stopping or snapshot.state == "queued" or out_of_reach
        st.button(
            label, key=key, icon=icon, on_click=steered, args=(snapshot.id, act), disabled=disabled, width="stretch"
        )
    one_batch = _("One update of the weights, with one batch of images.")
    all_images = _("On to the end of this epoch: once through all training images.")
    steps: dict[Literal["step", "epoch"], tuple[str, str, str]] = {
        "step": (_("Step"), ":material/step:", one_batch),
        "epoch": (_("Epoch"), ":material/skip_next:", all_images),
    }
    for until, (label, icon, text) in steps.items():
        if st.button(label, key=until, icon=icon, help=text, disabled=out_of_reach or snapshot.state != "paused"):
            registry.step(snapshot.id, until)
    st.button(
        _("Stop"),
        key="stop",
        icon=":material/stop:",
        on_click=steered,
        args=(snapshot.id, registry.stop),
        disabled=snapshot.stopping or out_of_reach,
    )
