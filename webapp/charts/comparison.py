"""Curves of several runs in one figure: pure functions, without Streamlit and without a browser."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mnist_core.recipes.recipe import Recipe
from webapp.charts.curve import (
    HIGH_LOSS,
    Figure,
    fixed_axis,
    later_half,
    moving_mean,
    rounded,
    smoothing_steps,
    thin_out,
)
from webapp.charts.failure_lab import FAILURE_COLOUR, REMEDY_COLOUR
from webapp.runs.records import Records, numbers

COLOURS = (
    *(FAILURE_COLOUR, REMEDY_COLOUR),  # an experiment of the lab, opened here by its link, keeps its colours
    *("#b57a00", "#a855f7"),
    *("#059669", "#ec4899"),
    *("#ea580c", "#6366f1"),
    *("#5b940b", "#8b8b8b"),
)
"""In pairs of a warm and a cool one, which colour-blind people tell apart; each is seen on white and on black."""
DASHES = ("solid", "dash", "dot")
"""Every pair has the next kind of line: three kinds and five pairs make thirty runs that all look different."""
ACCURACY_FLOORS = (0.99, 0.98, 0.95, 0.9, 0.8, 0.5, 0.0)
"""Where the accuracy axis may begin: few places, so that it seldom jumps while the curves grow."""
SHORT_NAME = 24
"""Letters of a run's name beside the pointer."""
FEW_POINTS = 30
"""A curve of at most so many points has a dot at each: a single point would be invisible."""
DOT, ONLY_DOT = 5, 10
"""CSS pixels across: of a dot, and of one that is all there is of a run."""

Measure = Literal["loss", "accuracy"]
Subset = Literal["training", "validation"]
Axis = Literal["epochs", "seconds"]


@dataclass(frozen=True)
class Curve:
    """One run's line in a figure.

    Attributes:
        name: of the run, as somebody typed it.
        place: the run's place among those compared, from 0; decides colour and dashes.
        x: float (N,), epochs or seconds, ascending.
        y: float (N,), losses, or accuracies in [0, 1].
    """

    name: str
    place: int
    x: np.ndarray
    y: np.ndarray


def colour(place: int) -> str:
    """Return the colour of the run in this place, counted from 0."""
    return COLOURS[place % len(COLOURS)]


def dash(place: int) -> str:
    """Return the kind of line of the run in this place, as Plotly calls it."""
    return DASHES[place // 2 % len(DASHES)]


def run_curve(
    name: str, place: int, recipe: Recipe, records: Records, measure: Measure, subset: Subset, axis: Axis
) -> Curve:
    """Compute one run's curve from its records.

    Args:
        name: how the run is called.
        place: see `Curve`.
        recipe: its settings.
        records: what it has written so far.
        measure: what is drawn.
        subset: on which images: on those of every step, smoothed as on the training page, or on those for validation.
        axis: over what it is drawn.

    Returns:
        The curve, thinned out to what a screen can show; empty if there is nothing to draw yet.
    """
    if subset == "training":
        values = numbers(records.loss if measure == "loss" else records.accuracy)
        values = moving_mean(values, smoothing_steps(recipe.batch_size))
        steps = np.arange(1, len(values) + 1)
    else:
        measured = records.validation_loss if measure == "loss" else records.validation_accuracy
        steps, values = np.array(measured, dtype=float).reshape(-1, 2).T
    chosen = thin_out(values)
    steps, values = steps[chosen], values[chosen]
    if axis == "seconds":
        return Curve(name, place, seconds_at(steps, records.clock), values)
    steps_per_epoch = recipe.steps_per_epoch(records.begin.get("train_images", 0))
    return Curve(name, place, steps / max(steps_per_epoch, 1), values)


def seconds_at(steps: np.ndarray, clock: Sequence[tuple[float, int]]) -> np.ndarray:
    """Estimate how long a training had taken at some of its steps.

    Between two readings of the clock the pace is taken as even, and after the last one as that of the whole training.

    Args:
        steps: (N,), counted from 1, ascending.
        clock: (seconds, steps so far), ascending; the first one may be (0, 0).

    Returns:
        float (N,), seconds; all 0 as long as the clock has not been read.
    """
    seconds, known = np.array(clock, dtype=float).reshape(-1, 2).T
    if not known.size or not known[-1]:
        return np.zeros(len(steps))
    later = np.maximum(steps - known[-1], 0) * seconds[-1] / known[-1]
    return np.interp(steps, known, seconds) + later


def overlay_figure(
    curves: Sequence[Curve], measure: Measure, x_title: str, y_title: str, logarithmic: bool = False
) -> Figure:
    """Draw curves of several runs over each other.

    Args:
        curves: empty ones are left out.
        measure: what they show; it decides about the vertical axis.
        x_title: translated name of the horizontal axis.
        y_title: translated name of the vertical axis.
        logarithmic: whether a loss is drawn on a logarithmic axis, as it also is if one was far too high somewhere;
            accuracies never are.

    Returns:
        A figure without a legend, which the page has beside it.
    """
    curves = [curve for curve in curves if len(curve.x)]
    value_format = ".4f" if measure == "loss" else ".2%"
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers" if len(curve.x) <= FEW_POINTS else "lines",
                "name": html.escape(_short(curve.name)),  # Plotly reads tags in names
                "x": rounded(curve.x),
                "y": rounded(curve.y),
                "line": {"color": colour(curve.place), "dash": dash(curve.place), "width": 2.5},
                "marker": {"size": DOT if len(curve.x) > 1 else ONLY_DOT},
                "hovertemplate": f"%{{y:{value_format}}}",
            }
            for curve in curves
        ],
        "layout": {
            "margin": {"l": 62, "r": 12, "t": 12, "b": 40},
            "showlegend": False,
            "xaxis": fixed_axis(x_title, rangemode="tozero"),
            "yaxis": fixed_axis(
                y_title, **(_loss_axis(curves, logarithmic) if measure == "loss" else accuracy_axis(curves))
            ),
            "hovermode": "x unified",
        },
    }


def _loss_axis(curves: Sequence[Curve], logarithmic: bool) -> Figure:
    top = max((float(curve.y.max()) for curve in curves), default=2.3)
    if logarithmic or top > HIGH_LOSS:
        return {"type": "log", "dtick": 1 if _spans_decades(curves) else "D2", "tickformat": "~g"}
    return {"range": [0, 1.05 * top]}


def _spans_decades(curves: Sequence[Curve]) -> bool:
    """Whether there are enough powers of ten on a logarithmic axis to label them alone."""
    positive = [curve.y[curve.y > 0] for curve in curves]
    values = np.concatenate([np.ones(0), *positive])
    return bool(values.size) and float(values.max() / values.min()) > 100


def accuracy_axis(curves: Sequence[Curve]) -> Figure:
    """Choose where the axis begins: the errors of the worst run's later half fill at most two fifths of it."""
    worst = min((float(later_half(curve.y).min()) for curve in curves), default=0.0)
    floor = next(floor for floor in ACCURACY_FLOORS if 1 - floor >= 2.5 * (1 - worst) or floor == 0)
    return {"range": [floor, 1 + 0.01 * (1 - floor)], "tickformat": ".0%" if floor < 0.98 else ".1%"}


def _short(name: str) -> str:
    return name if len(name) <= SHORT_NAME else name[: SHORT_NAME - 1] + "…"
