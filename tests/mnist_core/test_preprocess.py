"""From any drawing to one network input: any colours give the same picture, no ink is lost, MNIST stays MNIST.

Run alone: python -m pytest tests/mnist_core/test_preprocess.py
"""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageDraw

from mnist_core.errors import ImageError
from mnist_core.idx import read_idx
from mnist_core.preprocess import BOX, FIELD, centre_mass, crop_to_ink, find_ink, fit_to_box, to_network_input


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
    stages = to_network_input(drawing)
    assert stages.ink.shape == (50, 40) and stages.ink.sum() == 50 and stages.ink.max() == 1
    np.testing.assert_array_equal(stages.crop, np.ones((10, 5)))
    np.testing.assert_array_equal(stages.fitted, np.ones((20, 10)))
    expected = np.zeros((28, 28))
    expected[4:24, 9:19] = 1  # the middle of 20 rows is 9.5, so 4.5 above, rounded to even; of 10 columns 4.5
    np.testing.assert_array_equal(stages.centred, np.roll(expected, (0, 1), (0, 1)))
    assert {array.dtype for array in (stages.ink, stages.crop, stages.fitted, stages.centred)} == {np.dtype(np.float32)}


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=30)))
@settings(max_examples=50, deadline=None)
def test_scale_centre_and_all_the_ink(strokes):
    """Whatever is drawn within a blank border."""
    drawing = np.pad(strokes, 40).astype(np.uint8) * 255
    stages = to_network_input(drawing)
    if not strokes.any():
        assert stages.empty
        return
    rows, columns = np.nonzero(strokes)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert stages.crop.shape == (height, width)
    assert max(stages.fitted.shape) == BOX and min(stages.fitted.shape) >= 1
    shorter = min(height, width) * BOX / max(height, width)
    assert abs(min(stages.fitted.shape) - shorter) <= 0.5 + 1e-9 or (shorter < 0.5 and min(stages.fitted.shape) == 1)
    assert stages.centred.shape == (FIELD, FIELD)
    assert stages.centred.min() >= 0 and stages.centred.max() <= 1
    assert stages.centred.sum() == pytest.approx(stages.fitted.sum(), rel=1e-5)  # no ink is cut off
    for mass, side, inked in zip(
        centroid(stages.centred),
        stages.fitted.shape,
        (stages.centred.any(axis=1), stages.centred.any(axis=0)),
        strict=True,
    ):
        touches = bool(np.take(inked, 0)) or bool(np.take(inked, -1)) or side == FIELD
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
def test_where_nothing_is_drawn_every_stage_is_empty(drawing):
    stages = to_network_input(drawing)
    assert stages.empty
    assert stages.ink.shape == drawing.shape[:2] and not stages.ink.any()
    assert stages.crop.shape == stages.fitted.shape == (0, 0)
    np.testing.assert_array_equal(stages.centred, np.zeros((28, 28)))
    assert stages.centred.dtype == stages.ink.dtype == np.float32


def test_a_single_pixel_fills_the_box():
    drawing = np.zeros((9, 9), np.uint8)
    drawing[2, 6] = 255
    stages = to_network_input(drawing)
    assert stages.crop.shape == (1, 1) and stages.fitted.shape == (20, 20) and stages.centred.sum() == 400


@pytest.mark.parametrize(("part", "fitted"), [((slice(5, 95), 30), (20, 1)), ((30, slice(5, 95)), (1, 20))])
def test_a_thin_line_stays_a_line(part, fitted):
    drawing = np.zeros((100, 100), np.uint8)
    drawing[part] = 255
    stages = to_network_input(drawing)
    assert stages.fitted.shape == fitted
    np.testing.assert_allclose(stages.fitted, 1, atol=1e-6)


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
    )
)
@settings(max_examples=50, deadline=None)
def test_no_picture_is_too_odd(drawing):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stages = to_network_input(drawing)
    assert stages.ink.shape == drawing.shape[:2]
    assert stages.centred.shape == (28, 28) and np.isfinite(stages.centred).all()
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
    differences = np.array([np.abs(to_network_input(image).centred - image / 255).mean() for image in images])
    assert (differences < 0.01).mean() >= 0.97
