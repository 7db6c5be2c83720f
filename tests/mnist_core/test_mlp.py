"""The network: a pass forward and back worked by hand, and the same training as scikit-learn's in float64.

Run alone: python -m pytest tests/mnist_core/test_mlp.py
"""

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from mnist_core.layers import ACTIVATIONS, Linear, ReLU
from mnist_core.losses import HEADS, softmax_cross_entropy
from mnist_core.mlp import MLP, build_mlp
from mnist_core.optimizers import SGD


def worked_network() -> MLP:
    return MLP(
        [
            Linear(np.array([[1.0, -1.0], [1.0, 1.0]]), np.array([0.0, -2.0])),
            ReLU(),
            Linear(np.array([[0.0, 1.0], [5.0, 6.0]]), np.array([0.0, math.log(3) - 3])),
        ]
    )


def test_forward_and_backward_by_hand():
    mlp = worked_network()
    logits = mlp.forward(np.array([[1.0, 2.0]]), training=True)  # hidden: (3, -1), after ReLU (3, 0)
    np.testing.assert_allclose(logits, [[0, math.log(3)]], atol=1e-15)
    loss, grad = softmax_cross_entropy(logits, np.array([0]))
    assert loss == pytest.approx(math.log(4), rel=1e-15)
    np.testing.assert_allclose(mlp.backward(grad), [[0.75, 0.75]], rtol=1e-14)
    expected: dict[str, list[Any]] = {
        "0.W": [[0.75, 0], [1.5, 0]],
        "0.b": [0.75, 0],
        "2.W": [[-2.25, 2.25], [0, 0]],
        "2.b": [-0.75, 0.75],
    }
    assert list(mlp.grads) == list(mlp.params) == list(expected)
    for name, gradient in expected.items():
        np.testing.assert_allclose(mlp.grads[name], gradient, rtol=1e-14)


def test_params_are_the_arrays_of_the_layers_themselves():
    mlp = worked_network()
    mlp.params["2.W"][0, 0] = 7
    assert mlp.layers[2].params["W"][0, 0] == 7


