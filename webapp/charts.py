"""From records to figures: pure functions, without Streamlit and without a browser."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mnist_core.records import EpochEnd, StepEnd

MAX_POINTS = 400
"""Points of a curve that are sent to the browser: more cannot be told apart, and each update would cost more."""
SMOOTHING_STEPS = 50
"""A smoothed point is the mean of this many steps."""
TRAIN_COLOUR = "#3b82f6"
VALIDATION_COLOUR = "#f97316"

Figure = dict[str, Any]


def loss_figure(
    steps: Sequence[StepEnd], epochs: Sequence[EpochEnd], steps_per_epoch: int, last_epoch: int, names: "Names"
) -> Figure:
    """Draw the loss over the epochs: of every step, smoothed, and on the validation images.

    Args:
        steps: all so far, in order.
        epochs: all so far, in order.
        steps_per_epoch: updates in an epoch.
        last_epoch: where the time axis ends.
        names: translated names of the curves and axes.

    Returns:
        A figure as Plotly understands it.
    """
    train = np.array([step.loss for step in steps])
    measured = [(s.step, s.validation_loss) for s in steps if s.validation_loss is not None]
    measured += [(epoch.step, epoch.validation_loss) for epoch in epochs]
    smooth = moving_mean(train, SMOOTHING_STEPS)
    top = float(smooth.max()) * 1.05 if len(smooth) else 2.4
    layout = _layout(names, names["loss"], last_epoch, {"range": [0, top], "hoverformat": ".4f"})
    return _figure(train, smooth, measured, epochs, steps_per_epoch, names, layout)


def accuracy_figure(
    steps: Sequence[StepEnd], epochs: Sequence[EpochEnd], steps_per_epoch: int, last_epoch: int, names: "Names"
) -> Figure:
    """Draw the accuracy over the epochs; the arguments are those of `loss_figure`."""
    train = np.array([step.accuracy for step in steps])
    measured = [(s.step, s.validation_accuracy) for s in steps if s.validation_accuracy is not None]
    measured += [(epoch.step, epoch.validation_accuracy) for epoch in epochs]
    smooth = moving_mean(train, SMOOTHING_STEPS)
    # The interesting part lies near 100%: the axis begins a good way below the newest value, in whole tens.
    newest = float(smooth[-1]) if len(smooth) else 0.0
    bottom = max(0.0, np.floor((newest - 0.12) * 10) / 10)
    layout = _layout(names, names["accuracy"], last_epoch, {"range": [bottom, 1.003], "tickformat": ".0%"})
    layout["yaxis"]["hoverformat"] = ".2%"
    return _figure(train, smooth, measured, epochs, steps_per_epoch, names, layout)


Names = dict[str, str]
"""Translated texts under the keys "training", "validation", "best", "epoch", "loss", "accuracy"."""


def moving_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Average every value with those before it.

    Args:
        values: float (N,).
        window: how many values, with itself; fewer at the beginning.

    Returns:
        float (N,).
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)


def thin_out(values: np.ndarray, limit: int = MAX_POINTS) -> np.ndarray:
    """Choose which points of a long curve are drawn: evenly spread, always with the newest.

    Args:
        values: (N,), the curve; only its length counts.
        limit: how many points at most.

    Returns:
        integer (min(N, limit),), indices in order.
    """
    count = len(values)
    if count <= limit:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, limit).round().astype(int))


def _figure(
    train: np.ndarray,
    smooth: np.ndarray,
    measured: list[tuple[int, float]],
    epochs: Sequence[EpochEnd],
    steps_per_epoch: int,
    names: Names,
    layout: Figure,
) -> Figure:
    chosen = thin_out(train)
    x = _rounded((chosen + 1) / max(steps_per_epoch, 1))
    measured.sort()
    curves: list[Figure] = [
        {
            "showlegend": False,
            "x": x,
            "y": _rounded(train[chosen]),
            "line": {"color": TRAIN_COLOUR, "width": 1},
            "opacity": 0.25,
            "hoverinfo": "skip",
        },
        {
            "name": names["training"],
            "x": x,
            "y": _rounded(smooth[chosen]),
            "line": {"color": TRAIN_COLOUR, "width": 2.5},
        },
        {
            "name": names["validation"],
            "x": _rounded(np.array([step for step, _ in measured]) / max(steps_per_epoch, 1)),
            "y": _rounded(np.array([value for _, value in measured])),
            "mode": "lines+markers",
            "line": {"color": VALIDATION_COLOUR, "width": 2.5},
        },
    ]
    best = [epoch.epoch for epoch in epochs if epoch.best]
    if best:
        values = dict(measured)
        at = next(epoch for epoch in epochs if epoch.epoch == best[-1])
        curves.append(
            {
                "name": names["best"],
                "x": [at.epoch],
                "y": [values[at.step]],
                "mode": "markers",
                "cliponaxis": False,
                "marker": {"symbol": "star", "size": 15, "color": VALIDATION_COLOUR},
            }
        )
    return {"data": [{"type": "scatter", "mode": "lines", **curve} for curve in curves], "layout": layout}


def _layout(names: Names, title: str, last_epoch: int, yaxis: Figure) -> Figure:
    return {
        "margin": {"l": 52, "r": 12, "t": 34, "b": 40},
        "xaxis": {"title": {"text": names["epoch"]}, "range": [0, last_epoch], "zeroline": False, "fixedrange": True},
        "yaxis": {"title": {"text": title}, "zeroline": False, "fixedrange": True, **yaxis},
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"},
        "hovermode": "x unified",
        "uirevision": "kept",  # hidden curves stay hidden at the next update
    }


def _rounded(values: np.ndarray) -> list[float]:
    """Shorten numbers for the way to the browser; five digits are more than a screen can show."""
    return [float(f"{value:.5g}") for value in values]
