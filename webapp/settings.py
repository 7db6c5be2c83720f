"""The settings of a training: from the widgets of the training page to a job."""

import dataclasses
from typing import Any

import streamlit as st

from mnist_core.errors import RecipeError
from mnist_core.recipes import MAX_HIDDEN_LAYERS, MAX_UNITS, RECIPES, Recipe
from webapp import examples, recipe_texts
from webapp.data_choice import data_choice
from webapp.fields import Fields, as_shown, forget, kept, read_numbers, row
from webapp.limits import MAX_MEMORY, MAX_STEPS, memory_of, steps_of
from webapp.runs import Job
from webapp.texts import gettext as _
from webapp.toolbox import toolbox


def settings_form(busy: bool, last: Job | None) -> Job | None:
    """Show the choice of recipe, data and settings, and the Start button.

    Args:
        busy: whether this page's run is still going; then another one is not started.
        last: the job of this page's run, whose settings a new visit begins with.

    Returns:
        The job to start, when Start was pressed and the settings make sense.
    """
    if last is not None and "settings" not in st.session_state:
        st.session_state["settings"] = _values_of(last)
    names = recipe_texts.ordered(RECIPES)
    name = kept(st.selectbox, _("Recipe"), "recipe", names[0], options=names, format_func=recipe_texts.title)
    recipe = RECIPES[name]
    st.caption(recipe_texts.description(name))
    data = data_choice()
    fields = Fields(recipe)
    fields.numbers(
        "hidden_sizes",
        _("Hidden layers"),
        help=_("Units of each hidden layer, from input to output, with commas: 128, 64. Empty: no hidden layer."),
    )
    with row():
        fields.number("learning_rate", _("Learning rate"), 1e-6, 1e30, step=recipe.learning_rate / 10)
        fields.number("batch_size", _("Batch size"), 1, 60_000)
    with row():
        fields.number("epochs", _("Epochs"), 1, 5000)
        fields.number("seed", _("Seed"), 0, 2**31)
    distort = kept(
        st.toggle,
        _("Distort the images"),
        f"{name}.distort",
        recipe.distortion > 0,
        help=_(
            "Turns, slants, bends and inks every training image a little differently in every epoch. An epoch of "
            "MNIST then takes one or two seconds more."
        ),
    )
    place = st.container()
    with st.expander(_("More settings")):
        toolbox(fields, distort)
    if distort:
        with place:
            _distorted_examples(fields.changes["distortion"])
    changed = changed_recipe(recipe, fields.changes)
    if isinstance(changed, str):
        st.error(changed)
    with st.container(horizontal=True, key="go"):
        pressed = st.button(
            _("Start"),
            key="start",
            type="primary",
            icon=":material/play_arrow:",
            disabled=busy or isinstance(changed, str),
            width="stretch",
        )
        st.button(
            _("Reset"),
            key="reset",
            icon=":material/restart_alt:",
            disabled=changed == recipe,
            on_click=forget,
            args=(recipe,),
        )
    if not pressed or busy or isinstance(changed, str):
        return None
    return Job(changed, data)


def _distorted_examples(strength: float) -> None:
    examples.show(examples.distorted_digits(strength), _("Three digits, and eight distorted copies of each"))
    st.caption(
        _(
            "On the left a digit as it is, then what the network sees instead, new in every epoch. So it can't learn "
            "the images by heart: it learns what makes a 2 a 2, whoever writes it (Simard, Steinkraus and Platt 2003)."
        )
    )


def changed_recipe(recipe: Recipe, changes: dict[str, Any]) -> Recipe | str:
    """Apply the visitor's settings; give the changed recipe, or what is wrong with them in the visitor's language."""
    changes = dict(changes)
    try:
        changes["hidden_sizes"] = read_numbers(changes["hidden_sizes"], int)
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
            changes["schedule_drops"] = read_numbers(changes["schedule_drops"], float)
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
    """Give a job's settings as `kept` keeps them."""
    recipe = job.recipe
    if recipe.name not in RECIPES:
        return {}
    settings = {
        f"{recipe.name}.{field.name}": as_shown(getattr(recipe, field.name)) for field in dataclasses.fields(recipe)
    }
    settings[f"{recipe.name}.distort"] = recipe.distortion > 0
    if not recipe.distortion:
        del settings[f"{recipe.name}.distortion"]  # its slider has no 0
    return {**settings, "recipe": recipe.name, "data": job.data}
