"""What MNIST hardly holds: rare ways of writing and what is no digit, balanced, repeatable and in MNIST's form."""

import re
from collections import Counter
from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
import scipy.ndimage

from mnist_core.constants import OUTLIER_LABEL
from mnist_core.data.non_digits import KINDS, LETTERS, not_digits
from mnist_core.data.rare_digits import RARE_ALLOGRAPHS, THICKEST_PEN, rare_digits
from mnist_core.data.synthetic import ALLOGRAPHS, digit_path, pen_path, picture, synthetic_digits

Draw = Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray]]
DRAWS: dict[str, Draw] = {"rare digits": rare_digits, "no digits": not_digits}
KIND_NAMES = {kind.__name__.strip("_"): kind for kind in KINDS}
MISS = 0.75
"""How far the pen misses a point, at most, to the right and downwards, in the grid of 10x10."""
ALL_STROKES = [*LETTERS, *(strokes for ways in RARE_ALLOGRAPHS.values() for _, strokes in ways)]


@pytest.fixture(scope="module")
def drawn() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {name: draw(300, np.random.default_rng(7)) for name, draw in DRAWS.items()}


def pictures_of(strokes: str, count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.array([picture(pen_path(strokes, rng), rng) for _ in range(count)])


# The tables


@pytest.mark.parametrize("strokes", ALL_STROKES)
def test_an_entry_is_strokes_of_at_least_two_points_of_two_figures(strokes):
    for stroke in strokes.split(" / "):
        assert re.fullmatch(r"\d\d( \d\d)+", stroke)


def test_every_digit_has_rare_ways_each_met_now_and_then():
    assert sorted(RARE_ALLOGRAPHS) == list(range(10))
    for ways in RARE_ALLOGRAPHS.values():
        assert len(ways) >= 3
        assert all(share > 0 for share, _ in ways)


def test_no_entry_stands_twice_and_no_letter_is_a_digit():
    assert max(Counter(ALL_STROKES).values()) == 1
    assert not set(LETTERS) & {strokes for ways in ALLOGRAPHS.values() for _, strokes in ways}


# Counts, labels, randomness


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("count", [0, 1, 23])
def test_as_many_as_are_asked_for(name, count):
    images, labels = DRAWS[name](count, np.random.default_rng(0))
    assert images.dtype == labels.dtype == np.uint8
    assert images.shape == (count, 28, 28) and labels.shape == (count,)


def test_rare_digits_are_balanced_and_shuffled(drawn):
    _, labels = drawn["rare digits"]
    assert np.bincount(labels).tolist() == [30] * 10
    assert np.unique(labels[:50]).size == 10
    assert not np.array_equal(labels, np.arange(300) % 10)


@pytest.mark.parametrize("count", [1, 9, 23])
def test_rare_digits_are_as_balanced_as_the_count_allows(count):
    _, labels = rare_digits(count, np.random.default_rng(0))
    counts = np.bincount(labels, minlength=10)
    assert len(counts) == 10 and counts.max() - counts.min() <= 1


def test_what_is_no_digit_has_no_class(drawn):
    assert OUTLIER_LABEL not in range(10)
    assert set(drawn["no digits"][1]) == {OUTLIER_LABEL}


@pytest.mark.parametrize("name", DRAWS)
def test_the_same_seed_gives_the_same_bytes_and_another_one_others(name):
    (one, labels), (same, same_labels), (other, _) = (DRAWS[name](30, np.random.default_rng(s)) for s in (3, 3, 4))
    assert one.tobytes() == same.tobytes() and labels.tobytes() == same_labels.tobytes()
    assert not {image.tobytes() for image in one} & {image.tobytes() for image in other}


@pytest.mark.parametrize("name", DRAWS)
def test_the_global_random_state_plays_no_part(name):
    before = np.random.get_state(legacy=True)[1].copy()  # type: ignore[index]  # noqa: NPY002 - must stay untouched
    DRAWS[name](10, np.random.default_rng(0))
    assert np.array_equal(np.random.get_state(legacy=True)[1], before)  # type: ignore[index]  # noqa: NPY002


@pytest.mark.parametrize("name", DRAWS)
def test_no_two_images_are_equal(drawn, name):
    assert len({image.tobytes() for image in drawn[name][0]}) == 300


# The form of MNIST


def assert_in_the_form_of_mnist(images: np.ndarray) -> None:
    sides = [images.max(axis=1) > 0, images.max(axis=2) > 0]  # columns, then rows, with ink: (N, 28)
    extents = [28 - seen.argmax(axis=1) - seen[:, ::-1].argmax(axis=1) for seen in sides]
    longer_side = np.maximum(*extents)
    assert longer_side.min() >= 19 and longer_side.max() <= 20
    mass = images.sum(axis=(1, 2))
    centres = np.array([images.sum(axis=axis) @ np.arange(28) / mass for axis in (1, 2)])
    assert np.abs(centres - 14).max() <= 1
    assert images.max(axis=(1, 2)).min() > 200
    share_of_ink = (images > 127).mean(axis=(1, 2))
    assert share_of_ink.min() > 0.02 and share_of_ink.max() < 0.45


@pytest.mark.parametrize("name", DRAWS)
def test_in_a_box_of_20_about_the_centre_of_mass(drawn, name):
    assert_in_the_form_of_mnist(drawn[name][0])


@pytest.mark.parametrize("strokes", ALL_STROKES)
def test_every_entry_can_be_drawn(strokes):
    assert_in_the_form_of_mnist(pictures_of(strokes, 5))


@pytest.mark.parametrize("name", KIND_NAMES)
def test_every_kind_is_a_path_that_can_be_drawn(name):
    rng, images = np.random.default_rng(1), []
    for _ in range(40):
        path = KIND_NAMES[name](rng)
        assert path.ndim == 2 and path.shape[1] == 2 and path.dtype == np.float64 and np.isfinite(path).all()
        assert len(path) >= 30 and np.ptp(path, axis=0).max() >= 4
        images.append(picture(path, rng))
    assert_in_the_form_of_mnist(np.array(images))


# What is drawn, and how often


@pytest.mark.parametrize("digit", range(10))
def test_every_rare_way_is_drawn(digit):
    """A path tells which way it went: the one that gives its points with the same randomness."""
    ways = [strokes for _, strokes in RARE_ALLOGRAPHS[digit]]
    missing = set(ways)
    for seed in range(300):
        path = digit_path(RARE_ALLOGRAPHS[digit], np.random.default_rng(seed))
        met = []
        for strokes in ways:
            rng = np.random.default_rng(seed)
            rng.random()  # the choice of the way takes one number
            if np.array_equal(pen_path(strokes, rng), path):
                met.append(strokes)
        assert len(met) == 1
        missing.difference_update(met)
        if not missing:
            break
    assert not missing


def test_two_of_three_rare_digits_are_written_in_rare_ways_and_all_as_their_label_says():
    """One image after the other, found again among what either table would have given."""
    images, labels = rare_digits(120, np.random.default_rng(5))
    rng = np.random.default_rng(5)
    np.testing.assert_array_equal(labels, rng.permutation(np.arange(120) % 10))
    met: Counter[tuple[str, ...]] = Counter()
    for image, label in zip(images, labels, strict=True):
        rng.integers(3)  # the choice of the table
        names, after = tuple[str, ...](), rng
        for name, table in (("rare", RARE_ALLOGRAPHS), ("usual", ALLOGRAPHS)):
            copy = deepcopy(rng)
            if np.array_equal(picture(digit_path(table[int(label)], copy), copy, THICKEST_PEN), image):
                names, after = (*names, name), copy
        met[names] += 1
        rng = after
    assert met[()] == 0
    # Some ways stand in both tables; of the rest two thirds.
    assert met[("rare",)] / (met[("rare",)] + met[("usual",)]) == pytest.approx(2 / 3, abs=0.15)


# What it looks like


def test_the_pen_of_rare_digits_may_be_thicker(drawn):
    for seed in range(20):
        path = pen_path("30 00 09 69 60 20", np.random.default_rng(seed))
        usual, thick = (picture(path, np.random.default_rng(seed), pen) for pen in (2.0, THICKEST_PEN))
        assert (thick > 127).sum() > (usual > 127).sum()
    usual_digits, _ = synthetic_digits(150, np.random.default_rng(1))
    assert (drawn["rare digits"][0] > 127).mean() > 1.1 * (usual_digits > 127).mean()


def test_a_slash_is_seen_in_the_middle_of_a_zero():
    slashed = [strokes for _, strokes in RARE_ALLOGRAPHS[0] if "/" in strokes]
    assert len(slashed) >= 5
    plain, *others = (pictures_of(strokes, 20)[:, 12:16, 12:16].mean() for strokes in (ALLOGRAPHS[0][0][1], *slashed))
    assert plain < 30 and min(others) > 90


def test_a_blot_is_filled_and_a_polygon_is_not():
    rng = np.random.default_rng(0)
    blots, polygons = (
        np.array([picture(KIND_NAMES[name](rng), rng) for _ in range(40)]) > 127 for name in ("blot", "polygon")
    )
    assert blots[:, 13:15, 13:15].all()
    for blot in blots:
        rows, columns = np.flatnonzero(blot.any(axis=1)), np.flatnonzero(blot.any(axis=0))
        corners = blot[np.ix_(rows[[0, -1]], columns[[0, -1]])]
        assert corners.sum() <= 2  # round; a strongly slanted one may reach into two of them
        np.testing.assert_array_equal(blot, scipy.ndimage.binary_fill_holes(blot))
    assert sum((scipy.ndimage.binary_fill_holes(polygon) != polygon).any() for polygon in polygons) >= 35
    assert blots.mean() > 1.5 * polygons.mean()


def test_a_polygon_is_closed():
    rng = np.random.default_rng(0)
    for _ in range(100):
        path = KIND_NAMES["polygon"](rng)
        assert np.abs(path[0] - path[-1]).max() <= 2 * MISS


def test_a_spiral_runs_outwards_and_round_at_least_once_and_a_half():
    rng = np.random.default_rng(0)
    for _ in range(50):
        x, y = (KIND_NAMES["spiral"](rng) - 4.5).T
        assert (np.diff(np.hypot(x, y)) > 0).all()
        turns = abs(np.unwrap(np.arctan2(y, x)[1:])[[0, -1]] @ [-1, 1]) / (2 * np.pi)
        assert 1.5 < turns < 4


def test_a_scribble_goes_to_and_fro_across_the_picture():
    rng = np.random.default_rng(0)
    for _ in range(50):
        path = KIND_NAMES["scribble"](rng)
        crossings = np.count_nonzero(np.diff(path > 4.5, axis=0), axis=0)
        assert crossings.max() >= 4 and np.ptp(path, axis=0).min() >= 3


def test_lines_cross_from_side_to_side():
    rng = np.random.default_rng(0)
    for _ in range(100):
        lines = KIND_NAMES["crossing"](rng).reshape(-1, 32, 2)  # 16 places for each of two points
        assert 3 <= len(lines) <= 6
        assert np.ptp(lines, axis=1).max(axis=1).min() >= 9 - 2 * MISS


def test_curves_are_one_long_stroke_or_up_to_four_short_ones():
    """7 to 10 points in one stroke, 3 to 6 in each of several; twice as many where sharp, and 16 places for each."""
    rng, strokes = np.random.default_rng(0), Counter[int]()
    for _ in range(300):
        path = KIND_NAMES["curves"](rng)
        arcs = path.reshape(-1, 16, 2)
        lifted = np.abs(arcs[1:, 0] - arcs[:-1, -1]).max(axis=1) > 1e-9  # else an arc begins where the last one ended
        points = np.diff([0, *np.flatnonzero(lifted) + 1, len(arcs)])
        assert (points >= (7 if len(points) == 1 else 3)).all()
        assert (points <= 2 * (10 if len(points) == 1 else 6)).all()
        strokes[len(points)] += 1
    assert set(strokes) == {1, 2, 3, 4} and min(strokes.values()) > 40
