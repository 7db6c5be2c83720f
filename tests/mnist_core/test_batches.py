"""Batches: the same numbers as `normalize` gives, in memory that is used again.

Run alone: python -m pytest tests/mnist_core/test_batches.py
"""

import numpy as np
import pytest

from mnist_core.batches import Batches
from mnist_core.normalization import NORMALIZATIONS, normalize

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 28, 28), np.uint8)
IMAGES[3] = 77  # an even image
IMAGES.flags.writeable = False


def batches(normalization: str = "unit", dtype: type[np.floating] = np.float32, size: int = 10) -> Batches:
    return Batches(IMAGES, normalization, np.dtype(dtype), size)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NORMALIZATIONS)
def test_a_batch_is_what_normalize_gives_for_its_images(name, dtype):
    """To the bit, for every batch of an epoch, the smaller last one, repeated images, and one."""
    source, order = batches(name, dtype, 8), np.random.default_rng(1).permutation(30)
    choices = [order[start : start + 8] for start in range(0, 30, 8)]
    for chosen in (*choices, np.array([3, 3, 3]), order[:1], order[-8:]):
        x = source.gather(chosen)
        assert x.shape == (len(chosen), 784) and x.dtype == dtype
        np.testing.assert_array_equal(x, normalize(IMAGES[chosen], name, dtype))


@pytest.mark.parametrize("name", NORMALIZATIONS)
@pytest.mark.parametrize("part", [slice(0, 10), slice(15, 25), slice(28, 30), slice(7, 8)])
def test_a_slice_is_its_images_in_the_order_of_the_file(name, part):
    np.testing.assert_array_equal(batches(name).gather(part), normalize(IMAGES[part], name))


@pytest.mark.parametrize("chosen", [np.arange(10, 20), slice(10, 20)])
def test_the_memory_is_used_again(chosen):
    source = batches()
    first = source.gather(np.arange(10))
    assert np.shares_memory(source.gather(chosen), first)
    np.testing.assert_array_equal(first, normalize(IMAGES[10:20], "unit"))


def test_two_sources_do_not_disturb_each_other():
    one, other = batches(), batches()
    x = one.gather(np.arange(10))
    other.gather(np.arange(10, 20))
    np.testing.assert_array_equal(x, normalize(IMAGES[:10], "unit"))


def test_images_that_are_a_part_of_a_larger_set():
    """A split is a view of the data set."""
    source = Batches(IMAGES[5:], "raw", np.dtype(np.float32), 4)
    np.testing.assert_array_equal(source.gather(np.array([0, 24])), IMAGES[[5, 29]].reshape(2, 784))


def test_its_size_is_that_of_the_largest_batch():
    assert batches(size=7).size == 7
