"""Layers: what all of them promise, and forward and backward of each worked by hand."""

import copy
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from mnist_core.nn.activations import ACTIVATIONS
from mnist_core.nn.input_linear import InputLinear
from mnist_core.nn.layers import BatchNorm, Dropout, Layer, Linear, dropout_mask

# What every layer promises


def batch_norm(dtype: type[np.floating] = np.float64) -> BatchNorm:
    """Three features with scales, shifts and running statistics of their own."""
    layer = BatchNorm(3, dtype)
    layer.params["gamma"][:] = 2, -1, 0.5
    layer.params["beta"][:] = 0.1, 0.2, -0.3
    layer.state["running_mean"][:] = -1, 0, 1
    layer.state["running_variance"][:] = 0.25, 1, 4
    return layer


def weights(dtype: type[np.floating]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(3, 4)).astype(dtype), rng.normal(size=4).astype(dtype)


LAYERS: dict[str, Callable[[type[np.floating]], Layer]] = {
    "linear": lambda dtype: Linear(*weights(dtype)),
    "input linear": lambda dtype: InputLinear(*weights(dtype)),
    "dropout": lambda dtype: Dropout(0.4, np.random.default_rng(2)),
    "batch norm": batch_norm,
    **{name: lambda dtype, kind=kind: kind() for name, kind in ACTIVATIONS.items()},  # type: ignore[misc]
}


@pytest.fixture(params=LAYERS)
def make(request) -> Callable[..., Layer]:
    """Builds one and the same layer, as often as wanted."""
    return lambda dtype=np.float64: LAYERS[request.param](dtype)


def batch(size: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(size, 3))


def grad_for(y: np.ndarray) -> np.ndarray:
    """A gradient to send back, in the shape and dtype of a layer's output."""
    return np.random.default_rng(7).normal(size=y.shape).astype(y.dtype)


def param_grads(layer: Layer, cache: Any, grad: np.ndarray) -> dict[str, np.ndarray]:
    out = {name: np.full_like(param, np.nan) for name, param in layer.params.items()}
    layer.param_grads(cache, grad, out)
    return out


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_gradients_at_the_input_and_the_parameters_are_those_of_central_differences(make, size, training):
    layer, x = make(), batch(size)
    y, cache = copy.deepcopy(layer).forward(x, training)
    grad = grad_for(y)

    def loss() -> float:
        """From the same state every time: the same mask of dropout, the same running statistics."""
        return float((copy.deepcopy(layer).forward(x, training)[0] * grad).sum())

    analytic = {"x": layer.backward(cache, grad), **param_grads(layer, cache, grad)}
    arrays = {"x": x, **layer.params}
    for name, array in arrays.items():
        numeric = np.empty_like(array)
        for i in np.ndindex(array.shape):
            kept = array[i]
            array[i] = kept + 1e-6
            above = loss()
            array[i] = kept - 1e-6
            below = loss()
            array[i] = kept
            numeric[i] = (above - below) / 2e-6
        np.testing.assert_allclose(analytic[name], numeric, rtol=1e-6, atol=1e-8, err_msg=name)


def test_input_and_gradient_are_not_changed(make):
    layer, x = make(), batch()
    kept_x = x.copy()
    y, cache = layer.forward(x, training=True)
    grad = grad_for(y)
    kept_grad = grad.copy()
    layer.backward(cache, grad)
    param_grads(layer, cache, grad)
    np.testing.assert_array_equal(x, kept_x)
    np.testing.assert_array_equal(grad, kept_grad)


@pytest.mark.parametrize("training", [False, True])
def test_a_cache_belongs_to_its_pass_whatever_comes_after(make, training):
    layer, undisturbed = make(), make()
    y, cache = layer.forward(batch(), training)
    expected, same_cache = undisturbed.forward(batch(), training)
    for size in (9, 5, 1):
        other, other_cache = layer.forward(batch(size, seed=3), training=True)
        layer.backward(other_cache, grad_for(other))
        param_grads(layer, other_cache, grad_for(other))
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(layer.backward(cache, grad_for(y)), undisturbed.backward(same_cache, grad_for(y)))
    for name, array in param_grads(undisturbed, same_cache, grad_for(y)).items():
        np.testing.assert_array_equal(param_grads(layer, cache, grad_for(y))[name], array)


def test_a_pass_without_training_changes_nothing(make):
    layer, untouched = make(), make()
    y, cache = layer.forward(batch())
    layer.backward(cache, grad_for(y))
    for found, expected in ((layer.params, untouched.params), (layer.state, untouched.state)):
        assert found.keys() == expected.keys()
        for name, array in expected.items():
            np.testing.assert_array_equal(found[name], array)


