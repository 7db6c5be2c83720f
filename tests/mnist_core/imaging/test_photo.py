"""Photographs of paper: what is written is found and read, whatever the light, the paper and the pencil.

The photographs are made here: digits drawn by code, enlarged, in rows on paper."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnist_core.data.synthetic import synthetic_digits
from mnist_core.errors import ImageError
from mnist_core.imaging.image_file import read_picture
from mnist_core.imaging.photo import MAX_DIGITS, WORK_SIDE, box_mean, find_digits, find_rows, is_photo
from mnist_core.recognizer import Recognizer

HEIGHT, WIDTH = 480, 640
PLACES = [(top, left) for top in (60, 270) for left in (60, 200, 340, 480)]  # two rows of four
CONDITIONS: dict[str, dict[str, Any]] = {
    "even light": {},
    "light falls 2:1": {"falls": 2.0},
    "vignette": {"vignette": 0.5},
    "pencil": {"ink": 0.35, "falls": 1.5},
    "ruled": {"ruled": True},
    "squared": {"ruled": True, "squared": True},
    "turned by 4 degrees": {"turned": 4.0, "ruled": True},
    "noise": {"noise": 10.0, "quality": 50},
}


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer.load()


def written(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Eight digits, three and a half times as large as in MNIST: ink as float32 (HEIGHT, WIDTH), and the labels."""
    images, labels = synthetic_digits(len(PLACES), np.random.default_rng(seed))
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    for (top, left), image in zip(PLACES, images, strict=True):
        large = Image.fromarray(image).resize((98, 98), Image.Resampling.BICUBIC)
        ink[top : top + 98, left : left + 98] = np.asarray(large, np.float32) / 255
    return ink, labels


def photograph(
    ink: np.ndarray,
    falls: float = 1.0,
    vignette: float = 0.0,
    ruled: bool = False,
    squared: bool = False,
    turned: float = 0.0,
    noise: float = 3.0,
    quality: int = 85,
    strength: float = 0.7,
) -> np.ndarray:
    """Put ink on paper and photograph that; uint8 (H, W, 3), through a JPEG."""
    y, x = np.mgrid[: ink.shape[0], : ink.shape[1]].astype(np.float32)
    lines = (y % 32 < 2) & ruled | (x % 32 < 2) & squared
    paper = np.where(lines[..., None], [0.66, 0.76, 0.94], [1.0, 0.99, 0.95]) * (1 - strength * ink[..., None])
    turned_paper = Image.fromarray((paper * 255).astype(np.uint8)).rotate(
        turned, Image.Resampling.BILINEAR, fillcolor=(255, 252, 242)
    )
    light = 0.85 / falls ** (x / WIDTH)
    light = light * (1 - vignette * 2 * ((x / WIDTH - 0.5) ** 2 + (y / HEIGHT - 0.5) ** 2))
    grain = np.random.default_rng(0).normal(0, noise, (*ink.shape, 3))
    picture = Image.fromarray((np.asarray(turned_paper) * light[..., None] + grain).clip(0, 255).astype(np.uint8))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return read_picture(file.getvalue())


@pytest.mark.parametrize("condition", CONDITIONS)
def test_digits_are_found_and_read(recognizer, condition):
    settings = dict(CONDITIONS[condition])
    settings["strength"] = settings.pop("ink", 0.7)
    found = right = right_as_drawn = total = 0
    for seed in range(2):
        ink, labels = written(seed)
        parts = recognizer.recognize_picture(photograph(ink, **settings))
        drawn = [
            recognizer.recognize((ink[top : top + 98, left : left + 98] * 255).astype(np.uint8)).digit
            for top, left in PLACES
        ]
        right_as_drawn += int((np.array(drawn) == labels).sum())
        total += len(labels)
        found += min(len(parts), 2 * len(labels) - len(parts))
        if len(parts) == len(labels):  # then they must stand in reading order
            right += int((np.array([part.recognition.digit for part in parts]) == labels).sum())
    assert found >= 0.9 * total
    assert right >= 0.9 * right_as_drawn


def test_boxes_are_in_pixels_of_the_photograph(recognizer):
    ink, _ = written(0)
    large = np.asarray(Image.fromarray(photograph(ink, falls=1.5)).resize((4 * WIDTH, 4 * HEIGHT)))
    assert max(large.shape) > WORK_SIDE
    parts = recognizer.recognize_picture(large)
    assert len(parts) == len(PLACES)
    for part, (top, left) in zip(parts, PLACES, strict=True):
        rows = np.flatnonzero(ink[top : top + 98, left : left + 98].max(axis=1) > 0.5)
        columns = np.flatnonzero(ink[top : top + 98, left : left + 98].max(axis=0) > 0.5)
        expected = top + rows[0], left + columns[0], top + rows[-1] + 1, left + columns[-1] + 1
        np.testing.assert_allclose(np.array(part.box) / 4, expected, atol=4)


