"""From any drawing to one network input: any colours, any pen, the same picture; no ink is lost, MNIST stays MNIST."""

import dataclasses
import itertools
import warnings
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageDraw
from scipy import ndimage

from mnist_core.constants import SIDE
from mnist_core.errors import ImageError
from mnist_core.imaging.preprocess import (
    BOX,
    DEFAULT_OPTIONS,
    FINE,
    SLANT,
    STROKE,
    PreprocessOptions,
    PreprocessTrace,
    centre_box,
    centre_mass,
    crop_to_ink,
    distance_to,
    even_strokes,
    find_ink,
    fit_to_box,
    set_upright,
    stages_of_ink,
    to_network_input,
)
from mnist_core.io.idx import read_idx

ALL_STEPS = [PreprocessOptions(*switches) for switches in itertools.product([True, False], repeat=4)]
WITH_CROP = [steps for steps in ALL_STEPS if steps.crop]
OWN_STROKES = PreprocessOptions(stroke_width=False)
CANVAS, SIZE = 280, 200  # of the canvas and of what the pen's middle draws on it
PATHS = {
    "bar": [[(0.5, 0), (0.5, 1)]],
    "ring": [[(0.5 + 0.35 * np.cos(turn), 0.5 + 0.5 * np.sin(turn)) for turn in np.linspace(0, 2 * np.pi, 41)]],
    "seven": [[(0, 0), (0.6, 0), (0.2, 1)]],
    "two": [
        [(0.05, 0.2), (0.12, 0.07), (0.3, 0), (0.5, 0.05), (0.6, 0.2), (0.55, 0.4), (0.3, 0.65), (0, 1), (0.65, 1)]
    ],
    "four": [[(0.4, 0), (0, 0.6), (0.7, 0.6)], [(0.5, 0.2), (0.5, 1)]],
}


@cache
def distances_to_path(name: str) -> np.ndarray:
    """Every pixel's distance to a path of `PATHS`, exact, float (CANVAS, CANVAS)."""
    y, x = np.indices((CANVAS, CANVAS))
    nearest = np.full((CANVAS, CANVAS), np.inf)
    for path in PATHS[name]:
        corners = np.array(path) * SIZE + (CANVAS - SIZE) / 2
        for (x0, y0), (x1, y1) in itertools.pairwise(corners):
            length = np.hypot(x1 - x0, y1 - y0)
            along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length**2, 0, 1)
            nearest = np.minimum(nearest, np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0)))
    return nearest


def drawn(name: str, pen: float) -> np.ndarray:
    """A path drawn with a round pen of so many pixels, uint8 (CANVAS, CANVAS), white on black with soft edges."""
    return (255 * np.clip((pen + 1) / 2 - distances_to_path(name), 0, 1)).round().astype(np.uint8)


def crop_of(name: str, pen: float) -> np.ndarray:
    return crop_to_ink(drawn(name, pen).astype(np.float32) / 255)


def stroke_share(name: str, ink: np.ndarray) -> float:
    """The width of the strokes of a bar or ring, counted across its middle, as a share of its longer side."""
    middle = len(ink) // 2
    across = ink[middle - 1 : middle + 2].sum(axis=1).mean()
    return float(across / {"bar": 1, "ring": 2}[name] / max(ink.shape))


def pieces_and_holes(ink: np.ndarray) -> tuple[int, int]:
    """How many parts hang together: of the ink, and of the paper that the ink closes in."""
    solid = np.pad(ink > 0.5, 1)
    return ndimage.label(solid)[1], ndimage.label(~solid)[1] - 1


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())


def assert_cropped_ink(ink: np.ndarray) -> None:
    """In [0, 1], float32, with ink at all four sides."""
    assert ink.dtype == np.float32 and ink.ndim == 2 and ink.size > 0
    assert ink.min() >= 0 and 0 < ink.max() <= 1  # false for NaN as well
    assert ink[0].any() and ink[-1].any() and ink[:, 0].any() and ink[:, -1].any()


def assert_same_stages(found: PreprocessTrace, expected: PreprocessTrace, but_not: tuple[str, ...] = ()) -> None:
    """All stages are equal, but for those that are named, which must differ."""
    for field in dataclasses.fields(PreprocessTrace):
        one, other = getattr(found, field.name), getattr(expected, field.name)
        assert np.array_equal(one, other) == (field.name not in but_not), field.name


def seven(width: int = 120, height: int = 100, left: int = 30, top: int = 20, size: int = 50) -> np.ndarray:
    """Where the ink of a seven is, bool (height, width), with hard edges."""
    picture = Image.new("1", (width, height))
    points = [(left, top), (left + size * 0.6, top), (left + size * 0.2, top + size)]
    ImageDraw.Draw(picture).line(points, fill=1, width=6)
    return np.asarray(picture)


