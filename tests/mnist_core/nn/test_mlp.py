"""The network: worked by hand, all its numbers in one array, and the same training as scikit-learn's in float64."""

import copy
import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from mnist_core.nn.activations import ACTIVATIONS, ReLU
from mnist_core.nn.initializers import INITIALIZERS
from mnist_core.nn.layers import BatchNorm, Dropout, Layer, Linear
from mnist_core.nn.losses import HEADS, loss_function, softmax_cross_entropy
from mnist_core.nn.mlp import MLP, array_shapes, build_mlp
from mnist_core.nn.optimizers import SGD
from mnist_core.nn.training_step import take_step


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
    logits, caches = mlp.forward(np.array([[1.0, 2.0]]), training=True)  # hidden: (3, -1), after ReLU (3, 0)
    np.testing.assert_allclose(logits, [[0, math.log(3)]], atol=1e-15)
    loss, grad = softmax_cross_entropy(logits, np.array([0]))
    assert loss == pytest.approx(math.log(4), rel=1e-15)
    np.testing.assert_allclose(mlp.input_gradient(caches, grad), [[0.75, 0.75]], rtol=1e-14)
    assert not mlp.flat_grads.any()  # that wrote nothing
    mlp.backward(caches, grad)
    expected: dict[str, list[Any]] = {
        "0.W": [[0.75, 0], [1.5, 0]],
        "0.b": [0.75, 0],
        "2.W": [[-2.25, 2.25], [0, 0]],
        "2.b": [-0.75, 0.75],
    }
    assert list(mlp.grads) == list(mlp.params) == list(expected)
    for name, gradient in expected.items():
        np.testing.assert_allclose(mlp.grads[name], gradient, rtol=1e-14)


# One flat array


def rich_network(dtype: type[np.floating] = np.float64) -> MLP:
    """Two hidden layers with all that there is."""
    rng = np.random.default_rng(0)
    return build_mlp((6, 5, 4, 10), "relu", "he", rng, dtype, biases="small-normal", batch_norm=True, dropout=0.3)


WEIGHTS = ["0.W", "4.W", "8.W"]
OTHERS = ["0.b", "1.gamma", "1.beta", "4.b", "5.gamma", "5.beta", "8.b"]
STATE = ["1.running_mean", "1.running_variance", "5.running_mean", "5.running_variance"]


def test_all_numbers_lie_in_one_array_weights_first_then_the_others_then_the_state():
    mlp = rich_network()
    arrays = mlp.arrays
    assert list(arrays) == [*mlp.params, *mlp.state]
    expected = np.concatenate([arrays[name].ravel() for name in (*WEIGHTS, *OTHERS, *STATE)])
    np.testing.assert_array_equal(mlp.flat, expected)
    assert mlp.weight_count == 6 * 5 + 5 * 4 + 4 * 10
    parameters = mlp.weight_count + 3 * 5 + 3 * 4 + 10
    assert mlp.flat_params.shape == mlp.flat_grads.shape == (parameters,)
    assert mlp.flat.shape == (parameters + 2 * 5 + 2 * 4,)


def test_names_stand_in_the_order_of_the_layers():
    mlp = rich_network()
    names = ["0.W", "0.b", "1.gamma", "1.beta", "4.W", "4.b", "5.gamma", "5.beta", "8.W", "8.b"]
    assert list(mlp.params) == list(mlp.grads) == names
    assert list(mlp.state) == STATE


def test_every_array_is_a_view_of_the_flat_one_and_the_layers_hold_the_same():
    mlp = rich_network()
    for i, layer in enumerate(mlp.layers):
        for name, array in layer.params.items():
            assert mlp.params[f"{i}.{name}"] is array and np.shares_memory(array, mlp.flat_params)
            assert np.shares_memory(mlp.grads[f"{i}.{name}"], mlp.flat_grads)
        for name, array in layer.state.items():
            assert mlp.state[f"{i}.{name}"] is array and np.shares_memory(array, mlp.flat)
    assert np.shares_memory(mlp.flat, mlp.flat_params) and not np.shares_memory(mlp.flat, mlp.flat_grads)


def test_who_changes_the_flat_array_changes_the_network():
    mlp = worked_network()
    x = np.array([[1.0, 2.0]])
    mlp.flat[...] = 1  # hidden units: 1 + 2 + 1
    np.testing.assert_array_equal(mlp(x), [[9, 9]])
    mlp.flat[mlp.weight_count :] = 0  # without biases
    np.testing.assert_array_equal(mlp(x), [[6, 6]])


