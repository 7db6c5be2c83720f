"""Batches: the same numbers as `normalize` gives, of distorted images too, in memory that is used again."""

import numpy as np
import pytest

from mnist_core.data.augmentation import Distortion
from mnist_core.data.batches import Batches, add_noise
from mnist_core.nn.normalization import NORMALIZATIONS, normalize

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 28, 28), np.uint8)
IMAGES[3] = 77  # an even image
IMAGES.flags.writeable = False


def batches(
    normalization: str = "unit",
    dtype: type[np.floating] = np.float32,
    size: int = 10,
    distortion: float = 0.0,
    seed: int = 0,
) -> Batches:
    return Batches(IMAGES, normalization, np.dtype(dtype), size, distortion, np.random.default_rng(seed))


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
    source = Batches(IMAGES[5:], "raw", np.dtype(np.float32), 4, 0.0, np.random.default_rng())
    np.testing.assert_array_equal(source.gather(np.array([0, 24])), IMAGES[[5, 29]].reshape(2, 784))


def test_its_size_is_that_of_the_largest_batch():
    assert batches(size=7).size == 7


# Distorted


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NORMALIZATIONS)
@pytest.mark.parametrize("strength", [0.5, 2])
def test_images_are_distorted_one_batch_after_the_other_and_then_scaled(name, dtype, strength):
    """As `Distortion` does it with the same randomness; a slice as well as chosen images."""
    source, rng = batches(name, dtype, distortion=strength), np.random.default_rng(0)
    for chosen in (np.array([4, 29, 4, 3]), slice(8, 18), np.array([7]), slice(28, 30)):
        pixels = IMAGES[chosen].reshape(-1, 784)
        expected = np.empty(pixels.shape, dtype)
        Distortion(strength).distort(pixels, rng, expected)
        NORMALIZATIONS[name](expected, 255.0)
        x = source.gather(chosen)
        assert x.dtype == dtype
        np.testing.assert_array_equal(x, expected)


def test_the_same_images_are_distorted_anew_each_time_and_stay_what_they_are():
    images = IMAGES.copy()
    source = Batches(images, "unit", np.dtype(np.float32), 10, 1.0, np.random.default_rng(0))
    one, two = source.gather(np.arange(10)).copy(), source.gather(slice(0, 10)).copy()
    for other in (two, normalize(IMAGES[:10], "unit")):
        changed = (one != other).any(axis=1)
        assert np.flatnonzero(~changed).tolist() == [3]  # an even image stays even
    np.testing.assert_array_equal(images, IMAGES)


def test_distorted_batches_repeat_and_use_their_memory_again():
    one, same, other = (batches(distortion=1.0, seed=seed) for seed in (0, 0, 1))
    first = one.gather(np.arange(10))
    np.testing.assert_array_equal(first, same.gather(np.arange(10)))
    assert (first != other.gather(np.arange(10))).any()
    assert np.shares_memory(one.gather(slice(0, 10)), first)


def test_without_distortion_and_noise_nothing_is_drawn():
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    Batches(IMAGES, "unit", np.dtype(np.float32), 10, 0.0, rng).gather(np.arange(10))
    assert rng.bit_generator.state == before


# With noise


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("chosen", [np.array([4, 29, 4, 3]), slice(8, 18)])
def test_noise_of_this_deviation_is_added_to_the_scaled_images_anew_each_time(dtype, chosen):
    plain = batches("standard", dtype).gather(chosen).copy()
    source = Batches(IMAGES, "standard", np.dtype(dtype), 10, 0.0, np.random.default_rng(5), noise=0.25)
    rng = np.random.default_rng(5)
    for _ in range(2):
        noise = 0.25 * rng.standard_normal(plain.shape, dtype)
        x = source.gather(chosen)
        assert x.dtype == dtype
        np.testing.assert_array_equal(x, plain + noise)
        assert abs(noise.mean()) < 0.02 and noise.std() == pytest.approx(0.25, rel=0.05)


def test_noise_is_added_in_place():
    x = np.array([[1.0, 2.0]])
    add_noise(x, 0.0, np.random.default_rng(0))
    np.testing.assert_array_equal(x, [[1, 2]])
    add_noise(x, 1e-3, np.random.default_rng(0))
    assert (abs(x - [[1, 2]]) > 0).all() and (abs(x - [[1, 2]]) < 0.01).all()
