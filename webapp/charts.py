"""From records to figures: pure functions, without Streamlit and without a browser."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mnist_core.records import EpochEnd

MAX_POINTS = 400
"""Points of a curve that are sent to the browser: more cannot be told apart, and each update would cost more."""
SMOOTHING_STEPS = 50
"""A smoothed point is the mean of this many steps."""
AXIS_ENDS = (20, 50, 100, 200, 500)
"""Epochs at which the time axis of a long run may end for a while."""
MANY_MARKERS = 60
"""From so many points on, the dots of the validation curve would hide it."""
TRAIN_COLOUR = "#3b82f6"
VALIDATION_COLOUR = "#f97316"

Figure = dict[str, Any]
Names = dict[str, str]
"""Translated texts under the keys "training", "validation", "best", "epoch", "loss", "accuracy"."""


def loss_figure(
    train: np.ndarray,
    validation: Sequence[tuple[int, float]],
    best: EpochEnd | None,
    steps_per_epoch: int,
    last_epoch: int,
    names: Names,
) -> Figure:
    """Draw the loss over the epochs: of every step, smoothed, and on the validation images.

    Args:
        train: float (N,), of every step so far.
        validation: (step, loss), in order.
        best: the best epoch so far.
        steps_per_epoch: updates in an epoch.
        last_epoch: where the time axis ends.
        names: translated names of the curves and axes.

    Returns:
        A figure as Plotly understands it.
    """
    smooth = moving_mean(train, SMOOTHING_STEPS)
    top = 1.05 * max([float(smooth.max()) if len(smooth) else 2.3, *(loss for _, loss in validation)])
    layout = _layout(names, names["loss"], _axis_end(len(train), steps_per_epoch, last_epoch), {"range": [0, top]})
    star = None if best is None else (best.epoch, best.validation_loss)
    return _figure(train, smooth, validation, star, steps_per_epoch, names, ".4f", layout)


def accuracy_figure(
    train: np.ndarray,
    validation: Sequence[tuple[int, float]],
    best: EpochEnd | None,
    steps_per_epoch: int,
    last_epoch: int,
    names: Names,
) -> Figure:
    """Draw the accuracy over the epochs; the arguments are those of `loss_figure`."""
    smooth = moving_mean(train, SMOOTHING_STEPS)
    # The interesting part lies near 100%: the axis begins a good way below the newest value, in whole tens.
    newest = float(smooth[-1]) if len(smooth) else 0.0
    bottom = max(0.0, np.floor((newest - 0.12) * 10) / 10)
    yaxis = {"range": [bottom, 1.003], "tickformat": ".0%"}
    layout = _layout(names, names["accuracy"], _axis_end(len(train), steps_per_epoch, last_epoch), yaxis)
    star = None if best is None else (best.epoch, best.validation_accuracy)
    return _figure(train, smooth, validation, star, steps_per_epoch, names, ".2%", layout)


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
    validation: Sequence[tuple[int, float]],
    star: tuple[int, float] | None,
    steps_per_epoch: int,
    names: Names,
    value_format: str,
    layout: Figure,
) -> Figure:
    chosen = thin_out(train)
    x = _rounded((chosen + 1) / steps_per_epoch)
    measured = np.array(validation).reshape(-1, 2)
    measured = measured[thin_out(measured)]
    curves: list[Figure] = [
        {
            "showlegend": False,
            "legendgroup": "training",
            "x": x,
            "y": _rounded(train[chosen]),
            "line": {"color": TRAIN_COLOUR, "width": 1},
            "opacity": 0.25,
            "hoverinfo": "skip",
        },
        {
            "name": names["training"],
            "legendgroup": "training",
            "x": x,
            "y": _rounded(smooth[chosen]),
            "line": {"color": TRAIN_COLOUR, "width": 2.5},
        },
        {
            "name": names["validation"],
            "x": _rounded(measured[:, 0] / steps_per_epoch),
            "y": _rounded(measured[:, 1]),
            "mode": "lines+markers" if len(measured) < MANY_MARKERS else "lines",
            "line": {"color": VALIDATION_COLOUR, "width": 2.5},
        },
    ]
    if star is not None:
        curves.append(
            {
                "name": names["best"],
                "x": [star[0]],
                "y": _rounded(np.array([star[1]])),
                "mode": "markers",
                "cliponaxis": False,
                "marker": {"symbol": "star", "size": 15, "color": VALIDATION_COLOUR},
            }
        )
    for curve in curves[1:]:
        curve["hovertemplate"] = f"%{{y:{value_format}}}"
    return {"data": [{"type": "scatter", "mode": "lines", **curve} for curve in curves], "layout": layout}


def _axis_end(steps: int, steps_per_epoch: int, last_epoch: int) -> int:
    """Where the time axis ends: at the last epoch, or before it as long as a long run would be a mere stripe."""
    epochs = steps / steps_per_epoch
    return next((end for end in AXIS_ENDS if epochs <= end < last_epoch), last_epoch)


def _layout(names: Names, title: str, last_epoch: int, yaxis: Figure) -> Figure:
    return {
        "margin": {"l": 52, "r": 12, "t": 34, "b": 40},
        "xaxis": {
            "title": {"text": names["epoch"]},
            "range": [0, last_epoch],
            "zeroline": False,
            "fixedrange": True,
            "unifiedhovertitle": {"text": names["epoch"] + " %{x:.2f}"},
        },
        "yaxis": {"title": {"text": title}, "zeroline": False, "fixedrange": True, **yaxis},
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
            "font": {"size": 12},
        },
        "hovermode": "x unified",
        "uirevision": "kept",  # hidden curves stay hidden at the next update
    }


def _rounded(values: np.ndarray) -> list[float]:
    """Shorten numbers for the way to the browser; five digits are more than a screen can show."""
    return [float(f"{value:.5g}") for value in values]