def test_several_threads_may_go_forward_and_back_while_one_trains(make):
    layer, inputs = make(), [batch(40, seed) for seed in range(8)]
    one = batch(1, seed=99)  # a batch of one, which leaves running statistics as they are

    def there_and_back(x: np.ndarray, training: bool = False) -> tuple[np.ndarray, ...]:
        y, cache = layer.forward(x, training)
        return y, layer.backward(cache, grad_for(y)), *param_grads(layer, cache, grad_for(y)).values()

    expected = [there_and_back(x) for x in inputs]
    with ThreadPoolExecutor(5) as threads:
        trained = threads.submit(lambda: [there_and_back(one, training=True) for _ in range(100)])
        found = list(threads.map(lambda i: there_and_back(inputs[i % 8]), range(400)))
        trained.result()
    for i, arrays in enumerate(found):
        for mine, alone in zip(arrays, expected[i % 8], strict=True):
            np.testing.assert_array_equal(mine, alone)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("size", [1, 5])
def test_everything_stays_in_its_dtype(make, dtype, training, size):
    layer = make(dtype)
    y, cache = layer.forward(batch(size).astype(dtype), training)
    arrays = [y, layer.backward(cache, grad_for(y)), *layer.params.values(), *layer.state.values()]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_a_bare_layer_computes_nothing():
    for call in (lambda: Layer().forward(batch()), lambda: Layer().backward(None, batch())):
        with pytest.raises(NotImplementedError):
            call()


# Linear

X = np.array([[1.0, 2.0], [3.0, 4.0]])
GRAD = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]])


def linear() -> Linear:
    return Linear(np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0]]), np.array([10.0, 20.0, 30.0]))


@pytest.mark.parametrize("training", [False, True])
def test_linear_forward_by_hand(training):
    np.testing.assert_array_equal(linear().forward(X, training)[0], [[15, 22, 29], [21, 24, 27]])


def test_linear_backward_by_hand():
    layer = linear()
    _, cache = layer.forward(X, training=True)
    np.testing.assert_array_equal(layer.backward(cache, GRAD), [[-1, 2], [1, 1]])
    grads = param_grads(layer, cache, GRAD)
    np.testing.assert_array_equal(grads["W"], [[1, 3, -1], [2, 4, 0]])
    np.testing.assert_array_equal(grads["b"], [1, 1, 1])


def test_linear_keeps_the_arrays_that_it_was_given():
    W, b = np.ones((2, 3)), np.ones(3)
    layer = Linear(W, b)
    assert layer.params["W"] is W and layer.params["b"] is b


# Dropout

RATES = [0.1, 0.25, 0.5, 0.9]
COUNT = 400_000


