"""Initial weights: the distributions that their names promise, repeatable, and what they are good for.

Run alone: python -m pytest tests/mnist_core/test_initializers.py
"""

import numpy as np
import pytest
import scipy.stats

from mnist_core.initializers import INITIALIZERS, he, small_normal, xavier

FAN_IN, FAN_OUT = 200, 300


def draw(initializer) -> np.ndarray:
    return initializer(np.random.default_rng(0), FAN_IN, FAN_OUT).ravel()


@pytest.mark.parametrize(
    ("initializer", "distribution"),
    [
        (he, scipy.stats.norm(0, 0.1)),  # √(2 / 200)
        (xavier, scipy.stats.uniform(-(0.012**0.5), 2 * 0.012**0.5)),  # ±√(6 / 500)
        (small_normal, scipy.stats.norm(0, 0.01)),
    ],
)
def test_the_weights_follow_the_distribution_of_the_paper(initializer, distribution):
    assert scipy.stats.kstest(draw(initializer), distribution.cdf).pvalue > 0.01
    assert draw(initializer).std() == pytest.approx(distribution.std(), rel=0.01)


def test_xavier_stays_within_its_bound():
    assert np.abs(draw(xavier)).max() <= 0.012**0.5


@pytest.mark.parametrize("name", INITIALIZERS)
def test_shape_dtype_and_repeatability(name):
    first, again, other = (INITIALIZERS[name](np.random.default_rng(seed), 7, 3) for seed in (5, 5, 6))
    assert first.shape == (7, 3) and first.dtype == np.float64
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_he_keeps_the_strength_of_signals_through_ten_layers_of_relu_and_small_normal_does_not():
    rng = np.random.default_rng(0)
    kept = lost = rng.normal(size=(100, 300))
    for _ in range(10):
        kept = np.maximum(kept @ he(rng, 300, 300), 0)
        lost = np.maximum(lost @ small_normal(rng, 300, 300), 0)
    assert 0.3 < np.square(kept).mean() < 3
    assert np.square(lost).mean() < 1e-10
