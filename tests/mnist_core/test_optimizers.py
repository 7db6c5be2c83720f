"""Optimizers: two steps of each worked by hand, and Adam against the paper's own algorithm.

Run alone: python -m pytest tests/mnist_core/test_optimizers.py
"""

import numpy as np
import pytest

from mnist_core.optimizers import SGD, Adam, Momentum

KINDS = [SGD, Momentum, Adam]


def params() -> dict[str, np.ndarray]:
    return {"W": np.array([[1.0, -2.0]]), "b": np.array([0.5])}


GRADS = [
    {"W": np.array([[2.0, 0.0]]), "b": np.array([-4.0])},
    {"W": np.array([[1.0, 3.0]]), "b": np.array([-4.0])},
]


def after_two_steps(optimizer_kind, rates=(0.1, 0.1), **settings):
    arrays = params()
    optimizer = optimizer_kind(arrays, **settings)
    for grads, rate in zip(GRADS, rates, strict=True):
        optimizer.update(grads, rate)
    return arrays, optimizer


def test_two_steps_of_sgd_by_hand():
    arrays, optimizer = after_two_steps(SGD, rates=(0.1, 0.5))
    np.testing.assert_allclose(arrays["W"], [[1 - 0.2 - 0.5, -2 - 0 - 1.5]], rtol=1e-15)
    np.testing.assert_allclose(arrays["b"], [0.5 + 0.4 + 2.0], rtol=1e-15)
    assert optimizer.state == {}


def test_two_steps_of_momentum_by_hand():
    arrays, optimizer = after_two_steps(Momentum, momentum=0.9)
    # velocities after the steps: W (2, 0) then (2.8, 3); b -4 then -7.6
    np.testing.assert_allclose(optimizer.state["velocity.W"], [[2.8, 3.0]], rtol=1e-15)
    np.testing.assert_allclose(optimizer.state["velocity.b"], [-7.6], rtol=1e-15)
    np.testing.assert_allclose(arrays["W"], [[1 - 0.2 - 0.28, -2 - 0.3]], rtol=1e-15)
    np.testing.assert_allclose(arrays["b"], [0.5 + 0.4 + 0.76], rtol=1e-15)


def test_momentum_keeps_the_learning_rate_out_of_its_memory():
    arrays, _ = after_two_steps(Momentum, rates=(0.1, 0.5), momentum=0.5)
    # velocities of b: -4, then -6; steps 0.4 and 3
    np.testing.assert_allclose(arrays["b"], [0.5 + 0.4 + 3.0], rtol=1e-15)


def test_two_steps_of_adam_by_hand():
    arrays, optimizer = after_two_steps(Adam)
    # First step: the corrected means are g and g², so every parameter with a slope moves by the rate.
    # Second step of W[0, 0]: m = 0.28, m-hat = 0.28 / 0.19; v = 0.004996, v-hat = 0.004996 / 0.001999.
    # Second step of W[0, 1], whose first slope was 0: m-hat = 0.3 / 0.19, v-hat = 0.009 / 0.001999.
    first = 1 - 0.1 - 0.1 * 1.473684210526316 / 1.580901521
    second = -2 - 0.1 * 1.578947368421053 / 2.121850924
    np.testing.assert_allclose(arrays["W"], [[first, second]], rtol=1e-8)  # ε left out
    np.testing.assert_allclose(arrays["b"], [0.5 + 0.1 + 0.1], rtol=1e-8)  # the slope stayed the same
    np.testing.assert_allclose(optimizer.state["mean.W"], [[0.28, 0.3]], rtol=1e-12)
    np.testing.assert_allclose(optimizer.state["square.W"], [[0.004996, 0.009]], rtol=1e-12)
    assert optimizer.state["step"] == 2


@pytest.mark.parametrize(
    ("beta1", "beta2", "eps"), [(0.9, 0.999, 1e-8), (0.5, 0.9, 0.01), (0.0, 0.99, 1e-8), (0.9, 0.0, 1e-3)]
)
def test_adam_is_algorithm_1_of_the_paper_over_20_steps(beta1, beta2, eps):
    rng = np.random.default_rng(3)
    start = rng.normal(size=(4, 3))
    ours = {"W": start.copy()}
    optimizer = Adam(ours, beta1, beta2, eps)
    theta, m, v = start.copy(), np.zeros((4, 3)), np.zeros((4, 3))
    for t in range(1, 21):
        alpha = 0.1 / t
        g = rng.normal(scale=10.0 ** rng.integers(-4, 3), size=(4, 3))
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        theta = theta - alpha * m_hat / (v_hat**0.5 + eps)
        optimizer.update({"W": g}, alpha)
        np.testing.assert_allclose(ours["W"], theta, rtol=1e-12, atol=1e-15)


def test_the_first_step_of_adam_does_not_depend_on_the_scale_of_the_gradient():
    steps = []
    for scale in (1e-3, 1.0, 1e3):
        arrays = {"W": np.zeros(3)}
        Adam(arrays).update({"W": scale * np.array([1.0, -2.0, 3.0])}, 0.01)
        steps.append(arrays["W"])
    np.testing.assert_allclose(steps, [[-0.01, 0.01, -0.01]] * 3, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_change_in_place_and_keep_their_dtype(kind, dtype):
    arrays = {name: array.astype(dtype) for name, array in params().items()}
    before = dict(arrays)
    optimizer = kind(arrays)
    optimizer.update({name: grad.astype(dtype) for name, grad in GRADS[0].items()}, 0.1)
    assert all(arrays[name] is before[name] and arrays[name].dtype == dtype for name in before)
    assert arrays["W"][0, 0] < 1 and arrays["b"][0] > 0.5  # against the slope
    assert {array.dtype for name, array in optimizer.state.items() if name != "step"} <= {np.dtype(dtype)}


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_not_changed(kind):
    grads = {name: grad.copy() for name, grad in GRADS[0].items()}
    kind(params()).update(grads, 0.1)
    for name, grad in GRADS[0].items():
        np.testing.assert_array_equal(grads[name], grad)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_slope_nothing_moves(kind):
    arrays = params()
    kind(arrays).update({name: np.zeros_like(array) for name, array in arrays.items()}, 0.1)
    for name, array in params().items():
        np.testing.assert_array_equal(arrays[name], array)


@pytest.mark.parametrize("kind", KINDS)
def test_every_optimizer_reaches_the_bottom_of_a_bowl(kind):
    arrays = {"x": np.array([3.0, -2.0])}
    optimizer = kind(arrays)
    for step in range(400):
        optimizer.update({"x": arrays["x"] * [1.0, 10.0]}, 0.05 * (1 - step / 400))
    assert np.abs(arrays["x"]).max() < 1e-2
