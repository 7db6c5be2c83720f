"""Figures: numbers worked by hand, Plotly's own judgement of their form, and long runs that stay small."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as some_numpy

from mnist_core.records import EpochEnd, StepEnd
from webapp.charts import MAX_POINTS, accuracy_figure, loss_figure, moving_mean, thin_out

NAMES = {name: name.upper() for name in ("training", "validation", "best", "epoch", "loss", "accuracy")}


def records(epochs: int, steps_per_epoch: int) -> tuple[list[StepEnd], list[EpochEnd]]:
    total = epochs * steps_per_epoch
    steps = [
        StepEnd(step, 1 + (step - 1) // steps_per_epoch, 2.0 / step, 1 - 0.9 / step, 0.1)
        for step in range(1, total + 1)
    ]
    ends = [EpochEnd(n, n * steps_per_epoch, 0.5, 0.8, 1.0 / n, 1 - 0.1 / n, n != 3, 1.0) for n in range(1, epochs + 1)]
    return steps, ends


def test_moving_mean_by_hand():
    assert moving_mean(np.array([4.0, 2.0, 0.0, 6.0]), 2).tolist() == [4.0, 3.0, 1.0, 3.0]
    assert moving_mean(np.array([]), 50).tolist() == []


@given(some_numpy.arrays(float, some.integers(0, 60), elements=some.floats(0, 100)), some.integers(1, 20))
def test_moving_mean_is_the_mean_of_the_window(values, window):
    expected = [values[max(0, i + 1 - window) : i + 1].mean() for i in range(len(values))]
    assert moving_mean(values, window) == pytest.approx(expected, abs=1e-9)


@given(some.integers(0, 20_000))
def test_thinning_keeps_order_ends_and_limit(count):
    chosen = thin_out(np.empty(count))
    assert len(chosen) == min(count, MAX_POINTS)
    if count:
        assert chosen[0] == 0
        assert chosen[-1] == count - 1
    assert (np.diff(chosen) > 0).all()


@pytest.mark.parametrize("draw", [loss_figure, accuracy_figure])
@pytest.mark.parametrize("epochs", [0, 1, 4])
def test_plotly_accepts_the_figures(draw, epochs):
    figure = draw(*records(epochs, 5), 5, 4, NAMES)
    go.Figure(figure)  # raises for anything that Plotly does not know
    json.dumps(figure)


def test_curves_lie_where_the_records_say():
    figure = loss_figure(*records(4, 5), 5, 4, NAMES)
    raw, smooth, validation, best = figure["data"]
    assert raw["x"] == pytest.approx(np.arange(1, 21) / 5)
    assert raw["y"][:3] == [2.0, 1.0, 0.66667]
    assert smooth["y"][1] == 1.5
    assert validation["x"] == [1.0, 2.0, 3.0, 4.0]
    assert validation["y"] == [1.0, 0.5, 0.33333, 0.25]
    assert (best["x"], best["y"]) == ([4], [0.25])  # the last epoch that was the best so far
    assert [curve.get("name") for curve in figure["data"]] == [None, "TRAINING", "VALIDATION", "BEST"]
    assert figure["layout"]["xaxis"]["range"] == [0, 4]


def test_validation_within_an_epoch_is_shown_as_well():
    steps, ends = records(1, 4)
    steps[1] = StepEnd(2, 1, 1.0, 0.5, 0.1, validation_loss=3.0, validation_accuracy=0.25)
    assert loss_figure(steps, ends, 4, 1, NAMES)["data"][2]["x"] == [0.5, 1.0]
    assert accuracy_figure(steps, ends, 4, 1, NAMES)["data"][2]["y"] == [0.25, 0.9]


def test_the_accuracy_axis_shows_what_matters():
    steps, ends = records(4, 500)
    low, high = accuracy_figure(steps, ends, 500, 4, NAMES)["layout"]["yaxis"]["range"]
    assert low == pytest.approx(0.8)
    assert high > 1


def test_a_long_run_stays_small():
    figure = loss_figure(*records(100, 500), 500, 100, NAMES)
    assert len(json.dumps(figure)) < 40_000
