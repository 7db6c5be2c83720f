"""The ribbon: what its bands hold, where their numbers stand, and Plotly's own judgement of its form."""

import numpy as np
import plotly.graph_objects as go
import pytest

from webapp.charts.curve import Figure
from webapp.charts.probability_ribbon import COLOURS, ribbon_figure, settled_since

NAMES = {"epoch": "EPOCH", "probability": "PROBABILITY"}
LEARNED = np.array([[0.1] * 10, [0.0, 0.0, 0.6, 0.0, 0.3, 0.1, 0, 0, 0, 0], [0.0, 0.0, 0.0, 0.0, 1.0, 0, 0, 0, 0, 0]])


def numbers(figure: Figure) -> dict[str, tuple[float, float]]:
    """Where the digits' numbers stand."""
    return {note["text"]: (note["x"], note["y"]) for note in figure["layout"]["annotations"]}


def test_the_bands_are_the_probabilities_and_plotly_takes_them():
    figure = ribbon_figure([0, 1, 2.25], LEARNED, 5, NAMES)
    go.Figure(figure)
    assert [band["name"] for band in figure["data"]] == [str(digit) for digit in range(10)]
    np.testing.assert_allclose([band["y"] for band in figure["data"]], LEARNED.T)
    assert all(band["x"] == [0, 1, 2.25] for band in figure["data"])
    assert figure["layout"]["xaxis"]["range"] == [0, 5]
    assert figure["layout"]["xaxis"]["title"]["text"] == "EPOCH"


def test_ten_colours_can_be_told_apart():
    colours = np.array([[int(part) for part in colour.split(",")] for colour in COLOURS])
    distances = np.linalg.norm(colours[:, None] - colours[None], axis=2)
    assert distances[~np.eye(10, dtype=bool)].min() > 50


def test_a_number_stands_in_the_middle_of_its_band_where_that_is_widest():
    found = numbers(ribbon_figure([0, 1, 2], LEARNED, 5, NAMES))
    assert found["<b>2</b>"] == (1, 0.3)
    assert found["<b>4</b>"] == (2, 0.5)
    assert found["<b>9</b>"] == (0, 0.95)


def test_a_narrow_band_has_no_number():
    never = np.full((2, 10), 0.05)
    never[:, 3] = 0.55
    assert list(numbers(ribbon_figure([0, 1], never, 5, NAMES))) == ["<b>3</b>"]


def test_a_number_moves_along_while_its_band_stays_wide():
    sure = np.zeros((4, 10))
    sure[:, 7] = [0.9, 1.0, 0.99, 0.96]
    sure[:, 1] = 1 - sure[:, 7]
    assert numbers(ribbon_figure([0, 1, 2, 3], sure, 5, NAMES))["<b>7</b>"][0] == 3


def test_a_single_reading_is_a_narrow_ribbon():
    figure = ribbon_figure([0], LEARNED[:1], 5, NAMES)
    assert figure["data"][0]["x"] == [0, 0.1]
    assert figure["data"][0]["y"] == [0.1, 0.1]


@pytest.mark.parametrize(("newest", "last", "end"), [(3, 5, 5), (3, 60, 20), (21, 60, 60), (25, 400, 50), (7, 6, 7)])
def test_the_axis_of_a_long_training_grows(newest, last, end):
    figure = ribbon_figure([0, newest], LEARNED[:2], last, NAMES)
    assert figure["layout"]["xaxis"]["range"] == [0, end]


@pytest.mark.parametrize(("digits", "since"), [([4], 0), ([4, 4], 0), ([1, 4, 4], 1), ([4, 1, 4], 2), ([1, 2, 3], 2)])
def test_since_when_the_answer_is_what_it_is(digits, since):
    assert settled_since(digits) == since
