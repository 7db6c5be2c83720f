"""The failure lab: trainings that go wrong on purpose, each beside the one setting that mends it."""

import dataclasses
from collections.abc import Mapping

import streamlit as st

from webapp.charts.failure_lab import FAILURE_COLOUR, REMEDY_COLOUR, LabRun, accuracy_figure, loss_figure
from webapp.components.frame import page_title
from webapp.components.live_chart import live_chart
from webapp.datasets import MNIST, default_data
from webapp.i18n import gettext as _
from webapp.networks.choice import remember_run
from webapp.pages.lab.failure_texts import failure_text, verdict
from webapp.pages.lab.failures import FAILURES, Failure
from webapp.runs.facts import state_text
from webapp.runs.job import Job
from webapp.runs.registry import MAX_NAME
from webapp.runs.shared import runs
from webapp.runs.snapshot import ACTIVE, Snapshot
from webapp.settings.names import setting_name, setting_value

POLL_SECONDS = 0.5
PARTS = ("fail", "mend")
"""The two runs of a failure, as they stand in the URL."""

Pair = Mapping[str, Snapshot]
"""The runs that have been started, by `PARTS`."""


def open_failure() -> Failure:
    """Let the visitor choose a failure: the one in the URL is open, else the one of this session, else the first."""
    known = {failure.key: failure for failure in FAILURES}
    if "lab-failure" not in st.session_state:
        asked = st.query_params.get("failure") or st.session_state.get("lab-open")
        st.session_state["lab-failure"] = asked if asked in known else FAILURES[0].key
    key = str(
        st.pills(
            _("Failures"),
            list(known),
            required=True,
            format_func=lambda key: failure_text(key).label,
            key="lab-failure",
            on_change=_forget_url,
            label_visibility="collapsed",
        )
    )
    st.session_state["lab-open"] = st.query_params["failure"] = key
    return known[key]


def _forget_url() -> None:
    for part in PARTS:
        st.query_params.pop(part, None)


def current_runs(failure: Failure) -> dict[str, Snapshot]:
    """Look at the runs of a failure: those in the URL, else those that this session has started."""
    mine = st.session_state.setdefault("lab-runs", {}).setdefault(failure.key, {})
    found = {}
    for part, recipe in zip(PARTS, (failure.recipe, failure.remedy), strict=True):
        run_id = st.query_params.get(part) or mine.get(part)
        snapshot = runs().snapshot(run_id) if run_id else None
        # A link may name any run; with another seed it is still the same experiment.
        if snapshot is not None and snapshot.job.recipe == dataclasses.replace(recipe, seed=snapshot.job.recipe.seed):
            found[part] = snapshot
            mine[part] = st.query_params[part] = snapshot.id
        else:
            mine.pop(part, None)
            st.query_params.pop(part, None)
    return found


def start(failure: Failure, part: str, data: str, seed: int) -> None:
    """Start one of a failure's two runs; the one that fails begins the experiment anew."""
    recipe, name = (
        (failure.recipe, _("{failure}: failure")) if part == "fail" else (failure.remedy, _("{failure}: remedy"))
    )
    title = name.format(failure=failure_text(failure.key).title)[:MAX_NAME]
    run_id = runs().start(Job(dataclasses.replace(recipe, seed=seed), data), title)
    remember_run(run_id)
    if part == "fail":
        _forget_url()
        st.session_state["lab-runs"][failure.key] = {}
    st.session_state["lab-runs"][failure.key][part] = st.query_params[part] = run_id


def buttons(failure: Failure, pair: Pair, data: str) -> None:
    """Show the two clicks of an experiment, and a third one, once it is over, that begins it anew."""
    seed = pair["fail"].job.recipe.seed if "fail" in pair else failure.recipe.seed
    with st.container(horizontal=True, key="lab-buttons"):
        st.button(
            _("Let it fail"),
            key="let-it-fail",
            type="secondary" if pair else "primary",
            icon=":material/play_arrow:",
            disabled="fail" in pair,
            on_click=start,
            args=(failure, "fail", data, seed),
        )
        st.button(
            _("Apply the remedy"),
            key="apply-the-remedy",
            type="primary" if "fail" in pair and "mend" not in pair else "secondary",
            icon=":material/healing:",
            disabled="fail" not in pair or "mend" in pair,
            on_click=start,
            args=(failure, "mend", data, seed),
        )
        if pair and not is_going(pair):
            st.button(
                _("Again, with other random numbers"),
                key="again",
                type="tertiary",
                icon=":material/casino:",
                on_click=start,
                args=(failure, "fail", data, seed + 1),
            )


def is_going(pair: Pair) -> bool:
    """Whether one of the runs still moves, or will."""
    return any(snapshot.state in ACTIVE for snapshot in pair.values())


def watch(failure: Failure) -> None:
    """Show both runs; while one of them goes, this runs again twice a second."""
    pair = current_runs(failure)
    going = is_going(pair)
    columns = st.columns(2, gap="small")
    for part, title, column in zip(PARTS, (_("Failure"), _("Remedy")), columns, strict=True):
        with column, st.container(border=True, key=f"lab-{part}"):
            _card(title, _settings_of(failure, part), pair.get(part))
    st.caption(_("Dotted: on the training images, smoothed. Solid: on images kept for validation."))
    _charts(failure, pair)
    with st.container(key="lab-verdict"):
        if len(pair) == len(PARTS) and not going:
            seen = verdict(failure.key, pair["fail"].records, pair["mend"].records)
            st.markdown("**" + _("What was seen.") + "** " + seen)
        else:
            st.caption(_("When both runs are over, it is said here what was seen."))
    if st.session_state.get("lab-watched") and not going:
        st.session_state["lab-watched"] = False
        st.rerun()  # once: the polling ends


def _settings_of(failure: Failure, part: str) -> str:
    """Write down what one of the runs has that the other has not."""
    return ", ".join(
        f"{setting_name(field)}: {setting_value(field, values[PARTS.index(part)])}"
        for field, values in failure.changes.items()
    )


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
            "webapp/pages/train/page.py",
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
    lab_runs = [LabRun(*looks[part], run.job.recipe, run.records) for part, run in pair.items()]
    columns = st.columns(2, gap="small")
    with columns[0], st.container(key="lab-loss"):
        live_chart(loss_figure(lab_runs, failure.recipe.epochs, names), names["loss"], "lab-loss-chart")
    with columns[1], st.container(key="lab-accuracy"):
        live_chart(accuracy_figure(lab_runs, failure.recipe.epochs, names), names["accuracy"], "lab-accuracy-chart")


def explain(failure: Failure) -> None:
    """Say why it fails, and what the remedy changes."""
    text = failure_text(failure.key)
    left, right = st.columns(2, gap="medium")
    left.markdown("**" + _("Why it fails") + "**\n\n" + text.why)
    right.markdown("**" + _("What the remedy changes") + "**\n\n" + text.remedy)


page_title(_("Failure lab"), _("Let a training go wrong on purpose, see how that looks, and mend it with one setting."))
chosen = open_failure()
started = current_runs(chosen)
data = started["fail"].job.data if "fail" in started else default_data()
text = failure_text(chosen.key)
st.markdown(f"**{text.title}** – {text.expect}")
if data != MNIST:
    st.caption(_("MNIST is not on this computer: the lab trains with digits drawn by code, and the figures differ."))
buttons(chosen, started, data)
st.session_state["lab-watched"] = is_going(started)
st.fragment(watch, run_every=POLL_SECONDS if is_going(started) else None)(chosen)
if started:
    explain(chosen)
