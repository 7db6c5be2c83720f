"""The digits drawn by code: repeatable, balanced, in MNIST's form, and worth learning from."""

from typing import Any

import numpy as np
import pytest
from scipy.interpolate import BSpline

from mnist_core.data.synthetic import ALLOGRAPHS, digit_path, pen_path, picture, synthetic_digits


@pytest.fixture(scope="module")
def digits():
    return synthetic_digits(3000, np.random.default_rng(7))


def test_the_same_seed_gives_the_same_bytes():
    images, labels = synthetic_digits(50, np.random.default_rng(3))
    again, labels_again = synthetic_digits(50, np.random.default_rng(3))
    assert images.tobytes() == again.tobytes()
    assert labels.tobytes() == labels_again.tobytes()


def test_another_seed_gives_other_digits():
    images, _ = synthetic_digits(50, np.random.default_rng(3))
    others, _ = synthetic_digits(50, np.random.default_rng(4))
    assert not np.array_equal(images, others)


def test_the_global_random_state_plays_no_part():
    before = np.random.get_state(legacy=False)["state"]["key"].copy()  # noqa: NPY002 - the very thing that must stay untouched
    synthetic_digits(10, np.random.default_rng(0))
    assert np.array_equal(np.random.get_state(legacy=False)["state"]["key"], before)  # noqa: NPY002


def test_dtypes_and_shapes(digits):
    images, labels = digits
    assert (images.dtype, images.shape) == (np.uint8, (3000, 28, 28))
    assert (labels.dtype, labels.shape) == (np.uint8, (3000,))


def test_classes_are_balanced_and_shuffled(digits):
    _, labels = digits
    assert np.bincount(labels).tolist() == [300] * 10
    assert np.unique(labels[:100]).size == 10
    assert not np.array_equal(labels, np.sort(labels))
    assert not np.array_equal(labels, np.arange(3000) % 10)


@pytest.mark.parametrize("count", [1, 9, 10, 23])
def test_classes_are_as_equal_as_the_count_allows(count):
    _, labels = synthetic_digits(count, np.random.default_rng(0))
    counts = np.bincount(labels, minlength=10)
    assert counts.sum() == count
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("count", [0, -5, 2.5, "10", True, None])
def test_a_wrong_count_is_refused(count):
    with pytest.raises(ValueError, match="expected a whole number of at least 1"):
        synthetic_digits(count, np.random.default_rng(0))


def test_a_numpy_count_is_a_count():
    count: Any = np.int64(12)
    assert len(synthetic_digits(count, np.random.default_rng(0))[0]) == 12


def test_every_digit_fills_the_box_and_no_more(digits):
    images, _ = digits
    extents = []
    for seen in ((images > 0).any(axis=1), (images > 0).any(axis=2)):  # columns, then rows, with ink: (N, 28)
        extents.append(28 - seen.argmax(axis=1) - seen[:, ::-1].argmax(axis=1))
    longer_side = np.maximum(*extents)
    assert longer_side.max() <= 20
    assert longer_side.min() >= 19  # nothing shrunken, nothing lost at the border


def test_the_border_is_blank_but_for_a_few_top_heavy_digits(digits):
    images, _ = digits
    border = np.ones((28, 28), dtype=bool)
    border[1:-1, 1:-1] = False
    assert (images[:, border].max(axis=1) > 0).mean() < 0.02  # MNIST itself: 0.014


def test_the_centre_of_mass_is_the_centre(digits):
    images, _ = digits
    mass = images.sum(axis=(1, 2))
    rows = images.sum(axis=2) @ np.arange(28) / mass
    columns = images.sum(axis=1) @ np.arange(28) / mass
    assert np.abs(rows - 14).max() <= 1
    assert np.abs(columns - 14).max() <= 1


def test_ink_is_white_thin_and_soft_at_the_edge(digits):
    images, _ = digits
    assert np.median(images.max(axis=(1, 2))) == 255
    share_of_ink = (images > 127).mean(axis=(1, 2))
    assert share_of_ink.min() > 0.02  # nothing vanished
    assert share_of_ink.max() < 0.4  # nothing became a blot
    grey = (images > 0) & (images < 255)
    assert 0.2 < grey.sum() / (images > 0).sum() < 0.8


def test_no_two_digits_are_equal(digits):
    images, _ = digits
    assert len({image.tobytes() for image in images}) == len(images)


def test_every_way_of_writing_is_well_formed():
    assert sorted(ALLOGRAPHS) == list(range(10))
    for ways in ALLOGRAPHS.values():
        assert len(ways) >= 3
        for share, strokes in ways:
            assert share > 0
            for stroke in strokes.split("/"):
                points = stroke.split()
                assert len(points) >= 2
                assert all(len(point) == 2 and point.isdecimal() for point in points)


def test_classes_differ_from_each_other(digits):
    images, labels = digits
    means = np.array([images[labels == digit].mean(axis=0).ravel() for digit in range(10)])
    distances = np.linalg.norm(means[:, None] - means, axis=2)
    assert distances[~np.eye(10, dtype=bool)].min() > 500  # grey levels; two halves of one class differ by up to 250