def test_backward_fills_the_flat_gradient_in_the_order_of_the_parameters():
    mlp = worked_network()
    _, caches = mlp.forward(np.array([[1.0, 2.0]]), training=True)
    mlp.backward(caches, np.array([[-0.75, 0.75]]))
    expected = [0.75, 0, 1.5, 0, -2.25, 2.25, 0, 0, 0.75, 0, -0.75, 0.75]  # both W, then both b
    np.testing.assert_allclose(mlp.flat_grads, expected, rtol=1e-14)


def test_the_network_takes_over_the_numbers_of_its_layers_whatever_their_order_in_memory():
    W = np.arange(6.0).reshape(3, 2).T
    layer = Linear(W, np.array([7.0, 8.0, 9.0]))
    mlp = MLP([layer])
    np.testing.assert_array_equal(mlp.params["0.W"], W)
    assert mlp.flat.tolist() == [0, 2, 4, 1, 3, 5, 7, 8, 9]
    np.testing.assert_array_equal(mlp(np.ones((1, 2))), np.add(W.sum(axis=0), [[7, 8, 9]]))


def test_load_takes_over_what_another_network_gave():
    one, other = rich_network(), rich_network()
    rng = np.random.default_rng(1)
    one.flat[...] = rng.uniform(0.5, 1, one.flat.shape)
    views = other.arrays
    other.load(one.arrays)
    np.testing.assert_array_equal(other.flat, one.flat)
    assert all(other.arrays[name] is array for name, array in views.items())  # in place
    one.flat[...] = 0
    assert other.flat.all()  # a copy
    with pytest.raises(KeyError, match=r"8\.b"):
        other.load({name: array for name, array in one.arrays.items() if name != "8.b"})


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("sizes", [(6, 10), (6, 5, 10), (6, 5, 4, 10)])
def test_the_shapes_are_known_without_building(sizes, batch_norm, dropout):
    mlp = build_mlp(sizes, "relu", "he", np.random.default_rng(0), batch_norm=batch_norm, dropout=dropout)
    assert array_shapes(sizes, batch_norm, dropout) == {name: array.shape for name, array in mlp.arrays.items()}


