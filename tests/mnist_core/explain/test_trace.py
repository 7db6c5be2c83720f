"""One image there and back: a network worked by hand, the real backward pass, and slopes that were measured."""

import copy
import math

import numpy as np
import pytest

from mnist_core.explain.trace import after_step, loss_terms, trace_image
from mnist_core.nn.activations import ACTIVATIONS, ReLU
from mnist_core.nn.layers import BatchNorm, Dropout, Linear
from mnist_core.nn.losses import HEADS, loss_function
from mnist_core.nn.mlp import MLP, build_mlp


def network(activation: str = "tanh", batch_norm: bool = False, dropout: float = 0.0, hidden=(12, 8)) -> MLP:
    """A float64 network of seven inputs whose normalizations have all seen something."""
    rng = np.random.default_rng(3)
    sizes = (7, *hidden, 10)
    model = build_mlp(sizes, activation, "he", rng, np.float64, batch_norm=batch_norm, dropout=dropout)
    model.flat_params += rng.normal(0, 0.1, len(model.flat_params))
    for name, array in model.state.items():
        array[...] = rng.random(len(array)) + (0.5 if "variance" in name else 0)
    return model


def image() -> np.ndarray:
    return np.random.default_rng(4).random(7)


def as_it_reads(model: MLP) -> MLP:
    """A private copy without dropout: what is left does the same in training, for one image."""
    return MLP(copy.deepcopy([layer for layer in model.layers if not isinstance(layer, Dropout)]))


def test_a_network_worked_by_hand():
    """x = (2, 1), ReLU((2 − 1, −2)) = (1, 0), logits (0, 0): p = ½ each, and dL/dz = p − t = (−½, ½)."""
    first = Linear(np.array([[1.0, -1.0], [-1.0, 0.0]]), np.zeros(2))
    model = MLP([first, ReLU(), Linear(np.array([[1.0, 1.0], [5.0, 7.0]]), np.array([-1.0, -1.0]))])
    trace = trace_image(model, np.array([2.0, 1.0]), 0)
    assert [passage.y.tolist() for passage in trace.passages] == [[1, -2], [1, 0], [0, 0]]
    assert trace.probabilities.tolist() == [0.5, 0.5]
    assert trace.loss == pytest.approx(math.log(2))
    assert trace.passages[-1].y_grad.tolist() == [-0.5, 0.5]
    last, bend, begin = trace.passages[::-1]
    assert last.grads["W"].tolist() == [[-0.5, 0.5], [0, 0]]
    assert last.grads["b"].tolist() == [-0.5, 0.5]
    assert last.x_grad.tolist() == [0, 1]  # −½ · 1 + ½ · 1 and −½ · 5 + ½ · 7
    assert bend.x_grad.tolist() == [0, 0]  # the second unit is silent
    assert begin.grads["W"].tolist() == [[0, 0], [0, 0]]
    assert begin.x_grad.tolist() == [0, 0]
    # With η = 1: V = ((1.5, 0.5), (5, 7)), biases (−0.5, −1.5), so the logits are (1, −1).
    after = after_step(trace, 1.0)
    assert after.loss == pytest.approx(math.log(1 + math.exp(-2)))
    assert after.probabilities[0] == pytest.approx(1 / (1 + math.exp(-2)))


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_numbers_are_those_of_the_real_passes(head, activation, batch_norm):
    model = network(activation, batch_norm, dropout=0.5)
    private, x = as_it_reads(model), image()
    before = model.flat.copy(), model.flat_grads.copy()
    trace = trace_image(model, x, 6, head)
    np.testing.assert_allclose(trace.logits, model(x[None])[0])
    logits, caches = private.forward(x[None], training=True)
    loss, grad = HEADS[head].loss(logits, np.array([6]))
    private.backward(caches, grad)
    assert trace.loss == pytest.approx(loss)
    np.testing.assert_allclose(trace.passages[0].x_grad, private.input_gradient(caches, grad)[0], atol=1e-15)
    found = {f"{i}.{name}": array for i, stop in enumerate(trace.passages) for name, array in stop.grads.items()}
    assert found.keys() == private.grads.keys()
    for name, array in found.items():
        np.testing.assert_allclose(array, private.grads[name], atol=1e-15)
    np.testing.assert_array_equal(model.flat, before[0])  # the network is only read
    np.testing.assert_array_equal(model.flat_grads, before[1])


