"""The gradient check: every kind of network passes it, a wrong `backward` does not.

Run alone: python -m pytest tests/mnist_core/test_gradient_check.py
"""

import numpy as np
import pytest

from mnist_core.gradient_check import gradient_check
from mnist_core.initializers import INITIALIZERS
from mnist_core.layers import ACTIVATIONS, Linear, Tanh
from mnist_core.losses import HEADS
from mnist_core.mlp import MLP, build_mlp

X = np.random.default_rng(1).normal(size=(6, 12))
LABELS = np.array([0, 3, 9, 9, 1, 5])


@pytest.mark.parametrize("hidden", [(), (9,), (9, 8), (9, 8, 7)], ids=lambda sizes: f"{len(sizes)}-hidden")
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradients_of_every_kind_of_network_are_right(activation, head, hidden):
    model = build_mlp((12, *hidden, 10), activation, "xavier", np.random.default_rng(0), np.float64)
    checks = gradient_check(model, head, X, LABELS, np.random.default_rng(2), samples=1000)
    assert [check.name for check in checks] == list(model.params)
    for check in checks:
        assert len(check.analytic) == len(check.numeric) == model.params[check.name].size
        assert np.linalg.norm(check.numeric) > 0
        assert check.relative_error < 1e-7, check.name


@pytest.mark.parametrize("init", INITIALIZERS)
def test_the_gradients_are_right_wherever_the_weights_begin(init):
    model = build_mlp((12, 9, 10), "relu", init, np.random.default_rng(0), np.float64)
    for check in gradient_check(model, "softmax", X, LABELS, np.random.default_rng(2)):
        assert check.relative_error < 1e-7


class WrongTanh(Tanh):
    def backward(self, grad):
        return super().backward(grad) * 1.001


def test_an_error_of_a_thousandth_in_backward_is_found_below_it_and_nowhere_else():
    rng = np.random.default_rng(0)
    model = MLP(
        [Linear(rng.normal(size=(12, 5)), np.zeros(5)), WrongTanh(), Linear(rng.normal(size=(5, 10)), np.ones(10))]
    )
    errors = {c.name: c.relative_error for c in gradient_check(model, "softmax", X, LABELS, np.random.default_rng(2))}
    # ‖1.001 g − g‖ / (‖1.001 g‖ + ‖g‖) = 0.001 / 2.001
    assert errors["0.W"] == pytest.approx(0.001 / 2.001, rel=1e-3)
    assert errors["0.b"] == pytest.approx(0.001 / 2.001, rel=1e-3)
    assert errors["2.W"] < 1e-7 and errors["2.b"] < 1e-7


def test_parameters_are_put_back_exactly():
    model = build_mlp((12, 9, 10), "sigmoid", "he", np.random.default_rng(0), np.float64)
    before = {name: array.tobytes() for name, array in model.params.items()}
    gradient_check(model, "sigmoid", X, LABELS, np.random.default_rng(2), samples=1000)
    assert {name: array.tobytes() for name, array in model.params.items()} == before


def test_as_many_entries_as_asked_for_are_sampled_and_the_seed_decides_which():
    model = build_mlp((12, 9, 10), "tanh", "he", np.random.default_rng(0), np.float64)
    first, again, other = (
        gradient_check(model, "softmax", X, LABELS, np.random.default_rng(seed), samples=5) for seed in (1, 1, 2)
    )
    assert [len(check.numeric) for check in first] == [5, 5, 5, 5]
    np.testing.assert_array_equal(first[0].analytic, again[0].analytic)
    assert (first[0].analytic != other[0].analytic).any()


def test_a_weight_that_nothing_depends_on_has_no_error():
    model = MLP([Linear(np.zeros((12, 10)), np.zeros(10))])
    checks = gradient_check(model, "softmax", np.zeros((6, 12)), LABELS, np.random.default_rng(0))
    assert checks[0].relative_error == 0 and not checks[0].numeric.any()


def test_a_transposed_weight_array_is_checked_as_well():
    """`Linear` keeps the array that it is given, whatever its order in memory."""
    W = np.random.default_rng(0).normal(size=(10, 12)).T
    checks = gradient_check(MLP([Linear(W, np.zeros(10))]), "softmax", X, LABELS, np.random.default_rng(0))
    assert checks[0].relative_error < 1e-7


def test_float32_is_refused():
    model = build_mlp((12, 10), "relu", "he", np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"needs float64, but 0\.W is float32: build the network in float64"):
        gradient_check(model, "softmax", X, LABELS, np.random.default_rng(0))
