"""Initial parameters: the distributions that their names promise, repeatable, and what they are good for."""

import numpy as np
import pytest
import scipy.stats

from mnist_core.nn.activations import ACTIVATIONS
from mnist_core.nn.initializers import INITIALIZERS
from mnist_core.nn.losses import HEADS
from mnist_core.nn.mlp import build_mlp
from mnist_core.nn.optimizers import Adam
from mnist_core.nn.training_step import take_step

FAN_IN, FAN_OUT = 200, 300


def uniform(bound: float) -> scipy.stats.rv_continuous:
    return scipy.stats.uniform(-bound, 2 * bound)


DISTRIBUTIONS = {
    "he": scipy.stats.norm(0, 0.1),  # √(2 / 200)
    "he-uniform": uniform(0.03**0.5),  # ±√(6 / 200)
    "xavier": uniform(0.012**0.5),  # ±√(6 / 500)
    "xavier-normal": scipy.stats.norm(0, 0.004**0.5),  # √(2 / 500)
    "uniform-fan-in": uniform(0.005**0.5),  # ±1 / √200
    "small-normal": scipy.stats.norm(0, 0.01),
    "standard-normal": scipy.stats.norm(0, 1),
}


def draw(name: str, shape: tuple[int, ...] = (FAN_IN, FAN_OUT), seed: int = 0) -> np.ndarray:
    return INITIALIZERS[name](np.random.default_rng(seed), FAN_IN, FAN_OUT, shape)


def test_there_are_eight():
    assert set(INITIALIZERS) == {*DISTRIBUTIONS, "zeros"}


@pytest.mark.parametrize("shape", [(FAN_IN, FAN_OUT), (60_000,)], ids=["weights", "biases"])
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_parameters_follow_the_distribution_of_the_paper(name, shape):
    """The size of the layer decides, not the shape of the array: biases have as little spread as weights."""
    found, distribution = draw(name, shape).ravel(), DISTRIBUTIONS[name]
    assert scipy.stats.kstest(found, distribution.cdf).pvalue > 0.01
    assert found.std() == pytest.approx(distribution.std(), rel=0.01)
    low, high = distribution.support()
    assert low <= found.min() and found.max() <= high


@pytest.mark.parametrize(("one", "other"), [("he", "he-uniform"), ("xavier", "xavier-normal")])
def test_normal_and_uniform_kinds_have_the_same_variance(one, other):
    assert DISTRIBUTIONS[one].var() == pytest.approx(DISTRIBUTIONS[other].var(), rel=1e-12)


@pytest.mark.parametrize("shape", [(7, 3), (3,)])
@pytest.mark.parametrize("name", INITIALIZERS)
def test_shape_dtype_and_repeatability(name, shape):
    first, again, other = (draw(name, shape, seed) for seed in (5, 5, 6))
    assert first.shape == shape and first.dtype == np.float64
    np.testing.assert_array_equal(first, again)
    assert (first != other).all() or name == "zeros"


def test_zeros_are_zeros():
    assert not draw("zeros").any()


@pytest.mark.parametrize("name", ["he", "he-uniform"])
def test_he_keeps_the_strength_of_signals_through_ten_layers_of_relu_and_small_normal_does_not(name):
    rng = np.random.default_rng(0)
    size = (150, 150)
    kept = lost = rng.normal(size=(60, 150))
    for _ in range(10):
        kept = np.maximum(kept @ INITIALIZERS[name](rng, *size, size), 0)
        lost = np.maximum(lost @ INITIALIZERS["small-normal"](rng, *size, size), 0)
    assert 0.3 < np.square(kept).mean() < 3
    assert np.square(lost).mean() < 1e-10


@pytest.mark.parametrize("name", ["xavier", "xavier-normal"])
def test_xavier_keeps_the_strength_of_signals_and_of_gradients_through_ten_linear_layers(name):
    rng = np.random.default_rng(0)
    size = (150, 150)
    signal = grad = rng.normal(size=(60, 150))
    for _ in range(10):
        W = INITIALIZERS[name](rng, *size, size)
        signal, grad = signal @ W, grad @ W.T
    assert 0.3 < np.square(signal).mean() < 3
    assert 0.3 < np.square(grad).mean() < 3


def test_standard_normal_saturates_what_comes_after_it():
    x = np.random.default_rng(0).uniform(size=(50, 784))
    W = INITIALIZERS["standard-normal"](np.random.default_rng(1), 784, 512, (784, 512))
    assert (np.abs(np.tanh(x @ W)) > 0.999).mean() > 0.7


# Why zeros fail


@pytest.mark.parametrize("hidden", [(6,), (6, 5)])
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_zeros_give_hidden_layers_no_gradient(activation, head, hidden):
    rng = np.random.default_rng(0)
    mlp = build_mlp((4, *hidden, 10), activation, "zeros", rng, np.float64)
    logits, caches = mlp.forward(rng.normal(size=(20, 4)), training=True)
    mlp.backward(caches, HEADS[head].loss(logits, rng.integers(0, 10, 20))[1])
    *others, _, last_b = mlp.grads.values()
    assert last_b.any()
    assert not any(grad.any() for grad in others)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_after_zeros_all_units_of_a_layer_stay_the_same_for_ever(activation):
    rng = np.random.default_rng(0)
    mlp = build_mlp((4, 6, 5, 10), activation, "zeros", rng, np.float64)
    x, labels = rng.normal(size=(20, 4)), rng.integers(0, 10, 20)
    optimizer = Adam(mlp.flat_params, mlp.flat_grads)
    for _ in range(30):
        take_step(mlp, optimizer, HEADS["softmax"].loss, 0.05, [(x, labels)], len(x))
    moved = {name: bool(param.any()) for name, param in mlp.params.items()}
    assert moved["4.b"]  # it does learn how frequent the classes are
    for name in ("0.W", "0.b", "2.W", "2.b"):
        units = mlp.params[name].reshape(-1, mlp.params[name].shape[-1])  # a unit is a column
        np.testing.assert_allclose(units, units[:, :1] * np.ones(units.shape[1]), rtol=1e-9, atol=1e-12)
    if activation == "sigmoid":  # whose middle is not 0: it moves, but all of its units alike
        assert all(moved.values())
    else:
        assert not moved["0.W"] and not moved["2.W"]
