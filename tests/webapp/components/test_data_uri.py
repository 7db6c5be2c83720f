"""Pictures as addresses: what comes out is what went in."""

import base64
import io

import numpy as np
from PIL import Image

from webapp.components.data_uri import grey_address, strip_address


def decoded(address: str, mode: str) -> np.ndarray:
    kind, content = address.split(",")
    assert kind == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
        return np.asarray(picture.convert(mode))


def test_a_grey_picture_is_kept_to_the_nearest_of_256_greys():
    picture = np.array([[0.0, 0.5, 1.0], [0.25, 0.75, 0.1]])
    assert decoded(grey_address(picture), "L").tolist() == [[0, 128, 255], [64, 191, 26]]


def test_a_strip_of_greys_holds_the_images_one_below_the_other():
    images = np.random.default_rng(1).integers(0, 256, (3, 28, 28), np.uint8)
    assert np.array_equal(decoded(strip_address(images), "L"), images.reshape(84, 28))


def test_a_strip_in_colours_keeps_colour_and_opacity():
    colours = np.random.default_rng(2).integers(0, 256, (256, 4), np.uint8)
    images = colours[np.random.default_rng(3).integers(0, 256, (5, 28, 28))]
    assert np.array_equal(decoded(strip_address(images), "RGBA").reshape(images.shape), images)
