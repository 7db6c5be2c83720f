"""Each way of other demos changes what it says it changes, and nothing else."""

import numpy as np
import pytest

from mnist_core.imaging.naive_pipelines import (
    NAIVE_PIPELINES,
    not_inverted,
    pixels_picked,
    stretched,
    top_left,
    whole_shrunk,
)
from mnist_core.imaging.preprocess import crop_to_ink, fit_to_box, stages_of_ink


@pytest.fixture
def stick() -> np.ndarray:
    """A slim 1 in the lower right of a canvas of 280 pixels."""
    ink = np.zeros((280, 280), np.float32)
    ink[150:250, 200:220] = 1
    return ink


@pytest.mark.parametrize("name", NAIVE_PIPELINES)
@pytest.mark.parametrize("shape", [(280, 280), (40, 90), (1, 1), (28, 28)])
def test_every_way_gives_a_network_input_and_leaves_the_ink_alone(name, shape):
    ink = np.random.default_rng(0).random(shape, dtype=np.float32)
    before = ink.copy()
    image = NAIVE_PIPELINES[name](ink)
    assert image.shape == (28, 28) and image.dtype == np.float32
    assert image.min() >= 0 and image.max() <= 1
    np.testing.assert_array_equal(ink, before)


@pytest.mark.parametrize("name", NAIVE_PIPELINES)
def test_an_empty_canvas(name):
    expected = 1 if name == "not_inverted" else 0
    assert (NAIVE_PIPELINES[name](np.zeros((50, 60), np.float32)) == expected).all()


def test_the_whole_canvas_shrinks_by_ten_and_the_stick_stays_where_it_was(stick):
    image = whole_shrunk(stick)
    assert image.sum() == pytest.approx(stick.sum() / 100, rel=1e-3)  # no ink is lost: every pixel counts
    expected = np.zeros((28, 28), bool)
    expected[15:25, 20:22] = True
    assert (image[expected] > 0.6).all() and (image[~expected] < 0.3).all()


def test_picked_pixels_are_pixels_of_the_canvas_and_thin_strokes_are_lost(stick):
    np.testing.assert_array_equal(pixels_picked(stick), stick[5::10, 5::10])
    thin = np.zeros((280, 280), np.float32)
    thin[:, 101:105] = 1  # between column 95 and column 105
    assert pixels_picked(thin).sum() == 0 and whole_shrunk(thin).sum() > 0


def test_a_stretched_stick_is_a_block(stick):
    np.testing.assert_allclose(stretched(stick), 1, atol=1e-6)


def test_the_upper_left_corner_holds_what_mnist_would_centre(stick):
    image, fitted = top_left(stick), fit_to_box(crop_to_ink(stick))
    assert fitted.shape == (20, 4)
    np.testing.assert_array_equal(image[:20, :4], fitted)
    assert image.sum() == fitted.sum()


def test_black_on_white_is_our_way_turned_over(stick):
    np.testing.assert_array_equal(not_inverted(stick) + stages_of_ink(stick).centred, np.ones((28, 28)))
