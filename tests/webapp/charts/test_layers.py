"""Figures of what goes on inside the layers: in the form that Plotly knows, with gaps where there is no number."""

import json
from typing import Any

import plotly.graph_objects as go
import pytest

from mnist_core.training.layer_statistics import LayerRecord, LayerStatistics, Number
from webapp.charts.layers import gradients_figure, outputs_figure

NAMES = {name: name.upper() for name in ("most", "half", "median", "epoch", "outputs", "gradient")}


def layer(middle: Number, gradient: Number) -> LayerStatistics:
    outputs = (None,) * 5 if middle is None else tuple(middle + d for d in (-2, -1, 0, 1, 2))
    return LayerStatistics(outputs, 0.0, 0.0, (gradient,) * 5, gradient, 0.1)


def records(count: int) -> list[LayerRecord]:
    """Two layers, looked at every 10 steps; the first one's gradient falls tenfold each time."""
    return [LayerRecord(10 * i, (layer(i, 10.0**-i), layer(5.0, 1.0))) for i in range(count)]


def gradients(given: list[LayerRecord]) -> dict[str, Any]:
    return gradients_figure(given, 20, 3, NAMES, ["first", "second"])


@pytest.mark.parametrize("count", [0, 1, 60])
def test_plotly_accepts_the_figures(count):
    for figure in (gradients(records(count)), outputs_figure(records(count), 0, 20, 3, NAMES)):
        go.Figure(figure)  # raises for anything that Plotly does not know
        json.dumps(figure, allow_nan=False)


def test_gradients_lie_on_a_logarithmic_axis_one_line_for_each_layer():
    figure = gradients(records(3))
    first, second = figure["data"]
    assert first["x"] == second["x"] == [0, 0.5, 1]
    assert first["y"] == [1, 0.1, 0.01]
    assert [curve["name"] for curve in (first, second)] == ["first", "second"]
    assert first["line"]["color"] != second["line"]["color"]
    assert figure["layout"]["yaxis"]["type"] == "log"
    assert figure["layout"]["xaxis"]["range"] == [0, 3]


def test_outputs_are_bands_around_the_median_of_the_chosen_layer():
    lowest, highest, lower, upper, median = outputs_figure(records(3), 0, 20, 3, NAMES)["data"]
    assert [curve["y"] for curve in (lowest, lower, median, upper, highest)] == [
        [-2, -1, 0],
        [-1, 0, 1],
        [0, 1, 2],
        [1, 2, 3],
        [2, 3, 4],
    ]
    assert highest["fill"] == upper["fill"] == "tonexty"
    assert [curve.get("name") for curve in (lowest, highest, lower, upper, median)] == [
        None,
        "MOST",
        None,
        "HALF",
        "MEDIAN",
    ]
    assert outputs_figure(records(3), 1, 20, 3, NAMES)["data"][-1]["y"] == [5, 5, 5]


def test_what_is_no_number_or_has_no_logarithm_is_a_gap():
    lost = [LayerRecord(0, (layer(1.0, 0.0), layer(None, None)))]
    assert [curve["y"] for curve in gradients(lost)["data"]] == [[None], [None]]
    assert outputs_figure(lost, 1, 20, 3, NAMES)["data"][-1]["y"] == [None]


def test_no_two_layers_of_the_deepest_network_have_one_colour():
    deep = [LayerRecord(0, (layer(1.0, 1.0),) * 17)]
    figure = gradients_figure(deep, 20, 3, NAMES, [str(i) for i in range(17)])
    assert len({curve["line"]["color"] for curve in figure["data"]}) == 17
