"""What is seen of an experiment: both runs, their curves over each other, and in the end a verdict."""

import streamlit as st

from webapp.charts.failure_lab import FAILURE_COLOUR, REMEDY_COLOUR, LabRun, accuracy_figure, loss_figure
from webapp.components.live_chart import live_chart
from webapp.formats import named
from webapp.i18n import gettext
from webapp.i18n import gettext as _
from webapp.pages.lab.experiment import ROLES, Pair, current_runs, is_going
from webapp.pages.lab.failures import Failure, verdict
from webapp.runs.facts import state_text
from webapp.runs.snapshot import Snapshot
from webapp.settings.names import setting_name, setting_value


def watch(failure: Failure) -> None:
    """Show both runs; while one of them goes, this runs again twice a second."""
    pair = current_runs(failure)
    going = is_going(pair)
    columns = st.columns(2, gap="small")
    for role, title, column in zip(ROLES, (_("Failure"), _("Remedy")), columns, strict=True):
        with column, st.container(border=True, key=f"lab-{role}"):
            _card(title, _settings_of(failure, role), pair.get(role))
    st.caption(_("Dotted: on the training images, smoothed. Solid: on images kept for validation."))
    _charts(failure, pair)
    with st.container(key="lab-verdict"):
        if len(pair) == len(ROLES) and not going:
            seen = verdict(failure, pair["fail"].records, pair["mend"].records)
            st.markdown("**" + _("What was seen.") + "** " + seen)
        else:
            st.caption(_("When both runs are over, a summary of what was seen appears here."))
    if st.session_state.get("lab-watched") and not going:
        st.session_state["lab-watched"] = False
        st.rerun()  # once: the polling ends


def _settings_of(failure: Failure, role: str) -> str:
    """Write down what one of the runs has that the other has not."""
    recipe = failure.recipe if role == "fail" else failure.remedy
    return ", ".join(named(setting_name(name), setting_value(name, getattr(recipe, name))) for name in failure.cure)


def _card(title: str, settings: str, snapshot: Snapshot | None) -> None:
    """Show where one of the runs stands."""
    share, facts = "–", _("not started yet")
    if snapshot is not None:
        recipe, records = snapshot.job.recipe, snapshot.records
        facts = state_text(snapshot)
        if snapshot.state == "running" and not records.begin:
            facts = _("Loading the data")
        elif snapshot.state in ("running", "paused"):
            epoch = min(len(records.epochs) + 1, recipe.epochs)
            facts += " · " + _("epoch {epoch} of {epochs}").format(epoch=epoch, epochs=recipe.epochs)
        if records.validation_accuracy:
            share = f"{records.validation_accuracy[-1][1]:.1%}"
    meaning = _("correct on validation images")
    st.html(
        f'<div class="lab-card"><b>{title}</b> · {settings}'
        f"<div><strong>{share}</strong> <small>{meaning}</small></div>"
        f"<small>{facts}</small></div>"
    )
    if snapshot is not None:
        st.page_link(
            "train/page.py",
            label=_("Open this run"),
            icon=":material/model_training:",
            query_params={"run": snapshot.id},
        )


def _charts(failure: Failure, pair: Pair) -> None:
    names = {
        "training": _("training"),
        "validation": _("validation"),
        "epoch": _("epoch"),
        "loss": _("loss"),
        "accuracy": _("accuracy"),
        "guessing": _("guessing: 10%"),
    }
    looks = {"fail": (_("failure"), FAILURE_COLOUR), "mend": (_("remedy"), REMEDY_COLOUR)}
    lab_runs = [LabRun(*looks[role], run.job.recipe, run.records) for role, run in pair.items()]
    columns = st.columns(2, gap="small")
    with columns[0], st.container(key="lab-loss"):
        live_chart(loss_figure(lab_runs, failure.recipe.epochs, names), names["loss"], "lab-loss-chart")
    with columns[1], st.container(key="lab-accuracy"):
        live_chart(accuracy_figure(lab_runs, failure.recipe.epochs, names), names["accuracy"], "lab-accuracy-chart")


def explain(failure: Failure) -> None:
    """Show what there is to see, why it fails, and what the remedy changes."""
    st.markdown(gettext(failure.expect))
    left, right = st.columns(2, gap="medium")
    left.markdown("**" + _("Why it fails") + "**\n\n" + gettext(failure.why))
    right.markdown("**" + _("What the remedy changes") + "**\n\n" + gettext(failure.why_cure))