def test_a_photograph_is_turned_upright_as_its_camera_noted(recognizer):
    ink, _ = written(0)
    pixels = photograph(ink, falls=1.5, quality=95)
    sideways = Image.fromarray(pixels).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees clockwise to see it
    file = io.BytesIO()
    sideways.save(file, "JPEG", quality=95, exif=exif)
    digits = [part.recognition.digit for part in recognizer.recognize_picture(read_picture(file.getvalue()))]
    assert digits == [part.recognition.digit for part in recognizer.recognize_picture(pixels)]


def test_chalk_on_a_board_is_ink(recognizer):
    ink, labels = written(1)
    light = np.linspace(40, 80, WIDTH)
    board = (light * (1 - ink) + 190 * ink).astype(np.uint8)
    assert is_photo(board)
    assert len(recognizer.recognize_picture(board)) == len(labels)


# Photograph or drawing


@pytest.mark.parametrize("negative", [False, True])
def test_a_drawing_is_read_as_ever(recognizer, negative):
    ink, _ = written(0)
    drawing = (ink[:240] * 255).astype(np.uint8)  # one row
    drawing = 255 - drawing if negative else drawing
    assert not is_photo(drawing)
    found, expected = recognizer.recognize_picture(drawing), recognizer.recognize_number(drawing)
    assert [part.box for part in found] == [part.box for part in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.recognition.image, other.recognition.image)


def test_an_image_of_mnist_is_no_photograph(recognizer):
    images, _ = synthetic_digits(10, np.random.default_rng(3))
    for image in images:
        assert not is_photo(image)
        assert recognizer.recognize_picture(image)[0].recognition.digit == recognizer.recognize(image).digit


@pytest.mark.parametrize("settings", [{}, {"falls": 1.3}, {"ruled": True}, {"vignette": 0.3, "noise": 0.0}])
def test_a_photograph_is_known_by_its_uneven_ground(settings):
    grey = np.asarray(Image.fromarray(photograph(np.zeros((HEIGHT, WIDTH)), **settings)).convert("L"))
    assert is_photo(grey)


def test_rows_of_a_drawing_are_read_row_by_row(recognizer):
    ink, labels = written(0)
    parts = recognizer.recognize_picture((ink * 255).astype(np.uint8))
    assert len(parts) == len(labels)
    tops = [part.box[0] for part in parts]
    assert max(tops[:4]) < min(tops[4:])


def test_strokes_above_each_other_are_no_rows():
    ink = np.zeros((300, 300), np.float32)
    ink[40:60, 80:220] = ink[120:260, 140:160] = 1
    assert find_rows(ink) == []


# Nothing to read, and far too much


def test_blank_paper_has_no_digits(recognizer):
    blank = np.zeros((HEIGHT, WIDTH), np.float32)
    for settings in ({"falls": 2.0, "vignette": 0.4}, {"ruled": True}, {"ruled": True, "squared": True, "noise": 8.0}):
        assert recognizer.recognize_picture(photograph(blank, **settings)) == []


def test_of_anything_few_digits_are_read(recognizer):
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (60, 80), np.uint8)).resize((1600, 1200), Image.Resampling.BILINEAR)
    assert len(recognizer.recognize_picture(np.asarray(coarse))) <= MAX_DIGITS
    assert len(recognizer.recognize_picture(rng.integers(0, 256, (700, 900, 3), np.uint8))) <= MAX_DIGITS
    assert find_digits(np.zeros((1, 1), np.uint8)) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (2, 400), (3, 1201), (5, 1200), (12, 5000)])
def test_pictures_of_extreme_shape_are_looked_at(recognizer, shape):
    specks = np.where(np.random.default_rng(1).random(shape) < 0.03, 20, 200).astype(np.uint8)
    for picture in (specks, specks.T):
        assert len(recognizer.recognize_picture(picture)) <= MAX_DIGITS


def test_a_photograph_of_20_megapixels_is_read_shrunk_as_it_was_written(recognizer):
    ink, labels = written(0)
    file = io.BytesIO()
    Image.fromarray(photograph(ink, falls=1.5)).resize((5120, 3840)).save(file, "JPEG")
    parts = recognizer.recognize_picture(read_picture(file.getvalue(), longest=WORK_SIDE))
    assert [part.recognition.digit for part in parts] == labels.tolist()


def test_what_is_no_picture_is_refused(recognizer):
    with pytest.raises(ImageError, match="uint8"):
        recognizer.recognize_picture(np.zeros((300, 300)))


# The parts


def test_the_mean_over_a_square_is_that_of_its_pixels():
    values = np.random.default_rng(0).random((9, 7), dtype=np.float32)
    means = box_mean(values, 2)
    assert means[4, 3] == pytest.approx(values[2:7, 1:6].mean(), abs=1e-6)
    assert means[0, 6] == pytest.approx(values[:3, 4:].mean(), abs=1e-6)
