"""The training page: choose a recipe, press Start, and watch the network learn."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from mnist_core.data import fetch_mnist, find_mnist
from mnist_core.errors import DataError, RecipeError
from mnist_core.initializers import INITIALIZERS
from mnist_core.layers import ACTIVATIONS
from mnist_core.recipes import OPTIMIZERS, RECIPES, Recipe
from mnist_core.schedules import SCHEDULES
from webapp import recipe_texts
from webapp.charts import accuracy_figure, loss_figure
from webapp.frame import page_title
from webapp.live_chart import live_chart
from webapp.networks import choose, remember_run
from webapp.resources import data_folders, runs
from webapp.runs import ACTIVE, Job, Snapshot, seconds_left
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


def settings(busy: bool) -> None:
    """Show the choice of recipe, data and main settings, and the Start button.

    Args:
        busy: whether this page's run is still going; then another one is not started.
    """
    name = _kept(st.selectbox, _("Recipe"), "recipe", next(iter(RECIPES)), options=list(RECIPES))
    recipe = RECIPES[name]
    st.caption(recipe_texts.description(name))
    data = _data_choice()

    def setting(widget: Any, label: str, field: str, default: object, **options: Any) -> Any:
        return _kept(widget, label, f"{name}.{field}", default, **options)  # each recipe has settings of its own

    hidden = setting(
        st.text_input,
        _("Hidden layers"),
        "hidden_sizes",
        ", ".join(str(size) for size in recipe.hidden_sizes),
        help=_("Units of each hidden layer, from input to output, with commas: 128, 64. Empty: no hidden layer."),
    )
    one, two = st.columns(2)
    changes: dict[str, Any] = {}
    with one:
        changes["learning_rate"] = setting(
            st.number_input, _("Learning rate"), "learning_rate", recipe.learning_rate, min_value=1e-6, format="%g"
        )
        changes["epochs"] = setting(st.number_input, _("Epochs"), "epochs", recipe.epochs, min_value=1, max_value=1000)
    with two:
        changes["batch_size"] = setting(
            st.number_input, _("Batch size"), "batch_size", recipe.batch_size, min_value=1, max_value=60_000
        )
        changes["seed"] = setting(st.number_input, _("Seed"), "seed", recipe.seed, min_value=0, max_value=2**31)
    with st.expander(_("More settings")):
        choices = (
            ("activation", _("Activation"), list(ACTIVATIONS)),
            ("init", _("Initial weights"), list(INITIALIZERS)),
            ("optimizer", _("Optimizer"), list(OPTIMIZERS)),
            ("schedule", _("Learning rate schedule"), list(SCHEDULES)),
        )
        for field, label, options in choices:
            changes[field] = setting(st.selectbox, label, field, getattr(recipe, field), options=options)
        changes["l2"] = setting(
            st.number_input, _("L2 penalty"), "l2", recipe.l2, min_value=0.0, step=0.0001, format="%g"
        )
    clicked = st.button(
        _("Start"), key="start", type="primary", icon=":material/play_arrow:", disabled=busy, width="stretch"
    )
    if clicked and not busy:
        _start(recipe, data, hidden, changes)


def _start(recipe: Recipe, data: str, hidden: str, changes: dict[str, Any]) -> None:
    try:
        sizes = tuple(int(part) for part in hidden.replace("，", ",").split(",") if part.strip())
        job = Job(dataclasses.replace(recipe, hidden_sizes=sizes, **changes), data)
    except ValueError:
        st.error(_("Hidden layers: write whole numbers with commas between them, such as 128, 64."))
        return
    except RecipeError as error:
        st.error(_("These settings do not work: {reason}").format(reason=error))
        return
    run_id = runs().start(job)
    st.session_state["run"] = st.query_params["run"] = run_id
    st.rerun()


def _kept(widget: Any, label: str, key: str, default: object, **options: Any) -> Any:
    """Show a widget whose value outlives a change of pages: Streamlit forgets those of widgets it does not show."""
    kept: dict[str, Any] = st.session_state.setdefault("settings", {})
    if key not in st.session_state:
        st.session_state[key] = kept.get(key, default)
    kept[key] = widget(label, key=key, **options)
    return kept[key]


def _data_choice() -> str:
    """Let the visitor choose a data set, and fetch MNIST if it is not there; give what `load_dataset` takes."""
    try:
        has_mnist = find_mnist() is not None
    except DataError as error:
        has_mnist = False
        st.error(str(error))
    names = {"mnist": "MNIST", "synthetic": _("Synthetic digits (drawn by code)")}
    names |= {str(folder): folder.name for folder in data_folders()}
    options = list(names) if has_mnist else [key for key in names if key != "mnist"]
    if st.session_state.get("data") not in options:
        st.session_state.pop("data", None)
    data: str = _kept(st.selectbox, _("Data set"), "data", options[0], options=options, format_func=names.__getitem__)
    if not has_mnist:
        st.info(_("MNIST is not on this computer. Synthetic digits need no download."), icon=":material/info:")
        if st.button(_("Download MNIST (11 MB)"), icon=":material/download:"):
            _download_mnist()
    return data


def _download_mnist() -> None:
    bar = st.progress(0.0)

    def show(file_name: str, done: int, total: int) -> None:
        bar.progress(done / total if total else 0.0, file_name)

    try:
        fetch_mnist(show)
    except DataError as error:
        st.error(_("The download failed. {reason}").format(reason=error))
        return
    st.session_state.setdefault("settings", {})["data"] = "mnist"
    st.session_state.pop("data", None)
    st.rerun()


def watch() -> None:
    """Show this page's run; while it goes, this runs again twice a second."""
    snapshot = current_run()
    if snapshot is None:
        with st.container(key="status-idle", border=True):
            st.markdown("##### " + _("Nothing is training yet"))
            st.markdown(_("Choose a recipe and press **Start**: the curves grow here while the network learns."))
        return
    _status(snapshot)
    if snapshot.records.begin.get("synthetic"):
        st.info(_("Trained on synthetic digits, which are drawn by code: figures do not compare with MNIST."))
    if snapshot.weights is not None:
        _result(snapshot, snapshot.weights)
    if snapshot.records.last_step is not None:
        _charts(snapshot)
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
            st.markdown(f"##### {states[snapshot.state]}")
        _controls(snapshot)
    data = _("synthetic digits") if records.begin.get("synthetic") else records.begin.get("data_name", "…")
    layers = "-".join(str(size) for size in recipe.layer_sizes)
    about = [snapshot.id, layers, data]
    step, epoch = (0, 1) if records.last_step is None else (records.last_step.step, records.last_step.epoch)
    total = snapshot.steps_per_epoch * recipe.epochs
    progress = _("epoch {epoch} of {epochs}, step {step:,} of {total:,}").format(
        epoch=epoch, epochs=recipe.epochs, step=step, total=total
    )
    if snapshot.state in ("running", "paused") and total:
        left = seconds_left(snapshot)
        if left is not None and snapshot.state == "running":
            progress += ", " + _("about {seconds:.0f} s left").format(seconds=left)
        st.caption(" · ".join(about))
        st.progress(step / total, progress)
    else:
        st.caption(" · ".join([*about, progress] if step else about))
    if snapshot.state == "failed":
        st.error(_failure(snapshot), icon=":material/error:")


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
    if snapshot.state not in ACTIVE:
        return
    mine = (snapshot.id,)
    if snapshot.state == "running":
        st.button(_("Pause"), key="pause", icon=":material/pause:", on_click=runs().pause, args=mine)
    if snapshot.state == "paused":
        st.button(_("Resume"), key="resume", icon=":material/play_arrow:", on_click=runs().resume, args=mine)
    st.button(_("Stop"), key="stop", icon=":material/stop:", on_click=runs().stop, args=mine)


