"""What goes on inside the layers: a two-layer network worked by hand, units that idle, and JSON that others read."""

import copy
import json
import math

import numpy as np
import pytest

from mnist_core.nn.activations import ACTIVATIONS, ReLU
from mnist_core.nn.layers import Layer, Linear
from mnist_core.nn.losses import HEADS
from mnist_core.nn.mlp import MLP, build_mlp
from mnist_core.training.layer_statistics import (
    QUANTILES,
    SAMPLE,
    LayerRecord,
    layer_statistics,
    layers_from_json,
    layers_to_json,
)


def two_layers(activation: Layer, W: list[list[float]], V: list[list[float]]) -> MLP:
    return MLP([Linear(np.array(W), np.zeros(len(W[0]))), activation, Linear(np.array(V), np.zeros(len(V[0])))])


def one_layer_of(activation: str, x: list[list[float]]) -> float:
    """The saturated share of units that get x as it is."""
    width = len(x[0])
    model = two_layers(ACTIVATIONS[activation](), np.eye(width).tolist(), [[0.0, 0.0]] * width)
    return layer_statistics(model, "softmax", 0, np.array(x), np.zeros(len(x), int))[0].saturated


def test_two_layers_by_hand():
    """x = 3; hidden ReLU(3 · (1, −1)) = (3, 0); logits (3 + 6, 9) are alike, so dL/dlogits = (−½, ½) for label 0."""
    model = two_layers(ReLU(), [[1.0, -1.0]], [[1.0, 3.0], [4.0, 0.0]])
    model.params["2.b"][0] = 6
    hidden, logits = layer_statistics(model, "softmax", 0, np.array([[3.0]]), np.array([0]))
    assert hidden.outputs == pytest.approx(np.quantile([3, 0], QUANTILES))
    assert hidden.dead == 0.5  # the second unit
    assert hidden.saturated == 0
    assert hidden.weight_rms == 1
    # For the first unit dL/dh = −½ · 1 + ½ · 3 = 1 and dL/dW = 3 · 1; the dead one gets nothing.
    assert hidden.gradients == pytest.approx(np.quantile([3, 0], QUANTILES))
    assert hidden.gradient_rms == pytest.approx(math.sqrt(9 / 2), rel=1e-3)
    assert logits.outputs == (9,) * 5
    assert logits.dead == logits.saturated == 0
    # dL/dV = hidden · dL/dlogits = ((−1.5, 1.5), (0, 0))
    assert logits.gradients == pytest.approx(np.quantile([1.5, 1.5, 0, 0], QUANTILES))
    assert logits.gradient_rms == pytest.approx(math.sqrt(2 * 1.5**2 / 4), rel=1e-3)
    assert logits.weight_rms == pytest.approx(math.sqrt((1 + 9 + 16) / 4), rel=1e-3)


def test_a_unit_is_dead_only_if_no_image_wakes_it():
    model = two_layers(ReLU(), [[1.0, -1.0, -1.0]], [[1.0, 0.0]] * 3)
    two_images = layer_statistics(model, "softmax", 0, np.array([[3.0], [-1.0]]), np.array([0, 1]))
    assert two_images[0].dead == 0
    one_image = layer_statistics(model, "softmax", 0, np.array([[3.0], [1.0]]), np.array([0, 1]))
    assert one_image[0].dead == pytest.approx(2 / 3, abs=1e-4)


@pytest.mark.parametrize(("x", "share"), [(2.1, 0), (2.3, 0.5), (-2.3, 0.5), (50, 0.5)])
def test_saturated_tanh(x, share):
    """The slope 1 − tanh² is 0.05 at ±2.18."""
    assert one_layer_of("tanh", [[x, 0.5]]) == share


@pytest.mark.parametrize(("x", "share"), [(4.2, 0), (4.6, 0.5), (-4.6, 0.5), (50, 0.5)])
def test_saturated_sigmoid(x, share):
    """σ(x) = ½ (1 + tanh(x / 2)): flat twice as far from 0."""
    assert one_layer_of("sigmoid", [[x, 0.5]]) == share


@pytest.mark.parametrize("activation", ["relu", "leaky-relu", "silu"])
def test_what_has_no_flat_ends_is_never_saturated(activation):
    assert one_layer_of(activation, [[1000.0, -1000.0]]) == 0


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_gradients_are_those_of_a_training_step(head, batch_norm):
    rng = np.random.default_rng(0)
    model = build_mlp((784, 30, 20, 10), "relu", "he", rng, batch_norm=batch_norm)
    x, labels = rng.random((50, 784), np.float32), rng.integers(0, 10, 50)
    found = layer_statistics(copy.deepcopy(model), head, 0, x, labels)
    logits, caches = model.forward(x, training=True)
    model.backward(caches, HEADS[head].loss(logits, labels)[1])
    gradients = [grad for name, grad in model.grads.items() if name.endswith(".W")]
    weights = [param for name, param in model.params.items() if name.endswith(".W")]
    assert len(found) == 3
    for layer, gradient, W in zip(found, gradients, weights, strict=True):
        assert layer.gradient_rms == pytest.approx(np.sqrt(np.square(gradient, dtype=float).mean()), rel=1e-3)
        assert layer.weight_rms == pytest.approx(np.sqrt(np.square(W, dtype=float).mean()), rel=1e-3)


def test_a_sample_of_a_large_array_has_nearly_its_quantiles():
    rng = np.random.default_rng(1)
    model = build_mlp((784, 200, 10), "leaky-relu", "he", rng)
    x, labels = rng.normal(size=(100, 784)).astype(np.float32), rng.integers(0, 10, 100)
    first = layer_statistics(copy.deepcopy(model), "softmax", 0, x, labels)
    assert first == layer_statistics(copy.deepcopy(model), "softmax", 0, x, labels)
    y = MLP(model.layers[:2])(x)
    assert y.size > SAMPLE
    below = [(y < quantile).mean() for quantile in first[0].outputs]
    assert below == pytest.approx(QUANTILES, abs=0.04)


def test_tiny_gradients_do_not_become_zero():
    """Eight layers of sigmoids with small weights: squares of 1e-25 are 0 in float32."""
    model = build_mlp((784, *(8,) * 14, 10), "sigmoid", "small-normal", np.random.default_rng(0))
    found = layer_statistics(model, "softmax", 0, np.ones((4, 784), np.float32), np.arange(4))
    rms = found[0].gradient_rms
    assert rms is not None
    assert 0 < rms < 1e-22


def test_a_network_that_has_diverged_gives_json_that_any_program_reads():
    model = build_mlp((784, 20, 10), "relu", "he", np.random.default_rng(0))
    model.params["0.W"][...] = np.inf
    model.params["2.W"][0, 0] = np.nan
    layers = layer_statistics(model, "softmax", 0, np.ones((4, 784), np.float32), np.arange(4))
    assert layers[0].weight_rms is None
    assert layers[1].outputs == (None,) * 5
    record = LayerRecord(7, layers)
    text = json.dumps(layers_to_json(record), allow_nan=False)
    assert layers_from_json(json.loads(text)) == record


def test_json_round_trip():
    rng = np.random.default_rng(0)
    model = build_mlp((784, 20, 12, 10), "tanh", "xavier", rng, dropout=0.5)
    layers = layer_statistics(model, "softmax", 0.1, rng.random((40, 784), np.float32), rng.integers(0, 10, 40))
    record = LayerRecord(120, layers)
    values = json.loads(json.dumps(layers_to_json(record)))
    assert values["record"] == "layers"
    assert layers_from_json(values) == record
    assert hash(layers_from_json(values)) == hash(record)  # tuples, not lists
