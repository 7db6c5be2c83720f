"""The failure lab's figures: what is drawn, in which colour, and on which axis."""

from array import array

import pytest

from mnist_core.recipes.recipe import Recipe
from webapp.charts.curve import MAX_POINTS
from webapp.charts.failure_lab import FAILURE_COLOUR, REMEDY_COLOUR, LabRun, accuracy_figure, loss_figure
from webapp.runs.records import Records

NAMES = {key: key for key in ("training", "validation", "epoch", "loss", "accuracy", "guessing")}


def lab_run(losses: list[float], colour: str = FAILURE_COLOUR, **settings: int) -> LabRun:
    recipe = Recipe("r", "test", **{"batch_size": 64, "epochs": 8, **settings})  # type: ignore[arg-type]
    records = Records(begin={"train_images": 640}, loss=array("d", losses), accuracy=array("d", [0.5] * len(losses)))
    records.validation_loss = [(step, 2.0) for step in range(10, len(losses) + 1, 10)]
    records.validation_accuracy = [(step, 0.25) for step, _loss in records.validation_loss]
    return LabRun("failure", colour, recipe, records)


def test_each_run_has_a_dotted_and_a_solid_curve_in_its_colour_over_epochs():
    figure = loss_figure([lab_run([2.0] * 30), lab_run([1.0] * 20, REMEDY_COLOUR)], 8, NAMES)
    lines = [(curve["line"]["color"], curve["line"]["dash"]) for curve in figure["data"]]
    assert lines == [(colour, dash) for colour in (FAILURE_COLOUR, REMEDY_COLOUR) for dash in ("dot", "solid")]
    assert figure["data"][0]["x"][-1] == 3.0  # 30 steps, 10 of which are an epoch
    assert figure["data"][1]["x"] == [1.0, 2.0, 3.0]
    assert figure["data"][1]["name"] == "failure, validation"


def test_without_a_run_there_are_empty_axes():
    for figure in (loss_figure([], 8, NAMES), accuracy_figure([], 8, NAMES)):
        assert figure["data"] == []
        assert figure["layout"]["xaxis"]["range"] == [0, 8]


def test_a_very_high_loss_has_a_logarithmic_axis_that_holds_it():
    axis = loss_figure([lab_run([10_000.0, *[0.05] * 19])], 8, NAMES)["layout"]["yaxis"]
    assert axis["type"] == "log"
    assert axis["range"][0] <= -1 and axis["range"][1] >= 4
    assert "type" not in loss_figure([lab_run([2.5, 2.0])], 8, NAMES)["layout"]["yaxis"]


def test_few_steps_are_smoothed_over_one_epoch_only():
    run = lab_run([4.0, 0.0, 2.0, 0.0], batch_size=320)  # 2 steps an epoch
    assert run.smoothed(run.records.loss).tolist() == [4.0, 2.0, 1.0, 1.0]


def test_long_curves_are_thinned_out():
    figure = accuracy_figure([lab_run([1.0] * 5000)], 500, NAMES)
    assert all(len(curve["x"]) <= MAX_POINTS for curve in figure["data"])


def test_guessing_has_a_line_at_a_tenth():
    (shape,) = accuracy_figure([], 8, NAMES)["layout"]["shapes"]
    assert shape["y0"] == shape["y1"] == pytest.approx(0.1)
