"""From pixels to numbers: values worked by hand, both kinds of images, nothing changed in place."""

import warnings

import numpy as np
import pytest

from mnist_core.io.idx import read_idx
from mnist_core.nn.normalization import NORMALIZATIONS, normalize

IMAGES = np.zeros((2, 28, 28), np.uint8)
IMAGES[0, 0, :3] = 255, 51, 102
IMAGES[1, 27, 27] = 255


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("unit", [1, 0.2, 0.4, 0]),
        # (1 - 0.1307) / 0.3081, (0.2 - 0.1307) / 0.3081, (0.4 - 0.1307) / 0.3081, -0.1307 / 0.3081
        ("standard", [2.821486, 0.224927, 0.874067, -0.424213]),
        ("raw", [255, 51, 102, 0]),
        ("min-max", [1, 0.2, 0.4, 0]),  # this image goes from black to white
    ],
)
def test_by_hand(name: str, expected: list[float]):
    x = normalize(IMAGES, name)
    assert x.shape == (2, 784) and x.dtype == np.float32
    np.testing.assert_allclose(x[0, :4], expected, rtol=2e-6)
    assert x[1, 783] == x[0, 0] and set(x[1, :783]) == {x[0, 3]}


def test_there_are_four():
    assert list(NORMALIZATIONS) == ["unit", "standard", "raw", "min-max"]


def test_min_max_stretches_every_image_by_itself():
    images = np.full((3, 28, 28), 50, np.uint8)
    images[0, 0, :2] = 100, 75
    images[1, 0, :2] = 54, 53
    x = normalize(images, "min-max", np.float64)
    expected = np.array([[1, 0.5, 0], [1, 0.75, 0], [0, 0, 0]])
    np.testing.assert_allclose(x[:, :3], expected, rtol=1e-14)


@pytest.mark.parametrize("value", [0, 7, 255])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_min_max_of_an_even_image_is_0_without_a_warning(value, kind):
    image = np.full((1, 28, 28), value, np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not normalize(image if kind is np.uint8 else image.astype(kind) / 255, "min-max").any()


@pytest.mark.parametrize("name", NORMALIZATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_floats_from_0_to_1_are_read_like_bytes_from_0_to_255(name, kind, dtype):
    """What the recognizer hands in has the same meaning as what training reads from the file."""
    tolerance = 1e-6 if np.float32 in (dtype, kind) else 1e-13
    x = normalize((IMAGES / 255).astype(kind), name, dtype)
    assert x.dtype == dtype
    np.testing.assert_allclose(x, normalize(IMAGES, name, dtype), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", NORMALIZATIONS)
@pytest.mark.parametrize("images", [IMAGES, np.ones((1, 28, 28), np.float32)])
def test_images_are_not_changed(name, images):
    kept = images.copy()
    kept.flags.writeable = False
    normalize(kept, name, np.float32)
    np.testing.assert_array_equal(images, kept)


def test_standard_gives_mnist_mean_0_and_variance_1(real_mnist):
    x = normalize(read_idx(real_mnist / "t10k-images-idx3-ubyte.gz"), "standard")
    assert x.mean(dtype=np.float64) == pytest.approx(0, abs=0.01)
    assert x.std(dtype=np.float64) == pytest.approx(1, abs=0.01)
