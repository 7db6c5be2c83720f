"""From records to figures: pure functions, without Streamlit and without a browser."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mnist_core.training.records import EpochEnd
from webapp.charts.curve import (
    HIGH_LOSS,
    Figure,
    Names,
    axis_end,
    epoch_layout,
    moving_mean,
    rounded,
    smoothing_steps,
    thin_out,
)

STEADY_IMAGES = 10
"""With fewer images in a step, its accuracy jumps between a few values, and its curve would be a grey wall."""
MANY_MARKERS = 60
"""From so many points on, the dots of the validation curve would hide it."""
TRAIN_COLOUR = "#3b82f6"
VALIDATION_COLOUR = "#f97316"
RATE_COLOUR = "#9333ea"
MARK_COLOUR = "#9333ea"

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
    end = axis_end(len(train) / steps_per_epoch, last_epoch)
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
    end = axis_end(len(train) / steps_per_epoch, last_epoch)
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
    layout = epoch_layout(names, names["learning rate"], axis_end(len(rates) / steps_per_epoch, last_epoch), yaxis)
    curve = {
        "type": "scatter",
        "mode": "lines",
        "x": rounded((chosen + 1) / steps_per_epoch),
        "y": rounded(rates[chosen]),
        "line": {"color": RATE_COLOUR, "width": 2},
        "hovertemplate": "%{y:.3g}<extra></extra>",
    }
    return {"data": [curve], "layout": {**layout, "margin": {**layout["margin"], "t": 8}, "showlegend": False}}


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
    x = rounded((chosen + 1) / steps_per_epoch)
    blue = {"legendgroup": "training", "x": x}
    curves: list[Figure] = []
    if raw is not None:
        faint = {"line": {"color": TRAIN_COLOUR, "width": 1}, "opacity": 0.25, "hoverinfo": "skip"}
        curves.append({**blue, "showlegend": False, "y": rounded(raw[chosen]), **faint})
    template = f"%{{y:{value_format}}}"
    line = {"line": {"color": TRAIN_COLOUR, "width": 2.5}, "hovertemplate": template}
    curves.append({**blue, "name": names["training"], "y": rounded(smooth[chosen]), **line})
    if validation is not None:
        measured = np.array(validation).reshape(-1, 2)
        measured = measured[thin_out(measured)]
        curves.append(
            {
                "name": names["validation"],
                "x": rounded(measured[:, 0] / steps_per_epoch),
                "y": rounded(measured[:, 1]),
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
                "y": rounded(np.array([star[1]])),
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
