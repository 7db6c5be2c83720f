"""The pictures of examples show what the core really makes, decoded from the address that the page gets."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from mnist_core.data.non_digits import not_digits
from mnist_core.data.rare_digits import rare_digits
from webapp.settings import image_examples as examples
from webapp.settings.image_examples import COLUMNS, GAP, ORIGINAL_GAP, RARE_SEED, SEED, SHOWN_DIGITS


def pixels_of(sheet: str) -> np.ndarray:
    """Decode a sheet, as the attributes of an `img`, to one pixel for each of MNIST's: ink and opacity, (H, W, 2)."""
    match = re.fullmatch('width="([0-9]+)" height="([0-9]+)" src="data:image/png;base64,([^"]*)"', sheet)
    assert match
    width, height, content = match.groups()
    with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
        assert picture.size == (int(width), int(height))
        enlarged = np.asarray(picture)
    pixels = enlarged[:: examples.ENLARGED, :: examples.ENLARGED]
    assert np.array_equal(pixels.repeat(examples.ENLARGED, axis=0).repeat(examples.ENLARGED, axis=1), enlarged)
    return pixels


def images_of(sheet: str, rows: int, first_gap: int = 0) -> np.ndarray:
    """Cut a sheet into its images, (rows, COLUMNS, 28, 28)."""
    pixels = pixels_of(sheet)
    tops = [row * (28 + GAP) for row in range(rows)]
    lefts = [column * (28 + GAP) + first_gap * (column > 0) for column in range(COLUMNS)]
    assert pixels.shape == (tops[-1] + 28, lefts[-1] + 28, 2)
    opaque = np.zeros(pixels.shape[:2], bool)
    for top in tops:
        for left in lefts:
            opaque[top : top + 28, left : left + 28] = True
    assert np.array_equal(pixels[..., 1], np.where(opaque, 255, 0))
    return np.array([[pixels[top : top + 28, left : left + 28, 0] for left in lefts] for top in tops])


def distorted(strength: float) -> np.ndarray:
    return images_of(examples.distorted_digits(strength), len(SHOWN_DIGITS), ORIGINAL_GAP)


def test_the_stronger_the_distortion_the_further_the_copies_are_from_the_original():
    def distances(strength: float) -> np.ndarray:
        images = distorted(strength).astype(float)
        return np.abs(images[:, 1:] - images[:, :1]).mean(axis=(2, 3))  # (digits, copies)

    barely, moderately, strongly = (distances(strength) for strength in (0.01, 0.5, 2.0))
    assert barely.max() < 1.5
    assert (moderately > barely).all()
    assert strongly.mean() > 1.5 * moderately.mean()


def test_the_first_of_a_row_is_the_digit_as_it_is_and_no_two_copies_are_alike():
    weak, strong = distorted(0.5), distorted(2.0)
    assert np.array_equal(weak[:, 0], strong[:, 0])
    assert len(np.unique(strong.reshape(-1, 28 * 28), axis=0)) == len(SHOWN_DIGITS) * COLUMNS


def test_the_same_strength_gives_the_same_picture():
    before = examples.distorted_digits(1.0)
    examples.distorted_digits.clear()
    assert examples.distorted_digits(1.0) == before
    assert examples.distorted_digits(1.1) != before


def test_added_digits_are_those_of_the_core_from_small_to_large():
    images, labels = rare_digits(COLUMNS, np.random.default_rng(RARE_SEED))
    shown = images_of(examples.rare_ways(), 1)[0]
    assert np.array_equal(shown, images[np.argsort(labels)])


def test_added_drawings_are_those_of_the_core():
    assert np.array_equal(images_of(examples.no_digits(), 1)[0], not_digits(COLUMNS, np.random.default_rng(SEED))[0])


@pytest.mark.parametrize("sheet", [examples.rare_ways, examples.no_digits])
def test_a_picture_is_small_enough_to_be_part_of_the_page(sheet):
    assert len(sheet()) < 20_000