def mask_of(rate: float, seed: int = 0, shape: tuple[int, ...] = (COUNT // 10, 10)) -> np.ndarray:
    return dropout_mask(np.random.default_rng(seed), shape, rate, np.dtype(np.float64))


@pytest.mark.parametrize("rate", RATES)
def test_the_share_of_silenced_numbers_is_the_rate_and_the_mean_stays(rate):
    """Within four standard deviations of a binomial count."""
    mask = mask_of(rate)
    deviation = math.sqrt(rate * (1 - rate) / COUNT)
    assert abs((mask == 0).mean() - rate) < 4 * deviation + 1 / 65_536
    assert abs(mask.mean() - 1) < 4 * deviation / (1 - rate)


@pytest.mark.parametrize("rate", RATES)
def test_what_is_not_silenced_is_scaled_by_one_number(rate):
    found = np.unique(mask_of(rate))
    assert len(found) == 2 and found[0] == 0
    assert found[1] == pytest.approx(1 / (1 - rate), rel=1 / 65_536 / (1 - rate))


def test_neighbours_are_silenced_independently():
    """Four of them share one random number of 64 bits."""
    lanes = mask_of(0.5).reshape(-1, 4)
    correlation = np.corrcoef(lanes.T) - np.eye(4)
    assert np.abs(correlation).max() < 4 / math.sqrt(len(lanes))
    assert np.abs(lanes.mean(axis=0) - 1).max() < 4 / math.sqrt(len(lanes))


@pytest.mark.parametrize(("rate", "scale"), [(1e-9, 65_536 / 65_535), (1 - 1e-9, 65_536)])
def test_rates_near_0_and_near_1_silence_not_nothing_and_not_all(rate, scale):
    mask = mask_of(rate, shape=(2_000_000,))
    assert np.unique(mask).tolist() == [0, scale]


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (3, 3), (7, 5), (4,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_mask_of_any_shape(shape, dtype):
    mask = dropout_mask(np.random.default_rng(0), shape, 0.5, np.dtype(dtype))
    assert mask.shape == shape and mask.dtype == dtype
    assert set(np.unique(mask)) <= {0, 2}


def test_the_same_random_state_gives_the_same_mask_and_the_next_mask_is_another():
    rng = np.random.default_rng(3)
    kind = np.dtype(np.float32)
    first, second = (dropout_mask(rng, (20, 20), 0.5, kind) for _ in range(2))
    np.testing.assert_array_equal(dropout_mask(np.random.default_rng(3), (20, 20), 0.5, kind), first)
    assert (first != second).any()


def test_forward_and_backward_use_the_same_mask_and_each_forward_a_fresh_one():
    layer = Dropout(0.5, np.random.default_rng(0))
    x, grad = np.full((30, 20), 3.0), np.full((30, 20), 5.0)
    masks = []
    for _ in range(2):
        y, cache = layer.forward(x, training=True)
        np.testing.assert_array_equal(layer.backward(cache, grad) / 5, y / 3)
        masks.append(y)
    assert set(np.unique(masks)) == {0, 6}
    assert (masks[0] != masks[1]).any()


def test_outside_of_training_dropout_does_nothing_and_draws_nothing():
    layer = Dropout(0.9, np.random.default_rng(0))
    before = layer.rng.bit_generator.state
    x = batch(50)
    np.testing.assert_array_equal(layer.forward(x)[0], x)
    assert layer.rng.bit_generator.state == before


# Batch norm


def test_a_pass_of_training_gives_every_feature_mean_0_and_variance_1():
    x = np.random.default_rng(0).normal([50, -3, 0], [100, 1, 10], (200, 3))
    y, _ = BatchNorm(3, np.float64).forward(x, training=True)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(y.var(axis=0), 1, rtol=2e-5)  # ε = 1e-5 beside a variance of 1


def test_batch_norm_by_hand():
    layer = BatchNorm(2, np.float64)
    layer.params["gamma"][:] = 2, 3
    layer.params["beta"][:] = 5, -1
    x = np.array([[1.0, 7.0], [3.0, 7.0]])  # mean 2 and variance 1; a feature that is always the same
    unit = 1 / math.sqrt(1.00001)
    y, cache = layer.forward(x, training=True)
    np.testing.assert_allclose(y, [[5 - 2 * unit, -1], [5 + 2 * unit, -1]], rtol=1e-15)
    grad = np.array([[1.0, 1.0], [0.0, 3.0]])
    dx, grads = layer.backward(cache, grad), param_grads(layer, cache, grad)
    np.testing.assert_allclose(grads["gamma"], [-unit, 0], rtol=1e-15)
    np.testing.assert_allclose(grads["beta"], [1, 4], rtol=1e-15)
    # First feature: g - mean(g) = ±½, x̂ mean(g x̂) = ±½ u², so all that is left is ½ (1 − u²).
    left = 2 * unit * 0.5 * (1 - unit**2)
    steep = 3 / math.sqrt(1e-5)  # second feature: g - mean(g) = ∓1
    np.testing.assert_allclose(dx, [[left, -steep], [-left, steep]], rtol=1e-6)


def test_running_statistics_over_two_steps_by_hand_and_their_use():
    """Momentum 0.1, and the unbiased variance, as PyTorch keeps them."""
    layer = BatchNorm(1, np.float64)
    layer.forward(np.array([[1.0], [3.0]]), training=True)  # mean 2, unbiased variance 2
    np.testing.assert_allclose(layer.state["running_mean"], [0.2], rtol=1e-14)
    np.testing.assert_allclose(layer.state["running_variance"], [0.9 + 0.2], rtol=1e-14)
    layer.forward(np.array([[4.0], [8.0], [6.0]]), training=True)  # mean 6, unbiased variance 4
    np.testing.assert_allclose(layer.state["running_mean"], [0.18 + 0.6], rtol=1e-14)
    np.testing.assert_allclose(layer.state["running_variance"], [0.99 + 0.4], rtol=1e-14)
    expected = np.array([[(10 - 0.78) / math.sqrt(1.39 + 1e-5)], [0]])
    np.testing.assert_allclose(layer.forward(np.array([[10.0], [0.78]]))[0], expected, atol=1e-14)


def test_a_batch_of_one_uses_the_running_statistics_and_leaves_them_alone():
    layer, x = batch_norm(), batch(1)
    before = {name: array.copy() for name, array in layer.state.items()}
    y, cache = layer.forward(x, training=True)
    np.testing.assert_array_equal(y, layer.forward(x)[0])
    for name, array in before.items():
        np.testing.assert_array_equal(layer.state[name], array)
    # so its slope is that of a line: γ / √(running variance + ε)
    np.testing.assert_allclose(layer.backward(cache, np.ones((1, 3))), [[4, -1, 0.25]], rtol=5e-5)


def test_what_a_bias_before_batch_norm_adds_is_taken_out_again():
    layer, x = batch_norm(), batch(6)
    expected, _ = layer.forward(x, training=True)
    y, cache = layer.forward(x + np.array([1, -5, 30]), training=True)
    np.testing.assert_allclose(y, expected, atol=1e-13)
    dx = layer.backward(cache, grad_for(y))
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-14)  # so that bias has no slope


def test_batch_norm_begins_as_plain_normalization():
    layer = BatchNorm(4)
    assert {name: array.tolist() for name, array in (layer.params | layer.state).items()} == {
        "gamma": [1] * 4,
        "beta": [0] * 4,
        "running_mean": [0] * 4,
        "running_variance": [1] * 4,
    }
    assert {array.dtype for array in (layer.params | layer.state).values()} == {np.dtype(np.float32)}