def painted(ink: np.ndarray, ink_colour, paper_colour) -> np.ndarray:
    """A picture with these two colours: numbers for grey, else tuples of 3 or 4."""
    return np.where(ink if np.isscalar(ink_colour) else ink[..., None], ink_colour, paper_colour).astype(np.uint8)


def on_glass(ink: np.ndarray, colour: tuple[int, int, int], glass: tuple[int, int, int]) -> np.ndarray:
    return painted(ink, (*colour, 255), (*glass, 0))


def with_transparent_margin(ink: np.ndarray) -> np.ndarray:
    """Black ink on white opaque paper, and transparent pixels (which are black) around it."""
    picture = painted(ink, (0, 0, 0, 255), (255, 255, 255, 255))
    margin = np.ones(ink.shape, bool)
    margin[8:-8, 8:-8] = False
    picture[margin] = 0
    return picture


def centroid(image: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(image.shape)
    return float((image * rows).sum() / image.sum()), float((image * columns).sum() / image.sum())


COLOURS = {
    "black on white": lambda ink: painted(ink, 0, 255),
    "dark on grey paper": lambda ink: painted(ink, 60, 190),
    "light on grey paper": lambda ink: painted(ink, 240, 120),
    "white on black, RGB": lambda ink: painted(ink, (255, 255, 255), (0, 0, 0)),
    "blue on white": lambda ink: painted(ink, (20, 40, 200), (255, 255, 255)),
    "red on cream": lambda ink: painted(ink, (200, 30, 30), (250, 245, 220)),
    "yellow on navy": lambda ink: painted(ink, (255, 230, 0), (0, 0, 90)),
    "black on white, opaque RGBA": lambda ink: painted(ink, (0, 0, 0, 255), (255, 255, 255, 255)),
    "white on black, opaque RGBA": lambda ink: painted(ink, (255, 255, 255, 255), (0, 0, 0, 255)),
    "white on glass": lambda ink: on_glass(ink, (255, 255, 255), (0, 0, 0)),
    "black on glass": lambda ink: on_glass(ink, (0, 0, 0), (0, 0, 0)),
    "black on white glass": lambda ink: on_glass(ink, (0, 0, 0), (255, 255, 255)),
    "white on white glass": lambda ink: on_glass(ink, (255, 255, 255), (255, 255, 255)),
    "blue on glass": lambda ink: on_glass(ink, (0, 0, 255), (0, 0, 0)),
    "black on paper with a transparent margin": with_transparent_margin,
}


@pytest.mark.parametrize("name", COLOURS)
def test_any_colours_give_the_same_picture(name):
    expected = to_network_input(painted(seven(), 255, 0))
    found = to_network_input(COLOURS[name](seven()))
    np.testing.assert_allclose(found.ink, seven(), atol=1e-6)
    np.testing.assert_allclose(found.centred, expected.centred, atol=1e-6)
    assert not found.empty


def test_soft_edges_survive_an_exchange_of_black_and_white():
    drawing = np.asarray(Image.fromarray(painted(seven(480, 400, 120, 80, 200), 255, 0)).resize((120, 100)))
    assert len(np.unique(drawing)) > 20
    expected = to_network_input(drawing)
    for other in (
        255 - drawing,
        np.dstack([255 - drawing] * 3),
        np.dstack([np.zeros((100, 120, 3), np.uint8), drawing]),
    ):
        np.testing.assert_allclose(to_network_input(other).centred, expected.centred, atol=0.01)


@pytest.mark.parametrize(("left", "top"), [(5, 5), (80, 5), (5, 45), (80, 45), (41, 23)])
def test_it_does_not_matter_where_on_the_canvas_the_digit_stands(left, top):
    expected = to_network_input(painted(seven(), 255, 0)).centred
    found = to_network_input(painted(seven(left=left, top=top), 255, 0)).centred
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("width", "height"), [(60, 80), (300, 80), (80, 300), (300, 300)])
def test_it_does_not_matter_how_large_the_canvas_is(width, height):
    expected = to_network_input(painted(seven(), 255, 0)).centred
    found = to_network_input(painted(seven(width, height, 20, 20), 255, 0)).centred
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("times", [2, 3, 7])
def test_it_hardly_matters_how_large_the_digit_is_drawn(times):
    small = to_network_input(painted(seven(), 255, 0))
    large = to_network_input(painted(np.kron(seven(), np.ones((times, times), bool)), 255, 0))
    assert large.fitted.shape == small.fitted.shape
    assert np.abs(large.centred - small.centred).mean() < 0.005


# Stages


