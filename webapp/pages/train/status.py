"""Where a run stands: its state and progress, a line that reads its curves, and the buttons that steer it."""

import html
from typing import Literal

import streamlit as st

from mnist_core.training.diagnosis import Finding, diagnose
from webapp.charts.curve import smoothing_steps
from webapp.datasets import data_name
from webapp.i18n import gettext as _
from webapp.pages.train.findings import finding_text
from webapp.runs.facts import state_text
from webapp.runs.records import numbers
from webapp.runs.shared import runs
from webapp.runs.snapshot import ACTIVE, Snapshot, seconds_left, steps_per_second
from webapp.visitors.rights import may_steer, steered


def steer(snapshot: Snapshot) -> None:
    """Show the run's state with its buttons.

    In a part of the page that no poll runs, and what counts each press is no callback: the browser's message for a poll
    can carry a press that is also on its way by itself, and whatever that message runs would take it for another one.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="steer"):
        with st.container(key=f"status-{snapshot.state}", width="stretch"):
            st.subheader(_heading(snapshot), anchor=False)
        _buttons(snapshot)


def status(snapshot: Snapshot) -> None:
    """Show the run's progress, and what is to be said about it."""
    st.html(f'<p class="caption">{html.escape(" · ".join(_about(snapshot)))}</p>')  # its name is no Markdown
    if snapshot.state in ("running", "paused") and snapshot.steps_per_epoch:
        done = snapshot.step / (snapshot.steps_per_epoch * snapshot.recipe.epochs)
        st.progress(min(1.0, done), _progress(snapshot))
    elif snapshot.step:
        st.caption(_progress(snapshot))
    if snapshot.step or "diverged" in snapshot.records.end:
        _figures(snapshot)
    if "error" in snapshot.records.end:
        reason = snapshot.records.end["error"]
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
        return _("Pausing")
    if snapshot.state == "queued":
        return _("Waiting for a free processor (place {place} in the queue)").format(place=snapshot.place)
    if snapshot.state == "running" and not snapshot.records.begin:
        return _("Loading the data")
    return state_text(snapshot)


def _about(snapshot: Snapshot) -> list[str]:
    recipe, begin = snapshot.job.recipe, snapshot.records.begin
    data = data_name(begin.get("data_name", "…"), begin.get("synthetic", False))
    about = [snapshot.name, "-".join(str(size) for size in recipe.layer_sizes), data]
    if recipe.distortion:
        about.append(_("distorted images"))
    if snapshot.job.parent is not None:
        parent = snapshot.job.parent
        about.append(_("forked from {run} after epoch {epoch}").format(run=parent.run, epoch=parent.epoch))
    return about


def _progress(snapshot: Snapshot) -> str:
    """Describe how far the run is, how fast, and how long it will take."""
    epochs, step, per_epoch = snapshot.recipe.epochs, snapshot.step, snapshot.steps_per_epoch
    epoch = min(epochs, max(0, step - 1) // max(per_epoch, 1) + 1)
    if per_epoch == 1:
        parts = [_("epoch {epoch:,} of {epochs:,}, one step each").format(epoch=epoch, epochs=epochs)]
    else:
        text = _("epoch {epoch:,} of {epochs:,}, step {step:,} of {total:,}")
        parts = [text.format(epoch=epoch, epochs=epochs, step=step, total=per_epoch * epochs)]
    pace = steps_per_second(snapshot)
    if snapshot.state == "running" and pace is not None:
        images = min(snapshot.recipe.batch_size, snapshot.records.begin["train_images"])
        two_digits = int(float(f"{pace * images:.2g}"))  # what can be read while it changes
        parts.append(_("{images:,} images a second").format(images=two_digits))
        parts.append(_time_left(seconds_left(snapshot) or 0.0))
    elif snapshot.state not in ACTIVE:
        parts.append(_("{seconds:.0f} s of training").format(seconds=snapshot.records.seconds))
    return " · ".join(parts)


def _figures(snapshot: Snapshot) -> None:
    """Show how well the network reads by now."""
    records = snapshot.records
    newest = records.accuracy[-smoothing_steps(snapshot.recipe.batch_size) :]
    with st.container(horizontal=True, vertical_alignment="center", gap="large", key="figures"):
        if newest:
            text = _("Share of the newest training images that were read correctly.")
            st.metric(_("Training accuracy"), f"{sum(newest) / len(newest):.1%}", help=text, width="content")
        if records.validation_accuracy:
            text = _("Of images that are kept out of the training.")
            st.metric(_("Validation accuracy"), f"{records.validation_accuracy[-1][1]:.1%}", help=text, width="content")
        if "test_accuracy" in records.end:
            with st.container(key="test-accuracy", width="content"):
                text = _("Of test images that play no part in the training, read once at its end.")
                st.metric(_("Test accuracy"), f"{records.end['test_accuracy']:.2%}", help=text)
        with st.container(key="finding", width="stretch"):
            finding = _finding(snapshot)
            (st.warning if finding.is_problem else st.info)(finding_text(finding))


def _finding(snapshot: Snapshot) -> Finding:
    """Read the curves."""
    records = snapshot.records
    return diagnose(
        snapshot.recipe,
        snapshot.steps_per_epoch,
        numbers(records.loss),
        numbers(records.accuracy),
        records.epochs,
        records.layers,
        over=snapshot.state not in ACTIVE,
        diverged="diverged" in records.end,
    )[0]


def _time_left(seconds: float) -> str:
    if seconds < 100:
        return _("about {seconds} s left").format(seconds=max(1, round(seconds)))
    return _("about {minutes} min left").format(minutes=round(seconds / 60))


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
