"""Runs as HTML: a row of the list, the legend of the curves, and a table of results and differing settings.

Names and notes are typed by strangers: every one of them is escaped.
"""

import html
from collections.abc import Callable, Sequence

from mnist_core.recipes.recipe import MUTABLE_FIELDS, SETTINGS, Recipe
from webapp.charts.comparison import colour, dash
from webapp.datasets import SYNTHETIC, data_name
from webapp.formats import duration
from webapp.i18n import gettext as _
from webapp.runs.facts import accuracy_on_test, state_text, validation_accuracy
from webapp.runs.names import recipe_title, run_name
from webapp.runs.snapshot import ACTIVE, Snapshot
from webapp.settings.names import changes_text, setting_name, setting_value

BORDERS = {"solid": "solid", "dash": "dashed", "dot": "dotted"}
"""Plotly's kinds of lines in the words of CSS."""
UNKNOWN = "–"
Placed = Sequence[tuple[int, Snapshot]]
"""Runs that are compared, each with its place, which decides its colour."""


def list_row(snapshot: Snapshot, place: int | None, mine: bool) -> str:
    """Build a run's row of the list.

    Args:
        snapshot: the run.
        place: its place among the compared ones; None if it is not compared.
        mine: whether this visitor started it.
    """
    recipe = snapshot.job.recipe
    data = data_name(setting_value("data", snapshot.job.data), snapshot.job.data == SYNTHETIC)
    about = ["-".join(str(size) for size in recipe.layer_sizes), data]
    if snapshot.name:  # else it is called by its recipe
        about.insert(0, recipe_title(recipe.name))
    figures = [
        duration(snapshot.records.seconds),
        _("{count:,} parameters").format(count=recipe.parameters),
        _("step {step:,}").format(step=snapshot.step),
    ]
    shares = ((validation_accuracy(snapshot), _("validation (best epoch)")), (accuracy_on_test(snapshot), _("test")))
    scores = [f"<b>{share:.2%}</b> {name}" for share, name in shares if share is not None]
    changes = changes_text(recipe)
    changed = f"<div>{html.escape(changes)}</div>" if changes else ""
    note = f'<div class="run-note">{html.escape(snapshot.note)}</div>' if snapshot.note else ""
    own = '<span class="run-state">{}</span>'.format(_("mine")) if mine else ""
    name = html.escape(run_name(snapshot))
    return (
        f'<div class="run"><div class="run-head">{"" if place is None else _line(place)}'
        f'<b>{name}</b><span class="run-state {snapshot.state}">{state_text(snapshot)}</span>'
        f"{own}</div><div>{' · '.join(scores)}</div>"
        f"<div>{html.escape(' · '.join(about))}</div>{changed}<div>{html.escape(' · '.join(figures))}</div>{note}</div>"
    )


def legend(runs: Placed, note: str) -> str:
    """Name the runs whose curves are drawn, each with its line; below them stands a note, if there is one."""
    names = "".join(f"<li>{_line(place)}{html.escape(run_name(run))}</li>" for place, run in runs)
    return f'<ul class="legend" id="comparison">{names}</ul>{_caption(note)}'


def without_validation(runs: Placed) -> str:
    """Return a note that names the runs without a validation curve; "" if there are none."""
    names = [run_name(run) for _place, run in runs if not run.job.recipe.validation_fraction]
    if not names:
        return ""
    return _("No images are kept for validation, so there is no such curve: {names}").format(names=", ".join(names))


def comparison_table(runs: Placed) -> str:
    """Put results, and the settings that differ, side by side.

    Args:
        runs: at least one.

    Returns:
        A table with a column for each run; the best value of each result that has a best is emphasized.
    """
    snapshots = [run for _place, run in runs]
    heads = "".join(f'<th scope="col">{_line(place)}{html.escape(run_name(run))}</th>' for place, run in runs)
    body = _section(_("Results"), len(runs), _results(snapshots))
    if len(snapshots) > 1:
        different = _differences(snapshots)
        title = _("Settings that differ") if different else _("All settings are the same")
        body += _section(title, len(runs), different)
    mixed = len({run.job.data for run in snapshots}) > 1
    warning = _("These runs learned from different data sets: their figures do not compare.") if mixed else ""
    title = _("The runs side by side")
    return (
        f'{_caption(warning)}<div class="comparison" role="region" aria-label="{title}" tabindex="0">'
        f"<table><thead><tr><td></td>{heads}</tr></thead>{body}</table></div>"
    )