def test_stages_by_hand():
    """A block of 10 rows and 5 columns doubles to 20 by 10 and stands in the middle."""
    drawing = np.zeros((50, 40), np.uint8)
    drawing[3:13, 30:35] = 200
    stages = to_network_input(drawing, OWN_STROKES)
    assert stages.ink.shape == (50, 40) and stages.ink.sum() == 50 and stages.ink.max() == 1
    np.testing.assert_array_equal(stages.crop, np.ones((10, 5)))
    np.testing.assert_array_equal(stages.evened, np.ones((10, 5)))
    np.testing.assert_array_equal(stages.fitted, np.ones((20, 10)))
    expected = np.zeros((28, 28))
    expected[4:24, 9:19] = 1  # the middle of 20 rows is 9.5, so 4.5 above, rounded to even; of 10 columns 4.5
    np.testing.assert_array_equal(stages.centred, np.roll(expected, (0, 1), (0, 1)))
    assert {getattr(stages, field.name).dtype for field in dataclasses.fields(PreprocessTrace)} == {
        np.dtype(np.float32)
    }


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=30)))
@settings(max_examples=50, deadline=None)
def test_scale_centre_and_all_the_ink(strokes):
    """Whatever is drawn within a blank border."""
    drawing = np.pad(strokes, 40).astype(np.uint8) * 255
    stages = to_network_input(drawing, OWN_STROKES)
    if not strokes.any():
        assert stages.empty
        return
    rows, columns = np.nonzero(strokes)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert stages.crop.shape == (height, width)
    assert max(stages.fitted.shape) == BOX and min(stages.fitted.shape) >= 1
    shorter = min(height, width) * BOX / max(height, width)
    assert abs(min(stages.fitted.shape) - shorter) <= 0.5 + 1e-9 or (shorter < 0.5 and min(stages.fitted.shape) == 1)
    assert stages.centred.shape == (SIDE, SIDE)
    assert stages.centred.min() >= 0 and stages.centred.max() <= 1
    assert stages.centred.sum() == pytest.approx(stages.fitted.sum(), rel=1e-5)  # no ink is cut off
    for mass, side, inked in zip(
        centroid(stages.centred),
        stages.fitted.shape,
        (stages.centred.any(axis=1), stages.centred.any(axis=0)),
        strict=True,
    ):
        touches = bool(np.take(inked, 0)) or bool(np.take(inked, -1)) or side == SIDE
        assert abs(mass - 14) <= 0.5 + 1e-4 or touches


def test_the_centre_of_mass_is_pixel_14_within_rounding():
    row, column = centroid(to_network_input(painted(seven(), 255, 0)).centred)
    assert abs(row - 14) <= 0.5 and abs(column - 14) <= 0.5


@pytest.mark.parametrize("top_heavy", [True, False])
def test_a_picture_heavy_at_one_end_is_moved_only_as_far_as_it_stays_inside(top_heavy):
    fitted = np.full((20, 20), 0.001, np.float32)
    fitted[0 if top_heavy else 19] = 1
    centred = centre_mass(fitted)
    assert centred.sum() == pytest.approx(fitted.sum(), rel=1e-6)
    rows = np.flatnonzero(centred.any(axis=1))
    assert (rows[0], rows[-1]) == ((8, 27) if top_heavy else (0, 19))


@pytest.mark.parametrize(
    ("shape", "fitted"), [((100, 50), (20, 10)), ((5, 10), (10, 20)), ((7, 7), (20, 20)), ((1, 90), (1, 20))]
)
def test_fit_to_box_keeps_the_proportions(shape, fitted):
    found = fit_to_box(np.ones(shape, np.float32))
    assert found.shape == fitted
    np.testing.assert_allclose(found, 1, atol=1e-6)


def test_shrinking_averages_over_every_pixel():
    """A chessboard of single pixels becomes an even grey: nothing is skipped."""
    board = (np.indices((200, 200)).sum(axis=0) % 2).astype(np.float32)
    np.testing.assert_allclose(fit_to_box(board)[1:-1, 1:-1], 0.5, atol=0.02)


def test_crop_by_hand():
    ink = np.zeros((5, 6), np.float32)
    ink[1, 2], ink[3, 4] = 0.5, 1
    np.testing.assert_array_equal(crop_to_ink(ink), [[0.5, 0, 0], [0, 0, 0], [0, 0, 1]])
    assert crop_to_ink(np.zeros((5, 6), np.float32)).shape == (0, 0)


def test_the_faintest_that_counts_as_ink():
    drawing = np.full((20, 20), 100, np.uint8)
    drawing[5:15, 10] = 125  # 25 of 255 is below a tenth
    assert to_network_input(drawing).empty
    drawing[5:15, 10] = 126
    assert to_network_input(drawing).crop.shape == (10, 1)


def test_paper_grain_is_no_ink():
    rng = np.random.default_rng(0)
    drawing = painted(seven(), 40, 210) + rng.integers(0, 20, seven().shape).astype(np.uint8)
    np.testing.assert_array_equal(find_ink(drawing) > 0, seven())


# Distances


def far_from(*targets: tuple[int, int], shape: tuple[int, int]) -> np.ndarray:
    """The distances to these pixels."""
    mask = np.zeros(shape, bool)
    mask[tuple(np.transpose(targets))] = True
    return distance_to(mask)


