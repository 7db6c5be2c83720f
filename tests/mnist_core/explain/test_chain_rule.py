"""The chain rule through a network as it reads: worked by hand, and against central differences."""

import numpy as np
import pytest

from mnist_core.explain.chain_rule import inverse_deviation, pass_back
from mnist_core.nn.activations import ACTIVATIONS
from mnist_core.nn.layers import BatchNorm, Dropout, Layer, Linear


def batch_norm() -> BatchNorm:
    layer = BatchNorm(3, np.float64)
    layer.params["gamma"][...] = 2, -1, 0.5
    layer.state["running_mean"][...] = 1, 0, -1
    layer.state["running_variance"][...] = 4, 0.25, 1
    return layer


LAYERS: list[Layer] = [
    Linear(np.random.default_rng(0).normal(size=(3, 4)), np.arange(4.0)),
    batch_norm(),
    *(activation() for activation in ACTIVATIONS.values()),
]


def test_a_linear_layer_by_hand():
    layer = Linear(np.array([[1.0, 2.0], [3.0, -4.0]]), np.zeros(2))
    x = np.array([5.0, 6.0])

    assert pass_back(layer, x, layer.forward(x), np.array([1.0, 10.0])).tolist() == [21.0, -37.0]


def test_batch_norm_by_hand():
    layer = batch_norm()

    assert inverse_deviation(layer) == pytest.approx([0.5, 2, 1], rel=1e-4)
    assert pass_back(layer, np.zeros(3), np.zeros(3), np.ones(3)) == pytest.approx([1, -2, 0.5], rel=1e-4)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_every_layer_against_central_differences(layer: Layer):
    rng = np.random.default_rng(1)
    x, step = rng.normal(size=(2, 3)), 1e-6
    y = layer.forward(x)
    grad = rng.normal(size=y.shape)
    expected = np.empty_like(x)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        expected[place] = ((layer.forward(up) - layer.forward(down)) * grad).sum() / (2 * step)

    assert pass_back(layer, x, y, grad) == pytest.approx(expected, abs=1e-7)


def test_dropout_does_nothing_when_a_network_reads():
    grad = np.array([1.0, -2.0])

    assert pass_back(Dropout(0.5, np.random.default_rng(0)), grad, grad, grad) is grad


def test_another_kind_of_layer_is_refused():
    with pytest.raises(TypeError, match="Layer"):
        pass_back(Layer(), np.zeros(1), np.zeros(1), np.zeros(1))
