"""The two heads of a network: how logits become probabilities, and how wrong they are.

Both losses are computed from the logits z, never from rounded probabilities, so they are exact and finite even at
logits of ±10,000.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mnist_core.layers import sigmoid


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


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Compute the mean over the batch of −log p[label], and its gradient (p − onehot) / N.

    log p = (z − max z) − log Σ e^(z − max z), so nothing is divided and no logarithm of 0 is taken.

    Args:
        logits: float (N, K).
        labels: integer (N,), in [0, K).

    Returns:
        The mean loss, ≥ 0, and dloss/dlogits (N, K) in the dtype of the logits.

    Source: Goodfellow, Bengio, Courville 2016, Deep Learning, section 6.2.2.3.

    Example:
        >>> loss, grad = softmax_cross_entropy(np.zeros((1, 10)), np.array([3]))
        >>> round(loss, 4)  # ln 10: the loss of a network that knows nothing
        2.3026
    """
    count = len(logits)
    rows = np.arange(count)
    shifted = logits - logits.max(axis=1, keepdims=True)
    grad = np.exp(shifted)
    totals = grad.sum(axis=1, keepdims=True)
    loss = float(np.mean(np.log(totals[:, 0]) - shifted[rows, labels]))
    grad /= totals
    grad[rows, labels] -= 1
    grad /= count
    return loss, grad


def sigmoid_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Compute the mean over the batch of the sum of K binary cross-entropies, and its gradient (σ(z) − t) / N.

    Each output answers "is it this digit?" by itself. With t = 1 for the label and 0 elsewhere, one term is
    −t log σ(z) − (1 − t) log(1 − σ(z)) = max(s, 0) + log(1 + e^−|s|), with s = −z for the label and s = z elsewhere:
    nothing overflows, and no large numbers are subtracted from each other.

    Args:
        logits: float (N, K).
        labels: integer (N,), in [0, K).

    Returns:
        The mean loss, ≥ 0, and dloss/dlogits (N, K) in the dtype of the logits.
    """
    count = len(logits)
    rows = np.arange(count)
    wrongness = logits.copy()
    wrongness[rows, labels] *= -1
    loss = float((np.maximum(wrongness, 0) + np.log1p(np.exp(-np.abs(wrongness)))).sum() / count)
    grad = sigmoid(logits)
    grad[rows, labels] -= 1
    grad /= count
    return loss, grad


def _sigmoid_shares(logits: np.ndarray) -> np.ndarray:
    """Ten independent answers as shares that sum to 1: pₖ = σ(zₖ) / Σⱼ σ(zⱼ), as softmax of log σ(z)."""
    log_sigmoid = np.minimum(logits, 0) - np.log1p(np.exp(-np.abs(logits)))
    return softmax(log_sigmoid)


@dataclass(frozen=True)
class Head:
    """What stands on a network's logits.

    Attributes:
        loss: (logits (N, K), labels (N,)) -> (mean loss, dloss/dlogits).
        probabilities: logits (N, K) -> (N, K), rows that sum to 1.
    """

    loss: Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]
    probabilities: Callable[[np.ndarray], np.ndarray]


HEADS: dict[str, Head] = {
    "softmax": Head(softmax_cross_entropy, softmax),
    "sigmoid": Head(sigmoid_cross_entropy, _sigmoid_shares),
}