def test_distances_by_hand():
    distances = far_from((0, 0), shape=(5, 6))
    assert distances.dtype == np.float32 and distances.shape == (5, 6)
    np.testing.assert_array_equal(distances[0], range(6))
    np.testing.assert_array_equal(distances[:, 0], range(5))
    assert distances[3, 4] == 5 and distances[4, 3] == 5 and distances[1, 1] == np.float32(np.sqrt(2))
    # The nearest of two: the way through columns without any target counts as well.
    two = far_from((0, 0), (4, 5), shape=(5, 6))
    assert two[0, 2] == 2 and two[4, 2] == 3 and two[2, 2] == np.float32(np.sqrt(8)) and two[1, 5] == 3


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (6, 4)])
def test_distances_where_all_is_target(shape):
    np.testing.assert_array_equal(distance_to(np.ones(shape, bool)), np.zeros(shape))


def test_distances_along_a_line():
    np.testing.assert_array_equal(far_from((0, 1), (0, 6), shape=(1, 9)), [[1, 0, 1, 2, 2, 1, 0, 1, 2]])
    np.testing.assert_array_equal(far_from((1, 0), (6, 0), shape=(9, 1))[:, 0], [1, 0, 1, 2, 2, 1, 0, 1, 2])
    np.testing.assert_array_equal(far_from((0, 0), shape=(1, 300))[0], range(300))


@given(
    hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40), fill=st.just(False)),
    st.tuples(st.integers(0, 39), st.integers(0, 39)),
)
@settings(max_examples=100, deadline=None)
def test_distances_against_an_independent_implementation(target, pixel):
    target[pixel[0] % target.shape[0], pixel[1] % target.shape[1]] = True
    np.testing.assert_allclose(distance_to(target), ndimage.distance_transform_edt(~target), rtol=1e-6)


# The width of strokes


@pytest.mark.parametrize("name", ["bar", "ring"])
def test_any_pen_becomes_the_pen_of_mnist(name):
    """From a third of the wanted width up to it: each within 12%, and neither too wide nor too narrow on the whole."""
    pens = [8, 11, 14, 17, 20, 23, 26, 30]
    shares = []
    for pen in pens:
        crop = crop_of(name, pen)
        assert stroke_share(name, crop) == pytest.approx(pen / (SIZE + pen), rel=0.06)
        evened = even_strokes(crop)
        assert_cropped_ink(evened)
        assert FINE <= max(evened.shape) <= FINE + 8
        shares.append(stroke_share(name, evened))
    np.testing.assert_allclose(shares, STROKE, rtol=0.12)
    assert np.mean(shares) == pytest.approx(STROKE, rel=0.04)


@pytest.mark.parametrize("name", ["bar", "ring"])
@pytest.mark.parametrize("pen", [36, 44, 52, 60])
def test_too_thick_a_pen_is_brought_half_the_way(name, pen):
    evened = even_strokes(crop_of(name, pen))
    share = pen / (SIZE + pen)
    growth = (STROKE - share) / (1 - STROKE) / 2  # (share + 2 growth) / (1 + 2 growth) = STROKE, the half of it
    assert growth < 0 and stroke_share(name, evened) == pytest.approx((share + growth) / (1 + growth), rel=0.08)
    assert STROKE < stroke_share(name, evened) < share


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("pen", [4, 8, 16, 30])
def test_strokes_are_neither_torn_nor_are_loops_filled(name, pen):
    crop = crop_of(name, pen)
    assert pieces_and_holes(even_strokes(crop)) == pieces_and_holes(crop) == (1, int(name == "ring"))


@pytest.mark.parametrize("name", ["seven", "two", "four"])
def test_a_thin_and_a_thick_drawing_give_nearly_the_same_picture(name):
    before, after = (
        difference(to_network_input(drawn(name, 8), steps).centred, to_network_input(drawn(name, 30), steps).centred)
        for steps in (OWN_STROKES, DEFAULT_OPTIONS)
    )
    assert before > 0.07
    assert after < 0.02 and after < before / 4


@pytest.mark.parametrize("name", ["seven", "two", "four"])
@pytest.mark.parametrize("pen", [0.5, 1, 1.5, 2, 3])
def test_not_even_a_hair_is_lost(name, pen):
    """So thin that no pixel of the picture in which it is widened is more than half covered."""
    expected = to_network_input(drawn(name, 14)).centred
    found = to_network_input(drawn(name, pen)).centred
    assert difference(found, expected) < 0.03


