"""The heads: losses worked by hand, compared with SciPy and scikit-learn, and exact at extreme logits."""

import math
import warnings

import numpy as np
import pytest
import scipy.special
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_core.constants import OUTLIER_LABEL
from mnist_core.nn.losses import (
    HEADS,
    Loss,
    loss_function,
    sigmoid_cross_entropy,
    softmax,
    softmax_cross_entropy,
    squared_error,
)

LN3 = math.log(3)
LOSSES: dict[str, Loss] = {
    **{name: loss_function(name) for name in HEADS},
    "smoothing 0.1": loss_function("softmax", 0.1),
    "smoothing 0.9": loss_function("softmax", 0.9),
}
DTYPES = [np.float32, np.float64]


def batches(
    dtype: type[np.floating], largest: float = 1e4, no_class: bool = False
) -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    """Logits of 1 to 8 rows and 10 classes, and their labels; among these `OUTLIER_LABEL`, if that is asked for."""
    classes = st.integers(0, 9)
    return st.integers(1, 8).flatmap(
        lambda rows: st.tuples(
            hnp.arrays(
                dtype, (rows, 10), elements=st.floats(-largest, largest, width=32 if dtype is np.float32 else 64)
            ),
            hnp.arrays(np.uint8, rows, elements=classes | st.just(OUTLIER_LABEL) if no_class else classes),
        )
    )


def true_sigmoid_loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """An independent implementation, one number after the other, summed exactly."""
    terms = [
        float(np.logaddexp(0.0, -z if k == label else z))
        for row, label in zip(logits.astype(np.float64).tolist(), labels, strict=True)
        for k, z in enumerate(row)
    ]
    return math.fsum(terms) / len(logits)


# By hand


def test_softmax_by_hand():
    np.testing.assert_allclose(softmax(np.array([[0, LN3], [5, 5]])), [[0.25, 0.75], [0.5, 0.5]], atol=1e-15)


def test_softmax_cross_entropy_by_hand():
    loss, grad = softmax_cross_entropy(np.array([[0, LN3], [0, LN3]]), np.array([1, 0]))
    assert loss == pytest.approx((math.log(4 / 3) + math.log(4)) / 2, rel=1e-15)
    np.testing.assert_allclose(grad, [[0.125, -0.125], [-0.375, 0.375]], atol=1e-16)


def test_sigmoid_cross_entropy_by_hand():
    loss, grad = sigmoid_cross_entropy(np.array([[0, LN3], [0, LN3]]), np.array([1, 0]))
    # first row: ln 2 + ln 4/3, second row: ln 2 + ln 4
    assert loss == pytest.approx((math.log(8 / 3) + math.log(8)) / 2, rel=1e-15)
    np.testing.assert_allclose(grad, [[0.25, -0.125], [-0.25, 0.375]], atol=1e-16)


def test_label_smoothing_by_hand():
    loss, grad = softmax_cross_entropy(np.array([[0, LN3]]), np.array([1]), label_smoothing=0.2)
    # wanted: (0.1, 0.9); found: (0.25, 0.75)
    assert loss == pytest.approx(0.1 * math.log(4) + 0.9 * math.log(4 / 3), rel=1e-14)
    np.testing.assert_allclose(grad, [[0.15, -0.15]], rtol=1e-14)


def test_squared_error_by_hand():
    loss, grad = squared_error(np.array([[0, LN3], [0, LN3]]), np.array([1, 0]))
    # outputs 0.5 and 0.75; errors 0.5 and -0.25, then -0.5 and 0.75
    assert loss == pytest.approx((0.25 + 0.0625 + 0.25 + 0.5625) / 4, rel=1e-15)
    np.testing.assert_allclose(grad, np.array([[0.125, -0.046875], [-0.125, 0.140625]]) / 2, rtol=1e-14)


