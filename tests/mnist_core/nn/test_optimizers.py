"""Optimizers: two steps of each worked by hand, Adam against the paper's algorithm, and chunks against the whole."""

import math

import numpy as np
import pytest

from mnist_core.nn import optimizers
from mnist_core.nn.optimizers import SGD, AdaGrad, Adam, AdamW, Momentum, Nesterov, Optimizer, RMSprop

# Each with a learning rate that suits the bowl below.
KINDS = {SGD: 0.05, Momentum: 0.05, Nesterov: 0.05, AdaGrad: 0.5, RMSprop: 0.05, Adam: 0.05, AdamW: 0.05}
STATES = {
    SGD: [],
    Momentum: ["velocity"],
    Nesterov: ["velocity"],
    AdaGrad: ["square_sum"],
    RMSprop: ["square"],
    Adam: ["mean", "square"],
    AdamW: ["mean", "square"],
}
START = [1.0, -2.0, 0.5]
GRADS = [[2.0, 0.0, -4.0], [1.0, 3.0, -4.0]]


def after(kind, rates=(0.1, 0.1), grads=GRADS, start=START, **settings) -> tuple[np.ndarray, Optimizer]:
    """The parameters after a step for each rate, and the optimizer."""
    params, grad = np.array(start), np.empty(len(start))
    optimizer = kind(params, grad, **settings)
    for slope, rate in zip(grads, rates, strict=False):
        grad[:] = slope
        optimizer.step(rate)
    return params, optimizer


def assert_steps(kind, expected: list[list[float]], rates=(0.1, 0.1), rel: float = 1e-14, **settings) -> Optimizer:
    """Each row of `expected` is what the parameters lose in one step."""
    for steps in (1, 2):
        found, optimizer = after(kind, rates[:steps], **settings)
        np.testing.assert_allclose(found, START - np.sum(expected[:steps], axis=0), rtol=rel)
        assert optimizer.step_count == steps
    return optimizer


# By hand


def test_two_steps_of_sgd():
    assert_steps(SGD, [[0.2, 0, -0.4], [0.5, 1.5, -2]], rates=(0.1, 0.5))


def test_two_steps_of_momentum():
    optimizer = assert_steps(Momentum, [[0.2, 0, -0.4], [0.28, 0.3, -0.76]], momentum=0.9)
    np.testing.assert_allclose(optimizer.state["velocity"], [2.8, 3.0, -7.6], rtol=1e-15)


def test_momentum_keeps_the_learning_rate_out_of_its_memory():
    assert_steps(Momentum, [[0.2, 0, -0.4], [1, 1.5, -3]], rates=(0.1, 0.5), momentum=0.5)


def test_two_steps_of_nesterov():
    # velocities (2, 0, -4) and (2, 3, -6); each step is g + v / 2 times the rate
    optimizer = assert_steps(Nesterov, [[0.3, 0, -0.6], [1, 2.25, -3.5]], rates=(0.1, 0.5), momentum=0.5)
    np.testing.assert_allclose(optimizer.state["velocity"], [2, 3, -6], rtol=1e-15)


def test_two_steps_of_adagrad():
    # sums of squares (4, 0, 16) and (5, 9, 32)
    second = [0.1 / (math.sqrt(5) + 1), 0.3 / 4, -0.4 / (math.sqrt(32) + 1)]
    optimizer = assert_steps(AdaGrad, [[0.2 / 3, 0, -0.4 / 5], second], eps=1.0)
    np.testing.assert_allclose(optimizer.state["square_sum"], [5, 9, 32], rtol=1e-15)


def test_two_steps_of_rmsprop():
    # mean squares (1, 0, 4) and (1, 2.25, 7)
    second = [0.3 / 2, 0.9 / 2.5, -1.2 / (math.sqrt(7) + 1)]
    optimizer = assert_steps(RMSprop, [[0.6 / 2, 0, -1.2 / 3], second], rates=(0.3, 0.3), beta2=0.75, eps=1.0)
    np.testing.assert_allclose(optimizer.state["square"], [1, 2.25, 7], rtol=1e-15)


