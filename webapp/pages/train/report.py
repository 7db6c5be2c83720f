"""A run on paper: one HTML file with its curves, settings, results and confusion matrix.

It asks no host for anything, so it can be mailed, printed and kept.
"""

import html
import json
import platform
import shlex
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import numpy as np
from plotly.io import to_html

from mnist_core.recipes.presets import RECIPES
from webapp.datasets import MNIST, data_name
from webapp.formats import duration
from webapp.i18n import current_language
from webapp.i18n import gettext as _
from webapp.pages.train.views.curves import change_text, figures
from webapp.runs.facts import accuracy_on_test, state_text
from webapp.runs.names import run_name
from webapp.runs.snapshot import Snapshot
from webapp.settings.names import setting_name, setting_value

STYLE = Path(__file__).with_suffix(".css")
CHART_PIXELS = 300


def report(snapshot: Snapshot, confusion: np.ndarray | None) -> str:
    """Write a run's report in the visitor's language.

    Args:
        snapshot: the run as it stands.
        confusion: integer (10, 10), how its network reads the test images; row: true digit. None: there is no network
            yet, or no test images.

    Returns:
        An HTML document that needs nothing besides itself.
    """
    parts = [
        _head(snapshot),
        _section(_("Results"), _table((name, html.escape(value)) for name, value in _results(snapshot))),
        _section(_("Curves"), _curves(snapshot)) if snapshot.step else "",
        _section(_("Changed while it trained"), _table(_changes(snapshot))) if snapshot.records.changes else "",
        _section(_("Confusion matrix"), _confusion(confusion)) if confusion is not None else "",
        _section(_("Settings"), _settings(snapshot)),
        _section(_("The same training on the command line"), _command(snapshot)),
        f"<footer>{html.escape(_software())}</footer>",
    ]
    title, style = html.escape(run_name(snapshot)), STYLE.read_text(encoding="utf-8")
    return (
        f'<!doctype html>\n<html lang="{current_language()}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title>\n<style>\n{style}</style></head>\n<body>\n{''.join(parts)}\n</body></html>\n"
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>\n"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    """Return a table of names and values; the values are HTML."""
    lines = "".join(f"<tr><th>{html.escape(name)}</th><td>{value}</td></tr>" for name, value in rows)
    return f'<table class="facts">{lines}</table>'


def _head(snapshot: Snapshot) -> str:
    begin = snapshot.records.begin
    data = data_name(begin.get("data_name", setting_value("data", snapshot.job.data)), begin.get("synthetic", False))
    layers = "-".join(str(size) for size in snapshot.job.recipe.layer_sizes)
    started = time.strftime("%Y-%m-%d %H:%M", time.localtime(snapshot.folder.started))
    about = " · ".join([snapshot.id, layers, data, started, state_text(snapshot)])
    note = f'<p class="note">{html.escape(snapshot.note)}</p>' if snapshot.note else ""
    return f"<header><h1>{html.escape(run_name(snapshot))}</h1><p>{html.escape(about)}</p>{note}</header>\n"


def _results(snapshot: Snapshot) -> list[tuple[str, str]]:
    records, best = snapshot.records, snapshot.records.best
    rows = []
    if (accuracy := accuracy_on_test(snapshot)) is not None:
        rows.append((_("Test accuracy"), f"{accuracy:.2%}"))
    if best is not None:
        rows.append((_("Best epoch"), f"{best.epoch:,}"))
        if best.validation_accuracy is not None:
            rows.append((_("Validation accuracy (best epoch)"), f"{best.validation_accuracy:.2%}"))
            rows.append((_("Validation loss (best epoch)"), f"{best.validation_loss:.4f}"))
        rows.append((_("Training accuracy (best epoch)"), f"{best.train_accuracy:.2%}"))
        rows.append((_("Training loss (best epoch)"), f"{best.train_loss:.4f}"))
    rows.append((_("Time"), duration(records.seconds)))
    rows.append((_("Steps"), f"{snapshot.step:,}"))
    rows.append((_("Parameters"), f"{snapshot.job.recipe.parameters:,}"))
    for name, key in ((_("Training images"), "train_images"), (_("Validation images"), "validation_images")):
        if key in records.begin:
            rows.append((name, f"{records.begin[key]:,}"))
    return rows


def _curves(snapshot: Snapshot) -> str:
    loss, accuracy, _rate = figures(snapshot.records, snapshot.recipe, snapshot.steps_per_epoch)
    return "".join(
        to_html(
            figure,
            config={"displayModeBar": False, "responsive": True},
            include_plotlyjs=figure is accuracy,  # the whole library, once
            full_html=False,
            default_height=CHART_PIXELS,
            validate=False,
        )
        for figure in (accuracy, loss)
    )


def _changes(snapshot: Snapshot) -> list[tuple[str, str]]:
    at = _("after step {step:,}")
    return [(at.format(step=change["step"]), html.escape(change_text(change))) for change in snapshot.records.changes]


def _confusion(confusion: np.ndarray) -> str:
    """Return the matrix as a table; the more often a mistake was made, the darker it is."""
    most = max(1, int((confusion - np.diag(confusion.diagonal())).max()))
    head = "".join(f"<th>{digit}</th>" for digit in range(10))
    rows = ""
    for true, counts in enumerate(confusion):
        cells = ""
        for read, count in enumerate(counts):
            colour = "37, 99, 235, 0.18" if true == read else f"220, 38, 38, {0.6 * count / most:.2f}"
            cells += f'<td style="background: rgba({colour})">{count or "·"}</td>'
        rows += f"<tr><th>{true}</th>{cells}</tr>"
    right = _(
        "Row: what the digit is; column: what the network reads. {right:,} of {total:,} test images are read right."
    )
    caption = right.format(right=int(np.trace(confusion)), total=int(confusion.sum()))
    return f'<table class="confusion"><tr><th></th>{head}</tr>{rows}</table><p>{caption}</p>'


def _settings(snapshot: Snapshot) -> str:
    """List what has an effect, with what differs from the recipe of that name in bold.

    The source of a recipe that ships is told by its name, in every language.
    """
    job, shipped = snapshot.job, RECIPES.get(snapshot.job.recipe.name)
    rows = [(setting_name("data"), html.escape(setting_value("data", job.data)))]
    for field in vars(job.recipe):
        value = getattr(job.recipe, field)
        if not job.recipe.has_effect(field) or (field == "source" and shipped is not None):
            continue
        text = html.escape(setting_value(field, value))
        if shipped is not None and value != (usual := getattr(shipped, field)):
            usually = _("in the recipe: {value}").format(value=setting_value(field, usual))
            text = f"<strong>{text}</strong> ({html.escape(usually)})"
        rows.append((setting_name(field), text))
    return _table(rows)


def _command(snapshot: Snapshot) -> str:
    """Return the command with the recipe, as a file has to hold it."""
    job, file = snapshot.job, f"{snapshot.id}.json"
    data = "" if job.data == MNIST else f" --data {shlex.quote(job.data)}"
    command = f"python -m mnist_core train --recipe {file}{data}"
    recipe = json.dumps(job.recipe.to_json(), ensure_ascii=False)
    text = _("Save the following lines as {file}, then:").format(file=f"<code>{html.escape(file)}</code>")
    parts = [f"<p>{text}</p><pre>{html.escape(command)}</pre>"]
    if snapshot.records.changes:
        parts.append("<p>" + _("Changes made while it trained are not included.") + "</p>")
    return "".join([*parts, f"<pre>{html.escape(recipe)}</pre>"])


def _software() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "streamlit", "plotly"))
    return f"Python {platform.python_version()}, {packages}"
