"""One step of training: its gradient in pieces and as a whole, penalties, clipping and the update."""

import numpy as np
import pytest

from mnist_core.errors import DivergedError
from mnist_core.nn.layers import Linear
from mnist_core.nn.losses import softmax_cross_entropy
from mnist_core.nn.mlp import MLP, build_mlp
from mnist_core.nn.optimizers import SGD
from mnist_core.nn.training_step import add_penalties, clip_gradient, compute_gradient, take_step, update_average

RNG = np.random.default_rng(0)
X, LABELS = RNG.normal(size=(9, 6)), RNG.integers(0, 10, 9)


def network() -> MLP:
    return build_mlp((6, 5, 10), "tanh", "xavier", np.random.default_rng(1), np.float64)


def test_a_step_by_hand():
    """Logits (0, 0), p = (½, ½): dL/dW = (x₁, x₂)ᵀ (−½, ½), dL/db = (−½, ½)."""
    model = MLP([Linear(np.zeros((2, 2)), np.zeros(2))])
    optimizer = SGD(model.flat_params, model.flat_grads)
    x, labels = np.array([[2.0, 4.0]]), np.array([0])
    loss, correct = take_step(model, optimizer, softmax_cross_entropy, 0.5, [(x, labels)], 1)
    assert loss == pytest.approx(np.log(2)) and correct == 1
    np.testing.assert_allclose(model.params["0.W"], [[0.5, -0.5], [1.0, -1.0]])
    np.testing.assert_allclose(model.params["0.b"], [0.25, -0.25])
    assert optimizer.step_count == 1


def test_pieces_have_the_gradient_of_the_whole_batch():
    whole, cut = network(), network()
    expected = compute_gradient(whole, softmax_cross_entropy, [(X, LABELS)], 9)
    pieces = ((X[part], LABELS[part]) for part in (slice(0, 4), slice(4, 8), slice(8, 9)))
    loss, correct = compute_gradient(cut, softmax_cross_entropy, pieces, 9)
    assert loss == pytest.approx(expected[0]) and correct == expected[1]
    np.testing.assert_allclose(cut.flat_grads, whole.flat_grads, atol=1e-15)


def test_penalties_act_on_weights_alone():
    model = network()
    model.params["0.b"][...] = 7
    add_penalties(model, l1=0.5, l2=2.0)
    for name, grad in model.grads.items():
        W = model.params[name]
        np.testing.assert_allclose(grad, 0.5 * np.sign(W) + 2 * W if name.endswith("W") else 0 * W)


@pytest.mark.parametrize(("clip_norm", "expected"), [(None, [3.0, 4.0]), (10, [3.0, 4.0]), (1, [0.6, 0.8])])
def test_a_longer_gradient_is_shortened(clip_norm, expected):
    grads = np.array([3.0, 4.0])
    clip_gradient(grads, clip_norm)
    np.testing.assert_allclose(grads, expected)


def test_the_update_comes_last():
    """Penalty, then clipping: the change is exactly as long as both together allow."""
    model = network()
    before = model.flat_params.copy()
    optimizer = SGD(model.flat_params, model.flat_grads)
    take_step(model, optimizer, softmax_cross_entropy, 0.1, [(X, LABELS)], 9, l2=100.0, clip_norm=0.25)
    assert np.linalg.norm(model.flat_params - before) == pytest.approx(0.1 * 0.25)


def test_a_loss_that_is_not_finite_changes_nothing_and_is_reported():
    model = network()
    optimizer = SGD(model.flat_params, model.flat_grads)
    optimizer.step_count = 4
    model.params["0.W"][0, 0] = np.nan
    before = model.flat.copy()
    with pytest.raises(DivergedError) as error:
        take_step(model, optimizer, softmax_cross_entropy, 0.1, [(X, LABELS)], 9)
    assert (error.value.step, error.value.learning_rate) == (5, 0.1)
    np.testing.assert_array_equal(model.flat, before)


def test_an_average_moves_towards_the_numbers():
    average = np.array([0.0, 10.0])
    update_average(average, np.array([1.0, 10.0]), 0.75)
    assert average.tolist() == [0.25, 10]