@pytest.mark.parametrize("name", ["seven", "two", "four"])
def test_a_pale_drawing_with_one_dark_dot_is_not_lost(name):
    """The strongest ink is 1, so that all the rest may be far below one half."""
    drawing = drawn(name, 14)
    pale = (0.4 * drawing).astype(np.uint8)
    row, column = np.argwhere(drawing == 255)[0]
    pale[row : row + 3, column : column + 3] = drawing[row : row + 3, column : column + 3]
    assert difference(to_network_input(pale).centred, to_network_input(drawing).centred) < 0.02


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("pen", [8, 14, 20, 30])
def test_even_strokes_stay_as_they_are(name, pen):
    once = even_strokes(crop_of(name, pen))
    twice = even_strokes(once)
    shares = [float(ink.sum() / max(ink.shape) ** 2) for ink in (once, twice)]
    assert shares[1] == pytest.approx(shares[0], rel=0.1)
    assert pieces_and_holes(twice) == pieces_and_holes(once)


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.transpose, np.rot90])
def test_strokes_are_evened_alike_in_all_directions(turn):
    for name in PATHS:
        crop = crop_of(name, 12)
        np.testing.assert_allclose(even_strokes(turn(crop)), turn(even_strokes(crop)), atol=1e-5)


def test_a_filled_disc_stays_a_disc():
    y, x = np.indices((121, 121)) - 60
    disc = np.clip(60.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    evened = even_strokes(disc)
    assert_cropped_ink(evened)
    assert pieces_and_holes(evened) == (1, 0)
    assert difference(fit_to_box(evened), fit_to_box(disc)) < 0.05


def test_faint_specks_are_kept():
    """A tenth of the range is the least that counts as ink; two such pixels in the corners of a large picture."""
    drawing = np.zeros((300, 300), np.uint8)
    drawing[3, 4] = drawing[295, 290] = 26
    stages = to_network_input(drawing)
    assert stages.crop.shape == (293, 287)
    assert_cropped_ink(stages.evened)
    rows, columns = np.nonzero(stages.fitted)
    assert not stages.empty and rows.max() - rows.min() >= 17 and columns.max() - columns.min() >= 17


@st.composite
def any_ink(draw) -> np.ndarray:
    """From 1x1 to 300x300: single pixels, noise, blots, hard and soft."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = draw(st.tuples(st.integers(1, 300), st.integers(1, 300)))
    ink = rng.random(shape) < draw(st.sampled_from([0.0, 0.001, 0.03, 0.5, 1.0]))
    ink[rng.integers(shape[0]), rng.integers(shape[1])] = True
    if draw(st.booleans()):
        ink = ndimage.binary_dilation(ink, iterations=draw(st.integers(1, 9)))
    softness = draw(st.sampled_from([0.0, 0.5, 1.0]))
    return crop_to_ink((ink * (1 - softness * rng.random(shape))).astype(np.float32))


@given(any_ink())
@settings(max_examples=60, deadline=None)
def test_no_ink_is_too_odd_to_be_evened(crop):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evened = even_strokes(crop)
    assert_cropped_ink(evened)
    assert max(evened.shape) <= FINE + 8 or evened is crop


# Slanted writing


def sheared(slant: float, height: int = 200, width: float = 20) -> np.ndarray:
    """A bar that moves so many pixels to the right from each row to the next below, with soft edges."""
    rows, columns = np.indices((height, int(abs(slant) * height + width) + 3))
    middle = slant * (rows - height / 2) + columns.shape[1] / 2
    return crop_to_ink(np.clip(width / 2 + 0.5 - abs(columns - middle), 0, 1).astype(np.float32))


def slant_of(ink: np.ndarray) -> float:
    """The slope of the line through the middles of the rows."""
    middles = (ink @ np.arange(ink.shape[1])) / ink.sum(axis=1)
    return float(np.polyfit(np.arange(len(ink)), middles, 1)[0])


@pytest.mark.parametrize("slant", [-2, -0.8, -0.4, 0.4, 0.6, 1.0, 3])
def test_a_slanted_bar_is_set_upright_as_far_as_writing_is(slant):
    """To the slant that is allowed, on the side that it leaned to."""
    crop = sheared(slant)
    assert slant_of(crop) == pytest.approx(slant, abs=0.01)
    upright = set_upright(crop)
    assert_cropped_ink(upright)
    assert slant_of(upright) == pytest.approx(np.copysign(SLANT, slant), abs=0.01)
    assert upright.shape[1] < crop.shape[1] and len(upright) == len(crop)


def test_a_diagonal_by_hand():
    """One pixel to the right a row: 0.7 too much, so the ink of row r goes back by 0.7 r."""
    upright = set_upright(np.eye(11, dtype=np.float32))
    middles = (upright @ np.arange(upright.shape[1])) / upright.sum(axis=1)
    np.testing.assert_allclose(np.diff(middles), SLANT, atol=1e-5)


@pytest.mark.parametrize(
    "crop",
    [
        *(sheared(slant) for slant in (-0.29, -0.1, 0, 0.1, 0.29)),
        np.ones((1, 1), np.float32),
        np.ones((1, 50), np.float32),
        np.ones((50, 1), np.float32),
        np.ones((20, 30), np.float32),
    ],
)
def test_what_is_upright_enough_is_not_touched(crop):
    assert set_upright(crop) is crop


@pytest.mark.parametrize("slant", [0.5, 1.3])
def test_a_mirrored_drawing_is_set_upright_into_the_mirrored_picture(slant):
    crop = np.vstack([sheared(slant), np.ones((3, sheared(slant).shape[1]), np.float32)])  # no symmetry of its own
    expected = set_upright(crop)
    assert expected is not crop
    np.testing.assert_allclose(set_upright(crop[:, ::-1])[:, ::-1], expected, atol=1e-5)


@pytest.mark.parametrize("slant", [-2, 0.8])
def test_what_is_pushed_beyond_the_old_border_is_kept(slant):
    """The letter Z: its long strokes above and below move far to opposite sides."""
    crop = sheared(slant)
    crop[0] = crop[-1] = 1
    upright = set_upright(crop)
    assert upright.shape[1] > len(crop[0]) + 50
    assert_cropped_ink(upright)
    np.testing.assert_allclose(upright.sum(axis=1), crop.sum(axis=1), rtol=1e-4)


@given(any_ink())
@settings(max_examples=40, deadline=None)
def test_rows_are_only_pushed(crop):
    """Each row keeps its ink, and no row gets any of another's."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        upright = set_upright(crop)
    assert_cropped_ink(upright)
    np.testing.assert_allclose(upright.sum(axis=1), crop.sum(axis=1), rtol=1e-4, atol=1e-4)


# Which steps are taken


def leaning() -> np.ndarray:
    """A four that leans to the left and is drawn with a thin pen, far from the middle of a wide canvas."""
    picture = Image.fromarray(drawn("four", 9))
    slanted = picture.transform(picture.size, Image.Transform.AFFINE, (1, -0.7, 70, 0, 1, 0), Image.Resampling.BILINEAR)
    return np.pad(np.asarray(slanted), ((0, 40), (0, 200)))


def test_what_is_done_unless_otherwise_said():
    assert (
        PreprocessOptions()
        == DEFAULT_OPTIONS
        == PreprocessOptions(crop=True, stroke_width=True, slant=False, centre=True)
    )
    assert_same_stages(to_network_input(leaning()), to_network_input(leaning(), DEFAULT_OPTIONS))
    assert_same_stages(stages_of_ink(find_ink(leaning())), to_network_input(leaning(), DEFAULT_OPTIONS))
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULT_OPTIONS.slant = True  # type: ignore[misc]


@pytest.mark.parametrize("steps", ALL_STEPS)
def test_the_stages_of_ink_are_those_of_the_drawing(steps):
    assert_same_stages(stages_of_ink(find_ink(leaning()), steps), to_network_input(leaning(), steps))


def test_without_evening_the_strokes_stay_as_they_are_drawn():
    default, found = to_network_input(leaning()), to_network_input(leaning(), OWN_STROKES)
    assert_same_stages(found, default, but_not=("evened", "fitted", "centred"))
    np.testing.assert_array_equal(default.evened, even_strokes(default.crop))
    np.testing.assert_array_equal(found.evened, found.crop)
    np.testing.assert_array_equal(found.fitted, fit_to_box(found.crop))
    assert found.centred.sum() < 0.7 * default.centred.sum()


def test_with_slant_the_evened_picture_is_set_upright():
    default, found = to_network_input(leaning()), to_network_input(leaning(), PreprocessOptions(slant=True))
    assert_same_stages(found, default, but_not=("evened", "fitted", "centred"))
    np.testing.assert_array_equal(found.evened, set_upright(default.evened))
    np.testing.assert_array_equal(found.fitted, fit_to_box(found.evened))
    assert found.evened.shape[1] < default.evened.shape[1]
    only = to_network_input(leaning(), PreprocessOptions(stroke_width=False, slant=True))
    np.testing.assert_array_equal(only.evened, set_upright(fit_to_box(default.crop, FINE)))


def test_without_centring_the_box_stands_in_the_middle():
    default, found = to_network_input(leaning()), to_network_input(leaning(), PreprocessOptions(centre=False))
    assert_same_stages(found, default, but_not=("centred",))
    rows, columns = (np.flatnonzero(found.centred.any(axis=axis)) for axis in (1, 0))
    for inked in (rows, columns):
        assert inked[0] - (SIDE - 1 - inked[-1]) in (-1, 0)  # as much room before as behind, or one less
    np.testing.assert_array_equal(crop_to_ink(found.centred), crop_to_ink(found.fitted))
    assert centroid(default.centred) == pytest.approx((14, 14), abs=0.51)


@pytest.mark.parametrize(("height", "width"), [(280, 280), (140, 280), (280, 70), (28, 14), (1, 56)])
def test_without_cropping_the_whole_picture_is_shrunk(height, width):
    """What stands to the right and below still does, and just as small."""
    drawing = np.zeros((height, width), np.uint8)
    drawing[height // 2 : height - height // 4, width // 2 : width - width // 4] = 255
    stages = to_network_input(drawing, PreprocessOptions(crop=False))
    for whole in (stages.crop, stages.evened):
        np.testing.assert_array_equal(whole, stages.ink)
    scale = SIDE / max(height, width)
    expected_shape = max(1, round(height * scale)), max(1, round(width * scale))
    assert stages.fitted.shape == expected_shape
    assert stages.fitted.sum() == pytest.approx(stages.ink.sum() * scale**2, rel=0.02, abs=28 if height == 1 else 0)
    top, left = ((SIDE - side) // 2 for side in expected_shape)
    part = stages.centred[top : top + expected_shape[0], left : left + expected_shape[1]]
    np.testing.assert_array_equal(part, stages.fitted)
    assert stages.centred.sum() == pytest.approx(stages.fitted.sum())
    for found, drawn_at, start in zip(centroid(stages.centred), centroid(stages.ink), (top, left), strict=True):
        assert found + 0.5 - start == pytest.approx((drawn_at + 0.5) * scale, abs=0.3)


def test_without_cropping_no_other_step_is_taken():
    expected = to_network_input(leaning(), PreprocessOptions(crop=False))
    for steps in ALL_STEPS:
        if not steps.crop:
            assert_same_stages(to_network_input(leaning(), steps), expected)


@pytest.mark.parametrize("steps", WITH_CROP)
def test_with_any_steps_neither_place_nor_polarity_nor_size_matters(steps):
    drawing = leaning()
    expected = to_network_input(drawing, steps).centred
    moved = np.roll(drawing, (37, 150), (0, 1))
    assert not np.array_equal(moved, drawing)
    np.testing.assert_array_equal(to_network_input(moved, steps).centred, expected)
    np.testing.assert_array_equal(to_network_input(255 - drawing, steps).centred, expected)
    twice = to_network_input(drawing.repeat(2, 0).repeat(2, 1), steps).centred
    assert difference(twice, expected) < (0.03 if steps.slant and not steps.stroke_width else 0.005)


@pytest.mark.parametrize(
    ("shape", "top", "left"), [((20, 10), 4, 9), ((28, 28), 0, 0), ((3, 2), 12, 13), ((1, 27), 13, 0)]
)
def test_a_box_in_the_middle_by_hand(shape, top, left):
    centred = centre_box(np.full(shape, 0.5, np.float32))
    assert centred.dtype == np.float32 and centred.shape == (28, 28)
    expected = np.zeros((28, 28))
    expected[top : top + shape[0], left : left + shape[1]] = 0.5
    np.testing.assert_array_equal(centred, expected)


# Odd drawings


@pytest.mark.parametrize(
    "drawing",
    [
        np.zeros((280, 280), np.uint8),
        np.full((30, 20), 255, np.uint8),
        np.full((30, 20, 3), 77, np.uint8),
        np.zeros((30, 20, 4), np.uint8),
        np.full((30, 20, 4), 255, np.uint8),
        np.full((30, 20, 4), (255, 255, 255, 0), np.uint8),
        np.full((30, 20, 4), (9, 9, 9, 130), np.uint8),
        np.zeros((1, 1), np.uint8),
        np.full((1, 1, 4), 255, np.uint8),
    ],
)
@pytest.mark.parametrize("steps", [DEFAULT_OPTIONS, PreprocessOptions(crop=False), PreprocessOptions(slant=True)])
def test_where_nothing_is_drawn_every_stage_is_empty(drawing, steps):
    stages = to_network_input(drawing, steps)
    assert stages.empty
    assert stages.ink.shape == drawing.shape[:2] and not stages.ink.any()
    assert stages.crop.shape == stages.evened.shape == stages.fitted.shape == (0, 0)
    np.testing.assert_array_equal(stages.centred, np.zeros((28, 28)))
    assert stages.centred.dtype == stages.ink.dtype == np.float32


def test_a_single_pixel_fills_the_box():
    drawing = np.zeros((9, 9), np.uint8)
    drawing[2, 6] = 255
    stages = to_network_input(drawing, OWN_STROKES)
    assert stages.crop.shape == (1, 1) and stages.fitted.shape == (20, 20) and stages.centred.sum() == 400
    stages = to_network_input(drawing)
    assert stages.fitted.shape == (20, 20) and stages.centred.sum() == pytest.approx(400, abs=20)


@pytest.mark.parametrize("upright", [True, False])
def test_a_thin_line_stays_a_line(upright):
    drawing = np.zeros((100, 100), np.uint8)
    drawing[5:95, 30] = 255
    own = to_network_input(drawing if upright else drawing.T, OWN_STROKES)
    assert own.fitted.shape == ((20, 1) if upright else (1, 20))
    np.testing.assert_allclose(own.fitted, 1, atol=1e-6)
    stages = to_network_input(drawing if upright else drawing.T)  # as MNIST's pens would have drawn it
    assert stages.fitted.shape == ((20, 3) if upright else (3, 20))


def test_strokes_from_border_to_border_are_ink():
    drawing = np.zeros((100, 100), np.uint8)
    drawing[:, 45:55] = drawing[45:55] = 255  # a cross that touches all four borders
    for picture in (drawing, 255 - drawing):
        stages = to_network_input(picture)
        np.testing.assert_array_equal(stages.ink, drawing / 255)
        assert stages.fitted.shape == (20, 20)
        np.testing.assert_allclose(stages.fitted, stages.fitted.T, atol=1e-6)


def test_a_thick_digit_may_cover_more_than_half_of_the_picture():
    drawing = np.zeros((40, 40), np.uint8)
    drawing[3:37, 4:36] = 255
    for picture in (drawing, 255 - drawing):
        np.testing.assert_array_equal(to_network_input(picture).ink, drawing / 255)


def test_a_view_that_is_not_contiguous_is_read_like_its_copy():
    drawing = np.dstack([painted(seven(), 255, 0)] * 3)[::2, ::-1, ::-1]
    assert not drawing.flags.c_contiguous
    np.testing.assert_array_equal(to_network_input(drawing).centred, to_network_input(drawing.copy()).centred)


def test_the_drawing_is_not_changed():
    for paint in COLOURS.values():
        drawing = paint(seven())
        kept = drawing.copy()
        drawing.flags.writeable = False
        to_network_input(drawing)
        np.testing.assert_array_equal(drawing, kept)


@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(
            lambda size: st.sampled_from([size, (*size, 3), (*size, 4)])
        ),
        elements=st.integers(0, 255) | st.sampled_from([0, 255]),
    ),
    st.sampled_from(ALL_STEPS),
)
@settings(max_examples=100, deadline=None)
def test_no_picture_is_too_odd(drawing, steps):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stages = to_network_input(drawing, steps)
    assert stages.ink.shape == drawing.shape[:2]
    assert stages.centred.shape == (28, 28) and stages.centred.dtype == np.float32
    assert stages.centred.min() >= 0 and stages.centred.max() <= 1
    assert stages.empty == (not stages.centred.any())


@pytest.mark.parametrize(("height", "width"), [(1, 3000), (3000, 1), (2, 3000), (2500, 2500)])
def test_large_and_narrow_drawings(height, width):
    drawing = np.zeros((height, width), np.uint8)
    drawing[height // 3 : height // 3 + 1, : width // 3 + 1] = 255
    drawing[0, -1] = 255
    stages = to_network_input(drawing)
    assert max(stages.fitted.shape) == 20 and stages.centred.sum() > 0


@pytest.mark.parametrize(
    ("pixels", "text"),
    [
        (np.zeros((28, 28)), "a picture must be a NumPy array of uint8 (0 to 255), found dtype float64: convert it"),
        (np.zeros((28, 28), bool), "a picture must be a NumPy array of uint8 (0 to 255), found dtype bool: convert it"),
        ([[0, 1]], "a picture must be a NumPy array of uint8 (0 to 255), found list: convert it first"),
        (None, "a picture must be a NumPy array of uint8 (0 to 255), found NoneType: convert it first"),
        (np.zeros(28, np.uint8), "with at least one pixel, found (28,)"),
        (np.zeros((28, 28, 1), np.uint8), "with at least one pixel, found (28, 28, 1)"),
        (np.zeros((28, 28, 2), np.uint8), "with at least one pixel, found (28, 28, 2)"),
        (np.zeros((2, 28, 28, 3), np.uint8), "with at least one pixel, found (2, 28, 28, 3)"),
        (np.zeros((0, 28), np.uint8), "with at least one pixel, found (0, 28)"),
        (np.zeros((28, 0, 4), np.uint8), "with at least one pixel, found (28, 0, 4)"),
        (np.array(5, np.uint8), "with at least one pixel, found ()"),
    ],
)
def test_what_is_no_picture(pixels, text):
    with pytest.raises(ImageError) as caught:
        to_network_input(pixels)
    assert text in str(caught.value)


# The real MNIST


def test_the_images_of_mnist_come_back_almost_unchanged(real_mnist):
    images = read_idx(real_mnist / "t10k-images-idx3-ubyte.gz")[:1000]
    differences = np.array([difference(to_network_input(image, OWN_STROKES).centred, image / 255) for image in images])
    assert (differences < 0.01).mean() >= 0.97


def test_the_pens_of_mnist_become_more_alike(real_mnist):
    """Measured by another's distances; what is wanted is what most of MNIST has already."""
    widths = []
    for image in read_idx(real_mnist / "t10k-images-idx3-ubyte.gz")[:400]:
        stages = to_network_input(image)
        for ink in (stages.crop, stages.evened):
            solid = np.pad(fit_to_box(ink, FINE) > 0.5, 1)
            widths.append(4 * (ndimage.distance_transform_edt(solid)[solid] - 0.5).mean() / FINE)
    before, after = np.percentile(np.reshape(widths, (-1, 2)), (25, 50, 75), axis=0).T
    assert before[1] == pytest.approx(STROKE, rel=0.12) and after[1] == pytest.approx(STROKE, rel=0.05)
    assert after[2] - after[0] < 0.5 * (before[2] - before[0])
