"""The gradient check: every kind of network passes it, a wrong `backward` does not."""

import numpy as np
import pytest

from mnist_core.nn.activations import ACTIVATIONS, Tanh
from mnist_core.nn.gradient_check import gradient_check
from mnist_core.nn.initializers import INITIALIZERS
from mnist_core.nn.layers import BatchNorm, Dropout, Linear
from mnist_core.nn.losses import HEADS
from mnist_core.nn.mlp import MLP, build_mlp

INPUTS = 6
X = np.random.default_rng(1).normal(size=(8, INPUTS))
LABELS = np.array([0, 3, 9, 9, 1, 5, 2, 7])
LOSSES = [*((head, 0.0) for head in HEADS), ("softmax", 0.1)]
SHAPES = [(), (7,), (7, 6), (7, 6, 5)]
HIDDEN = SHAPES[1:]


def network(hidden=(7,), activation="tanh", init="xavier", batch_norm=False, dropout=0.0, seed=0) -> MLP:
    """Biases are not 0: where dropout silences all that a unit hears, a ReLU would stand at its kink."""
    rng = np.random.default_rng(seed)
    return build_mlp(
        (INPUTS, *hidden, 10),
        activation,
        init,
        rng,
        np.float64,
        biases="uniform-fan-in",
        batch_norm=batch_norm,
        dropout=dropout,
    )


def assert_right(model: MLP, **settings) -> None:
    checks = gradient_check(model, X, LABELS, **settings)
    assert [check.name for check in checks] == list(model.params)
    for check in checks:
        assert check.relative_error < 1e-7, check


@pytest.mark.parametrize(("head", "label_smoothing"), LOSSES)
def test_softmax_regression_and_the_other_heads_without_a_hidden_layer(head, label_smoothing):
    assert_right(network(()), head=head, label_smoothing=label_smoothing, samples=1000)


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda sizes: f"{len(sizes)}-hidden")
@pytest.mark.parametrize("dropout", [0.0, 0.5], ids=["all", "dropout"])
@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch-norm"])
@pytest.mark.parametrize(("head", "label_smoothing"), LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_kind_of_network(activation, head, label_smoothing, batch_norm, dropout, hidden):
    model = network(hidden, activation, batch_norm=batch_norm, dropout=dropout)
    assert sum(isinstance(layer, BatchNorm) for layer in model.layers) == batch_norm * len(hidden)
    assert sum(isinstance(layer, Dropout) for layer in model.layers) == bool(dropout) * len(hidden)
    assert_right(model, head=head, label_smoothing=label_smoothing, samples=4)


@pytest.mark.parametrize("init", INITIALIZERS)
def test_wherever_the_weights_begin(init):
    """With one hidden layer: below a second one, small-normal's gradients drown in the rounding of the differences."""
    assert_right(network(init=init, activation="silu"))


def test_a_batch_of_one_with_batch_norm():
    model = network(batch_norm=True)
    for check in gradient_check(model, X[:1], LABELS[:1]):
        assert check.relative_error < 1e-7


def test_a_bias_before_batch_norm_has_no_slope_and_that_is_no_error():
    """Batch norm takes out again what it adds: both gradients are rounding noise around 0."""
    check = next(c for c in gradient_check(network(batch_norm=True), X, LABELS) if c.name == "0.b")
    np.testing.assert_allclose(check.analytic, 0, atol=1e-14)
    np.testing.assert_allclose(check.numeric, 0, atol=1e-9)
    assert check.relative_error < 1e-7


def test_every_entry_is_compared_where_there_are_fewer_than_samples():
    model = network((7, 6))
    for check in gradient_check(model, X, LABELS, samples=1000):
        assert len(check.analytic) == len(check.numeric) == model.params[check.name].size
        assert np.linalg.norm(check.numeric) > 0
        assert check.relative_error < 1e-7


class WrongTanh(Tanh):
    def backward(self, cache, grad):
        return super().backward(cache, grad) * 1.001


class ForgetfulBatchNorm(BatchNorm):
    """Takes mean and variance for constants, the classic mistake."""

    def backward(self, cache, grad):
        return super().backward(cache._replace(own_statistics=False), grad)


class ForgetfulDropout(Dropout):
    def backward(self, cache, grad):
        return grad


def test_an_error_of_a_thousandth_in_backward_is_found_below_it_and_nowhere_else():
    rng = np.random.default_rng(0)
    model = MLP(
        [Linear(rng.normal(size=(INPUTS, 5)), np.zeros(5)), WrongTanh(), Linear(rng.normal(size=(5, 10)), np.ones(10))]
    )
    errors = {check.name: check.relative_error for check in gradient_check(model, X, LABELS)}
    # ‖1.001 g − g‖ / (‖1.001 g‖ + ‖g‖) = 0.001 / 2.001
    assert errors["0.W"] == pytest.approx(0.001 / 2.001, rel=1e-3)
    assert errors["0.b"] == pytest.approx(0.001 / 2.001, rel=1e-3)
    assert errors["2.W"] < 1e-7 and errors["2.b"] < 1e-7


@pytest.mark.parametrize(
    "wrong", [ForgetfulBatchNorm(5, np.float64), ForgetfulDropout(0.5, np.random.default_rng(0))], ids=["norm", "mask"]
)
def test_classic_mistakes_are_found(wrong):
    rng = np.random.default_rng(0)
    first, last = (Linear(rng.normal(size=shape), rng.normal(size=shape[1])) for shape in ((INPUTS, 5), (5, 10)))
    errors = {check.name: check.relative_error for check in gradient_check(MLP([first, wrong, last]), X, LABELS)}
    assert errors["0.W"] > 0.01
    assert errors["2.W"] < 1e-7


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_all_numbers_are_put_back_exactly_running_means_too(dropout):
    model = network((7, 6), "sigmoid", batch_norm=True, dropout=dropout)
    model.forward(X, training=True)  # the running means are not those of the beginning
    before = model.flat.tobytes()
    gradient_check(model, X, LABELS, "sigmoid", samples=1000)
    assert model.flat.tobytes() == before


def test_as_many_entries_as_asked_for_are_sampled_and_the_seed_decides_which():
    model = network()
    first, again, other = (
        gradient_check(model, X, LABELS, samples=5, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert [len(check.numeric) for check in first] == [5, 5, 5, 5]
    np.testing.assert_array_equal(first[0].analytic, again[0].analytic)
    assert (first[0].analytic != other[0].analytic).any()


def test_without_a_generator_always_the_same_entries_are_sampled():
    model = network()
    for one, two in zip(*(gradient_check(model, X, LABELS, samples=5) for _ in range(2)), strict=True):
        np.testing.assert_array_equal(one.analytic, two.analytic)
        np.testing.assert_array_equal(one.numeric, two.numeric)


def test_a_weight_that_nothing_depends_on_has_no_error():
    model = MLP([Linear(np.zeros((INPUTS, 10)), np.zeros(10))])
    checks = gradient_check(model, np.zeros_like(X), LABELS)
    assert checks[0].relative_error == 0 and not checks[0].numeric.any()


def test_a_transposed_weight_array_is_checked_as_well():
    W = np.random.default_rng(0).normal(size=(10, INPUTS)).T
    assert_right(MLP([Linear(W, np.zeros(10))]))


def test_float32_is_refused():
    model = build_mlp((INPUTS, 10), "relu", "he", np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"needs float64, but the network is float32: build the network in float64"):
        gradient_check(model, X, LABELS)
