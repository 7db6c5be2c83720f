"""How well a network reads: worked by hand, and compared with scikit-learn."""

import numpy as np
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_core.nn.metrics import confusion_matrix


def test_confusion_matrix_by_hand():
    matrix = confusion_matrix(np.array([0, 0, 1, 2, 2, 2]), np.array([0, 2, 1, 2, 2, 0]), classes=3)
    np.testing.assert_array_equal(matrix, [[1, 0, 1], [0, 1, 0], [1, 0, 2]])


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=60))
@settings(max_examples=30, deadline=None)
def test_confusion_matrix_is_that_of_scikit_learn(pairs):
    labels, predictions = np.array(pairs, np.uint8).T
    matrix = confusion_matrix(labels, predictions)
    assert matrix.dtype == np.int64 and matrix.sum() == len(pairs)
    expected = sklearn.metrics.confusion_matrix(labels, predictions, labels=np.arange(10))
    np.testing.assert_array_equal(matrix, expected)
