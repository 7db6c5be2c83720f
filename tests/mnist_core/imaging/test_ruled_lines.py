"""Ruled lines are removed, and strokes are kept."""

import numpy as np
import pytest

from mnist_core.imaging.ruled_lines import without_lines


def test_lines_go_and_what_crosses_them_stays():
    mask = np.zeros((200, 300), bool)
    mask[30:200:40] = True
    mask[31:200:40] = True
    mask[60:160, 140:150] = True  # a stick
    left = without_lines(mask)
    assert left[60:160, 140:150].all()
    assert np.count_nonzero(left) <= 1.1 * 1000  # the stick, and hardly more where lines leave it


def test_one_straight_stroke_is_no_ruled_paper():
    ink = np.zeros((200, 300), np.float32)
    ink[100:102, 20:280] = 1
    np.testing.assert_array_equal(without_lines(ink > 0), ink > 0)


@pytest.mark.parametrize("side", [1, 2, 3, 5, 9])
def test_masks_narrower_than_a_line_is_thick(side):
    mask = np.random.default_rng(side).random((side, 5000)) < 0.03
    mask[0] = True
    assert without_lines(mask).shape == mask.shape
    np.testing.assert_array_equal(without_lines(mask.T), without_lines(mask).T)
