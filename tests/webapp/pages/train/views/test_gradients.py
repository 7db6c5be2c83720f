"""The gradient check on the page: verdicts by hand, the chart, and the tab with a real network."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from mnist_core.nn.gradient_check import GradientCheck
from tests.webapp.written_networks import RECIPE, write_run
from webapp.charts.gradient_check import differing, slopes_figure, verdict
from webapp.pages.train.views.gradients import array_name, power_of_ten

NAMES = {name: name.upper() for name in ("backpropagation", "measured", "agree", "differ")}


def check_of(analytic: list[float], numeric: list[float]) -> GradientCheck:
    a, n = np.array(analytic), np.array(numeric)
    size = np.linalg.norm(a) + np.linalg.norm(n)
    return GradientCheck("0.W", a, n, float(np.linalg.norm(a - n) / size))


@pytest.mark.parametrize(
    ("analytic", "numeric", "activation", "expected"),
    [
        ([1.0, 2.0, 0.5], [1.0, 2.0, 0.5 + 1e-9], "relu", "right"),
        ([1e-8, 2e-8, 0.0], [1e-8, 2e-8, 4e-12], "tanh", "tiny"),
        ([1.0, 2.0, 0.5], [1.0, 2.0, 0.8], "relu", "kink"),
        ([1.0, 2.0, 0.5], [1.0, 2.0, 0.8], "leaky-relu", "kink"),
        ([1.0, 2.0, 0.5], [1.0, 2.0, 0.8], "tanh", "wrong"),
        ([1.0, 2.0, 0.5], [1.1, 2.2, 0.5], "relu", "kink"),
        ([1.0, 2.0, 0.0], [1.1, 2.2, 0.0], "relu", "wrong"),
        ([1.0, 2.0, 0.5], [1.00001, 2.00002, 0.50001], "sigmoid", "close"),
    ],
)
def test_verdicts(analytic, numeric, activation, expected):
    assert verdict(check_of(analytic, numeric), activation) == expected


def test_what_differs_is_named():
    assert differing(check_of([1.0, 2.0, 0.5], [1.0, 2.0, 0.8])).tolist() == [False, False, True]


def test_the_chart_holds_both_numbers_and_leaves_zeros_out():
    check = check_of([-1e-3, 2.0, 0.0, 0.5], [-1e-3, 2.0, 0.0, 0.8])
    figure = slopes_figure({"layer 1, weights": check}, NAMES)
    go.Figure(figure)
    diagonal, agree, differ = figure["data"]
    assert diagonal["x"] == diagonal["y"]
    assert (agree["x"], agree["y"]) == ([1e-3, 2.0], [1e-3, 2.0])
    assert (differ["x"], differ["y"]) == ([0.8], [0.5])
    assert differ["text"] == ["layer 1, weights"]
    low, high = figure["layout"]["xaxis"]["range"]
    assert 10**low < 1e-3 and 10**high > 2.0


def test_a_chart_of_zeros_alone_is_empty():
    figure = slopes_figure({"a": GradientCheck("0.b", np.zeros(3), np.zeros(3), 0.0)}, NAMES)
    go.Figure(figure)
    assert figure["data"][1]["x"] == []


def test_arrays_are_named_in_words():
    linear = [0, 3, 6]
    assert array_name("0.W", linear) == "layer 1, weights"
    assert array_name("1.gamma", linear) == "layer 1, scales of the batch normalization"
    assert array_name("4.beta", linear) == "layer 2, shifts of the batch normalization"
    assert array_name("6.b", linear) == "layer 3, biases"


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (3.2e-9, "3·10⁻⁹"), (0.126, "1·10⁻¹"), (9.9e-13, "1·10⁻¹²")])
def test_small_numbers_as_people_write_them(value, text):
    assert power_of_ten(value) == text


@pytest.fixture(scope="module")
def runs(tmp_path_factory, small_dataset, small_split) -> dict[str, Path]:
    """Runs of three networks: a smooth one, one with a kink, one with all kinds of layers."""
    folder = tmp_path_factory.mktemp("runs")
    recipes = {
        "tanh": replace(RECIPE, activation="tanh"),
        "relu": RECIPE,
        "all": replace(RECIPE, hidden_sizes=(16, 12), activation="silu", batch_norm=True, dropout=0.2),
    }
    return {name: write_run(folder / name, small_dataset, small_split, recipe).path for name, recipe in recipes.items()}


def page(folder: str, run_id: str) -> None:
    """Show the tab; it runs as a script of its own."""
    from pathlib import Path

    import streamlit as st

    from tests.webapp.written_networks import snapshot_of
    from webapp.pages.train.views.gradients import show

    show(snapshot_of(Path(folder), run_id=st.session_state.get("shown", run_id)))


def checked(folder: Path) -> AppTest:
    app = AppTest.from_function(page, args=(str(folder), "tiny"), default_timeout=30).run()
    assert not app.expander
    app.button(key="check-gradients").click().run()
    assert not app.exception
    return app


@pytest.mark.parametrize(("name", "arrays"), [("tanh", 4), ("all", 10)])
def test_a_right_network_passes(runs, name, arrays):
    app = checked(runs[name])
    assert f"in all {arrays} arrays: backpropagation is right" in app.success[0].value
    assert len(app.expander) == arrays
    assert all("right" in expander.label for expander in app.expander)
    assert "layer 1, weights" in app.expander[0].label and "layer 1, biases" in app.expander[1].label
    table = app.expander[0].get("html")[0].proto.body
    assert table.count("<tr>") == 1 + 6


def test_whatever_a_kink_disturbs_is_never_called_wrong(runs):
    app = checked(runs["relu"])
    assert len(app.expander) == 4
    assert not app.error


def test_the_result_stays_while_the_page_polls_and_is_not_shown_for_another_run(runs):
    app = checked(runs["tanh"])
    labels = [expander.label for expander in app.expander]
    app.run()
    assert [expander.label for expander in app.expander] == labels
    app.session_state["shown"] = "another"
    app.run()
    assert not app.expander
    assert not app.exception


def test_without_a_network_there_is_nothing_to_press(runs, tmp_path):
    folder = tmp_path / "fresh"
    folder.mkdir()
    (folder / "job.json").write_bytes((runs["tanh"] / "job.json").read_bytes())
    app = AppTest.from_function(page, args=(str(folder), "tiny"), default_timeout=30).run()
    assert app.button(key="check-gradients").disabled
    assert "no network" in app.caption[0].value