# First step: the corrected means are g and g², so every parameter with a slope moves by the rate. Second step:
# m̂ = 0.28 / 0.19 and v̂ = 0.004996 / 0.001999; where the first slope was 0, 0.3 / 0.19 and 0.009 / 0.001999; where
# the slope stayed the same, the rate once more.
ADAM_STEPS = [[0.1, 0, -0.1], [0.1 * 1.473684210526316 / 1.580901521, 0.1 * 1.578947368421053 / 2.121850924, -0.1]]


def test_two_steps_of_adam():
    optimizer = assert_steps(Adam, ADAM_STEPS, rel=1e-8)  # ε left out
    # kept without the factors 1 − β
    np.testing.assert_allclose(optimizer.state["mean"], [0.28 / 0.1, 0.3 / 0.1, -0.76 / 0.1], rtol=1e-12)
    np.testing.assert_allclose(optimizer.state["square"], [4.996, 9, 31.984], rtol=1e-12)


@pytest.mark.parametrize("weight_count", [None, 0, 2, 3])
def test_two_steps_of_adamw(weight_count):
    """Weights shrink by η λ = 0.05, the parameters after them do not."""
    found, _ = after(AdamW, weight_decay=0.5, weight_count=weight_count)
    keep = np.where(np.arange(3) < (3 if weight_count is None else weight_count), 0.95, 1)
    expected = (START * keep - np.array(ADAM_STEPS[0])) * keep - np.array(ADAM_STEPS[1])
    np.testing.assert_allclose(found, expected, rtol=1e-8)


# Against the papers


@pytest.mark.parametrize(
    ("beta1", "beta2", "eps"), [(0.9, 0.999, 1e-8), (0.5, 0.9, 0.01), (0.0, 0.99, 1e-8), (0.9, 0.0, 1e-3)]
)
def test_adam_is_algorithm_1_of_the_paper_over_20_steps(beta1, beta2, eps):
    rng = np.random.default_rng(3)
    ours, grad = rng.normal(size=12), np.empty(12)
    optimizer = Adam(ours, grad, beta1, beta2, eps)
    theta, m, v = ours.copy(), np.zeros(12), np.zeros(12)
    for t in range(1, 21):
        alpha = 0.1 / t
        g = grad[:] = rng.normal(scale=10.0 ** rng.integers(-4, 3), size=12)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        theta = theta - alpha * m_hat / (v_hat**0.5 + eps)
        optimizer.step(alpha)
        np.testing.assert_allclose(ours, theta, rtol=1e-12, atol=1e-15)


def test_the_first_step_of_adam_does_not_depend_on_the_scale_of_the_gradient():
    for scale in (1e-3, 1.0, 1e3):
        found, _ = after(Adam, (0.01,), [[scale, -2 * scale, 3 * scale]], start=[0.0, 0.0, 0.0])
        np.testing.assert_allclose(found, [-0.01, 0.01, -0.01], rtol=1e-4)


def test_adamw_without_decay_is_adam_to_the_bit():
    rng = np.random.default_rng(0)
    grads, rates = rng.normal(size=(20, 3)), [0.1] * 20
    np.testing.assert_array_equal(after(AdamW, rates, grads, weight_decay=0.0)[0], after(Adam, rates, grads)[0])


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_adamw_shrinks_beside_the_gradient_however_steep_it_is(scale):
    """A penalty in the gradient would be divided by Adam's root: beside a steep slope it would be nothing."""
    slope = [[scale, -scale, scale]]
    moved = after(AdamW, (0.1,), slope, weight_decay=0.2)[0] - after(Adam, (0.1,), slope)[0]
    np.testing.assert_allclose(moved, np.multiply(START, -0.1 * 0.2), rtol=1e-9)


def test_adamw_without_a_slope_shrinks_weights_alone_and_remembers_nothing():
    params, optimizer = after(AdamW, [0.1] * 5, np.zeros((5, 3)), weight_decay=0.5, weight_count=2)
    np.testing.assert_allclose(params, [1 * 0.95**5, -2 * 0.95**5, 0.5], rtol=1e-14)
    assert not any(memory.any() for memory in optimizer.state.values())


