"""From pixels to numbers: values worked by hand, both kinds of images, nothing changed in place.

Run alone: python -m pytest tests/mnist_core/test_normalization.py
"""

import numpy as np
import pytest

from mnist_core.idx import read_idx
from mnist_core.normalization import NORMALIZATIONS, normalize

IMAGES = np.zeros((2, 28, 28), np.uint8)
IMAGES[0, 0, :3] = 255, 51, 102
IMAGES[1, 27, 27] = 255


def test_unit_by_hand():
    x = normalize(IMAGES, "unit")
    assert x.shape == (2, 784) and x.dtype == np.float32
    np.testing.assert_allclose(x[0, :4], [1, 0.2, 0.4, 0], rtol=1e-6)
    assert x[1, 783] == 1 and x[1, :783].max() == 0


def test_standard_by_hand():
    x = normalize(IMAGES, "standard")
    assert x.shape == (2, 784) and x.dtype == np.float32
    # (1 - 0.1307) / 0.3081, (0.2 - 0.1307) / 0.3081, (0.4 - 0.1307) / 0.3081, -0.1307 / 0.3081
    np.testing.assert_allclose(x[0, :4], [2.821486, 0.224927, 0.874067, -0.424213], rtol=2e-6)


@pytest.mark.parametrize("name", NORMALIZATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_from_0_to_1_are_read_like_bytes_from_0_to_255(name, dtype):
    tolerance = 1e-6 if dtype is np.float32 else 1e-13
    floats = IMAGES.astype(np.float64) / 255
    x = normalize(floats, name, dtype)
    assert x.dtype == dtype
    np.testing.assert_allclose(x, normalize(IMAGES, name, dtype), rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", NORMALIZATIONS)
@pytest.mark.parametrize("images", [IMAGES, np.ones((1, 28, 28), np.float32)])
def test_images_are_not_changed(name, images):
    kept = images.copy()
    normalize(images, name, np.float32)
    np.testing.assert_array_equal(images, kept)


def test_standard_gives_mnist_mean_0_and_variance_1(real_mnist):
    x = normalize(read_idx(real_mnist / "t10k-images-idx3-ubyte.gz"), "standard")
    assert x.mean(dtype=np.float64) == pytest.approx(0, abs=0.01)
    assert x.std(dtype=np.float64) == pytest.approx(1, abs=0.01)
