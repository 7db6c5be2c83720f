"""The training page: choose a recipe, press Start, and watch the network learn."""

from pathlib import Path

import numpy as np
import streamlit as st

from mnist_core.recipes import RECIPES, Recipe
from webapp.charts import accuracy_figure, loss_figure
from webapp.frame import page_title
from webapp.live_chart import live_chart
from webapp.networks import choose, remember_run
from webapp.resources import runs
from webapp.runs import ACTIVE, Records, Snapshot, seconds_left
from webapp.settings import settings_form
from webapp.texts import gettext as _

POLL_SECONDS = 0.5


def current_run() -> Snapshot | None:
    """Look at the run of this page: the one in the URL, else the last one of this session."""
    run_id = st.query_params.get("run") or st.session_state.get("run")
    snapshot = runs().snapshot(run_id) if run_id else None
    if snapshot is None:
        st.query_params.pop("run", None)
        return None
    st.session_state["run"] = st.query_params["run"] = snapshot.id
    remember_run(snapshot.id)
    return snapshot


def watch() -> None:
    """Show this page's run; while it goes, this runs again twice a second."""
    snapshot = current_run()
    if snapshot is None:
        with st.container(key="status-idle", border=True):
            st.subheader(_("Nothing is training yet"), anchor=False)
            st.markdown(_("Choose a recipe and press **Start**: the curves grow here while the network learns."))
        _charts(Records(), RECIPES["quick"], 1)  # empty: where curves will grow; Plotly is loaded by the time they do
        return
    _status(snapshot)
    if not snapshot.job.recipe.validation_fraction:
        st.caption(_("This training keeps no images for validation, so only the training curve is drawn."))
    elif snapshot.job.recipe.distortion:
        st.caption(
            _("The training images are distorted, those for validation are not: so validation often looks better.")
        )
    if snapshot.records.begin.get("synthetic"):
        st.info(_("Trained on synthetic digits, which are drawn by code: figures do not compare with MNIST."))
    if snapshot.weights is not None:
        _result(snapshot, snapshot.weights)
    _charts(snapshot.records, snapshot.job.recipe, snapshot.steps_per_epoch)
    if snapshot.state not in ACTIVE and st.session_state.get("watched") == snapshot.id:
        st.session_state["watched"] = None
        st.rerun()  # once: the polling ends, and Start is free again


def _status(snapshot: Snapshot) -> None:
    recipe, records = snapshot.job.recipe, snapshot.records
    states = {
        "queued": _("Waiting for a free processor (place {place} in the queue)").format(place=snapshot.place),
        "running": _("Training") if records.begin else _("Loading the data"),
        "paused": _("Paused"),
        "stopped": _("Stopped"),
        "finished": _("Finished"),
        "failed": _("Failed"),
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(key=f"status-{snapshot.state}"):
            heading = _("Pausing") if snapshot.pausing else states[snapshot.state]
            st.subheader(_("Stopping") if snapshot.stopping else heading, anchor=False)
        _controls(snapshot)
    data = _("synthetic digits") if records.begin.get("synthetic") else records.begin.get("data_name", "…")
    layers = "-".join(str(size) for size in recipe.layer_sizes)
    about = [snapshot.id, layers, data, *([_("distorted images")] if recipe.distortion else [])]
    step, epoch = (0, 1) if records.last_step is None else (records.last_step.step, records.last_step.epoch)
    total = snapshot.steps_per_epoch * recipe.epochs
    text = (
        _("epoch {epoch:,} of {epochs:,}, one step each")
        if snapshot.steps_per_epoch == 1
        else _("epoch {epoch:,} of {epochs:,}, step {step:,} of {total:,}")
    )
    progress = text.format(epoch=epoch, epochs=recipe.epochs, step=step, total=total)
    if snapshot.state in ("running", "paused") and total:
        left = seconds_left(snapshot)
        if left is not None and snapshot.state == "running":
            progress += " · " + _time_left(left)
        st.caption(" · ".join(about))
        st.progress(step / total, progress)
    else:
        st.caption(" · ".join([*about, progress] if step else about))
    if snapshot.state == "failed":
        st.error(_failure(snapshot), icon=":material/error:")


def _time_left(seconds: float) -> str:
    if seconds < 100:
        return _("about {seconds} s left").format(seconds=max(1, round(seconds)))
    return _("about {minutes} min left").format(minutes=round(seconds / 60))


def _failure(snapshot: Snapshot) -> str:
    end = snapshot.records.end
    if "diverged" in end:
        return _(
            "The loss was no longer a finite number at step {step} with the learning rate {learning_rate:g}. "
            "Try a learning rate ten times smaller."
        ).format(**end["diverged"])
    if "error" in end:
        return _("The training could not go on: {reason}").format(reason=end["error"])
    return _("The training process ended unexpectedly. Start it again.")


def _controls(snapshot: Snapshot) -> None:
    if snapshot.state not in ACTIVE or snapshot.stopping:
        return
    mine = (snapshot.id,)
    if snapshot.state == "running" and not snapshot.pausing:
        st.button(_("Pause"), key="pause", icon=":material/pause:", on_click=runs().pause, args=mine)
    if snapshot.state == "paused" or snapshot.pausing:
        st.button(_("Resume"), key="resume", icon=":material/play_arrow:", on_click=runs().resume, args=mine)
    st.button(_("Stop"), key="stop", icon=":material/stop:", on_click=runs().stop, args=mine)


def _charts(records: Records, recipe: Recipe, steps_per_epoch: int) -> None:
    names = {
        "training": _("training"),
        "validation": _("validation"),
        "best": _("best epoch"),
        "epoch": _("epoch"),
        "loss": _("loss"),
        "accuracy": _("accuracy"),
    }
    best = next((epoch for epoch in reversed(records.epochs) if epoch.best), None)
    has_validation = recipe.validation_fraction > 0
    common = (best, recipe.batch_size, max(steps_per_epoch, 1), recipe.epochs, names)
    loss = loss_figure(np.array(records.loss), records.validation_loss if has_validation else None, *common)
    accuracy = accuracy_figure(
        np.array(records.accuracy), records.validation_accuracy if has_validation else None, *common
    )
    with st.container(key="loss-chart"):
        live_chart(loss, names["loss"], "loss")
    with st.container(key="accuracy-chart"):
        live_chart(accuracy, names["accuracy"], "accuracy")


def _result(snapshot: Snapshot, weights: Path) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(key="test-accuracy", width="content"):
            st.metric(_("Test accuracy"), f"{snapshot.records.end['test_accuracy']:.2%}")
        if st.button(_("Draw with this network"), key="use", icon=":material/draw:", type="primary"):
            choose(snapshot.id)
            st.switch_page("webapp/pages/draw.py")
        st.download_button(
            _("Download weights"),
            weights.read_bytes(),
            file_name=f"{snapshot.id}.npz",
            key="download",
            icon=":material/download:",
            on_click="ignore",
        )


page_title(_("Train a network"), _("Choose a recipe, press Start, and watch loss and accuracy move."))
run = current_run()
busy = run is not None and run.state in ACTIVE
left, right = st.columns([5, 9], gap="medium")
with left, st.container(border=True, key="settings"):
    job = settings_form(busy, run.job if run is not None else None)
    if job is not None:
        st.session_state["run"] = st.query_params["run"] = runs().start(job)
        st.rerun()
with right:
    if run is not None and busy:
        st.session_state["watched"] = run.id
    st.fragment(watch, run_every=POLL_SECONDS if busy else None)()