@pytest.mark.parametrize("hidden", [(), (4,), (4, 3)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_backward_params_gives_the_same_gradients_as_backward(hidden, activation):
    rng = np.random.default_rng(0)
    mlp = build_mlp((6, *hidden, 10), activation, "he", rng, np.float64)
    logits = mlp.forward(rng.normal(size=(5, 6)), training=True)
    grad = rng.normal(size=logits.shape)
    mlp.backward(grad)
    expected = {name: array.copy() for name, array in mlp.grads.items()}
    for layer in mlp.layers:
        layer.grads.clear()
    mlp.backward_params(grad)
    assert list(mlp.grads) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(mlp.grads[name], array)


def test_backward_params_of_a_network_that_begins_with_an_activation():
    mlp = MLP([ReLU(), Linear(np.eye(2), np.zeros(2))])
    mlp.forward(np.array([[-1.0, 2.0]]), training=True)
    mlp.backward_params(np.array([[1.0, 1.0]]))
    np.testing.assert_array_equal(mlp.grads["1.W"], [[0, 0], [2, 2]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_build_mlp_puts_an_activation_between_linear_layers(dtype):
    mlp = build_mlp((784, 16, 8, 10), "tanh", "xavier", np.random.default_rng(0), dtype)
    assert [type(layer).__name__ for layer in mlp.layers] == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]
    assert {name: array.shape for name, array in mlp.params.items()} == {
        "0.W": (784, 16),
        "0.b": (16,),
        "2.W": (16, 8),
        "2.b": (8,),
        "4.W": (8, 10),
        "4.b": (10,),
    }
    assert {array.dtype for array in mlp.params.values()} == {np.dtype(dtype)}
    assert not any(mlp.params[name].any() for name in ("0.b", "2.b", "4.b"))
    assert mlp.forward(np.zeros((3, 784), dtype)).dtype == dtype


def test_build_mlp_without_hidden_layers_is_softmax_regression():
    assert [type(layer).__name__ for layer in build_mlp((4, 3), "relu", "he", np.random.default_rng(0)).layers] == [
        "Linear"
    ]


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not():
    first, again, other = (build_mlp((20, 9, 10), "relu", "he", np.random.default_rng(seed)) for seed in (1, 1, 2))
    for name, array in first.params.items():
        assert array.tobytes() == again.params[name].tobytes()
    assert (first.params["0.W"] != other.params["0.W"]).all()


def test_a_forward_pass_without_training_does_not_disturb_the_one_with_it():
    rng = np.random.default_rng(0)
    mlp = build_mlp((6, 5, 10), "sigmoid", "xavier", rng, np.float64)
    x, grad = rng.normal(size=(4, 6)), rng.normal(size=(4, 10))
    mlp.forward(x, training=True)
    expected = mlp.backward(grad)
    mlp.forward(x + 1)
    np.testing.assert_array_equal(mlp.backward(grad), expected)


@given(
    seed=st.integers(0, 2**32),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    head=st.sampled_from(sorted(HEADS)),
    hidden=st.lists(st.integers(1, 6), max_size=2),
)
@settings(max_examples=40, deadline=None)
def test_one_small_step_of_gradient_descent_lowers_the_loss(seed, activation, head, hidden):
    rng = np.random.default_rng(seed)
    mlp = build_mlp((5, *hidden, 10), activation, "xavier", rng, np.float64)
    x, labels = rng.normal(size=(8, 5)), rng.integers(0, 10, 8)
    before, grad = HEADS[head].loss(mlp.forward(x, training=True), labels)
    mlp.backward_params(grad)
    SGD(mlp.params).update(mlp.grads, 1e-4)
    after, _ = HEADS[head].loss(mlp.forward(x), labels)
    assert after < before


class SeededClassifier(MLPClassifier):  # type: ignore[misc]
    """scikit-learn's network, beginning with given weights instead of its own."""

    def begin_with(self, mlp: MLP) -> "SeededClassifier":
        params = list(mlp.params.values())
        self.pairs_ = [(params[i].copy(), params[i + 1].copy()) for i in range(0, len(params), 2)]
        return self

    def _init_coef(self, fan_in, fan_out, dtype):
        return self.pairs_.pop(0)


@pytest.mark.parametrize(("hidden", "activation"), [((16,), "relu"), ((12, 8), "relu"), ((12,), "tanh")])
def test_a_whole_training_is_that_of_scikit_learn(hidden, activation):
    """Same weights to begin with, same batches, plain SGD: after five epochs, the same losses and weights."""
    rng = np.random.default_rng(5)
    x, labels = rng.normal(size=(70, 20)), np.arange(70) % 10  # three batches of 20 and one of 10
    mlp = build_mlp((20, *hidden, 10), activation, "he", rng, np.float64)
    theirs = SeededClassifier(
        hidden_layer_sizes=hidden,
        activation=activation,
        solver="sgd",
        alpha=0,
        batch_size=20,
        learning_rate_init=0.3,
        momentum=0,
        nesterovs_momentum=False,
        max_iter=5,
        shuffle=False,
        tol=0,
        n_iter_no_change=100,
    ).begin_with(mlp)
    optimizer = SGD(mlp.params)
    losses = []
    for _ in range(5):
        total = 0.0
        for start in range(0, 70, 20):
            part = slice(start, start + 20)
            loss, grad = softmax_cross_entropy(mlp.forward(x[part], training=True), labels[part])
            mlp.backward_params(grad)
            optimizer.update(mlp.grads, 0.3)
            total += loss * len(labels[part])
        losses.append(total / 70)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs.fit(x, labels)
    assert losses[-1] < losses[0] - 0.2  # it is a training worth comparing
    np.testing.assert_allclose(losses, theirs.loss_curve_, rtol=1e-9)
    for name, expected in zip(
        mlp.params,
        [array for pair in zip(theirs.coefs_, theirs.intercepts_, strict=True) for array in pair],
        strict=True,
    ):
        np.testing.assert_allclose(mlp.params[name], expected, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(HEADS["softmax"].probabilities(mlp.forward(x)), theirs.predict_proba(x), rtol=1e-8)