@pytest.mark.parametrize("head", ["sigmoid", "squared-error"])
def test_shares_of_independent_outputs_by_hand(head):
    shares = HEADS[head].probabilities(np.array([[0, LN3]]))  # 0.5 and 0.75
    np.testing.assert_allclose(shares, [[0.4, 0.6]], atol=1e-15)


def test_a_network_that_knows_nothing():
    logits, labels = np.zeros((4, 10)), np.array([0, 3, 9, 9])
    assert HEADS["softmax"].loss(logits, labels)[0] == pytest.approx(math.log(10), rel=1e-15)
    assert HEADS["sigmoid"].loss(logits, labels)[0] == pytest.approx(10 * math.log(2), rel=1e-15)
    assert HEADS["squared-error"].loss(logits, labels)[0] == 10 * 0.5**2 / 2
    assert LOSSES["smoothing 0.1"](logits, labels)[0] == pytest.approx(math.log(10), rel=1e-14)
    for head in HEADS.values():
        np.testing.assert_allclose(head.probabilities(logits), np.full((4, 10), 0.1), rtol=1e-15)


def test_which_loss_a_network_is_trained_with():
    logits, labels = np.random.default_rng(0).normal(size=(5, 10)), np.arange(5)
    for head, smoothing in (("softmax", 0.0), ("sigmoid", 0.0), ("squared-error", 0.0), ("sigmoid", 0.3)):
        assert loss_function(head, smoothing)(logits, labels)[0] == HEADS[head].loss(logits, labels)[0]
    smoothed = softmax_cross_entropy(logits, labels, 0.3)[0]
    assert loss_function("softmax", 0.3)(logits, labels)[0] == smoothed != softmax_cross_entropy(logits, labels)[0]


# Against other libraries


@given(batches(np.float64, 50))
@settings(max_examples=20, deadline=None)
def test_softmax_agrees_with_scipy_and_scikit_learn(batch):
    logits, labels = batch
    expected = scipy.special.softmax(logits, axis=1)
    loss, grad = softmax_cross_entropy(logits, labels)
    np.testing.assert_allclose(softmax(logits), expected, rtol=1e-13)
    log_probs = scipy.special.log_softmax(logits, axis=1)
    assert loss == pytest.approx(-log_probs[np.arange(len(labels)), labels].mean(), rel=1e-12, abs=1e-14)
    np.testing.assert_allclose(grad, (expected - np.eye(10)[labels]) / len(labels), rtol=1e-12, atol=1e-15)
    if logits.max() - logits.min() < 30:  # scikit-learn clips probabilities
        reference = sklearn.metrics.log_loss(labels, expected, labels=np.arange(10))
        assert loss == pytest.approx(reference, rel=1e-9, abs=1e-12)


