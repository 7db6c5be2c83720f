"""Overlaid curves: numbers worked by hand, Plotly's own judgement of their form, and names that stay text."""

import json
from array import array
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from mnist_core.recipes.recipe import Recipe
from webapp.charts.comparison import COLOURS, DASHES, Curve, colour, dash, overlay_figure, run_curve, seconds_at
from webapp.charts.curve import MAX_POINTS
from webapp.charts.failure_lab import FAILURE_COLOUR, REMEDY_COLOUR
from webapp.runs.records import Records

RECIPE = Recipe("r", "test", batch_size=1600)  # a smoothed point is the mean of two steps


def records(steps: int, steps_per_epoch: int = 4) -> Records:
    """A run whose loss is 8, 4, 8, 4 …, validated every second step, at 10 steps a second."""
    return Records(
        begin={"train_images": 1600 * steps_per_epoch},
        loss=array("d", [8.0, 4.0] * (steps // 2)),
        accuracy=array("d", [0.5, 1.0] * (steps // 2)),
        validation_loss=[(step, 1.0 / step) for step in range(2, steps + 1, 2)],
        validation_accuracy=[(step, 1 - 0.1 / step) for step in range(2, steps + 1, 2)],
        clock=[(0.0, 0), (steps / 10, steps)] if steps else [(0.0, 0)],
    )


def curve(values: list[float], place: int = 0, name: str = "run") -> Curve:
    return Curve(name, place, np.arange(1.0, len(values) + 1), np.array(values))


def test_the_training_curve_is_smoothed_over_epochs():
    found = run_curve("run", 3, RECIPE, records(8), "loss", "training", "epochs")
    assert found.x.tolist() == [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0]
    assert found.y.tolist() == [8.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0]
    assert (found.name, found.place) == ("run", 3)


def test_the_validation_curve_over_seconds():
    found = run_curve("run", 0, RECIPE, records(4), "accuracy", "validation", "seconds")
    assert found.x == pytest.approx([0.2, 0.4])
    assert found.y == pytest.approx([0.95, 0.975])


@pytest.mark.parametrize("part", ["training", "validation"])
@pytest.mark.parametrize("axis", ["epochs", "seconds"])
def test_a_run_without_records_has_an_empty_curve(part, axis):
    found = run_curve("run", 0, RECIPE, Records(), "loss", part, axis)
    assert len(found.x) == len(found.y) == 0
    assert overlay_figure([found], "loss", "epoch", "loss")["data"] == []


def test_seconds_between_and_after_the_readings_of_the_clock():
    clock = [(0.0, 0), (1.0, 10), (4.0, 40)]
    assert seconds_at(np.array([5, 10, 25, 40]), clock) == pytest.approx([0.5, 1.0, 2.5, 4.0])
    assert seconds_at(np.array([60]), clock) == pytest.approx([6.0])
    assert seconds_at(np.array([1, 2]), [(0.0, 0)]).tolist() == [0, 0]
    assert seconds_at(np.array([1, 2]), []).tolist() == [0, 0]


@pytest.mark.parametrize("measure", ["loss", "accuracy"])
@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("values", [[], [0.9], [0.97, 0.98], [0.5, 0.0], [150.0, 0.001]])
def test_plotly_accepts_the_figures(measure, logarithmic, values):
    figure = overlay_figure([curve(values), curve(values, 1)], measure, "epoch", "loss", logarithmic)
    go.Figure(figure)  # raises for anything that Plotly does not know
    json.dumps(figure)


def test_only_a_loss_has_a_logarithmic_axis():
    curves = [curve([2.0, 0.5])]
    assert overlay_figure(curves, "loss", "epoch", "loss", logarithmic=True)["layout"]["yaxis"]["type"] == "log"
    assert overlay_figure(curves, "loss", "epoch", "loss", logarithmic=True)["layout"]["yaxis"]["tickformat"] == "~g"
    assert "type" not in overlay_figure(curves, "accuracy", "epoch", "accuracy", logarithmic=True)["layout"]["yaxis"]


@pytest.mark.parametrize(
    ("last", "floor"), [([0.985, 0.98], 0.95), ([0.985, 0.94], 0.8), ([0.1, 0.99], 0.0), ([1.0, 1.0], 0.99), ([], 0.0)]
)
def test_the_accuracy_axis_begins_where_the_worst_run_can_be_seen(last, floor):
    curves = [curve([0.1, 0.2, value, value]) for value in last]
    low, high = overlay_figure(curves, "accuracy", "epoch", "accuracy")["layout"]["yaxis"]["range"]
    assert low == floor
    assert high > 1


def test_a_run_that_broke_down_for_a_while_is_seen_whole():
    figure = overlay_figure([curve([0.1, 0.9, 0.45, 0.98])], "accuracy", "epoch", "accuracy")
    assert figure["layout"]["yaxis"]["range"][0] == 0


def test_the_loss_axis_holds_the_highest_curve():
    figure = overlay_figure([curve([2.0, 1.0]), curve([4.0, 1.0])], "loss", "epoch", "loss")
    assert figure["layout"]["yaxis"]["range"] == [0, pytest.approx(4.2)]


def test_a_loss_that_was_far_too_high_does_not_make_the_others_a_flat_line():
    figure = overlay_figure([curve([2.0, 1.0]), curve([40_000.0, 2.3])], "loss", "epoch", "loss")
    assert figure["layout"]["yaxis"]["type"] == "log"


def test_every_run_looks_different():
    looks = {(colour(place), dash(place)) for place in range(30)}
    assert len(looks) == len(COLOURS) * len(DASHES) == 30
    line = overlay_figure([curve([1.0], place=11)], "loss", "epoch", "loss")["data"][0]["line"]
    assert (line["color"], line["dash"]) == (COLOURS[1], "dot")


def test_the_first_four_runs_are_told_apart_by_pairs_of_lines():
    assert [dash(place) for place in range(4)] == ["solid", "solid", "dash", "dash"]


def test_an_experiment_of_the_lab_keeps_its_colours():
    assert (colour(0), colour(1)) == (FAILURE_COLOUR, REMEDY_COLOUR)
    sheet = Path("webapp/pages/lab/style.css").read_text("utf-8")
    for name, own in (("fail", FAILURE_COLOUR), ("mend", REMEDY_COLOUR)):
        assert f".st-key-lab-{name} {{ border-left-color: {own}; }}" in sheet


def test_a_run_of_a_single_point_is_not_overlooked():
    data = overlay_figure([curve([1.0]), curve([1.0, 0.5])], "loss", "epoch", "loss")["data"]
    assert data[0]["marker"]["size"] == 2 * data[1]["marker"]["size"]


def test_names_are_text_and_short_beside_the_pointer():
    name = '<a href="x">' + "y" * 60
    shown = overlay_figure([curve([1.0], name=name)], "loss", "epoch", "loss")["data"][0]["name"]
    assert shown == "&lt;a href=&quot;x&quot;&gt;" + "y" * 11 + "…"


def test_long_runs_stay_small():
    long = run_curve("run", 0, RECIPE, records(20_000), "loss", "training", "epochs")
    assert MAX_POINTS / 2 < len(long.x) <= MAX_POINTS
    assert len(json.dumps(overlay_figure([long] * 10, "loss", "epoch", "loss"))) < 120_000
