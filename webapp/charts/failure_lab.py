"""The failure lab's curves, a run that fails and its remedy over each other: pure functions."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mnist_core.constants import CLASSES
from mnist_core.recipes.recipe import Recipe
from webapp.charts.curve import (
    HIGH_LOSS,
    Figure,
    Names,
    epoch_layout,
    moving_mean,
    rounded,
    smoothing_steps,
    thin_out,
)
from webapp.runs.records import Records, numbers

FAILURE_COLOUR, REMEDY_COLOUR = "#ef4444", "#0d8fcc"
"""Told apart on a light and on a dark page, and by those who can't tell red from green."""
GUESSING_COLOUR = "#8b8b8b"
FEW_POINTS = 30
"""A validation curve of at most so many points has a dot at each."""


@dataclass(frozen=True)
class LabRun:
    """One of the two runs, as far as it has come.

    Attributes:
        name: "failure" or "remedy", translated.
        colour: of its curves.
        recipe: its settings.
        records: what it has written.
    """

    name: str
    colour: str
    recipe: Recipe
    records: Records

    def smoothed(self, values: "array[float]") -> np.ndarray:
        """Smooth a measure of every step so far as on the training page, but over one epoch at most: float (N,)."""
        return moving_mean(numbers(values), min(smoothing_steps(self.recipe.batch_size), self._steps_per_epoch))

    @property
    def _steps_per_epoch(self) -> int:
        return max(1, self.recipe.steps_per_epoch(self.records.begin.get("train_images", 0)))

    def curves(self, measure: Literal["loss", "accuracy"], names: Names) -> list[Figure]:
        """Draw a measure over the epochs: dotted on the training images, solid on those for validation.

        Args:
            measure: which one.
            names: translated texts under the keys "training" and "validation".
        """
        records = self.records
        train = self.smoothed(records.loss if measure == "loss" else records.accuracy)
        validation = records.validation_loss if measure == "loss" else records.validation_accuracy
        steps, values = np.array(validation, dtype=float).reshape(-1, 2).T
        value_format = ".3g" if measure == "loss" else ".1%"
        return [
            self._curve(names["training"], np.arange(1, len(train) + 1), train, "dot", 1.8, value_format),
            self._curve(names["validation"], steps, values, "solid", 2.8, value_format),
        ]

    def _curve(self, name: str, steps: np.ndarray, y: np.ndarray, dash: str, width: float, form: str) -> Figure:
        chosen = thin_out(y)
        marked = dash == "solid" and len(y) <= FEW_POINTS
        return {
            "type": "scatter",
            "mode": "lines+markers" if marked else "lines",
            "name": f"{self.name}, {name}",
            "x": rounded(steps[chosen] / self._steps_per_epoch),
            "y": rounded(y[chosen]),
            "line": {"color": self.colour, "dash": dash, "width": width},
            "marker": {"size": 5},
            "hovertemplate": f"%{{y:{form}}}",
        }


def loss_figure(lab_runs: Sequence[LabRun], epochs: int, names: Names) -> Figure:
    """Draw the loss of the runs over each other; on a logarithmic axis where one of them was very high.

    Args:
        lab_runs: the failure and its remedy, as far as they have been started.
        epochs: where the time axis ends.
        names: translated texts under the keys "training", "validation", "epoch" and "loss".
    """
    smooth = [run.smoothed(run.records.loss) for run in lab_runs]
    shown = np.concatenate([np.ones(0), *smooth, *([v for _, v in run.records.validation_loss] for run in lab_runs)])
    top = float(shown.max()) if len(shown) else 2.5
    if top > HIGH_LOSS:
        bottom = np.floor(np.log10(max(float(shown.min()), 1e-4)))
        yaxis = {"type": "log", "dtick": 1, "range": [float(bottom), float(np.log10(top)) + 0.1]}
    else:
        yaxis = {"range": [0, 1.05 * top]}
    curves = [curve for run in lab_runs for curve in run.curves("loss", names)]
    return {"data": curves, "layout": _layout(epochs, names, names["loss"], yaxis)}


def accuracy_figure(lab_runs: Sequence[LabRun], epochs: int, names: Names) -> Figure:
    """Draw the accuracy of the runs over each other, always from 0 to 100%, with a line where guessing lies.

    The arguments are those of `loss_figure`; its names have the keys "accuracy" and "guessing" instead of "loss".
    """
    yaxis = {"range": [0, 1.02], "tickformat": ".0%"}
    layout = _layout(epochs, names, names["accuracy"], yaxis)
    line = {"color": GUESSING_COLOUR, "width": 1, "dash": "dash"}
    layout["shapes"] = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 1 / CLASSES, "y1": 1 / CLASSES, "line": line}
    ]
    layout["annotations"] = [
        {
            "text": names["guessing"],
            "xref": "paper",
            "x": 1,
            "xanchor": "right",
            "y": 1 / CLASSES,
            "yanchor": "top",
            "showarrow": False,
            "font": {"size": 11},
        }
    ]
    return {"data": [curve for run in lab_runs for curve in run.curves("accuracy", names)], "layout": layout}


def _layout(epochs: int, names: Names, title: str, yaxis: Figure) -> Figure:
    # The page has the legend, above both charts.
    return {**epoch_layout(names, title, epochs, yaxis, t=12), "showlegend": False}
