"""The first layer: whatever it leaves out, its results are those of `Linear` up to rounding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_core.nn import input_linear as input_layer
from mnist_core.nn.gradient_check import gradient_check
from mnist_core.nn.input_linear import MIN_BATCH, MIN_FEATURES, InputLinear
from mnist_core.nn.layers import Linear
from mnist_core.nn.mlp import build_mlp
from mnist_core.nn.normalization import DEVIATION, MEAN

INPUTS = 30


def pixels(size: int, seed: int = 0) -> np.ndarray:
    """Pixels in [0, 1]: ten are black in every image, five white, the others differ."""
    x = np.random.default_rng(seed).uniform(size=(size, INPUTS))
    x[:, :10] = 0
    x[:, 20:25] = 1
    return x


def one_odd_image(size: int, seed: int = 0) -> np.ndarray:
    """Every image is the same but the last one, in three pixels."""
    x = np.full((size, INPUTS), 0.5)
    x[-1, [3, 7, 29]] = 0, 1, 0.75
    return x


BATCHES = {
    "unit pixels": pixels,
    "standardised pixels": lambda size, seed=0: (pixels(size, seed) - MEAN) / DEVIATION,
    "all black": lambda size, seed=0: np.zeros((size, INPUTS)),
    "all constant": lambda size, seed=0: np.tile(np.linspace(-2, 2, INPUTS), (size, 1)),
    "none constant": lambda size, seed=0: np.random.default_rng(seed).normal(size=(size, INPUTS)),
    "one odd image": one_odd_image,
    "zeros of both signs": lambda size, seed=0: np.where(np.arange(size)[:, None] % 2, pixels(size), -pixels(size)),
}


def pair(features: int = MIN_FEATURES, inputs: int = INPUTS, dtype: type[np.floating] = np.float64) -> list[Linear]:
    """The layer under test, and the plain one with the same numbers."""
    rng = np.random.default_rng(5)
    W, b = rng.normal(size=(inputs, features)).astype(dtype), rng.normal(size=features).astype(dtype)
    return [kind(W.copy(), b.copy()) for kind in (InputLinear, Linear)]


def step(layer: Linear, x: np.ndarray, training: bool = True) -> dict[str, np.ndarray]:
    """All that a step of training computes."""
    y, cache = layer.forward(x, training)
    grad = np.random.default_rng(6).normal(size=y.shape).astype(y.dtype)
    out = {name: np.empty_like(param) for name, param in layer.params.items()}
    layer.param_grads(cache, grad, out)
    return {"y": y, "dx": layer.backward(cache, grad), **out}


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray], tolerance: float = 1e-13) -> None:
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        scale = np.abs(array).max(initial=0) + 1e-300
        np.testing.assert_allclose(found[name], array, rtol=0, atol=tolerance * scale, err_msg=name)


@pytest.mark.parametrize("size", [1, MIN_BATCH - 1, MIN_BATCH, 50])
@pytest.mark.parametrize("features", [MIN_FEATURES - 1, MIN_FEATURES])
@pytest.mark.parametrize("kind", BATCHES)
def test_a_step_is_that_of_a_linear_layer(kind, features, size):
    layer, plain = pair(features)
    x = BATCHES[kind](size)
    assert_same(step(layer, x), step(plain, x))
    assert_same(step(layer, x, training=False), step(plain, x, training=False), tolerance=0)


@pytest.mark.parametrize("kind", BATCHES)
def test_a_step_in_float32(kind):
    layer, plain = pair(dtype=np.float32)
    x = BATCHES[kind](40).astype(np.float32)
    assert_same(step(layer, x), step(plain, x), tolerance=1e-5)


def test_batches_that_change_from_step_to_step_with_reading_in_between():
    """Other sizes, other constant inputs: nothing is left over from the step before, and its cache stays right."""
    layer, plain = pair()
    kinds = list(BATCHES.values()) * 3
    sizes = [40, 16, 15, 1, 17, 60, 16, 40, 2] * 3
    for seed, (kind, size) in enumerate(zip(kinds, sizes, strict=False)):
        x, other = kind(size, seed), pixels(30, seed + 100)
        (y, cache), (expected, plain_cache) = layer.forward(x, training=True), plain.forward(x, training=True)
        assert_same(step(layer, other), step(plain, other))
        np.testing.assert_array_equal(layer.forward(other)[0], plain.forward(other)[0])
        grad = np.random.default_rng(seed).normal(size=y.shape)
        np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(layer.backward(cache, grad), plain.backward(plain_cache, grad), rtol=1e-12)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_batch(data):
    """With the limits lowered: batches of few values, so that inputs are constant now and then."""
    shape = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    values = st.sampled_from([0.0, -0.0, 1.0, -0.5, 1e-300, 1e3])
    layer, plain = pair(features=3, inputs=shape[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(input_layer, "MIN_BATCH", data.draw(st.integers(1, 4)))
        patch.setattr(input_layer, "MIN_FEATURES", 1)
        for _ in range(2):
            x = data.draw(hnp.arrays(np.float64, shape, elements=values))
            assert_same(step(layer, x), step(plain, x))


def test_a_number_that_is_none_is_not_taken_for_a_constant():
    x = pixels(20)
    x[:, 2] = np.nan
    layer, plain = pair()
    for one in (layer, plain):
        assert np.isnan(one.forward(x, training=True)[0]).all()


def test_input_and_parameters_are_not_changed():
    layer, _ = pair()
    x, before = pixels(20), {name: param.copy() for name, param in layer.params.items()}
    x.flags.writeable = False
    step(layer, x)
    for name, param in before.items():
        np.testing.assert_array_equal(layer.params[name], param)


@pytest.mark.parametrize("kind", BATCHES)
def test_the_gradient_check_of_a_network_with_a_wide_first_layer(kind):
    model = build_mlp((INPUTS, MIN_FEATURES, 10), "tanh", "xavier", np.random.default_rng(0), np.float64)
    assert isinstance(model.layers[0], InputLinear)
    x, labels = BATCHES[kind](MIN_BATCH), np.arange(MIN_BATCH) % 10
    checks = gradient_check(model, x, labels, samples=60)
    assert [check.name for check in checks] == ["0.W", "0.b", "2.W", "2.b"]
    for check in checks:
        assert check.relative_error < 1e-7, check.name
