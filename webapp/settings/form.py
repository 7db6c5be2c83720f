"""The settings of a training: from the widgets of the training page to a job."""

import dataclasses
from typing import Any

import streamlit as st

from mnist_core.errors import RecipeError
from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import MAX_HIDDEN_LAYERS, MAX_UNITS, SETTINGS, Recipe
from webapp.components.kept import kept, row, values
from webapp.datasets import mnist_is_missing
from webapp.i18n import gettext as _
from webapp.runs.job import Job
from webapp.runs.names import recipe_title
from webapp.settings.data_choice import data_choice
from webapp.settings.fields import Fields, as_shown, forget, read_numbers
from webapp.settings.limits import MAX_MEMORY, MAX_STEPS, memory_of, steps_of
from webapp.settings.recipes import description
from webapp.settings.share import share_button
from webapp.settings.toolbox import toolbox


def settings_form(begin_with: Job | None) -> tuple[Job | None, bool]:
    """Show the choice of recipe and its settings, and the Start button.

    Args:
        begin_with: the job whose settings a new visit begins with, if any.

    Returns:
        What the settings would train; None while they make no sense. And whether Start was pressed, or the button that
        starts a training paused; then the job says which.
    """
    # Streamlit forgets the widgets of a page that is left: whoever comes back by a link gets what the link says.
    comes_by_link = "recipe" in st.query_params and "recipe" not in st.session_state
    if begin_with is not None and (comes_by_link or "settings_begun" not in st.session_state):
        values().update(_values_of(begin_with))
    st.session_state["settings_begun"] = True
    names = {name: recipe_title(name) for name in RECIPES}
    name = kept(
        st.selectbox, _("Recipe"), "recipe", next(iter(names)), options=list(names), format_func=names.__getitem__
    )
    recipe = RECIPES[name]
    st.caption(description(name))
    data_above = st.container()
    fields = Fields(recipe)
    fields.show("hidden_sizes")
    fields.show("learning_rate", step=recipe.learning_rate / 10)
    with row():
        fields.show("batch_size", "epochs")
    with st.expander(_("More settings")):
        # Where MNIST is missing, everybody must see it.
        with data_above if mnist_is_missing() else st.container():
            data = data_choice()
        toolbox(fields)
    changed = changed_recipe(recipe, fields.changes)
    if isinstance(changed, str):
        st.error(changed)
    job = None if isinstance(changed, str) else Job(changed, data)
    with st.container(horizontal=True, key="go"):
        start = st.button(
            _("Start"), key="start", type="primary", icon=":material/play_arrow:", disabled=job is None, width="stretch"
        )
        paused = st.button(
            _("Start paused"),
            key="start-paused",
            icon=":material/step:",
            disabled=job is None,
            help=_("Waits before the first step: then go on step by step."),
        )
    with st.container(horizontal=True):
        st.button(
            _("Reset"),
            key="reset",
            icon=":material/restart_alt:",
            disabled=changed == recipe,
            on_click=forget,
            args=(recipe,),
        )
        share_button(_("Link"), ":material/link:", job, None)
    if job is None:
        return None, False
    return dataclasses.replace(job, begins_paused=paused), start or paused


def changed_recipe(recipe: Recipe, changes: dict[str, Any]) -> Recipe | str:
    """Apply the visitor's settings; return the changed recipe, or what is wrong in the visitor's language."""
    changes = dict(changes)
    try:
        changes["hidden_sizes"] = read_numbers("hidden_sizes", changes["hidden_sizes"])
    except ValueError:
        return _("Hidden layers: write whole numbers with commas between them, such as 128, 64.")
    try:
        dataclasses.replace(recipe, hidden_sizes=changes["hidden_sizes"])
    except RecipeError:
        return _("Hidden layers: at most {layers} layers of 1 to {units:,} units, and fewer if they are large.").format(
            layers=MAX_HIDDEN_LAYERS, units=MAX_UNITS
        )
    if "schedule_drops" in changes:
        try:
            changes["schedule_drops"] = read_numbers("schedule_drops", changes["schedule_drops"])
            dataclasses.replace(recipe, schedule_drops=changes["schedule_drops"])
        except (ValueError, RecipeError):
            return _("Drops at: write numbers between 0 and 1 with commas between them, such as 0.5, 0.75.")
    if changes["batch_norm"] and changes["batch_size"] == 1:
        return _("Batch normalization compares the images of a step: choose a batch size of at least 2.")
    changed = dataclasses.replace(recipe, **changes)
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


def _values_of(job: Job) -> dict[str, Any]:
    """Return a job's settings as `kept` keeps them."""
    recipe = job.recipe
    if recipe.name not in RECIPES:
        return {}
    settings = {f"{recipe.name}.{name}": as_shown(getattr(recipe, name)) for name in SETTINGS}
    settings[f"{recipe.name}.distort"] = recipe.distortion > 0
    if not recipe.distortion:
        del settings[f"{recipe.name}.distortion"]  # its slider has no 0
    return {**settings, "recipe": recipe.name, "data": job.data}
