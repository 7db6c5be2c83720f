"""How well a network reads: worked by hand, and compared with scikit-learn."""

import math

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_core.nn.layers import Linear
from mnist_core.nn.losses import HEADS
from mnist_core.nn.metrics import EVALUATION_BATCH, confusion_matrix, evaluate
from mnist_core.nn.mlp import MLP, build_mlp
from mnist_core.nn.normalization import NORMALIZATIONS, normalize


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


def first_pixel_network() -> MLP:
    """Says class 1 with logit ln 3 if the first pixel is white, else class 0 and 1 alike: 0 and -infinity nearly."""
    W = np.zeros((784, 10), np.float32)
    W[0, 1] = math.log(3)
    b = np.full(10, -1000, np.float32)
    b[:2] = 0
    return MLP([Linear(W, b)])


def test_evaluation_by_hand():
    images = np.zeros((4, 28, 28), np.uint8)
    images[:3, 0, 0] = 255  # p(1) = 0.75 for three images; for the last one, 0.5 each, and the first class wins
    result = evaluate(first_pixel_network(), "softmax", "unit", images, np.array([1, 0, 1, 0], np.uint8))
    assert result.accuracy == 0.75
    assert result.loss == pytest.approx((2 * math.log(4 / 3) + math.log(4) + math.log(2)) / 4, rel=1e-6)
    assert result.confusion[:2, :2].tolist() == [[1, 1], [0, 2]] and result.confusion.sum() == 4


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_set_larger_than_one_batch_counts_every_image_once(head, normalization):
    rng = np.random.default_rng(0)
    count = 2 * EVALUATION_BATCH + 3
    images, labels = rng.integers(0, 256, (count, 28, 28), np.uint8), rng.integers(0, 10, count).astype(np.uint8)
    model = build_mlp((784, 4, 10), "relu", "xavier", rng)
    result = evaluate(model, head, normalization, images, labels)
    logits = model(normalize(images, normalization))
    assert result.loss == pytest.approx(HEADS[head].loss(logits.astype(np.float64), labels)[0], rel=1e-4)
    assert result.accuracy == pytest.approx((logits.argmax(axis=1) == labels).mean(), abs=2 / count)
    assert result.confusion.sum() == count
    np.testing.assert_array_equal(result.confusion.sum(axis=1), np.bincount(labels, minlength=10))
    assert result.accuracy == np.trace(result.confusion) / count


def test_one_image_is_enough():
    result = evaluate(
        first_pixel_network(), "softmax", "unit", np.zeros((1, 28, 28), np.uint8), np.array([0], np.uint8)
    )
    assert result.accuracy == 1 and result.confusion[0, 0] == 1
    assert result.loss == pytest.approx(math.log(2), rel=1e-6)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_network_is_read_as_it_is_used_not_as_it_is_trained(batch_norm):
    """No dropout, running statistics; and reading leaves no trace."""
    rng = np.random.default_rng(0)
    model = build_mlp((784, 8, 10), "relu", "he", rng, batch_norm=batch_norm, dropout=0.5)
    images, labels = rng.integers(0, 256, (50, 28, 28), np.uint8), rng.integers(0, 10, 50).astype(np.uint8)
    model.forward(normalize(images[:20], "unit"), training=True)
    before, state = model.flat.copy(), rng.bit_generator.state
    one, two = (evaluate(model, "softmax", "unit", images, labels) for _ in range(2))
    assert one.loss == two.loss
    np.testing.assert_array_equal(model.flat, before)
    assert rng.bit_generator.state == state


def test_a_float64_network_is_measured_in_float64():
    """Else its losses could not be compared with other programs digit by digit."""
    rng = np.random.default_rng(0)
    model = build_mlp((784, 10), "relu", "he", rng, np.float64)
    images, labels = rng.integers(0, 256, (50, 28, 28), np.uint8), rng.integers(0, 10, 50).astype(np.uint8)
    logits = model(images.reshape(50, 784) / 255)
    found = evaluate(model, "softmax", "unit", images, labels).loss
    assert found == pytest.approx(HEADS["softmax"].loss(logits, labels)[0], rel=1e-13)
