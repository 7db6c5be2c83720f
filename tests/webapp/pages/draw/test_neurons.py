"""The view of single units: every kind of network, sums that are right as they stand, and a chosen unit that stays."""

import re
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from webapp.pages.draw.neurons.sums import addition
from webapp.pages.draw.neurons.view import SHOWN, strongest


def page(settings: "dict[str, Any]", temperature: float, drawn: bool) -> None:
    """Show what a network without training makes of a stick; it runs as a script of its own."""
    import numpy as np

    from mnist_core.network import Network
    from mnist_core.nn.mlp import build_mlp
    from mnist_core.recipes.recipe import Recipe
    from mnist_core.recognizer import Recognizer
    from webapp.pages.draw.neurons.view import show

    recipe = Recipe("test", "test", **settings)
    model = build_mlp(
        recipe.layer_sizes,
        recipe.activation,
        "xavier",
        np.random.default_rng(0),
        batch_norm=recipe.batch_norm,
        dropout=recipe.dropout,
    )
    reader = Recognizer(Network(model, recipe, "", "", False, None, None, temperature=temperature))
    drawing = np.zeros((280, 280), np.uint8)
    drawing[40:240, 130:150] = 255
    show(reader, reader.recognize(drawing) if drawn else None)


def open_view(settings: dict[str, Any] | None = None, temperature: float = 1.0, drawn: bool = True) -> AppTest:
    app = AppTest.from_function(page, args=(settings or {}, temperature, drawn), default_timeout=30).run()
    assert not app.exception
    return app


def arithmetic_of(app: AppTest) -> str:
    return app.get("html")[-1].proto.body


def numbers_of(html: str) -> list[float]:
    """Read the sum that stands in the first table: its terms, then z."""
    table = html.split("</table>")[0]
    return [float(text.replace("−", "-").replace(",", "")) for text in re.findall(r"</th><td>([^<]+)</td>", table)]


def test_before_the_first_stroke():
    app = open_view(drawn=False)
    assert "Draw a digit" in arithmetic_of(app)
    assert not app.get("bidi_component")


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden_sizes": (40, 30)},
        {"hidden_sizes": ()},
        {"hidden_sizes": (3,), "activation": "sigmoid", "head": "squared-error", "normalization": "standard"},
        {"hidden_sizes": (30, 5), "activation": "tanh", "batch_norm": True, "dropout": 0.5, "head": "sigmoid"},
        {"hidden_sizes": (30,), "activation": "silu", "normalization": "raw"},
        {"hidden_sizes": (30,), "activation": "leaky-relu", "normalization": "min-max"},
        {"hidden_sizes": (30,), "activation": "gelu"},
    ],
)
def test_every_layer_of_every_kind_of_network_adds_up_as_it_stands(settings):
    app = open_view(settings)
    for layer in range(len(settings["hidden_sizes"]) + 1):
        app.session_state["neurons.layer"] = layer
        app.run()
        assert not app.exception
        html = arithmetic_of(app)
        *terms, z = numbers_of(html)
        assert len(terms) >= 3 and sum(terms) == pytest.approx(z, abs=1e-9)
        is_output = layer == len(settings["hidden_sizes"])
        assert ("its sums are the logits" in html) == is_output
        assert ("batch norm:" in html) == (settings.get("batch_norm", False) and not is_output)


def test_the_ten_shares_use_the_temperature():
    app = open_view({"hidden_sizes": ()}, temperature=2.0)
    html = arithmetic_of(app)
    assert "T = 2" in html and "softmax" in html
    cells = r"<td>([^<]+)</td>"
    rows = re.findall(rf'<th scope="row">(\d)</th>{cells * 3}<td>([^<]+)%</td>', html)
    assert [row[0] for row in rows] == [str(digit) for digit in range(10)]
    logits, scaled, powers, shares = ([float(row[column].replace("−", "-")) for row in rows] for column in (1, 2, 3, 4))
    np.testing.assert_allclose(scaled, np.array(logits) / 2, atol=0.0101)
    expected = np.exp(np.array(scaled) - max(scaled))
    np.testing.assert_allclose(powers, expected, atol=0.011)
    np.testing.assert_allclose(shares, 100 * expected / expected.sum(), atol=0.3)


def test_a_clicked_unit_is_kept_and_an_unknown_one_is_not_believed():
    app = open_view({"hidden_sizes": (40, 5)})
    before = arithmetic_of(app)
    app.session_state["neurons.kept"][0] = 39
    app.run()
    chosen = arithmetic_of(app)
    assert chosen != before
    app.session_state["neurons.layer"] = 1
    app.run()
    app.session_state["neurons.layer"] = 0
    app.run()
    assert arithmetic_of(app) == chosen
    app.session_state["neurons.kept"][0] = 10**9  # a click comes from a browser, which may say anything
    app.run()
    assert not app.exception and arithmetic_of(app) == before


def test_a_layer_that_another_network_does_not_have():
    app = AppTest.from_function(page, args=({"hidden_sizes": ()}, 1.0, True), default_timeout=30)
    app.session_state["neurons.layer"] = 3  # chosen while a deeper network was
    app.run()
    assert not app.exception and app.session_state["neurons.layer"] == 0


def test_the_other_order_puts_what_moved_the_answer_first():
    app = open_view({"hidden_sizes": (40,)})
    before = arithmetic_of(app)
    app.session_state["neurons.order"] = "pull"
    app.run()
    assert not app.exception and "moved the" in app.get("html")[0].proto.body
    assert arithmetic_of(app) != before  # without a click, that of the strongest


def test_the_chosen_unit_is_shown_even_when_it_is_silent():
    levels = np.arange(50.0) * np.where(np.arange(50) % 2, 1, -1)
    assert strongest(levels, 48).tolist() == list(range(49, 25, -1))
    shown = strongest(levels, 0)
    assert len(shown) == SHOWN and shown[-1] == 0 and shown[0] == 49
    assert strongest(levels[:3], 0).tolist() == [2, 1, 0]


def test_terms_are_rounded_so_that_their_sum_is_right():
    html = addition(["one", "<two>"], [1.234, 2.234])
    assert numbers_of(html) == [1.24, 2.23, 3.47]
    assert "&lt;two&gt;" in html