# What all of them promise


@pytest.mark.parametrize("length", [1, 7, 8, 9, 16, 20])
@pytest.mark.parametrize("kind", KINDS)
def test_chunk_by_chunk_is_the_whole_to_the_bit(monkeypatch, kind, length):
    rng = np.random.default_rng(length)
    start, grads = rng.normal(size=length), rng.normal(size=(5, length))
    settings = {"weight_count": length * 2 // 3, "weight_decay": 0.3} if kind is AdamW else {}
    rates = [0.1, 0.05, 0.2, 0.1, 0.3]
    whole, one = after(kind, rates, grads, start, **settings)
    monkeypatch.setattr(optimizers, "CHUNK", 8)
    chunks, other = after(kind, rates, grads, start, **settings)
    np.testing.assert_array_equal(chunks, whole)
    for name, memory in one.state.items():
        np.testing.assert_array_equal(other.state[name], memory)
    assert (chunks != start).all()


def test_a_real_array_of_several_chunks():
    length = 2 * optimizers.CHUNK + 3
    rng = np.random.default_rng(0)
    params, grads = (rng.normal(size=length).astype(np.float32) for _ in range(2))
    expected = params - np.float32(0.25) * grads
    SGD(params, grads).step(0.25)
    np.testing.assert_array_equal(params, expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parameters_change_in_place_and_keep_their_dtype_and_gradients_do_not_change(kind, dtype):
    params, grads = np.array(START, dtype), np.array(GRADS[1], dtype)
    whole = np.concatenate([params, [7, 7]]).astype(dtype)
    view = whole[:3]  # as in a network: part of a larger array
    optimizer = kind(view, grads)
    for _ in range(3):
        optimizer.step(0.1)
    assert optimizer.params is view and view.dtype == dtype
    assert view[0] < 1 and view[1] < -2 and view[2] > 0.5  # against the slope
    assert whole[3:].tolist() == [7, 7]
    np.testing.assert_array_equal(grads, np.array(GRADS[1], dtype))
    assert {memory.dtype for memory in optimizer.state.values()} <= {np.dtype(dtype)}


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_read_where_it_stands_at_each_step(kind):
    """It is one array for the whole training; whoever fills it before a step decides that step."""
    params, grads = np.array([1.0]), np.array([1.0])
    optimizer = kind(params, grads)
    optimizer.step(0.1)
    first = params[0]
    grads[:] = -100
    optimizer.step(0.1)
    assert first < 1 and params[0] > first


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_begins_at_0_and_goes_by_its_names(kind):
    optimizer = kind(np.array(START), np.array(GRADS[0]))
    assert list(optimizer.state) == STATES[kind] and optimizer.step_count == 0
    assert all(memory.shape == (3,) and not memory.any() for memory in optimizer.state.values())


@pytest.mark.parametrize("kind", KINDS)
def test_with_step_and_state_another_optimizer_goes_on_to_the_bit(kind):
    rng = np.random.default_rng(4)
    grads, rates = rng.normal(size=(10, 3)), [0.1] * 10
    whole, _ = after(kind, rates, grads)
    half, first = after(kind, rates[:5], grads)
    grad = np.empty(3)
    second = kind(half, grad)
    second.step_count = first.step_count
    for name, memory in first.state.items():
        second.state[name][...] = memory
    for slope in grads[5:]:
        grad[:] = slope
        second.step(0.1)
    np.testing.assert_array_equal(half, whole)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not AdamW])
def test_without_a_slope_nothing_moves(kind):
    params, optimizer = after(kind, grads=np.zeros((2, 3)))
    assert params.tolist() == START and optimizer.step_count == 2


@pytest.mark.parametrize("kind", KINDS)
def test_every_optimizer_reaches_the_bottom_of_a_bowl(kind):
    params, grads = np.array([3.0, -2.0]), np.empty(2)
    optimizer = kind(params, grads)
    for step in range(400):
        grads[:] = params * [1.0, 10.0]
        optimizer.step(KINDS[kind] * (1 - step / 400))
    assert np.abs(params).max() < 1e-2