@given(batches(np.float64, 30))
@settings(max_examples=20, deadline=None)
def test_sigmoid_agrees_with_scipy(batch):
    logits, labels = batch
    onehot = np.eye(10)[labels]
    probs = scipy.special.expit(logits)
    loss, grad = sigmoid_cross_entropy(logits, labels)
    terms = onehot * scipy.special.log_expit(logits) + (1 - onehot) * scipy.special.log_expit(-logits)
    assert loss == pytest.approx(-terms.sum() / len(labels), rel=1e-12)
    np.testing.assert_allclose(grad, (probs - onehot) / len(labels), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(
        HEADS["sigmoid"].probabilities(logits), probs / probs.sum(axis=1, keepdims=True), rtol=1e-11
    )


@given(batches(np.float64, 30))
@settings(max_examples=20, deadline=None)
def test_squared_error_agrees_with_scipy_and_scikit_learn(batch):
    logits, labels = batch
    onehot, outputs = np.eye(10)[labels], scipy.special.expit(logits)
    loss, grad = squared_error(logits, labels)
    reference = sklearn.metrics.mean_squared_error(onehot, outputs) * 10 / 2  # theirs is a mean over classes, too
    assert loss == pytest.approx(reference, rel=1e-12, abs=1e-15)
    slope = (outputs - onehot) * outputs * (1 - outputs) / len(labels)
    np.testing.assert_allclose(grad, slope, rtol=1e-9, atol=1e-15)


@given(batches(np.float64, 50), st.floats(0, 1, exclude_max=True))
@settings(max_examples=20, deadline=None)
def test_label_smoothing_mixes_the_label_with_all_classes_alike(batch, smoothing):
    logits, labels = batch
    wanted = (1 - smoothing) * np.eye(10)[labels] + smoothing / 10
    loss, grad = softmax_cross_entropy(logits, labels, smoothing)
    log_probs = scipy.special.log_softmax(logits, axis=1)
    assert loss == pytest.approx(-(wanted * log_probs).sum(axis=1).mean(), rel=1e-12, abs=1e-13)
    np.testing.assert_allclose(grad, (np.exp(log_probs) - wanted) / len(labels), rtol=1e-11, atol=1e-15)


# None of the classes


def targets(labels: np.ndarray, unknown: float) -> np.ndarray:
    """1 for the label and 0 elsewhere; the same number for all classes where there is no label."""
    wanted = np.full((len(labels), 10), unknown)
    for row, label in zip(wanted, labels, strict=True):
        if label != OUTLIER_LABEL:
            row[:] = np.arange(10) == label
    return wanted


def test_softmax_by_hand_of_none_of_the_classes():
    """All classes alike are wanted: no digit is to be found more probable than another."""
    loss, grad = softmax_cross_entropy(np.array([[0, LN3], [0, LN3]]), np.array([OUTLIER_LABEL, 1]))
    # wanted: (0.5, 0.5) and (0, 1); found: (0.25, 0.75)
    assert loss == pytest.approx((0.5 * math.log(4) + 0.5 * math.log(4 / 3) + math.log(4 / 3)) / 2, rel=1e-14)
    np.testing.assert_allclose(grad, [[-0.125, 0.125], [0.125, -0.125]], atol=1e-16)


def test_sigmoid_by_hand_of_none_of_the_classes():
    """Every output is to say no."""
    loss, grad = sigmoid_cross_entropy(np.array([[0, LN3], [0, LN3]]), np.array([OUTLIER_LABEL, 1]))
    # first row: ln 2 + ln 4, second row: ln 2 + ln 4/3
    assert loss == pytest.approx((math.log(8) + math.log(8 / 3)) / 2, rel=1e-15)
    np.testing.assert_allclose(grad, [[0.25, 0.375], [0.25, -0.125]], atol=1e-16)


def test_squared_error_by_hand_of_none_of_the_classes():
    loss, grad = squared_error(np.array([[0, LN3], [0, LN3]]), np.array([OUTLIER_LABEL, 1]))
    # outputs and errors 0.5 and 0.75, then errors 0.5 and -0.25
    assert loss == pytest.approx((0.25 + 0.5625 + 0.25 + 0.0625) / 4, rel=1e-15)
    np.testing.assert_allclose(grad, np.array([[0.125, 0.140625], [0.125, -0.046875]]) / 2, rtol=1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_equal_logits_are_what_softmax_wants_where_there_is_no_class(smoothing, dtype):
    logits, labels = np.zeros((4, 10), dtype), np.full(4, OUTLIER_LABEL, np.uint8)
    loss, grad = softmax_cross_entropy(logits, labels, smoothing)
    assert loss == pytest.approx(math.log(10), rel=1e-6 if dtype is np.float32 else 1e-15)
    assert grad.dtype == dtype
    np.testing.assert_allclose(grad, 0, atol=1e-8 if dtype is np.float32 else 1e-17)
    logits[:, 3] += 1
    assert softmax_cross_entropy(logits, labels, smoothing)[0] > loss + 0.01


def test_no_at_every_output_is_what_the_other_heads_want_where_there_is_no_class():
    logits, labels = np.full((3, 10), -1e4), np.full(3, OUTLIER_LABEL)
    for name in ("sigmoid", "squared-error"):
        loss, grad = HEADS[name].loss(logits, labels)
        assert loss == 0 and not grad.any()
    assert HEADS["sigmoid"].loss(np.zeros((3, 10)), labels)[0] == pytest.approx(10 * math.log(2), rel=1e-15)
    assert HEADS["squared-error"].loss(np.zeros((3, 10)), labels)[0] == 10 * 0.5**2 / 2


@given(batches(np.float64, 50, no_class=True), st.floats(0, 1, exclude_max=True))
@settings(max_examples=30, deadline=None)
def test_softmax_with_and_without_a_class_agrees_with_scipy(batch, smoothing):
    """Cross-entropy is the entropy of what is wanted and its divergence from what is found."""
    logits, labels = batch
    wanted = targets(labels, 0.1)
    known = labels != OUTLIER_LABEL
    wanted[known] = (1 - smoothing) * wanted[known] + smoothing / 10
    probs = scipy.special.softmax(logits, axis=1)
    terms = scipy.special.entr(wanted) + scipy.special.rel_entr(wanted, probs)
    loss, grad = softmax_cross_entropy(logits, labels, smoothing)
    assert loss == pytest.approx(terms.sum() / len(labels), rel=1e-12, abs=1e-13)
    np.testing.assert_allclose(grad, (probs - wanted) / len(labels), rtol=1e-11, atol=1e-15)


@given(batches(np.float64, 30, no_class=True))
@settings(max_examples=30, deadline=None)
def test_independent_outputs_with_and_without_a_class_agree_with_scipy(batch):
    logits, labels = batch
    wanted, outputs = targets(labels, 0.0), scipy.special.expit(logits)
    loss, grad = sigmoid_cross_entropy(logits, labels)
    terms = wanted * scipy.special.log_expit(logits) + (1 - wanted) * scipy.special.log_expit(-logits)
    assert loss == pytest.approx(-terms.sum() / len(labels), rel=1e-12)
    np.testing.assert_allclose(grad, (outputs - wanted) / len(labels), rtol=1e-12, atol=1e-15)
    loss, grad = squared_error(logits, labels)
    assert loss == pytest.approx(0.5 * ((outputs - wanted) ** 2).sum() / len(labels), rel=1e-12, abs=1e-15)
    slope = (outputs - wanted) * outputs * (1 - outputs) / len(labels)
    np.testing.assert_allclose(grad, slope, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("name", LOSSES)
def test_a_mixed_batch_is_the_mean_of_its_images(name):
    """So an image without a class changes nothing for the others, and counts like one of them."""
    logits = np.random.default_rng(3).normal(0, 2, (5, 10))
    labels = np.array([3, OUTLIER_LABEL, 0, OUTLIER_LABEL, 9])
    loss, grad = LOSSES[name](logits, labels)
    singles = [LOSSES[name](logits[i : i + 1], labels[i : i + 1]) for i in range(5)]
    assert loss == pytest.approx(np.mean([single for single, _ in singles]), rel=1e-13)
    np.testing.assert_allclose(grad, np.concatenate([slope for _, slope in singles]) / 5, rtol=1e-12, atol=1e-16)


# Where label smoothing wants to be


@given(batches(np.float64, 50), st.floats(0.01, 0.99))
@settings(max_examples=20, deadline=None)
def test_the_minimum_of_label_smoothing_is_at_the_probabilities_it_asks_for(batch, smoothing):
    logits, labels = batch
    wanted = (1 - smoothing) * np.eye(10)[labels] + smoothing / 10
    entropy = -(wanted * np.log(wanted)).sum(axis=1).mean()
    lowest, slope = softmax_cross_entropy(np.log(wanted), labels, smoothing)
    assert lowest == pytest.approx(entropy, rel=1e-12)
    np.testing.assert_allclose(slope, 0, atol=1e-15)
    assert softmax_cross_entropy(logits, labels, smoothing)[0] >= entropy - 1e-12


def test_label_smoothing_punishes_an_answer_that_is_too_sure():
    losses = [LOSSES["smoothing 0.1"](np.eye(10)[[3]] * sureness, np.array([3]))[0] for sureness in (2, 4.5, 9)]
    assert losses[1] < losses[0] and losses[1] < losses[2]  # ln(0.91 / 0.01) = 4.5


# Extremes


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_cross_entropy_at_ten_thousand(dtype):
    logits = np.full((2, 10), -1e4, dtype)
    logits[:, 3] = 1e4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        right, grad_right = softmax_cross_entropy(logits, np.array([3, 3]))
        wrong, grad_wrong = softmax_cross_entropy(logits, np.array([5, 5]))
    assert right == 0 and not grad_right.any()
    assert wrong == 20_000
    expected = np.zeros((2, 10))
    expected[:, 3], expected[:, 5] = 0.5, -0.5
    np.testing.assert_array_equal(grad_wrong, expected)
    assert grad_wrong.dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_cross_entropy_at_ten_thousand(dtype):
    logits = np.full((2, 10), -1e4, dtype)
    logits[:, 3] = 1e4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        right, grad_right = sigmoid_cross_entropy(logits, np.array([3, 3]))
        wrong, grad_wrong = sigmoid_cross_entropy(logits, np.array([5, 5]))
    assert right == 0 and not grad_right.any()
    assert wrong == 20_000  # 10,000 for the false yes and 10,000 for the false no
    expected = np.zeros((2, 10))
    expected[:, 3], expected[:, 5] = 0.5, -0.5
    np.testing.assert_array_equal(grad_wrong, expected)
    assert grad_wrong.dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
def test_label_smoothing_at_ten_thousand(dtype):
    logits = np.full((1, 10), -1e4, dtype)
    logits[:, 3] = 1e4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        right, grad_right = LOSSES["smoothing 0.1"](logits, np.array([3]))
        wrong, grad_wrong = LOSSES["smoothing 0.1"](logits, np.array([5]))
    assert right == pytest.approx(0.09 * 20_000, rel=1e-6)  # what is wanted of the nine other classes
    assert wrong == pytest.approx(0.99 * 20_000, rel=1e-6)
    np.testing.assert_allclose(grad_right, np.where(np.arange(10) == 3, 0.09, -0.01)[None], atol=1e-6)
    np.testing.assert_allclose(grad_wrong, np.r_[[-0.01] * 3, 0.99, -0.01, -0.91, [-0.01] * 4][None], atol=1e-6)
    assert grad_right.dtype == grad_wrong.dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sureness", [20.0, 1e4])
def test_squared_error_has_no_slope_where_an_output_is_sure_and_wrong_and_cross_entropy_has(dtype, sureness):
    """Why nobody trains classifiers with it any more."""
    logits = np.full((1, 10), -sureness, dtype)
    logits[0, 3] = sureness
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        slopes = {name: loss(logits.copy(), np.array([5]))[1] for name, loss in LOSSES.items()}
        loss, _ = squared_error(logits, np.array([5]))
    assert loss == pytest.approx(1, abs=1e-6)  # two of ten outputs are as wrong as can be
    assert np.abs(slopes["squared-error"]).max() < 1e-8
    for name in ("softmax", "sigmoid"):
        assert slopes[name][0, 5] == pytest.approx(-1, abs=1e-6) and slopes[name][0, 3] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_cross_entropy_is_exact_beside_a_large_right_logit(dtype):
    """A sure and right answer costs nothing, and must not drown what the nine other outputs cost."""
    logits = np.zeros((1, 10), dtype)
    logits[0, 3] = 1e4
    loss, _ = sigmoid_cross_entropy(logits, np.array([3]))
    assert loss == pytest.approx(9 * math.log(2), rel=1e-6 if dtype is np.float32 else 1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_cross_entropy_of_sure_and_right_answers_is_never_below_zero(dtype):
    rng = np.random.default_rng(0)
    for scale in (20, 100, 10_000):
        for _ in range(20):
            labels = rng.integers(0, 10, 64)
            logits = rng.normal(-scale, 1, (64, 10)).astype(dtype)
            logits[np.arange(64), labels] = rng.normal(scale, scale / 8, 64)
            loss, _ = sigmoid_cross_entropy(logits, labels)
            assert loss >= 0
            tolerance = 1e-5 if dtype is np.float32 else 1e-12
            assert loss == pytest.approx(true_sigmoid_loss(logits, labels), abs=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LOSSES)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_losses_are_finite_and_not_negative(name, dtype, data):
    logits, labels = data.draw(batches(dtype, no_class=True))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss, grad = LOSSES[name](logits, labels)
    assert grad.dtype == dtype and grad.shape == logits.shape
    assert type(loss) is float and math.isfinite(loss) and loss >= 0
    assert loss <= 5 or name != "squared-error"
    assert np.isfinite(grad).all() and np.abs(grad).max() <= 1 / len(labels) + 1e-6


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", HEADS)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_probabilities_sum_to_1(name, dtype, data):
    logits, _ = data.draw(batches(dtype))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probs = HEADS[name].probabilities(logits)
    assert probs.dtype == dtype and probs.min() >= 0
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("name", HEADS)
def test_the_most_probable_class_is_that_of_the_largest_logit(name):
    logits = np.random.default_rng(1).normal(0, 3, (200, 10))
    np.testing.assert_array_equal(HEADS[name].probabilities(logits).argmax(axis=1), logits.argmax(axis=1))


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", LOSSES)
def test_logits_are_not_changed(name, order, rows):
    """Of one image, too, and whatever the order in memory: a transposed array need not be a copy."""
    logits = np.asarray(np.random.default_rng(1).normal(size=(rows, 10)), order=order)
    kept = logits.copy()
    LOSSES[name](logits, np.array([1, OUTLIER_LABEL, 3])[:rows])
    if name in HEADS:
        HEADS[name].probabilities(logits)
    np.testing.assert_array_equal(logits, kept)


@pytest.mark.parametrize("labels", [[0, 9, 3], [0, OUTLIER_LABEL, 3]])
@pytest.mark.parametrize("name", LOSSES)
def test_labels_may_be_bytes(name, labels):
    logits = np.random.default_rng(1).normal(size=(3, 10))
    (loss, grad), (same, slope) = (LOSSES[name](logits, np.array(labels, kind)) for kind in (np.uint8, np.int64))
    assert loss == same
    np.testing.assert_array_equal(grad, slope)


@pytest.mark.parametrize("no_class", [[], [1, 2], [0, 1, 2, 3]], ids=["digits", "mixed", "no digits"])
@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_that_of_central_differences(name, no_class):
    rng = np.random.default_rng(2)
    logits, labels = rng.normal(0, 2, (4, 10)), rng.integers(0, 10, 4)
    labels[no_class] = OUTLIER_LABEL
    _, grad = LOSSES[name](logits, labels)
    numeric = np.empty_like(logits)
    for i in np.ndindex(logits.shape):
        above, below = logits.copy(), logits.copy()
        above[i] += 1e-5
        below[i] -= 1e-5
        numeric[i] = (LOSSES[name](above, labels)[0] - LOSSES[name](below, labels)[0]) / 2e-5
    np.testing.assert_allclose(grad, numeric, rtol=1e-7, atol=1e-10)
    assert np.linalg.norm(grad - numeric) < 1e-7 * (np.linalg.norm(grad) + np.linalg.norm(numeric))
