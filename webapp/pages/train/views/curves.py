"""The curves of a run: loss and accuracy of every step and on the validation images, and the learning rate."""

import math
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from mnist_core.recipes.recipe import Recipe
from webapp.charts.curve import Figure
from webapp.charts.training_curves import Course, Mark, accuracy_figure, learning_rate_figure, loss_figure
from webapp.components.address import address_of
from webapp.components.live_chart import live_chart, live_words
from webapp.i18n import current_language
from webapp.i18n import gettext as _
from webapp.pages.train.findings import finding_html
from webapp.runs.records import Records, numbers
from webapp.runs.snapshot import ACTIVE, Snapshot
from webapp.settings.names import setting_name, setting_value

ROUTE = "/api/curves/{run}"


def show(snapshot: Snapshot) -> None:
    """Show what the run has recorded so far; while it goes on, the browser keeps asking for what is newer."""
    recipe = snapshot.recipe
    charts, rate_chart = st.container(key="charts"), st.container(key="rate-chart")
    log = st.toggle(_("Logarithmic loss"), key="log-axis", persist_state="session")
    source, stage = source_of(snapshot), snapshot.stage
    loss, accuracy, rate = figures(snapshot.records, recipe, snapshot.steps_per_epoch, log)
    with charts:
        with st.container(key="accuracy-chart"):
            live_chart(accuracy, _("accuracy"), "accuracy", source=source, stage=stage)
        live_words(finding_html(snapshot), "finding", source=source, stage=stage)
        with st.container(key="loss-chart"):
            live_chart(loss, _("loss"), "loss", source=source, stage=stage)
    with rate_chart:
        live_chart(rate, _("learning rate"), "rate", height=150, source=source, stage=stage)
    if not recipe.validation_fraction:
        st.caption(_("This training keeps no images for validation, so only the training curve is drawn."))
    elif recipe.has_harder_training:
        st.caption(
            _(
                "Distortion, noise and dropout make the training images harder, not those for validation: so "
                "validation often looks better."
            )
        )
    else:
        st.caption(
            _(
                "Blue: the images that the network learns from, step by step. Orange: images kept for validation. If "
                "the orange loss rises while the blue one falls, the network learns its images by heart."
            )
        )


def source_of(run: Snapshot) -> str:
    """Return where the browser finds what is new of a run, see `curves_route.py`; "" if it goes on no more."""
    if run.state not in ACTIVE:
        return ""
    log = bool(st.session_state.get("log-axis"))
    return address_of(f"{ROUTE.format(run=run.id)}?{urlencode({'log': int(log), 'lang': current_language()})}")


def figures(records: Records, recipe: Recipe, steps_per_epoch: int, log: bool = False) -> tuple[Figure, Figure, Figure]:
    """Make the figures of loss, accuracy and learning rate, in the visitor's language.

    While a run goes on, the time axis is as long as it will be; of one that was stopped, as long as it went.
    """
    names = {
        "training": _("training"),
        "validation": _("validation"),
        "best": _("best epoch"),
        "epoch": _("epoch"),
        "loss": _("loss"),
        "accuracy": _("accuracy"),
        "learning rate": _("learning rate"),
    }
    marks = [Mark(change["step"], change_text(change)) for change in records.changes]
    per_epoch = max(steps_per_epoch, 1)
    last_epoch = max(1, math.ceil(len(records.loss) / per_epoch)) if records.end else recipe.epochs
    course = Course(recipe.batch_size, per_epoch, last_epoch, names, records.best, marks)
    has_validation = recipe.validation_fraction > 0
    return (
        loss_figure(numbers(records.loss), records.validation_loss if has_validation else None, course, log),
        accuracy_figure(numbers(records.accuracy), records.validation_accuracy if has_validation else None, course),
        learning_rate_figure(numbers(records.learning_rate), course),
    )


def change_text(change: dict[str, Any]) -> str:
    """Describe in a few words what was changed."""
    changed = [
        f"{setting_name(field)} {setting_value(field, value)}"
        for field, value in change.items()
        if field not in ("step", "fork")
    ]
    return ", ".join([_("fork")] * ("fork" in change) + changed)
