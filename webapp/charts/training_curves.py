"""From records to figures: pure functions, without Streamlit and without a browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from mnist_core.training.records import EpochEnd
from webapp.charts.curve import (
    HIGH_LOSS,
    Figure,
    Names,
    axis_end,
    epoch_layout,
    later_half,
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
MARK_FONT, MARK_ROW, MARK_ROWS = 11, 14, 6
"""The texts of marks, in CSS pixels, and in how many rows below each other they may stand."""
NARROW = 290
"""How wide a chart is on a phone, in CSS pixels: where texts have room there, they have it everywhere."""

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


@dataclass(frozen=True)
class Course:
    """What the figures of one run share.

    Attributes:
        batch_size: images in a step.
        steps_per_epoch: updates in an epoch.
        last_epoch: of the training, where the time axis ends.
        names: translated names of the curves and axes.
        best: the best epoch so far.
        marks: what was changed on the way.
    """

    batch_size: int
    steps_per_epoch: int
    last_epoch: int
    names: Names
    best: EpochEnd | None = None
    marks: Sequence[Mark] = ()

    def smoothed(self, values: np.ndarray) -> np.ndarray:
        """Smooth a measure of every step: float (N,)."""
        return moving_mean(values, smoothing_steps(self.batch_size))

    def layout(self, measure: str, steps: int, yaxis: Figure, **margin: int) -> Figure:
        """Return the layout of a figure that shows so many steps; `measure` is a key of the names."""
        end = axis_end(steps / self.steps_per_epoch, self.last_epoch)
        return epoch_layout(self.names, self.names[measure], end, yaxis, **margin)


def loss_figure(train: np.ndarray, validation: Validation, course: Course, log: bool = False) -> Figure:
    """Draw the loss over the epochs: of every step, smoothed, and on the validation images.

    Args:
        train: float (N,), of every step so far.
        validation: (step, loss), in order; None if no images are kept for it.
        course: what all figures of the run share.
        log: whether the axis of the loss is logarithmic; it also is if the loss was far too high somewhere.
    """
    smooth = course.smoothed(train)
    shown = np.concatenate([smooth, [loss for _, loss in validation or ()]])
    top = float(shown.max()) if len(shown) else 2.3
    if log or top > HIGH_LOSS:
        bottom = np.floor(np.log10(max(float(shown.min(initial=0.1)), 1e-4)))
        yaxis = {"type": "log", "dtick": 1, "tickformat": "~g", "range": [bottom, np.log10(top) + 0.1]}
    else:
        yaxis = {"range": [0, 1.05 * top]}
    return _figure("loss", train, smooth, validation, course, yaxis)


def accuracy_figure(train: np.ndarray, validation: Validation, course: Course) -> Figure:
    """Draw the accuracy over the epochs; the arguments are those of `loss_figure`."""
    smooth = course.smoothed(train)
    raw = train if course.batch_size >= STEADY_IMAGES else None
    # The interesting part lies near 100%: the axis begins a good way below the curves' later halves, in whole tens.
    read = np.array([share for _, share in validation or ()])
    lowest = float(np.concatenate([later_half(smooth), later_half(read)]).min()) if len(smooth) else 0.0
    bottom = max(0.0, np.floor((lowest - 0.12) * 10) / 10)
    yaxis = {"range": [bottom, 1.003], "tickformat": ".0%"}
    return _figure("accuracy", raw, smooth, validation, course, yaxis)


def learning_rate_figure(rates: np.ndarray, course: Course) -> Figure:
    """Draw the learning rate over the epochs.

    Args:
        rates: float (N,), of every step so far.
        course: see `loss_figure`; its names also have "learning rate".
    """
    chosen = thin_out(rates)
    yaxis = {"rangemode": "tozero", "nticks": 4} if len(rates) else {"range": [0, 1], "showticklabels": False}
    layout = {**course.layout("learning rate", len(rates), yaxis, t=8), "showlegend": False}
    curve = {
        "type": "scatter",
        "mode": "lines",
        "x": rounded((chosen + 1) / course.steps_per_epoch),
        "y": rounded(rates[chosen]),
        "line": {"color": RATE_COLOUR, "width": 2},
        "hovertemplate": "%{y:.3g}<extra></extra>",
    }
    return {"data": [curve], "layout": layout}


def _figure(
    measure: Literal["loss", "accuracy"],
    raw: np.ndarray | None,
    smooth: np.ndarray,
    validation: Validation,
    course: Course,
    yaxis: Figure,
) -> Figure:
    """Draw the curves of a measure, the best epoch, and an upright line for each mark, its text where no curve is."""
    names, chosen = course.names, thin_out(smooth)
    x = rounded((chosen + 1) / course.steps_per_epoch)
    blue = {"legendgroup": "training", "x": x}
    curves: list[Figure] = []
    if raw is not None:
        faint = {"line": {"color": TRAIN_COLOUR, "width": 1}, "opacity": 0.25, "hoverinfo": "skip"}
        curves.append({**blue, "showlegend": False, "y": rounded(raw[chosen]), **faint})
    template = "%{y:.4f}" if measure == "loss" else "%{y:.2%}"
    line = {"line": {"color": TRAIN_COLOUR, "width": 2.5}, "hovertemplate": template}
    curves.append({**blue, "name": names["training"], "y": rounded(smooth[chosen]), **line})
    if validation is not None:
        measured = np.array(validation).reshape(-1, 2)
        measured = measured[thin_out(measured)]
        curves.append(
            {
                "name": names["validation"],
                "x": rounded(measured[:, 0] / course.steps_per_epoch),
                "y": rounded(measured[:, 1]),
                "mode": "lines+markers" if len(measured) < MANY_MARKERS else "lines",
                "line": {"color": VALIDATION_COLOUR, "width": 2.5},
                "hovertemplate": template,
            }
        )
    best: float | None = getattr(course.best, f"validation_{measure}", None)
    if course.best is not None and best is not None:
        curves.append(
            {
                "name": names["best"],
                "x": [course.best.epoch],
                "y": rounded([best]),
                "mode": "markers",
                "cliponaxis": False,
                "marker": {"symbol": "star", "size": 15, "color": VALIDATION_COLOUR},
                "hovertemplate": template,
            }
        )
    dotted = {"color": MARK_COLOUR, "width": 1, "dash": "dot"}
    upright = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": dotted}
    places = [mark.step / course.steps_per_epoch for mark in course.marks]
    layout = course.layout(measure, len(smooth), yaxis)
    layout["shapes"] = [{**upright, "x0": x, "x1": x} for x in places]
    texts = [mark.text for mark in course.marks]
    layout["annotations"] = _mark_texts(places, texts, layout["xaxis"]["range"][1], above=measure == "loss")
    return {"data": [{"type": "scatter", "mode": "lines", **curve} for curve in curves], "layout": layout}


def _mark_texts(places: Sequence[float], texts: Sequence[str], axis_end: float, above: bool) -> list[Figure]:
    """Write the texts of marks to the inner side of their lines, each in the first row where it covers no other.

    Args:
        places: in epochs, ascending.
        texts: of the same length.
        axis_end: where the time axis ends, in epochs.
        above: whether they stand at the top of the chart; else at its bottom, where accuracies leave room.
    """
    ends = [0.0] * MARK_ROWS  # of each row: where its last text ends, in CSS pixels
    written: list[Figure] = []
    for place, text in zip(places, texts, strict=True):
        x = place / axis_end * NARROW
        width = MARK_FONT * sum(1.0 if ord(letter) > 0x2E80 else 0.6 for letter in text)  # Chinese letters are squares
        on_right = x < NARROW / 2
        left = x if on_right else x - width
        row = next((row for row in range(MARK_ROWS) if ends[row] <= left), len(written) % MARK_ROWS)
        ends[row] = left + width
        written.append(
            {
                "text": text,
                "x": place,
                "xanchor": "left" if on_right else "right",
                "yref": "paper",
                "y": int(above),
                "yanchor": "top" if above else "bottom",
                "yshift": MARK_ROW * (-row if above else row),
                "showarrow": False,
                "font": {"size": MARK_FONT},
            }
        )
    return written
