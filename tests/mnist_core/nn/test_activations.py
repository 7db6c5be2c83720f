"""Activations: values and slopes worked by hand, slopes measured by central differences, and calm at extremes.

What they have in common with every layer is tested in test_layers.py."""

import math
import warnings

import numpy as np
import pytest
from scipy.special import expit

from mnist_core.nn.activations import ACTIVATIONS, GELU, Activation, LeakyReLU, sigmoid

LN2, LN3 = math.log(2), math.log(3)


@pytest.mark.parametrize(
    ("name", "x", "y", "slope"),
    [
        ("relu", [-1.5, 0, 2.5], [0, 0, 2.5], [0, 0, 1]),
        ("leaky-relu", [-1.5, 0, 2.5], [-0.015, 0, 2.5], [0.01, 0.01, 1]),
        ("sigmoid", [0, LN3, -LN3], [0.5, 0.75, 0.25], [0.25, 0.1875, 0.1875]),
        ("tanh", [0, LN2, -LN2], [0, 0.6, -0.6], [1, 0.64, 0.64]),
        # x σ, and σ + x σ (1 − σ)
        ("silu", [0, LN3, -LN3], [0, 0.75 * LN3, -0.25 * LN3], [0.5, 0.75 + 0.1875 * LN3, 0.25 - 0.1875 * LN3]),
    ],
)
def test_by_hand(name, x, y, slope):
    layer = ACTIVATIONS[name]()
    x = np.array([x], np.float64)
    found, cache = layer.forward(x)
    np.testing.assert_allclose(found, [y], rtol=0, atol=1e-15)
    np.testing.assert_allclose(layer.slope(x, layer.value(x)), [slope], rtol=0, atol=1e-15)
    grad = np.array([[10.0, -100.0, 1000.0]])
    np.testing.assert_allclose(layer.backward(cache, grad), grad * slope, rtol=1e-14)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_slope_is_that_of_central_differences(name):
    layer = ACTIVATIONS[name]()
    x = np.linspace(-6, 6, 200).reshape(20, 10)  # 0, where two of them have a kink, is not among them
    numeric = (layer.value(x + 1e-6) - layer.value(x - 1e-6)) / 2e-6
    np.testing.assert_allclose(layer.slope(x, layer.value(x)), numeric, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_inputs_give_finite_values_and_slopes_without_a_warning(name, dtype):
    layer = ACTIVATIONS[name]()
    x = np.array([[-1e30, -1e4, -100.0, 100.0, 1e4, 1e30]], dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y, cache = layer.forward(x)
        slope = layer.backward(cache, np.ones_like(x))
    assert y.dtype == slope.dtype == dtype
    assert np.isfinite(y).all()
    left, right = {"leaky-relu": (0.01, 1), "sigmoid": (0, 0), "tanh": (0, 0)}.get(name, (0, 1))
    np.testing.assert_allclose(slope, [[left] * 3 + [right] * 3], atol=1e-6)


def test_gelu_by_hand_and_as_pytorch_has_it():
    """PyTorch's GELU(approximate="tanh") is ½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))."""
    x = np.array([-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0])
    y = GELU().value(x)
    # At 1: √(2/π) · 1.044715 = 0.797885 · 1.044715 = 0.833562, its tanh 0.682384, and half of 1.682384.
    by_hand = [-0.003637, -0.158808, -0.154286, 0, 0.345714, 0.841192]
    np.testing.assert_allclose(y[:6], by_hand, rtol=0, atol=5e-7)
    with_tanh = [v / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3))) for v in x]
    np.testing.assert_allclose(y, with_tanh, rtol=0, atol=1e-15)
    exact = [v / 2 * (1 + math.erf(v / math.sqrt(2))) for v in x]  # x times the chance itself
    np.testing.assert_allclose(y, exact, rtol=0, atol=5e-4)
    assert GELU().slope(x, y)[3] == 0.5


@pytest.mark.parametrize(("below", "above"), [(-100, 100), (-1e-3, 1e-3)])
def test_a_leaky_relu_is_never_quite_silent(below, above):
    layer = LeakyReLU()
    assert layer.value(np.array([[below]])) == 0.01 * below
    assert layer.value(np.array([[above]])) == above


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-7), (np.float64, 4e-16)])
def test_sigmoid_agrees_with_scipy_and_never_overflows(dtype, tolerance):
    x = np.concatenate([np.linspace(-40, 40, 801), [-1e4, 1e4, -1e30, 1e30]]).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = sigmoid(x)
    assert y.dtype == dtype
    assert y.min() >= 0 and y.max() <= 1
    np.testing.assert_allclose(y, expit(x.astype(np.float64)), rtol=0, atol=tolerance)


def test_a_bare_activation_computes_nothing():
    x = np.zeros((1, 2))
    with pytest.raises(NotImplementedError):
        Activation().forward(x)
    with pytest.raises(NotImplementedError):
        Activation().slope(x, x)