def _charts(snapshot: Snapshot) -> None:
    names = {
        "training": _("training"),
        "validation": _("validation"),
        "best": _("best epoch"),
        "epoch": _("epoch"),
        "loss": _("loss"),
        "accuracy": _("accuracy"),
    }
    records = snapshot.records
    best = next((epoch for epoch in reversed(records.epochs) if epoch.best), None)
    common = (best, snapshot.steps_per_epoch, snapshot.job.recipe.epochs, names)
    loss = loss_figure(np.array(records.loss), records.validation_loss, *common)
    accuracy = accuracy_figure(np.array(records.accuracy), records.validation_accuracy, *common)
    with st.container(key="loss-chart"):
        live_chart(loss, names["loss"], "loss")
    with st.container(key="accuracy-chart"):
        live_chart(accuracy, names["accuracy"], "accuracy")


def _result(snapshot: Snapshot, weights: Path) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(key="test-accuracy", width="content"):
            st.metric(_("Test accuracy"), f"{snapshot.records.end.get('test_accuracy', 0.0):.2%}")
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
left, right = st.columns([4, 8], gap="large")
with left, st.container(border=True, key="settings"):
    settings(busy)
with right:
    if run is not None and busy:
        st.session_state["watched"] = run.id
    st.fragment(watch, run_every=POLL_SECONDS if busy else None)()
