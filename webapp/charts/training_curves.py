"""From records to figures: pure functions, without Streamlit and without a browser."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mnist_core.training.records import EpochEnd

MAX_POINTS = 400
"""Points of a curve that are sent to the browser: more cannot be told apart, and each update would cost more."""
SMOOTHING_IMAGES = 3200
"""A smoothed point is the mean of about this many images: 50 steps of 64, or 3,200 steps of a single one."""
STEADY_IMAGES = 10
"""With fewer images in a step, its accuracy jumps between a few values, and its curve would be a grey wall."""
HIGH_LOSS = 20.0
"""A network that knows nothing has a loss of 2.3. One that begins above this needs a logarithmic axis, or all that
it learns would be a flat line at the bottom."""
AXIS_ENDS = (20, 50, 100, 200, 500, 1000, 2000)
"""Epochs at which the time axis of a long run may end for a while."""
MANY_MARKERS = 60
"""From so many points on, the dots of the validation curve would hide it."""
TRAIN_COLOUR = "#3b82f6"
VALIDATION_COLOUR = "#f97316"
RATE_COLOUR = "#9333ea"
MARK_COLOUR = "#9333ea"

Figure = dict[str, Any]
Names = dict[str, str]
"""Translated texts under the keys "training", "validation", "best", "epoch", "loss", "accuracy"."""
Validation = Sequence[tuple[int, float]] | None
"""(step, value) wherever the validation images were read; None if there are none."""


class Mark(NamedTuple):
    """Something that happened on the way, drawn as an upright line.

    Attributes:
        step: after which.
        text: what it was, in a word or two.
    """

    step: int
    text: str


def loss_figure(
    train: np.ndarray,
    validation: Validation,
    best: EpochEnd | None,
    batch_size: int,
    steps_per_epoch: int,
    last_epoch: int,
    names: Names,
    marks: Sequence[Mark] = (),
    log: bool = False,
) -> Figure:
    """Draw the loss over the epochs: of every step, smoothed, and on the validation images.

    Args:
        train: float (N,), of every step so far.
        validation: (step, loss), in order; None if no images are kept for it.
        best: the best epoch so far.
        batch_size: images in a step.
        steps_per_epoch: updates in an epoch.
        last_epoch: where the time axis ends.
        names: translated names of the curves and axes.
        marks: what was changed on the way.
        log: whether the axis of the loss is logarithmic; it also is if the loss begins far too high.

    Returns:
        A figure as Plotly understands it.
    """
    smooth = moving_mean(train, smoothing_steps(batch_size))
    shown = np.concatenate([smooth, [loss for _, loss in validation or ()]])
    top = float(shown.max()) if len(shown) else 2.3
    if log or (len(train) and train[0] > HIGH_LOSS):
        bottom = np.floor(np.log10(max(float(shown.min(initial=0.1)), 1e-4)))
        yaxis = {"type": "log", "dtick": 1, "range": [bottom, np.log10(top) + 0.1]}
    else:
        yaxis = {"range": [0, 1.05 * top]}
    end = _axis_end(len(train), steps_per_epoch, last_epoch)
    layout = {**epoch_layout(names, names["loss"], end, yaxis), **_marked(marks, steps_per_epoch)}
    star = None if best is None or best.validation_loss is None else (best.epoch, best.validation_loss)
    return _figure(train, smooth, validation, star, steps_per_epoch, names, ".4f", layout)


def accuracy_figure(
    train: np.ndarray,
    validation: Validation,
    best: EpochEnd | None,
    batch_size: int,
    steps_per_epoch: int,
    last_epoch: int,
    names: Names,
    marks: Sequence[Mark] = (),
) -> Figure:
    """Draw the accuracy over the epochs; the arguments are those of `loss_figure`."""
    smooth = moving_mean(train, smoothing_steps(batch_size))
    raw = train if batch_size >= STEADY_IMAGES else None
    # The interesting part lies near 100%: the axis begins a good way below the newest value, in whole tens.
    newest = float(smooth[-1]) if len(smooth) else 0.0
    bottom = max(0.0, np.floor((newest - 0.12) * 10) / 10)
    yaxis = {"range": [bottom, 1.003], "tickformat": ".0%"}
    end = _axis_end(len(train), steps_per_epoch, last_epoch)
    layout = {**epoch_layout(names, names["accuracy"], end, yaxis), **_marked(marks, steps_per_epoch)}
    star = None if best is None or best.validation_accuracy is None else (best.epoch, best.validation_accuracy)
    return _figure(raw, smooth, validation, star, steps_per_epoch, names, ".2%", layout)


def learning_rate_figure(rates: np.ndarray, steps_per_epoch: int, last_epoch: int, names: Names) -> Figure:
    """Draw the learning rate over the epochs.

    Args:
        rates: float (N,), of every step so far.
        steps_per_epoch: updates in an epoch.
        last_epoch: where the time axis ends.
        names: translated names; also "learning rate".

    Returns:
        A figure as Plotly understands it.
    """
    chosen = thin_out(rates)
    yaxis = {"rangemode": "tozero", "nticks": 4}
    layout = epoch_layout(names, names["learning rate"], _axis_end(len(rates), steps_per_epoch, last_epoch), yaxis)
    curve = {
        "type": "scatter",
        "mode": "lines",
        "x": _rounded((chosen + 1) / steps_per_epoch),
        "y": _rounded(rates[chosen]),
        "line": {"color": RATE_COLOUR, "width": 2},
        "hovertemplate": "%{y:.3g}<extra></extra>",
    }
    return {"data": [curve], "layout": {**layout, "margin": {**layout["margin"], "t": 8}, "showlegend": False}}


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

    While a curve grows, the points that are drawn stay the same, and every other one goes when they become too many:
    with others at every update the curve would flicker.

    Args:
        values: (N,), the curve; only its length counts.
        limit: how many points at most.

    Returns:
        integer (at most limit,), indices in order.
    """
    count = len(values)
    apart = 1
    while -(-count // apart) > limit:
        apart *= 2
    chosen = np.arange(apart - 1, count, apart)
    return chosen if count % apart == 0 else np.append(chosen, count - 1)


def smoothing_steps(batch_size: int) -> int:
    """Say how many steps a smoothed point is the mean of."""
    return max(1, round(SMOOTHING_IMAGES / batch_size))


def _figure(
    raw: np.ndarray | None,
    smooth: np.ndarray,
    validation: Validation,
    star: tuple[int, float] | None,
    steps_per_epoch: int,
    names: Names,
    value_format: str,
    layout: Figure,
) -> Figure:
    chosen = thin_out(smooth)
    x = _rounded((chosen + 1) / steps_per_epoch)
    blue = {"legendgroup": "training", "x": x}
    curves: list[Figure] = []
    if raw is not None:
        faint = {"line": {"color": TRAIN_COLOUR, "width": 1}, "opacity": 0.25, "hoverinfo": "skip"}
        curves.append({**blue, "showlegend": False, "y": _rounded(raw[chosen]), **faint})
    template = f"%{{y:{value_format}}}"
    line = {"line": {"color": TRAIN_COLOUR, "width": 2.5}, "hovertemplate": template}
    curves.append({**blue, "name": names["training"], "y": _rounded(smooth[chosen]), **line})
    if validation is not None:
        measured = np.array(validation).reshape(-1, 2)
        measured = measured[thin_out(measured)]
        curves.append(
            {
                "name": names["validation"],
                "x": _rounded(measured[:, 0] / steps_per_epoch),
                "y": _rounded(measured[:, 1]),
                "mode": "lines+markers" if len(measured) < MANY_MARKERS else "lines",
                "line": {"color": VALIDATION_COLOUR, "width": 2.5},
                "hovertemplate": template,
            }
        )
    if star is not None:
        curves.append(
            {
                "name": names["best"],
                "x": [star[0]],
                "y": _rounded(np.array([star[1]])),
                "mode": "markers",
                "cliponaxis": False,
                "marker": {"symbol": "star", "size": 15, "color": VALIDATION_COLOUR},
                "hovertemplate": template,
            }
        )
    return {"data": [{"type": "scatter", "mode": "lines", **curve} for curve in curves], "layout": layout}


def _marked(marks: Sequence[Mark], steps_per_epoch: int) -> Figure:
    """Draw an upright line for each mark, with its text at the top."""
    line = {
        "type": "line",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": MARK_COLOUR, "width": 1, "dash": "dot"},
    }
    text = {"yref": "paper", "y": 1, "yanchor": "top", "xanchor": "left", "showarrow": False, "font": {"size": 11}}
    places = [mark.step / steps_per_epoch for mark in marks]
    return {
        "shapes": [{**line, "x0": x, "x1": x} for x in places],
        "annotations": [{**text, "x": x, "text": mark.text} for x, mark in zip(places, marks, strict=True)],
    }


def _axis_end(steps: int, steps_per_epoch: int, last_epoch: int) -> int:
    """Where the time axis ends: at the last epoch, or before it as long as a long run would be a mere stripe."""
    epochs = steps / steps_per_epoch
    return next((end for end in AXIS_ENDS if epochs <= end <= last_epoch / 2), last_epoch)


def epoch_layout(names: Names, title: str, last_epoch: int, yaxis: Figure) -> Figure:
    """Lay a figure out whose time axis counts epochs."""
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
