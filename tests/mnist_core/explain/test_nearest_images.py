"""The nearest images, against a search that compares every pair, and what a small shift does."""

import re

import numpy as np
import pytest

from mnist_core.data.synthetic import synthetic_digits
from mnist_core.explain.nearest_images import Neighbours


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    return synthetic_digits(400, np.random.default_rng(3))


def by_brute_force(images: np.ndarray, image: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Compare with one image after the other, in float64."""
    halves = images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)) / 255
    half = image.reshape(14, 2, 14, 2).mean(axis=(1, 3))
    distances = np.array([np.sqrt(((other - half) ** 2).sum()) for other in halves])
    places = np.argsort(distances)[:count]
    return places, distances[places]


def test_as_by_brute_force(digits):
    images, labels = digits
    neighbours = Neighbours(images[20:], labels[20:])
    for image in images[:20] / np.float32(255):
        places, distances = neighbours.nearest(image, 12)
        expected, expected_distances = by_brute_force(images[20:], image, 12)
        np.testing.assert_array_equal(places, expected)
        np.testing.assert_allclose(distances, expected_distances, rtol=1e-5)
        assert distances.dtype == np.float32


def test_an_image_is_its_own_nearest_at_distance_zero(digits):
    places, distances = Neighbours(*digits).nearest(digits[0][7] / np.float32(255), 3)
    assert places[0] == 7
    assert distances[0] == pytest.approx(0, abs=1e-6)
    assert distances[1] > 0.5


def test_after_a_shift_more_of_the_nearest_show_the_same_digit_than_at_full_size(digits):
    """Moved by a pixel down and to the right, against a search that compares pixel by pixel."""
    images, labels = digits
    neighbours, full = Neighbours(images[100:], labels[100:]), images[100:] / 255
    right = []
    for image, label in zip(np.roll(images[:100], (1, 1), (1, 2)) / 255, labels, strict=False):
        by_pixel = np.argsort(((full - image) ** 2).sum(axis=(1, 2)))[:3]
        right.append(
            [(neighbours.labels[found] == label).mean() for found in (neighbours.nearest(image, 3)[0], by_pixel)]
        )
    halved, whole = np.mean(right, axis=0)
    assert halved > whole
    assert halved > 0.5


def test_no_more_than_there_are(digits):
    images, labels = digits
    places, distances = Neighbours(images[:5], labels[:5]).nearest(images[0] / 255, 12)
    assert sorted(places) == [0, 1, 2, 3, 4]
    assert (np.diff(distances) >= 0).all()


def test_the_images_are_left_as_they_are(digits):
    images, labels = digits
    before = images.copy()
    Neighbours(images, labels).nearest(images[0] / 255, 1)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize(("images", "labels"), [((3, 14, 14), 3), ((3, 28, 28), 2), ((0, 28, 28), 0)])
def test_shapes_that_do_not_fit(images, labels):
    message = f"found images {images} and labels ({labels},), expected (N, 28, 28) and (N,) with N ≥ 1"
    with pytest.raises(ValueError, match=re.escape(message)):
        Neighbours(np.zeros(images, np.uint8), np.zeros(labels, int))
