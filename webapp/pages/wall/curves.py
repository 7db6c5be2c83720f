"""The class's trainings, live: all of their curves in one chart, and in words how far the class has come."""

import time
from html import escape

import streamlit as st

from webapp.charts.class_curves import Kind, class_figure
from webapp.charts.comparison import run_curve
from webapp.components.empty import nothing_yet
from webapp.components.live_chart import live_chart
from webapp.components.turn import fragment, out_of_turn
from webapp.formats import in_a_row
from webapp.i18n import gettext as _
from webapp.runs.facts import ordered, validation_accuracy
from webapp.runs.names import run_name
from webapp.runs.shared import runs
from webapp.runs.snapshot import ACTIVE, Snapshot
from webapp.settings.names import changes_text
from webapp.visitors.class_results import class_began
from webapp.visitors.folder import StorageError

LESSON_SECONDS = 3 * 3600.0
"""A double lesson and what comes before it: what was started earlier was another class's, if nobody has said so."""
MAX_DRAWN = 40
"""Of the newest; the best is drawn in any case."""
COMPARED = 6
"""Of the best, which the link opens side by side."""
POLL_SECONDS = 3.0
HEIGHT = 380
"""Of the chart, in CSS pixels."""


@fragment(run_every=POLL_SECONDS)
def curves() -> None:
    """Show what was trained on this server since the class began, whoever started it."""
    try:
        since = max(class_began(), time.time() - LESSON_SECONDS)
    except StorageError as error:
        st.error(str(error), icon=":material/error:")
        return
    with out_of_turn():  # of those that are over only summaries are read, but there may be hundreds
        found = [run for run_id in runs().all(since) if (run := runs().snapshot(run_id, curves=False)) is not None]
    if not found:
        with nothing_yet(
            "no-class-runs",
            _("Nobody has trained a network yet"),
            _("Every training that is started on this server appears here by itself, until a new class begins."),
        ):
            st.page_link("train/page.py", label=_("Train a network"), icon=":material/model_training:")
        return
    by_accuracy = [run for run in ordered(found, "accuracy") if validation_accuracy(run) is not None]
    best = by_accuracy[0] if by_accuracy else None
    st.html(_words(found, best))
    lines = [
        (_kind(run, best), run_curve(run_name(run), 0, run.job.recipe, run.records, "accuracy", "validation", "epochs"))
        for place, run in enumerate(found)
        if place < MAX_DRAWN or run is best
    ]
    name = _("accuracy on validation images")
    figure = class_figure(lines, _("epoch"), name)
    live_chart(figure, name, "wall-curves", HEIGHT)
    bottom = figure["layout"]["yaxis"]["range"][0]
    below = sum(bool(len(curve.y)) and curve.y[-1] < bottom for _kind, curve in lines)
    st.caption(_about(len(found), below))
    if by_accuracy:
        st.page_link(
            "compare/page.py",
            label=_("The best side by side"),
            icon=":material/stacked_line_chart:",
            query_params={"runs": ",".join(run.id for run in by_accuracy[:COMPARED])},
        )


def _kind(run: Snapshot, best: Snapshot | None) -> Kind:
    if run is best:
        return "best"
    return "going" if run.state in ACTIVE else "over"


def _about(count: int, below: int) -> str:
    """Say what the colours mean, which trainings count, and which of them are not to be seen."""
    sentences = [
        _("Orange: the best. Blue: those that are going on. Grey: all others. Point at a curve to see whose it is."),
        _("Every training since this class began counts, the lab's and the teacher's too, for three hours at most."),
    ]
    if count > MAX_DRAWN:
        sentences.append(_("The best and the newest {count} are drawn.").format(count=MAX_DRAWN))
    if below:
        sentences.append(_("Trainings that stand below this chart: {count}").format(count=below))
    return in_a_row(*sentences)


def _words(found: list[Snapshot], best: Snapshot | None) -> str:
    """Write how many there are, and which is the best, with what makes it differ from its recipe."""
    going = sum(run.state in ACTIVE for run in found)
    figures = [
        (f"{len(found)}", _("trainings") if len(found) > 1 else _("training so far")),
        (f"{going}", _("going on")),
    ]
    if best is not None:
        about = " · ".join(text for text in (run_name(best), changes_text(best.job.recipe)) if text)
        figures.append((f"{validation_accuracy(best):.1%}", _("the best so far: {run}").format(run=about)))
    shown = "".join(f"<div><strong>{number}</strong><span>{escape(text)}</span></div>" for number, text in figures)
    return f'<div class="wall-figures">{shown}</div>'