def test_softmax_regression_learns_them_but_finds_them_no_child_s_play(digits):
    images, labels = digits
    fresh_images, fresh_labels = synthetic_digits(1000, np.random.default_rng(8))
    inputs, fresh = (batch.reshape(-1, 784) / np.float32(255) for batch in (images, fresh_images))
    targets = np.eye(10, dtype=np.float32)[labels]
    weights = np.zeros((784, 10), np.float32)
    for _ in range(100):  # plain gradient descent on the whole set
        logits = inputs @ weights
        probs = np.exp(logits - logits.max(axis=1, keepdims=True))
        probs /= probs.sum(axis=1, keepdims=True)
        weights -= 0.2 * inputs.T @ (probs - targets) / len(inputs)
    accuracy = (np.argmax(fresh @ weights, axis=1) == fresh_labels).mean()
    assert 0.8 <= accuracy <= 0.99


# The pen


@pytest.mark.parametrize("strokes", ["30 39", "22 30 30 39", "51 30 11 03 44 57 49 19 07 25 52 51"])
def test_a_stroke_is_a_quadratic_b_spline_as_scipy_s(strokes):
    """Its control points are those of the table, each missed by up to 0.75, the first and the last one doubled."""
    points = np.array([[int(figure) for figure in point] for point in strokes.split()], np.float64)
    aims = points + np.random.default_rng(4).uniform(-0.75, 0.75, points.shape)
    aims = np.concatenate([aims[:1], aims, aims[-1:]])
    spline = BSpline(np.arange(len(aims) + 3), aims, 2)  # defined from 2 on, one arc for each unit
    expected = spline([arc + t for arc in range(2, len(points) + 2) for t in np.linspace(0, 1, 16)])
    np.testing.assert_allclose(pen_path(strokes, np.random.default_rng(4)), expected, atol=1e-12)


def test_a_slash_lifts_the_pen():
    path = pen_path("00 09 / 90 99", np.random.default_rng(0))
    assert path.shape == (4 * 16, 2)
    jumps = np.hypot(*np.diff(path, axis=0).T)
    assert jumps.argmax() == 31 and jumps[31] > 7  # from one stroke's end to the other's beginning
    rng = np.random.default_rng(0)
    apart = [pen_path(stroke, rng) for stroke in ("00 09", "90 99")]
    np.testing.assert_array_equal(path, np.concatenate(apart))


def test_the_pen_cuts_a_corner_but_where_a_point_stands_twice():
    rng = np.random.default_rng(0)
    cut, sharp = (
        np.mean([np.hypot(*(pen_path(strokes, rng) - [9, 0]).T).min() for _ in range(100)])
        for strokes in ("00 90 99", "00 90 90 99")
    )
    assert cut > 1.2  # exactly hit, the points make an arc that passes the corner at a distance of 1.6
    assert sharp < 0.8


def test_ways_are_chosen_as_often_as_the_table_says():
    ways = [(1, "00 09"), (2.5, "00 09 99"), (0.5, "00 09 99 90")]
    rng = np.random.default_rng(0)
    points = [len(digit_path(ways, rng)) // 16 for _ in range(1000)]
    shares = np.bincount(points, minlength=5)[2:] / 1000
    assert shares == pytest.approx([0.25, 0.625, 0.125], abs=0.04)


def test_digits_are_pictures_of_paths_from_the_table():
    images, labels = synthetic_digits(20, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    np.testing.assert_array_equal(labels, rng.permutation(np.arange(20) % 10))
    for image, label in zip(images, labels, strict=True):
        np.testing.assert_array_equal(image, picture(digit_path(ALLOGRAPHS[int(label)], rng), rng))


# The picture


def test_a_picture_has_the_form_of_mnist_wherever_and_however_large_the_path_is_and_leaves_it_alone():
    t = np.linspace(0, 2 * np.pi, 300)
    for scale, place in ((1, 0), (4.5, 4.5), (2, 20)):
        path = scale * np.stack([np.cos(t), 2 * np.sin(t)], axis=1) + place
        kept = path.copy()
        image = picture(path, np.random.default_rng(0))
        np.testing.assert_array_equal(path, kept)
        assert image.dtype == np.uint8 and image.shape == (28, 28) and image.max() == 255
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20)
        mass = np.array([image.sum(axis=axis) @ np.arange(28) for axis in (0, 1)]) / image.sum()
        assert np.abs(mass - 14).max() <= 0.51


def stroke_widths(thickest: float, count: int) -> np.ndarray:
    """Widths of upright sticks, in pixels: the ink of the rows in their middle, up to the pen's radius on each side."""
    stick, rng = np.stack([np.zeros(200), np.linspace(0, 9, 200)], axis=1), np.random.default_rng(0)
    pictures = np.array([picture(stick, rng, thickest) for _ in range(count)])
    return pictures[:, 12:16].sum(axis=(1, 2)) / 255 / 4


@pytest.mark.parametrize("thickest", [2.0, 3.0])
def test_pens_are_as_thick_as_is_asked_for(thickest):
    """Radii lie between 0.6 and the thickest, 1.1 being the most frequent; slanting makes a row of ink a bit wider."""
    widths = stroke_widths(thickest, 300)
    assert 1 < widths.min() < 2
    assert 2 * thickest - 0.8 < widths.max() < 2 * thickest * 1.3
    assert widths.mean() == pytest.approx(2 * (0.6 + 1.1 + thickest) / 3, rel=0.12)


def test_without_more_ado_the_thickest_pen_is_that_of_mnist():
    path = pen_path("30 00 09 69 60 20", np.random.default_rng(0))
    usual, same, thick = (picture(path, np.random.default_rng(1), *pen) for pen in ((), (2.0,), (3.0,)))
    np.testing.assert_array_equal(usual, same)
    assert (thick > 127).sum() > (usual > 127).sum()
