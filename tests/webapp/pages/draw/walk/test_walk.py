"""The walk: every stop of every kind of network, its numbers worked out again, and its buttons."""

import re
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_core.explain.trace import Outcome, trace_image
from mnist_core.nn.activations import ACTIVATIONS
from mnist_core.nn.losses import HEADS
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.state import init_state
from webapp.pages.draw.walk.content import number, sum_lines, sure
from webapp.pages.draw.walk.pictures import bars, cells, cells_address, grid, html_number
from webapp.pages.draw.walk.stops import Stop, stops
from webapp.pages.draw.walk.view import verdict

TINY: dict[str, Any] = {"batch_size": 25, "epochs": 1, "learning_rate": 0.1, "hidden_sizes": (12, 10)}


def way_of(recipe: Recipe, label: int = 3, temperature: float = 1.0) -> list[Stop]:
    model = init_state(recipe).model
    x = np.random.default_rng(1).random(784, np.float32)
    return stops(trace_image(model, x, label, recipe.head, recipe.label_smoothing), recipe, temperature)


def page() -> None:
    """A page with this view alone, for a network and an image that the query describes."""
    import numpy as np
    import streamlit as st

    from mnist_core.data.synthetic import synthetic_digits
    from mnist_core.network import Network
    from mnist_core.recipes.recipe import Recipe
    from mnist_core.recognizer import Recognizer
    from mnist_core.training.state import init_state
    from webapp.pages.draw.walk import view as walk

    hidden = tuple(int(size) for size in st.query_params["hidden"].split(",") if size)
    batch_norm = st.query_params.get("norm") == "1"
    recipe = Recipe("tiny", "", hidden_sizes=hidden, batch_norm=batch_norm, batch_size=9, epochs=1, learning_rate=0.1)
    reader = Recognizer(Network(init_state(recipe).model, recipe, "none", "", True, None, None))
    image = synthetic_digits(1, np.random.default_rng(0))[0][0]
    walk.show(reader, reader.recognize(image) if st.query_params.get("draw", "1") == "1" else None)