# Backward


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("extras", [{}, {"batch_norm": True, "dropout": 0.3}], ids=["plain", "batch norm and dropout"])
@pytest.mark.parametrize("hidden", [(), (4,), (4, 3)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_at_the_input_is_that_of_central_differences(hidden, activation, extras, training):
    """As it is trained, and as it reads: then batch norm is a straight line, and dropout does nothing."""
    mlp = build_mlp((6, *hidden, 10), activation, "he", np.random.default_rng(0), np.float64, **extras)
    rng = np.random.default_rng(1)
    for array in mlp.state.values():
        array[...] = rng.uniform(0.5, 1.5, array.shape)
    before, h, x = copy.deepcopy(mlp), 1e-6, rng.normal(size=(5, 6))
    logits, caches = copy.deepcopy(before).forward(x, training)
    grad = rng.normal(size=logits.shape)
    numeric = np.empty_like(x)
    for i in np.ndindex(x.shape):
        moved = np.stack([x, x])
        moved[0][i] += h
        moved[1][i] -= h
        above, below = ((copy.deepcopy(before).forward(one, training)[0] * grad).sum() for one in moved)
        numeric[i] = (above - below) / (2 * h)
    np.testing.assert_allclose(mlp.input_gradient(caches, grad), numeric, rtol=1e-5, atol=1e-7)


def test_backward_of_a_network_that_begins_with_an_activation():
    mlp = MLP([ReLU(), Linear(np.eye(2), np.zeros(2))])
    _, caches = mlp.forward(np.array([[-1.0, 2.0]]), training=True)
    mlp.backward(caches, np.array([[1.0, 1.0]]))
    np.testing.assert_array_equal(mlp.grads["1.W"], [[0, 0], [2, 2]])


# Building


def kinds(mlp: MLP) -> list[type[Layer]]:
    """The kinds of layers; the first one counts as what it stands for."""
    return [Linear if isinstance(layer, Linear) else type(layer) for layer in mlp.layers]


@pytest.mark.parametrize(
    ("batch_norm", "dropout", "hidden"),
    [
        (False, 0.0, [ReLU]),
        (True, 0.0, [BatchNorm, ReLU]),
        (False, 0.5, [ReLU, Dropout]),
        (True, 0.5, [BatchNorm, ReLU, Dropout]),
    ],
)
def test_what_stands_behind_each_hidden_layer_and_not_behind_the_last(batch_norm, dropout, hidden):
    mlp = build_mlp((6, 5, 4, 10), "relu", "he", np.random.default_rng(0), batch_norm=batch_norm, dropout=dropout)
    assert kinds(mlp) == [Linear, *hidden, Linear, *hidden, Linear]
    assert kinds(build_mlp((6, 10), "relu", "he", np.random.default_rng(0), batch_norm=True, dropout=0.5)) == [Linear]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_everything_is_in_one_dtype(dtype):
    mlp = rich_network(dtype)
    assert {array.dtype for array in (mlp.flat, mlp.flat_grads, *mlp.arrays.values())} == {np.dtype(dtype)}
    x = np.ones((3, 6), dtype)
    logits, caches = mlp.forward(x, training=True)
    assert mlp(x).dtype == logits.dtype == mlp.input_gradient(caches, logits).dtype == dtype


def test_biases_begin_at_zero_unless_asked_for_otherwise():
    mlp = build_mlp((20, 9, 10), "tanh", "xavier", np.random.default_rng(0))
    assert not mlp.params["0.b"].any() and not mlp.params["2.b"].any()
    mlp = build_mlp((20, 9, 10), "tanh", "xavier", np.random.default_rng(0), biases="uniform-fan-in")
    assert mlp.params["0.b"].all() and np.abs(mlp.params["0.b"]).max() <= 20**-0.5
    assert mlp.params["2.b"].all() and np.abs(mlp.params["2.b"]).max() <= 1 / 3


@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not(name):
    first, again, other = (
        build_mlp((20, 9, 10), "relu", name, np.random.default_rng(seed), biases=name) for seed in (1, 1, 2)
    )
    assert first.flat.tobytes() == again.flat.tobytes()
    assert (first.flat != other.flat).any() or name == "zeros"


def test_all_masks_come_from_the_generator_that_drew_the_weights():
    x, y = np.random.default_rng(1).normal(size=(4, 6)), []
    for _ in range(2):
        mlp = rich_network()
        y.append(mlp.forward(x, training=True)[0])
        assert (mlp.forward(x, training=True)[0] != y[-1]).any()
    np.testing.assert_array_equal(y[0], y[1])


# Reading and training


def test_passes_do_not_disturb_each_other():
    rng = np.random.default_rng(0)
    x, grad = rng.normal(size=(4, 6)), rng.normal(size=(4, 10))
    one, other = rich_network(), rich_network()
    (_, caches), (_, same) = one.forward(x, training=True), other.forward(x, training=True)
    one(x + 1)
    one.forward(x - 1, training=True)
    for mlp, own in ((one, caches), (other, same)):
        mlp.backward(own, grad)
    np.testing.assert_array_equal(one.flat_grads, other.flat_grads)


def test_dropout_leaves_the_mean_of_what_the_next_layer_hears_where_it_is():
    """The mean over many masks is what the whole network says, where all behind the mask is linear."""
    rng = np.random.default_rng(0)
    mlp = build_mlp((6, 30, 10), "tanh", "xavier", rng, np.float64, dropout=0.5)
    x = rng.normal(size=(1, 6))
    many, _ = mlp.forward(np.repeat(x, 20_000, axis=0), training=True)
    error = many.mean(axis=0) - mlp(x)
    assert (np.abs(error) < 4 * many.std(axis=0) / math.sqrt(20_000)).all()


@given(
    seed=st.integers(0, 2**32),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    loss_of=st.sampled_from([*((head, 0.0) for head in HEADS), ("softmax", 0.2)]),
    hidden=st.lists(st.integers(1, 6), max_size=2),
    batch_norm=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_one_small_step_of_gradient_descent_lowers_the_loss(seed, activation, loss_of, hidden, batch_norm):
    rng = np.random.default_rng(seed)
    mlp = build_mlp((5, *hidden, 10), activation, "xavier", rng, np.float64, batch_norm=batch_norm)
    x, labels, loss = rng.normal(size=(8, 5)), rng.integers(0, 10, 8), loss_function(*loss_of)
    before, _ = take_step(mlp, SGD(mlp.flat_params, mlp.flat_grads), loss, 1e-4, [(x, labels)], len(x))
    after, _ = loss(mlp.forward(x, training=True)[0], labels)
    assert after < before


# Against scikit-learn


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
    optimizer = SGD(mlp.flat_params, mlp.flat_grads)
    losses = []
    for _ in range(5):
        total = 0.0
        for start in range(0, 70, 20):
            part = slice(start, start + 20)
            piece = x[part], labels[part]
            loss, _ = take_step(mlp, optimizer, softmax_cross_entropy, 0.3, [piece], len(x[part]))
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
    np.testing.assert_allclose(HEADS["softmax"].probabilities(mlp(x)), theirs.predict_proba(x), rtol=1e-8)
