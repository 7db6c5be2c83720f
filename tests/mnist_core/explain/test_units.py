"""Single units: worked by hand, and compared with what the network gives as a whole."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_core.explain.units import (
    UnitLayer,
    arithmetic,
    contributions,
    input_gradients,
    parts_of_sums,
    round_to_sum,
    unit_layers,
)
from mnist_core.network import Network
from mnist_core.nn.activations import ACTIVATIONS, ReLU
from mnist_core.nn.layers import BatchNorm, Linear
from mnist_core.nn.mlp import MLP, build_mlp
from mnist_core.nn.normalization import NORMALIZATIONS, normalize
from mnist_core.recipes.recipe import Recipe

IMAGE = np.random.default_rng(5).random((28, 28), np.float32)


def network_of(model: MLP, **settings: Any) -> Network:
    return Network(model, Recipe("test", "test", **settings), "none", "", False, None, None)


def random_network(
    activation: str = "relu",
    hidden: tuple[int, ...] = (12, 9),
    batch_norm: bool = False,
    normalization: str = "unit",
    dtype: type[np.floating] = np.float64,
) -> Network:
    """Build a network with biases and running statistics of its own; γ of both signs."""
    rng = np.random.default_rng(0)
    model = build_mlp(
        (784, *hidden, 10), activation, "xavier", rng, dtype, biases="small-normal", batch_norm=batch_norm, dropout=0.5
    )
    for layer in model.layers:
        if isinstance(layer, BatchNorm):
            layer.params["gamma"][...] = rng.normal(size=layer.params["gamma"].shape)
            layer.state["running_mean"][...] = rng.normal(size=layer.params["gamma"].shape)
            layer.state["running_variance"][...] = rng.random(layer.params["gamma"].shape) + 0.5
    return network_of(model, activation=activation, hidden_sizes=hidden, normalization=normalization)


def sums_of(layer: UnitLayer) -> np.ndarray:
    return layer.x @ layer.linear.params["W"] + layer.linear.params["b"]


def two_pixel_network() -> Network:
    """h = relu(2a − 3b + ½), relu(−a + 4b − 1) of the pixels a and b; class 0 gets 5h₀ − h₁, class 1 only h₁."""
    W = np.zeros((784, 2))
    W[0], W[1] = (2, -1), (-3, 4)
    V = np.zeros((2, 10))
    V[0, 0], V[1, 0], V[1, 1] = 5, -1, 1
    return network_of(MLP([Linear(W, np.array([0.5, -1])), ReLU(), Linear(V, np.zeros(10))]), hidden_sizes=(2,))


def test_two_units_by_hand():
    image = np.zeros((28, 28), np.float32)
    image[0, 0], image[0, 1] = 1, 0.5
    network = two_pixel_network()
    hidden, output = layers = unit_layers(network, image)
    assert sums_of(hidden).tolist() == [1, 0] and hidden.y.tolist() == [1, 0]  # 2 − 1.5 + 0.5, −1 + 2 − 1
    assert output.y[:2].tolist() == [5, 0]
    parts = parts_of_sums(hidden, np.array([1, 0]))
    assert parts.tolist() == [[2, -1, -1], [2, -1.5, 0.5]]
    worked = arithmetic(hidden, 0)
    assert worked.products[:2].tolist() == [2, -1.5] and not worked.products[2:].any()
    assert worked.order[:3].tolist() == [0, 1, 2]
    assert (worked.bias, worked.z, worked.y, worked.normalization) == (0.5, 1, 1, None)
    assert contributions(layers, 0, 0).tolist() == [5, 0]
    picture = input_gradients(layers, 1, np.array([0, 1]))  # only the first hidden unit is awake
    assert picture.shape == (2, 28, 28) and picture[0, 0, :3].tolist() == [10, -15, 0] and not picture[1].any()


def test_batch_norm_by_hand():
    norm = BatchNorm(1, np.float64)
    norm.params["gamma"][0], norm.params["beta"][0] = -2, 0.25
    norm.state["running_mean"][0], norm.state["running_variance"][0] = 3, 4 - BatchNorm.eps
    W = np.zeros((784, 1))
    W[0] = 6
    network = network_of(MLP([Linear(W, np.ones(1)), norm, ReLU(), Linear(np.ones((1, 10)), np.zeros(10))]))
    image = np.zeros((28, 28), np.float32)
    image[0, 0] = 0.25  # 6 · 0.25 + 1 = 2.5, −2 (2.5 − 3) / 2 + 0.25 = 0.75
    layers = unit_layers(network, image)
    worked = arithmetic(layers[0], 0)
    found = worked.normalization
    assert worked.z == 2.5 and worked.y == pytest.approx(0.75, abs=1e-12) and found is not None
    assert (found.gamma, found.mean, found.beta) == (-2, 3, 0.25)
    assert found.deviation == pytest.approx(2, abs=1e-12) and found.v == pytest.approx(0.75, abs=1e-12)
    # ink lowers what the unit gives, though the weight is positive
    assert input_gradients(layers, 0, np.array([0]))[0, 0, 0] == pytest.approx(-6, abs=1e-12)


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_unit_of_every_layer_adds_up_to_what_the_network_computes(activation, batch_norm):
    network = random_network(activation, batch_norm=batch_norm)
    layers = unit_layers(network, IMAGE)
    assert [len(layer.y) for layer in layers] == [12, 9, 10]
    logits = network.model(normalize(IMAGE[None], "unit", np.float64))[0]
    np.testing.assert_array_equal(layers[-1].y, logits)
    for layer in layers:
        worked = [arithmetic(layer, unit) for unit in range(len(layer.y))]
        np.testing.assert_allclose([unit.y for unit in worked], layer.y, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose([unit.z for unit in worked], sums_of(layer), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(
            parts_of_sums(layer, np.arange(len(layer.y))).sum(axis=1), sums_of(layer), rtol=1e-12, atol=1e-14
        )


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_float32_and_every_normalization(normalization):
    network = random_network(normalization=normalization, dtype=np.float32)
    layers = unit_layers(network, IMAGE)
    np.testing.assert_array_equal(layers[-1].y, network.model(normalize(IMAGE[None], normalization))[0])
    np.testing.assert_allclose(
        [arithmetic(layers[0], unit).z for unit in range(12)], sums_of(layers[0]), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_picture_is_the_slope_measured_in_tiny_steps(place, activation, batch_norm):
    network = random_network(activation, batch_norm=batch_norm)
    image, eps, units = IMAGE.astype(np.float64), 1e-5, np.array([7, 2])
    pictures = input_gradients(unit_layers(network, image), place, units)
    for row, column in [(0, 0), (13, 20)]:
        ends = []
        for sign in (1, -1):
            moved = image.copy()
            moved[row, column] += sign * eps
            worked = [arithmetic(unit_layers(network, moved)[place], unit) for unit in units]
            ends.append(np.array([unit.z if unit.normalization is None else unit.normalization.v for unit in worked]))
        np.testing.assert_allclose(pictures[:, row, column], (ends[0] - ends[1]) / (2 * eps), rtol=1e-5, atol=1e-8)


def test_the_first_layer_looks_for_its_weights():
    network = random_network(hidden=(), dtype=np.float32)
    pictures = input_gradients(unit_layers(network, IMAGE), 0, np.arange(10))
    np.testing.assert_array_equal(pictures.reshape(10, 784), network.model.params["0.W"].T)


@pytest.mark.parametrize("place", [0, 1])
def test_a_contribution_is_what_the_logit_loses_when_the_unit_falls_silent(place):
    """Exact with ReLU while no other unit wakes or falls asleep: biases of 100 keep all of them awake."""
    network = random_network()
    for name in ("0.b", "3.b"):
        network.model.params[name][...] = 100
    layers = unit_layers(network, IMAGE)
    found = contributions(layers, place, digit=4)
    for unit in (0, 8):
        silent = layers[place].y.copy()
        silent[unit] = 0
        for layer in network.model.layers[3 * (place + 1) :]:  # linear, ReLU and dropout are a layer of units
            silent, _ = layer.forward(silent)
        assert found[unit] == pytest.approx(layers[-1].y[4] - silent[4], rel=1e-9)


@pytest.mark.parametrize("place", [-1, 2])
def test_only_hidden_units_contribute(place):
    with pytest.raises(ValueError, match=f"found layer {place}, expected one of the 2 hidden layers"):
        contributions(unit_layers(random_network(), IMAGE), place, 0)


def test_a_network_is_only_read():
    network = random_network(batch_norm=True)
    before = network.model.flat.copy()
    layers = unit_layers(network, IMAGE)
    input_gradients(layers, 2, np.arange(10))
    contributions(layers, 0, 3)
    np.testing.assert_array_equal(network.model.flat, before)
    assert not network.model.flat_grads.any()


def test_rounding_by_hand():
    assert round_to_sum([1.234, 2.234], 2) == ([1.24, 2.23], 3.47)  # each alone would give 1.23 + 2.23
    assert round_to_sum([2.5, -1.25, 0.0], 1) == ([2.5, -1.3, 0.0], 1.2)
    assert round_to_sum([0.0, 0.3, 0.3], 0) == ([0.0, 1.0, 0.0], 1.0)


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=15), st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_rounded_terms_add_up(terms, decimals):
    rounded, total = round_to_sum(terms, decimals)
    unit = 10.0**-decimals
    assert sum(round(term / unit) for term in rounded) == round(total / unit)
    assert abs(total - sum(terms)) <= unit / 2 + 1e-7
    assert all(abs(found - term) < unit + 1e-7 for found, term in zip(rounded, terms, strict=True))
