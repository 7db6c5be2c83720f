"""Figures: numbers worked by hand, Plotly's own judgement of their form, and long runs that stay small."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra import numpy as some_numpy

from mnist_core.training.records import EpochEnd
from webapp.charts.curve import MAX_POINTS, Figure, moving_mean, thin_out
from webapp.charts.training_curves import Course, Mark, accuracy_figure, learning_rate_figure, loss_figure

NAMES = {name: name.upper() for name in ("training", "validation", "best", "epoch", "loss", "accuracy")}


def curves(epochs: int, steps_per_epoch: int) -> dict[str, Any]:
    """A training whose loss is 2 / step and whose third epoch is not the best."""
    steps = np.arange(1, epochs * steps_per_epoch + 1)
    ends = [EpochEnd(n, n * steps_per_epoch, 0.5, 0.8, 1.0 / n, 1 - 0.1 / n, n != 3, 1.0) for n in range(1, epochs + 1)]
    return {
        "train": 2.0 / steps,
        "validation": [(end.step, end.validation_loss) for end in ends],
        "course": Course(
            batch_size=64,
            steps_per_epoch=steps_per_epoch,
            last_epoch=max(epochs, 1),
            names=NAMES,
            best=next((end for end in reversed(ends) if end.best), None),
        ),
    }


def with_course(arguments: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**arguments, "course": dataclasses.replace(arguments["course"], **changes)}


def test_moving_mean_by_hand():
    assert moving_mean(np.array([4.0, 2.0, 0.0, 6.0]), 2).tolist() == [4.0, 3.0, 1.0, 3.0]
    assert moving_mean(np.array([]), 50).tolist() == []


@settings(deadline=None)  # a busy machine is no fault
@given(some_numpy.arrays(float, some.integers(0, 60), elements=some.floats(0, 100)), some.integers(1, 20))
def test_moving_mean_is_the_mean_of_the_window(values, window):
    expected = [values[max(0, i + 1 - window) : i + 1].mean() for i in range(len(values))]
    assert moving_mean(values, window) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)  # a busy machine is no fault
@given(some.integers(0, 20_000))
def test_thinning_keeps_order_ends_and_limit(count):
    chosen = thin_out(np.empty(count))
    assert min(count, MAX_POINTS // 2) <= len(chosen) <= MAX_POINTS
    if count:
        assert chosen[0] < count / len(chosen)
        assert chosen[-1] == count - 1
    assert (np.diff(chosen) > 0).all()
    assert len(np.unique(np.diff(chosen)[:-1])) <= 1  # evenly, but for the newest


@settings(deadline=None)  # a busy machine is no fault
@given(some.integers(1, 20_000), some.integers(1, 50))
def test_while_a_curve_grows_its_points_stay(count, more):
    before, after = thin_out(np.empty(count)), thin_out(np.empty(count + more))
    assert set(before[:-1]) <= set(after) or set(after[:-1]) & set(range(count)) <= set(before)


@pytest.mark.parametrize("draw", [loss_figure, accuracy_figure])
@pytest.mark.parametrize("epochs", [0, 1, 4, 100])
def test_plotly_accepts_the_figures(draw, epochs):
    figure = draw(**curves(epochs, 5))
    go.Figure(figure)  # raises for anything that Plotly does not know
    json.dumps(figure)


def test_curves_lie_where_the_records_say():
    figure = loss_figure(**curves(3, 5))
    raw, smooth, validation, best = figure["data"]
    assert raw["x"] == pytest.approx(np.arange(1, 16) / 5)
    assert raw["y"][:3] == [2.0, 1.0, 0.66667]
    assert smooth["y"][1] == 1.5
    assert validation["x"] == [1.0, 2.0, 3.0]
    assert validation["y"] == [1.0, 0.5, 0.33333]
    assert (best["x"], best["y"]) == ([2], [0.5])  # the last epoch that was the best so far
    assert [curve.get("name") for curve in figure["data"]] == [None, "TRAINING", "VALIDATION", "BEST"]
    assert figure["layout"]["xaxis"]["range"] == [0, 3]


@pytest.mark.parametrize(
    ("epochs", "last_epoch", "end"),
    [(1, 1, 1), (3, 25, 25), (3, 40, 20), (20, 100, 20), (21, 100, 50), (51, 100, 100), (600, 2400, 1000)],
)
def test_the_time_axis_of_a_long_run_grows_in_a_few_jumps(epochs, last_epoch, end):
    figure = loss_figure(**with_course(curves(epochs, 5), last_epoch=last_epoch))
    assert figure["layout"]["xaxis"]["range"] == [0, end]


@pytest.mark.parametrize(
    ("validation", "begins"),
    [
        ([0.5, 0.97, 0.98, 0.99], 0.8),
        ([0.5, 0.72, 0.71, 0.7], 0.5),  # learned by heart: the curve in question is the lower one
        ([0.9, 0.97, 0.45, 0.99], 0.3),  # it broke down for a while
        ([], 0.8),
    ],
)
def test_the_accuracy_axis_shows_what_matters(validation, begins):
    train = 1 - 0.9 * np.exp(-np.arange(2000) / 100)
    read = [(500 * epoch, share) for epoch, share in enumerate(validation, 1)]
    low, high = accuracy_figure(train, read, curves(4, 500)["course"])["layout"]["yaxis"]["range"]
    assert low == pytest.approx(begins)
    assert high > 1


@pytest.mark.parametrize("draw", [loss_figure, accuracy_figure])
def test_without_validation_images_only_the_training_is_drawn(draw):
    figure = draw(**{**with_course(curves(4, 5), best=None), "validation": None})
    assert [curve.get("name") for curve in figure["data"]] == [None, "TRAINING"]
    go.Figure(figure)


@pytest.mark.parametrize(("batch_size", "steps"), [(1, 3200), (64, 50), (100, 32), (60_000, 1)])
def test_a_smoothed_point_stands_for_as_many_images_whatever_the_step(batch_size, steps):
    train = np.arange(6400.0)
    figure = loss_figure(**{**with_course(curves(1, 6400), batch_size=batch_size), "train": train})
    assert figure["data"][1]["y"][-1] == pytest.approx(train[-steps:].mean(), rel=1e-4)


def test_the_accuracy_of_single_images_is_drawn_smoothed_only():
    right_or_wrong = np.tile([1.0, 0.0, 1.0, 1.0], 5000)
    figure = accuracy_figure(**{**with_course(curves(1, 20_000), batch_size=1), "train": right_or_wrong})
    smooth, validation, best = figure["data"]
    assert [curve["name"] for curve in (smooth, validation, best)] == ["TRAINING", "VALIDATION", "BEST"]
    assert smooth["y"][100:] == pytest.approx([0.75] * (len(smooth["y"]) - 100), abs=0.001)


def test_a_loss_that_begins_far_too_high_has_a_logarithmic_axis():
    assert "type" not in loss_figure(**curves(4, 5))["layout"]["yaxis"]
    figure = loss_figure(**{**with_course(curves(4, 50), batch_size=3200), "train": np.linspace(150, 0.5, 200)})
    yaxis = figure["layout"]["yaxis"]
    assert yaxis["type"] == "log"
    assert yaxis["range"][0] == -1
    assert 10 ** yaxis["range"][1] > 150
    assert yaxis["tickformat"] == "~g"  # 0.0001, which Plotly by itself calls 100μ
    go.Figure(figure)


def test_a_loss_that_was_far_too_high_for_a_while_has_a_logarithmic_axis_as_well():
    train = np.full(200, 2.3)
    train[20:30] = 50_000.0
    assert loss_figure(**{**curves(4, 50), "train": train})["layout"]["yaxis"]["type"] == "log"


def test_a_long_run_stays_small():
    assert len(json.dumps(loss_figure(**curves(1000, 500)))) < 40_000


def mark_texts(*marks: tuple[int, str], draw: Callable[..., Figure] = loss_figure) -> list[dict[str, Any]]:
    """The texts of marks at some steps of ten epochs of ten steps."""
    figure = draw(**with_course(curves(10, 10), marks=[Mark(*mark) for mark in marks]))
    return figure["layout"]["annotations"]


def test_the_texts_of_marks_that_are_close_stand_below_each_other():
    found = mark_texts((10, "fork"), (11, "learning rate 0.01"), (12, "批大小 64"), (90, "momentum 0.9"))
    assert [text["yshift"] for text in found] == [0, -14, -28, 0]
    assert [text["x"] for text in found] == [1.0, 1.1, 1.2, 9.0]


def test_the_texts_of_marks_stand_where_no_curve_is_losses_low_and_accuracies_high():
    marks = (10, "fork"), (11, "learning rate 0.01")
    assert [(text["y"], text["yshift"]) for text in mark_texts(*marks)] == [(1, 0), (1, -14)]
    assert [(text["y"], text["yshift"]) for text in mark_texts(*marks, draw=accuracy_figure)] == [(0, 0), (0, 14)]


def test_the_text_of_a_mark_near_the_end_stands_before_its_line():
    assert [text["xanchor"] for text in mark_texts((10, "fork"), (99, "fork"))] == ["left", "right"]


def test_many_marks_stay_within_the_chart():
    found = mark_texts(*((50 + place, "learning rate 0.01") for place in range(40)))
    assert len(found) == 40 and min(text["yshift"] for text in found) == -70


def test_the_empty_learning_rate_has_no_figures_at_its_axis():
    course = dataclasses.replace(curves(1, 10)["course"], names=NAMES | {"learning rate": "RATE"})
    empty, drawn = (learning_rate_figure(np.array(rates), course)["layout"]["yaxis"] for rates in ([], [0.1, 0.2]))
    assert empty["showticklabels"] is False and "showticklabels" not in drawn
    go.Figure(learning_rate_figure(np.array([]), course))