def differing_fields(recipes: Sequence[Recipe]) -> list[str]:
    """List the settings that differ between recipes, in the recipe's order, without where they come from.

    A setting that has no effect in a recipe counts as one value of its own, whatever stands there.
    """
    return [field for field in ("name", *SETTINGS) if len({_effective(field, recipe) for recipe in recipes}) > 1]


def _effective(field: str, recipe: Recipe) -> tuple[bool, object]:
    works = recipe.has_effect(field)
    return works, getattr(recipe, field) if works else None


def _results(runs: Sequence[Snapshot]) -> str:
    over = [run.state not in ACTIVE for run in runs]
    best = [run.records.best for run in runs]
    seconds = [run.records.seconds or None for run in runs]
    rates = [run.step / run.records.seconds if run.records.seconds else None for run in runs]
    validation = [validation_accuracy(run) for run in runs]
    notes = _row(_("Note"), [run.note for run in runs]) if any(run.note for run in runs) else ""
    return "".join(
        [
            _row(_("State"), [state_text(run) for run in runs]),
            _ranked(_("Validation accuracy (best epoch)"), validation, "{:.2%}".format, max),
            _row(_("Best epoch"), [UNKNOWN if epoch is None else f"{epoch.epoch:,}" for epoch in best]),
            _ranked(_("Test accuracy"), [accuracy_on_test(run) for run in runs], "{:.2%}".format, max),
            # How long a run takes is known once it is over.
            _ranked(_("Training time"), seconds, duration, min, over),
            _row(_("Steps"), [f"{run.step:,}" for run in runs]),
            _ranked(_("Steps per second"), rates, "{:,.0f}".format, max),
            _ranked(_("Parameters"), [run.job.recipe.parameters for run in runs], "{:,}".format, min),
            notes,
        ]
    )


def _differences(runs: Sequence[Snapshot]) -> str:
    rows = []
    data = [setting_value("data", run.job.data) for run in runs]
    if len(set(data)) > 1:
        rows.append(_row(setting_name("data"), data))
    for field in differing_fields([run.job.recipe for run in runs]):
        values = [
            setting_value(field, getattr(run.job.recipe, field)) if run.job.recipe.has_effect(field) else UNKNOWN
            for run in runs
        ]
        rows.append(_row(setting_name(field), values))
    for name, texts in (
        (_("Forked from"), [_parent(run) for run in runs]),
        (_("Changed while it trained"), [_changes(run) for run in runs]),
    ):
        if any(texts):
            rows.append(_row(name, [text or UNKNOWN for text in texts]))
    return "".join(rows)


def _parent(run: Snapshot) -> str:
    if run.job.parent is None:
        return ""
    return _("{run}, after epoch {epoch:,}").format(run=run.job.parent.run, epoch=run.job.parent.epoch)


def _changes(run: Snapshot) -> str:
    """List what was changed while a run trained, each with its step."""
    return "; ".join(
        _("step {step:,}: {setting} {value}").format(
            step=change["step"], setting=setting_name(field), value=setting_value(field, value)
        )
        for change in run.records.changes
        for field, value in change.items()
        if field in MUTABLE_FIELDS
    )


def _ranked(
    name: str,
    values: Sequence[float | None],
    text: Callable[[float], str],
    best_of: Callable[[list[float]], float],
    counted: Sequence[bool] | None = None,
) -> str:
    """Make a row whose best value is emphasized, if there are several to choose from and they differ."""
    counts = counted or [True] * len(values)
    known = [value for value, counts_too in zip(values, counts, strict=True) if value is not None and counts_too]
    best = best_of(known) if len(set(known)) > 1 else None
    cells = []
    for value, counts_too in zip(values, counts, strict=True):
        written = UNKNOWN if value is None else html.escape(text(value))
        cells.append(f"<strong>{written}</strong>" if counts_too and value is not None and value == best else written)
    return _cells(name, cells)


def _row(name: str, values: Sequence[str]) -> str:
    return _cells(name, [html.escape(value) for value in values])


def _cells(name: str, cells: Sequence[str]) -> str:
    return f'<tr><th scope="row">{html.escape(name)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _section(title: str, runs: int, rows: str) -> str:
    head = f'<th scope="rowgroup" colspan="{runs + 1}">{html.escape(title)}</th>'
    return f'<tbody><tr class="section">{head}</tr>{rows}</tbody>'


def _line(place: int) -> str:
    """Draw a short piece of the run's curve."""
    return (
        f'<i class="run-line" aria-hidden="true" style="border-top: 0.2rem {BORDERS[dash(place)]} {colour(place)}"></i>'
    )


def _caption(text: str) -> str:
    return f'<p class="caption">{html.escape(text)}</p>' if text else ""
