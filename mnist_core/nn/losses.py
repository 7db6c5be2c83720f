"""The heads of a network: how logits become probabilities, and how wrong those are.

The cross-entropies are computed from the logits z, never from rounded probabilities, so they are exact and finite even
at logits of ±10,000.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from mnist_core.constants import OUTLIER_LABEL
from mnist_core.nn.activations import sigmoid


def softmax(logits: np.ndarray) -> np.ndarray:
    """Compute pₖ = e^zₖ / Σⱼ e^zⱼ for every row.

    The row's maximum is subtracted first: it cancels in the quotient, and no exponent is then above 0.

    Args:
        logits: (N, K).

    Returns:
        (N, K), each row positive with sum 1.
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def softmax_cross_entropy(
    logits: np.ndarray, labels: np.ndarray, label_smoothing: float = 0.0
) -> tuple[float, np.ndarray]:
    """Compute the mean over the batch of −Σₖ tₖ log pₖ, and its gradient (p − t) / N.

    Without smoothing t is 1 for the label and 0 elsewhere, so the loss is −log p[label]. With smoothing s the label
    gives the share s away to all K classes alike, t = (1 − s) onehot + s / K: the network need not be surer than that.
    For an image of `OUTLIER_LABEL` s is 1: all classes should be equally probable. log p is computed as
    (z − max z) − log Σ e^(z − max z), so nothing is divided and no logarithm of 0 occurs.

    Args:
        logits: float (N, K).
        labels: integer (N,), in [0, K), or `OUTLIER_LABEL`.
        label_smoothing: s in [0, 1).

    Returns:
        The mean loss, ≥ 0, and dloss/dlogits (N, K) in the dtype of the logits.

    Source: Goodfellow, Bengio, Courville 2016, Deep Learning, sections 6.2.2.3 and 7.5.1.

    Example:
        >>> loss, grad = softmax_cross_entropy(np.zeros((1, 10)), np.array([3]))
        >>> round(loss, 4)  # ln 10: the loss of a network that knows nothing
        2.3026
    """
    count, classes = logits.shape
    # (K, N): sums over the classes then run along whole rows, which takes half the time.
    shifted = np.array(logits.T, order="C")
    shifted -= shifted.max(axis=0)
    grad = np.exp(shifted)
    totals = grad.sum(axis=0)
    outlier = labels == OUTLIER_LABEL
    smoothing = np.where(outlier, 1, label_smoothing).astype(logits.dtype)  # (N,)
    at_label = np.where(outlier, 0, labels), np.arange(count)
    # The loss is log Σ e^z − Σₖ tₖ zₖ, as Σₖ tₖ = 1; both terms are summed over the batch.
    wanted = ((1 - smoothing) * shifted[at_label]).sum()
    if smoothing.any():
        wanted += (smoothing / classes * shifted).sum()
    loss = float(np.log(totals).sum() - wanted) / count
    grad /= totals * count
    grad[at_label] -= (1 - smoothing) / count
    if smoothing.any():
        grad -= smoothing / classes / count
    return loss, grad.T


def sigmoid_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Compute the mean over the batch of the sum of K binary cross-entropies, and its gradient (σ(z) − t) / N.

    Each output answers "is it this class?" by itself. With t = 1 for the label and 0 elsewhere, one term is
    −t log σ(z) − (1 − t) log(1 − σ(z)) = max(s, 0) + log(1 + e^−|s|), with s = −z for the label and s = z elsewhere:
    nothing overflows, and no large numbers are subtracted from each other.

    Args:
        logits: float (N, K).
        labels: integer (N,), in [0, K), or `OUTLIER_LABEL`, for which all t are 0.

    Returns:
        The mean loss, ≥ 0, and dloss/dlogits (N, K) in the dtype of the logits.
    """
    count = len(logits)
    inliers = np.flatnonzero(labels != OUTLIER_LABEL)
    at_label = inliers, labels[inliers]
    wrongness = logits.copy()
    wrongness[at_label] *= -1
    loss = float((np.maximum(wrongness, 0) + np.log1p(np.exp(-np.abs(wrongness)))).sum() / count)
    grad = sigmoid(logits)
    grad[at_label] -= 1
    grad /= count
    return loss, grad


def squared_error(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Compute the mean over the batch of ½ Σₖ (σ(zₖ) − tₖ)², and its gradient (σ − t) σ (1 − σ) / N.

    The factor σ (1 − σ) is almost 0 where an output is very sure, even if it is very wrong: so this loss learns slowest
    just where there is most to learn. In the gradients of the cross-entropies that factor cancels.

    Args:
        logits: float (N, K).
        labels: integer (N,), in [0, K), or `OUTLIER_LABEL`, for which all t are 0.

    Returns:
        The mean loss, in [0, K / 2], and dloss/dlogits (N, K) in the dtype of the logits.

    Source: Nielsen 2015, Neural Networks and Deep Learning, chapter 3,
    http://neuralnetworksanddeeplearning.com/chap3.html
    """
    count = len(logits)
    inliers = np.flatnonzero(labels != OUTLIER_LABEL)
    outputs = sigmoid(logits)
    errors = outputs.copy()
    errors[inliers, labels[inliers]] -= 1
    loss = 0.5 * float((errors * errors).sum()) / count
    return loss, errors * outputs * (1 - outputs) / count


def sigmoid_shares(logits: np.ndarray) -> np.ndarray:
    """Turn K independent answers into shares that sum to 1: pₖ = σ(zₖ) / Σⱼ σ(zⱼ), as the softmax of log σ(z)."""
    log_sigmoid = np.minimum(logits, 0) - np.log1p(np.exp(-np.abs(logits)))
    return softmax(log_sigmoid)


Loss = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]
"""(logits (N, K), labels (N,)) -> (mean loss, dloss/dlogits (N, K))."""


@dataclass(frozen=True)
class Head:
    """What turns a network's logits into an answer and a loss.

    Attributes:
        loss: how wrong they are.
        probabilities: logits (N, K) -> (N, K), rows that sum to 1.
    """

    loss: Loss
    probabilities: Callable[[np.ndarray], np.ndarray]


HEADS: dict[str, Head] = {
    "softmax": Head(softmax_cross_entropy, softmax),
    "sigmoid": Head(sigmoid_cross_entropy, sigmoid_shares),
    "squared-error": Head(squared_error, sigmoid_shares),
}


def loss_function(head: str, label_smoothing: float = 0.0) -> Loss:
    """Return the loss that a network is trained with.

    Args:
        head: a key of `HEADS`.
        label_smoothing: in [0, 1), used by the head "softmax".
    """
    if head == "softmax" and label_smoothing:
        return partial(softmax_cross_entropy, label_smoothing=label_smoothing)
    return HEADS[head].loss
