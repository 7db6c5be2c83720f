"""Numbers: each digit is read as it is alone, at its place, whatever the colours, the canvas and the crumbs."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageDraw

from mnist_core.data.synthetic import synthetic_digits
from mnist_core.errors import ImageError
from mnist_core.imaging.segmentation import split_digits
from mnist_core.recognizer import NumberPart, Recognizer

BLOTS = st.builds(
    lambda ink, levels: np.kron(ink, np.ones((4, 4), np.uint8)) * levels,
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 8)), elements=st.integers(0, 1)),
    st.integers(60, 255).map(np.uint8),
)


@pytest.fixture(scope="module")
def recognizer(small_network) -> Recognizer:
    return Recognizer(small_network)


@pytest.fixture(scope="module")
def digits() -> list[np.ndarray]:
    """Forty digits in one piece each, cropped, three times as large as in MNIST, white on black."""
    images, _ = synthetic_digits(50, np.random.default_rng(7))
    images[images < 32] = 0  # so faint that it is no ink
    whole = [image for image in images if len(split_digits(image.astype(np.float32))) == 1]
    large = [np.kron(image, np.ones((3, 3), np.uint8)) for image in whole[:40]]
    return [image[np.ix_(image.any(axis=1), image.any(axis=0))] for image in large]


def side_by_side(digits: list[np.ndarray], gap: int = 9) -> np.ndarray:
    """On one line, white on black, uint8 (100, ...)."""
    pieces = [np.zeros((100, 10), np.uint8)]
    for i, digit in enumerate(digits):
        top = 15 + 3 * (i % 3)
        pieces += [np.pad(digit, ((top, 100 - top - len(digit)), (0, 0))), np.zeros((100, gap), np.uint8)]
    return np.hstack(pieces)


def read(parts: list[NumberPart]) -> list[int | None]:
    return [part.recognition.digit for part in parts]


def assert_alike(found: list[NumberPart], expected: list[NumberPart], down: int = 0, right: int = 0) -> None:
    """The same digits, moved by so many pixels."""
    assert read(found) == read(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.box == tuple(np.add(other.box, (down, right, down, right)))
        assert one.recognition.probabilities is not None and other.recognition.probabilities is not None
        np.testing.assert_allclose(one.recognition.probabilities, other.recognition.probabilities, atol=1e-5)


# Every digit at its place


def test_each_digit_is_read_as_it_is_alone(recognizer, digits):
    for first in range(0, 40, 4):
        four = digits[first : first + 4]
        number = side_by_side(four)
        parts = recognizer.recognize_number(number)
        alone = recognizer.recognize_many([np.pad(digit, 30) for digit in four])
        assert read(parts) == [recognition.digit for recognition in alone]
        for part, recognition, digit in zip(parts, alone, four, strict=True):
            top, left, bottom, right = part.box
            np.testing.assert_array_equal(number[top:bottom, left:right], digit)
            np.testing.assert_allclose(part.recognition.image, recognition.image, atol=1e-6)


def test_the_shipped_network_reads_2026():
    """Drawn as on the pad, the 2 and the 6 each in one stroke."""
    two = [(0, 25), (10, 5), (30, 0), (48, 10), (48, 30), (0, 98), (55, 98)]
    ring = [(28 + 28 * np.sin(a), 50 - 50 * np.cos(a)) for a in np.linspace(0, 2 * np.pi, 40)]
    six = [(40, 0), (15, 30), (2, 65), (8, 92), (28, 100), (48, 90), (50, 70), (35, 56), (12, 62), (4, 75)]
    picture = Image.new("RGBA", (500, 200))
    draw = ImageDraw.Draw(picture)
    for left, points in ((40, two), (150, ring), (255, two), (365, six)):
        draw.line([(left + x, 45 + y) for x, y in points], "white", 11, joint="curve")
    assert read(Recognizer.load().recognize_number(np.asarray(picture))) == [2, 0, 2, 6]


def test_overlapping_boxes_do_not_share_ink(recognizer):
    """A 7 leans over a 1: each is read without the other's ink."""
    shapes = [(20, 20), (80, 20), (35, 120)], [(90, 60), (75, 120)]
    drawings = []
    for chosen in (shapes, shapes[:1], shapes[1:]):
        picture = Image.new("L", (120, 140))
        for points in chosen:
            ImageDraw.Draw(picture).line(points, 255, 7, joint="curve")
        drawings.append(np.asarray(picture))
    number, *alone = drawings
    parts = recognizer.recognize_number(number)
    assert parts[0].box[3] > parts[1].box[1]
    assert_alike(parts, [part for drawing in alone for part in recognizer.recognize_number(drawing)])


