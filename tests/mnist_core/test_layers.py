"""Layers: forward and backward worked by hand, slopes measured by central differences, and what they leave alone.

Run alone: python -m pytest tests/mnist_core/test_layers.py
"""

import math
import warnings

import numpy as np
import pytest
from scipy.special import expit

from mnist_core.layers import ACTIVATIONS, Layer, Linear, ReLU, Sigmoid, Tanh, sigmoid

X = np.array([[1.0, 2.0], [3.0, 4.0]])
W = np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0]])
B = np.array([10.0, 20.0, 30.0])


def linear() -> Linear:
    return Linear(W.copy(), B.copy())


def test_linear_forward_by_hand():
    np.testing.assert_array_equal(linear().forward(X), [[15, 22, 29], [21, 24, 27]])


def test_linear_backward_by_hand():
    layer = linear()
    layer.forward(X, training=True)
    dx = layer.backward(np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]))
    np.testing.assert_array_equal(layer.grads["W"], [[1, 3, -1], [2, 4, 0]])
    np.testing.assert_array_equal(layer.grads["b"], [1, 1, 1])
    np.testing.assert_array_equal(dx, [[-1, 2], [1, 1]])


def test_linear_backward_params_gives_the_same_gradients_as_backward():
    grad = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]])
    layer = linear()
    layer.forward(X, training=True)
    layer.backward_params(grad)
    np.testing.assert_array_equal(layer.grads["W"], [[1, 3, -1], [2, 4, 0]])
    np.testing.assert_array_equal(layer.grads["b"], [1, 1, 1])


def test_linear_keeps_the_arrays_that_it_was_given():
    weights, biases = W.copy(), B.copy()
    layer = Linear(weights, biases)
    assert layer.params["W"] is weights and layer.params["b"] is biases


@pytest.mark.parametrize(
    ("layer", "x", "y", "slope"),
    [
        (ReLU(), [-1.5, 0.0, 2.5], [0, 0, 2.5], [0, 0, 1]),
        (Sigmoid(), [0.0, math.log(3), -math.log(3)], [0.5, 0.75, 0.25], [0.25, 0.1875, 0.1875]),
        (Tanh(), [0.0, math.log(2), -math.log(2)], [0, 0.6, -0.6], [1, 0.64, 0.64]),
    ],
)
def test_activations_by_hand(layer, x, y, slope):
    np.testing.assert_allclose(layer.forward(np.array([x]), training=True), [y], rtol=0, atol=1e-15)
    np.testing.assert_allclose(layer.backward(np.array([[10.0, 10.0, 10.0]])), [np.multiply(slope, 10)], atol=1e-14)


@pytest.mark.parametrize("layer", [linear(), ReLU(), Sigmoid(), Tanh()])
def test_the_slope_at_the_input_is_that_of_central_differences(layer):
    rng = np.random.default_rng(0)
    x, grad = rng.normal(size=(5, 2)), rng.normal(size=layer.forward(np.zeros((5, 2))).shape)
    layer.forward(x, training=True)
    analytic = layer.backward(grad)
    numeric = np.empty_like(x)
    for i in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[i] += 1e-6
        below[i] -= 1e-6
        numeric[i] = ((layer.forward(above) - layer.forward(below)) * grad).sum() / 2e-6
    np.testing.assert_allclose(analytic, numeric, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("layer", [linear(), ReLU(), Sigmoid(), Tanh()])
def test_input_and_gradient_are_not_changed(layer):
    x = np.array([[-1.0, 2.0], [3.0, -4.0]])
    y = layer.forward(x, training=True)
    grad = np.ones_like(y)
    layer.backward(grad)
    np.testing.assert_array_equal(x, [[-1, 2], [3, -4]])
    np.testing.assert_array_equal(grad, np.ones_like(y))


@pytest.mark.parametrize("layer", [linear(), ReLU(), Sigmoid(), Tanh()])
def test_a_forward_pass_without_training_leaves_what_backward_remembers(layer):
    x = np.array([[-1.0, 2.0], [3.0, -4.0]])
    y = layer.forward(x, training=True)
    expected = layer.backward(np.ones_like(y))
    layer.forward(x * 7 - 3)
    np.testing.assert_array_equal(layer.backward(np.ones_like(y)), expected)


@pytest.mark.parametrize("layer", [linear(), ReLU(), Sigmoid(), Tanh()])
def test_backward_without_forward_says_what_is_missing(layer):
    y = layer.forward(X)
    with pytest.raises(RuntimeError, match=r"backward needs a forward\(x, training=True\) before it"):
        type(layer)(*layer.params.values()).backward(y)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_stay_in_float32(name):
    layer = ACTIVATIONS[name]()
    assert layer.params == {}
    y = layer.forward(np.array([[-1.0, 0.0, 1.0]], np.float32), training=True)
    assert y.dtype == layer.backward(y).dtype == np.float32


def test_a_bare_layer_computes_nothing():
    for call in (Layer().forward, Layer().backward):
        with pytest.raises(NotImplementedError):
            call(X)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-7), (np.float64, 4e-16)])
def test_sigmoid_agrees_with_scipy_and_never_overflows(dtype, tolerance):
    x = np.concatenate([np.linspace(-40, 40, 801), [-1e4, 1e4, -1e30, 1e30]]).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = sigmoid(x)
    assert y.dtype == dtype
    assert y.min() >= 0 and y.max() <= 1
    np.testing.assert_allclose(y, expit(x.astype(np.float64)), rtol=0, atol=tolerance)