@pytest.mark.parametrize("head", HEADS)
def test_the_slope_at_the_pixels_is_the_one_that_is_measured(head):
    model, x, h = network("silu", batch_norm=True), image(), 1e-5
    trace = trace_image(model, x, 2, head)
    steps = h * np.eye(len(x))
    losses = [[HEADS[head].loss(model(moved[None]), np.array([2]))[0] for moved in (x + s, x - s)] for s in steps]
    above, below = np.array(losses).T
    np.testing.assert_allclose(trace.passages[0].x_grad, (above - below) / (2 * h), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("hidden", [(), (12, 8)])
def test_after_a_step_it_says_what_the_changed_network_says(head, batch_norm, hidden):
    model = network("leaky-relu", batch_norm, hidden=hidden)
    changed, x = as_it_reads(model), image()
    trace = trace_image(model, x, 9, head)
    loss_of = HEADS[head].loss
    logits, caches = changed.forward(x[None], training=True)
    changed.backward(caches, loss_of(logits, np.array([9]))[1])
    changed.flat_params -= 0.3 * changed.flat_grads
    logits = changed(x[None])
    after = after_step(trace, 0.3)
    assert after.loss == pytest.approx(loss_of(logits, np.array([9]))[0])
    assert after.loss != pytest.approx(trace.loss)
    np.testing.assert_allclose(after.probabilities, HEADS[head].probabilities(logits)[0])


def test_a_step_of_no_length_changes_nothing():
    trace = trace_image(network(), image(), 1)
    after = after_step(trace, 0)
    assert after.loss == trace.loss
    np.testing.assert_array_equal(after.probabilities, trace.probabilities)


@pytest.mark.parametrize(
    ("head", "smoothing"), [("softmax", 0), ("softmax", 0.1), ("sigmoid", 0), ("squared-error", 0)]
)
def test_the_terms_add_up_to_the_loss(head, smoothing):
    model, x = network(), image()
    trace = trace_image(model, x, 4, head, smoothing)
    expected = loss_function(head, smoothing)(model(x[None]), np.array([4]))[0]
    terms = loss_terms(trace)
    assert (terms >= 0).all()
    assert terms.sum() == pytest.approx(expected) == pytest.approx(trace.loss)
    assert trace.target.sum() == pytest.approx(1)


def test_with_label_smoothing_the_slope_is_still_p_minus_t():
    trace = trace_image(network(), image(), 4, "softmax", 0.1)
    np.testing.assert_allclose(trace.passages[-1].y_grad, trace.probabilities - trace.target)
    assert trace.target[4] == pytest.approx(0.91)


def test_huge_logits_stay_finite():
    model = network("relu")
    model.flat_params *= 1000
    for label in range(10):
        trace = trace_image(model, image(), label)
        assert loss_terms(trace).sum() == pytest.approx(trace.loss)
        assert math.isfinite(trace.loss)


def test_batch_norm_uses_its_running_means():
    layer = BatchNorm(1, np.float64)
    layer.state["running_mean"][0], layer.state["running_variance"][0] = 3, 4 - BatchNorm.eps
    layer.params["gamma"][0] = 10
    model = MLP([layer])
    passage = trace_image(model, np.array([7.0]), 0, "sigmoid").passages[0]
    assert passage.y[0] == pytest.approx(20)  # 10 · (7 − 3) / 2
    assert passage.x_grad[0] == pytest.approx(5 * passage.y_grad[0])
    assert passage.grads["gamma"][0] == pytest.approx(2 * passage.y_grad[0])


def test_what_cannot_be_traced_is_refused():
    model = network()
    with pytest.raises(ValueError, match=r"found an array of shape \(1, 7\), expected one image"):
        trace_image(model, image()[None], 0)
    with pytest.raises(ValueError, match="found the label 10, expected one from 0 to 9"):
        trace_image(model, image(), 10)