def open_walk(hidden: str = "12", **query: str) -> AppTest:
    app = AppTest.from_function(page, default_timeout=30)
    app.session_state["language"] = "en"
    app.query_params["hidden"] = hidden
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def html_of(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def where(app: AppTest) -> str:
    found = re.search('<p class="walk-where">(.*?)</p>', html_of(app))
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("hidden", [(), (12, 10)])
def test_every_stop_of_every_network_ends_with_its_own_number(head, activation, batch_norm, hidden):
    settings = TINY | {"hidden_sizes": hidden}
    recipe = Recipe("tiny", "", head=head, activation=activation, batch_norm=batch_norm, dropout=0.2, **settings)
    way = way_of(recipe)
    assert len(way) == 6 + len(hidden) * (2 + 3 + 2 * batch_norm) + 1
    for stop in way:
        content = stop.content()
        value = content.values[content.chosen]
        if stop.name != "Loss":  # whose bars are the terms, and whose formula gives their sum
            assert number(value) in content.latex, stop.name
        assert content.latex.count("{") == content.latex.count("}")
        assert not re.search(r"\^\{\(\d\)\}\^", content.latex), "a double superscript is an error"
        assert "{" not in content.text
        assert not content.of_digits or content.values.shape == (10,)
    assert [stop.back for stop in way] == sorted(stop.back for stop in way)


def test_the_stops_in_order():
    assert [stop.name for stop in way_of(Recipe("tiny", "", batch_norm=True, **(TINY | {"hidden_sizes": (12,)})))] == [
        "Input",
        "Layer 1: weighted sums",
        "Layer 1: normalized",
        "Layer 1: activation",
        "Layer 2: logits",
        "Probabilities",
        "Loss",
        "Slope at the logits",
        "Layer 2: slope of the weights",
        "Layer 2: slope at its inputs",
        "Layer 1: back through the activation",
        "Layer 1: back through the normalization",
        "Layer 1: slope of the weights",
        "Slope at the pixels",
    ]


def test_label_smoothing_and_temperature_are_told():
    way = {stop.name: stop.content() for stop in way_of(Recipe("tiny", "", label_smoothing=0.1, **TINY), 3, 1.19)}
    assert "divides the logits by 1.19" in way["Probabilities"].text
    assert r"L &= -\textstyle\sum_k t_k \ln p_k\\[0.5em]&= -0.91 \ln" in way["Loss"].latex
    assert "- 0.91" in way["Slope at the logits"].latex
    assert "a large $t$ for the 3" in way["Slope at the logits"].text


def test_the_largest_terms_are_written_out():
    x, w = np.array([1.0, 2.0, 0.5, 1.0]), np.array([-3.0, 0.25, 1.5, 0.001])
    assert sum_lines(x, w, -2.0) == [r"&= 1 \cdot (-3) + 0.5 \cdot 1.5", r"&\quad + 2 \cdot 0.25 + \dots + (-2)"]


@pytest.mark.parametrize(
    ("value", "latex", "html"),
    [
        (-0.0, "0", "0"),
        (-0.12345, "-0.123", "−0.123"),
        (1234.5, "1234", "1234"),
        (-1.5e-7, r"-1.5 \cdot 10^{-7}", "−1.5·10<sup>−7</sup>"),
        (2.5e11, r"2.5 \cdot 10^{11}", "2.5·10<sup>11</sup>"),
    ],
)
def test_numbers(value, latex, html):
    assert number(value) == latex
    assert html_number(value) == html


def test_a_share_close_to_one_can_be_told_from_it():
    assert sure(1 - 2e-9) == r"(1 - 2 \cdot 10^{-9})"
    assert sure(0.93) == "0.93"
    assert sure(1) == "1"


@pytest.mark.parametrize(
    ("count", "shape"), [(1, (1, 1)), (10, (4, 3)), (784, (28, 28)), (1000, (32, 32)), (17, (5, 4))]
)
def test_a_grid_has_room_for_all(count, shape):
    assert grid(count) == shape


def test_tiny_numbers_have_the_colours_of_large_ones():
    values = np.random.default_rng(0).normal(size=30)
    assert cells_address(1e-9 * values) == cells_address(values) != cells_address(0 * values)


def test_the_chosen_cell_is_framed():
    picture = cells("data:,", np.array([0.0, -2.0, 3.0, 0.0]), 2)
    assert "left:0.000%;top:50.000%;width:50.000%" in picture
    assert "−2 to 3, mean 0.25; 2 of 4 are 0." in picture


def test_bars_stand_on_their_side_of_zero():
    drawn = bars(np.array([-1.0, 3.0] + [0.0] * 8), 1)
    assert '<i class="now negative" style="left:0.00%;width:25.00%">' in drawn
    assert '<i class="now positive" style="left:25.00%;width:75.00%">' in drawn
    assert drawn.count('class="chosen"') == 1
    assert bars(np.zeros(10), 0, np.ones(10)).count('class="before positive" style="left:0.00%;width:100.00%"') == 10


def test_without_a_drawing_it_says_what_will_come():
    app = open_walk(draw="0")
    assert "follow its numbers" in app.get("html")[0].proto.body
    assert not app.button


@pytest.mark.parametrize("query", [{"hidden": ""}, {"hidden": "12"}, {"hidden": "12,10", "norm": "1"}])
def test_the_whole_walk_by_button(query):
    app = open_walk(**query)
    assert app.button(key="walk-back").disabled
    seen = [where(app)]
    while not app.button(key="walk-next").disabled:
        app.button(key="walk-next").click().run()
        assert not app.exception
        seen.append(where(app))
    assert len(seen) == len(set(seen))
    assert seen[0] == f"1 / {len(seen)} · Forward<b>Input</b>"
    assert seen[-1] == f"{len(seen)} / {len(seen)} · Update<b>One step</b>"
    assert html_of(app).count("<tr>") == 5
    app.button(key="walk-back").click().run()
    assert where(app) == seen[-2]


def test_a_press_counts_also_when_the_slider_comes_with_it_from_before_the_last_press():
    app = open_walk()
    app.select_slider[0].set_value(5).run()
    app.button(key="walk-back").click().run()
    app.select_slider[0].set_value(5)
    app.button(key="walk-back").click().run()
    assert where(app).startswith("4 /")


def test_the_digit_that_it_should_be_changes_the_loss_and_is_forgotten_with_the_drawing():
    app = open_walk()
    app.session_state["walk.stop"] = 5
    app.run()
    assert "<b>Loss</b>" in where(app)
    asked = app.selectbox(key="walk-label")
    as_read = int(asked.options[0].removeprefix("as read: "))
    before = app.latex[0].value
    asked.select((as_read + 1) % 10).run()
    assert not app.exception
    assert app.latex[0].value != before
    assert f"if it should be a {(as_read + 1) % 10}?" in app.markdown[0].value
    app.query_params["draw"] = "0"
    app.run()
    app.query_params["draw"] = "1"
    app.run()
    assert app.latex[0].value == before


def test_what_the_learning_rates_did_in_words():
    outcomes = {0.01: Outcome(0.5, np.ones(10) / 10), 0.1: Outcome(3.0, np.ones(10) / 10)}
    assert "with $\\eta$ = 0.1 the loss rises" in verdict(2.0, outcomes)
    assert "With each of these" in verdict(4.0, outcomes)
    assert "hardly anything to gain" in verdict(1e-5, outcomes)


def test_a_smaller_network_ends_the_walk_earlier():
    app = open_walk("12,10")
    app.session_state["walk.stop"] = 17
    app.run()
    app.query_params["hidden"] = ""
    app.run()
    assert not app.exception
    assert "<b>One step</b>" in where(app)