# One digit and none


def test_one_digit_is_read_exactly_as_ever(recognizer, digits):
    for digit in digits[:10]:
        for drawing in (np.pad(digit, 20), 200 - np.pad(digit, 20) // 2, np.dstack([np.pad(digit, 9)] * 3)):
            (part,) = recognizer.recognize_number(drawing)
            expected = recognizer.recognize(drawing)
            np.testing.assert_array_equal(part.recognition.probabilities, expected.probabilities)
            assert part.recognition.logsumexp == expected.logsumexp
            np.testing.assert_array_equal(part.recognition.stages.ink, expected.stages.ink)
            top, left, bottom, right = part.box
            np.testing.assert_array_equal(expected.stages.ink[top:bottom, left:right], expected.stages.crop)


@pytest.mark.parametrize("shape", [(60, 80), (1, 1), (30, 20, 3), (30, 20, 4)])
@pytest.mark.parametrize("value", [0, 255])
def test_where_nothing_is_drawn_nothing_is_read(recognizer, shape, value):
    assert recognizer.recognize_number(np.full(shape, value, np.uint8)) == []


def test_one_pixel(recognizer):
    drawing = np.zeros((20, 30), np.uint8)
    drawing[4, 11] = 90
    (part,) = recognizer.recognize_number(drawing)
    assert part.box == (4, 11, 5, 12)
    assert part.recognition.digit == recognizer.recognize(drawing).digit is not None


def test_a_speck_beside_a_digit_does_not_disturb(recognizer, digits):
    clean = np.pad(digits[0], ((20, 20), (20, 90)))
    spotted = clean.copy()
    spotted[60:66, -12:-6] = 255
    assert_alike(recognizer.recognize_number(spotted), recognizer.recognize_number(clean))


# Any drawing


def test_colours_do_not_matter(recognizer, digits):
    number = side_by_side(digits[:5])
    expected = recognizer.recognize_number(number)
    assert len(expected) == 5
    glass = np.dstack([np.zeros((*number.shape, 3), np.uint8), number])
    for other in (255 - number, np.dstack([255 - number] * 3), glass):
        assert_alike(recognizer.recognize_number(other), expected)


@given(BLOTS, st.integers(0, 30), st.integers(0, 30))
@settings(max_examples=40, deadline=None)
def test_the_place_does_not_matter(small_network, ink, down, right):
    recognizer = Recognizer(small_network)
    drawing = np.pad(ink, 40)
    moved = np.pad(ink, ((40 + down, 70 - down), (40 + right, 70 - right)))
    assert_alike(recognizer.recognize_number(moved), recognizer.recognize_number(drawing), down, right)


@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 20), st.integers(1, 30)).flatmap(
            lambda size: st.sampled_from([size, (*size, 3), (*size, 4)])
        ),
        elements=st.integers(0, 255) | st.sampled_from([0, 255]),
    )
)
@settings(max_examples=50, deadline=None)
def test_any_picture_gets_an_answer(small_network, pixels):
    recognizer = Recognizer(small_network)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parts = recognizer.recognize_number(pixels)
    assert bool(parts) == (recognizer.recognize(pixels).digit is not None)
    for part in parts:
        top, left, bottom, right = part.box
        assert 0 <= top < bottom <= pixels.shape[0] and 0 <= left < right <= pixels.shape[1]
        assert part.recognition.digit in range(10)


def test_no_picture(recognizer):
    with pytest.raises(ImageError, match="found dtype float64"):
        recognizer.recognize_number(np.zeros((28, 28)))


def test_reading_leaves_the_drawing_alone(recognizer, digits):
    number = side_by_side(digits[:3])
    before = number.copy()
    number.flags.writeable = False
    recognizer.recognize_number(number)
    np.testing.assert_array_equal(number, before)
