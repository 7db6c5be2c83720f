"""The settings of a training: from the widgets of the training page to a job."""

import dataclasses
import logging
from typing import Any

import streamlit as st

from mnist_core.data import LOCAL_FOLDER, fetch_mnist, find_mnist
from mnist_core.errors import DataError, RecipeError
from mnist_core.initializers import INITIALIZERS
from mnist_core.layers import ACTIVATIONS
from mnist_core.recipes import MAX_HIDDEN_LAYERS, MAX_UNITS, OPTIMIZERS, RECIPES, Recipe
from mnist_core.schedules import SCHEDULES
from webapp import recipe_texts
from webapp.limits import MAX_MEMORY, MAX_STEPS, memory_of, steps_of
from webapp.resources import data_folders
from webapp.runs import Job
from webapp.texts import gettext as _


def settings_form(busy: bool, last: Job | None) -> Job | None:
    """Show the choice of recipe, data and main settings, and the Start button.

    Args:
        busy: whether this page's run is still going; then another one is not started.
        last: the job of this page's run, whose settings a new visit begins with.

    Returns:
        The job to start, when Start was pressed and the settings make sense.
    """
    if last is not None and "settings" not in st.session_state:
        st.session_state["settings"] = _values_of(last)
    name = _kept(st.selectbox, _("Recipe"), "recipe", next(iter(RECIPES)), options=list(RECIPES))
    recipe = RECIPES[name]
    st.caption(recipe_texts.description(name))
    data = _data_choice()

    def setting(widget: Any, label: str, field: str, default: object, **options: Any) -> Any:
        return _kept(widget, label, f"{name}.{field}", default, **options)  # each recipe has settings of its own

    def number(label: str, field: str, **options: Any) -> Any:
        return setting(st.number_input, label, field, getattr(recipe, field), **options)

    hidden = setting(
        st.text_input,
        _("Hidden layers"),
        "hidden_sizes",
        _sizes_text(recipe),
        help=_("Units of each hidden layer, from input to output, with commas: 128, 64. Empty: no hidden layer."),
    )
    left, right = st.columns(2)
    changes: dict[str, Any] = {}
    with left:
        changes["learning_rate"] = number(
            _("Learning rate"), "learning_rate", min_value=1e-6, max_value=1e30, format="%g"
        )
        changes["epochs"] = number(_("Epochs"), "epochs", min_value=1, max_value=1000)
    with right:
        changes["batch_size"] = number(_("Batch size"), "batch_size", min_value=1, max_value=60_000)
        changes["seed"] = number(_("Seed"), "seed", min_value=0, max_value=2**31)
    with st.expander(_("More settings")):
        choices = (
            ("activation", _("Activation"), list(ACTIVATIONS)),
            ("init", _("Initial weights"), list(INITIALIZERS)),
            ("optimizer", _("Optimizer"), list(OPTIMIZERS)),
            ("schedule", _("Learning rate schedule"), list(SCHEDULES)),
        )
        for field, label, options in choices:
            changes[field] = setting(st.selectbox, label, field, getattr(recipe, field), options=options)
        changes["l2"] = number(_("L2 penalty"), "l2", min_value=0.0, max_value=1e6, step=0.0001, format="%g")
    pressed = st.button(
        _("Start"), key="start", type="primary", icon=":material/play_arrow:", disabled=busy, width="stretch"
    )
    if not pressed or busy:
        return None
    changed = _changed(recipe, hidden, changes)
    if isinstance(changed, str):
        st.error(changed)
        return None
    return Job(changed, data)


def _changed(recipe: Recipe, hidden: str, changes: dict[str, Any]) -> Recipe | str:
    """Apply the visitor's settings; give the changed recipe, or what is wrong with them."""
    try:
        sizes = tuple(int(part) for part in hidden.replace("，", ",").split(",") if part.strip())
    except ValueError:
        return _("Hidden layers: write whole numbers with commas between them, such as 128, 64.")
    try:
        changed = dataclasses.replace(recipe, hidden_sizes=sizes, **changes)
    except RecipeError as error:
        logging.getLogger(__name__).info("refused settings: %s", error)
        return _("Hidden layers: at most {layers} layers of 1 to {units:,} units, and fewer if they are large.").format(
            layers=MAX_HIDDEN_LAYERS, units=MAX_UNITS
        )
    if memory_of(changed) > MAX_MEMORY:
        return _(
            "This training would take about {needed:.1f} GB of memory; up to {allowed:.1f} GB can be started here. "
            "Choose smaller layers or smaller batches."
        ).format(needed=memory_of(changed) / 1e9, allowed=MAX_MEMORY / 1e9)
    if steps_of(changed) > MAX_STEPS:
        return _(
            "This training would take about {needed:,} steps; up to {allowed:,} can be started here. "
            "Choose larger batches or fewer epochs."
        ).format(needed=steps_of(changed), allowed=MAX_STEPS)
    return changed


def _kept(widget: Any, label: str, key: str, default: object, **options: Any) -> Any:
    """Show a widget whose value outlives a change of pages: Streamlit forgets those of widgets it does not show."""
    kept: dict[str, Any] = st.session_state.setdefault("settings", {})
    if key not in st.session_state:
        st.session_state[key] = kept.get(key, default)
    kept[key] = widget(label, key=key, **options)
    return kept[key]


def _values_of(job: Job) -> dict[str, Any]:
    """Give a job's settings as `_kept` keeps them."""
    recipe = job.recipe
    if recipe.name not in RECIPES:
        return {}
    fields = {f"{recipe.name}.{field.name}": getattr(recipe, field.name) for field in dataclasses.fields(recipe)}
    return {**fields, f"{recipe.name}.hidden_sizes": _sizes_text(recipe), "recipe": recipe.name, "data": job.data}


def _sizes_text(recipe: Recipe) -> str:
    return ", ".join(str(size) for size in recipe.hidden_sizes)


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
    kept = st.session_state.setdefault("settings", {})
    for remembered in (kept, st.session_state):
        if remembered.get("data", options[0]) not in options:
            del remembered["data"]
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
        logging.getLogger(__name__).warning("%s", error)
        bar.empty()
        st.error(
            _(
                "The download failed: is this computer on the internet? The four files can also be put into the "
                "folder {folder}."
            ).format(folder=LOCAL_FOLDER)
        )
        return
    st.session_state["settings"]["data"] = "mnist"
    st.session_state.pop("data", None)
    st.rerun()
