"""How well a network reads a set of images."""

from dataclasses import dataclass

import numpy as np

from mnist_core.constants import CLASSES


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The result of reading a labelled set.

    Attributes:
        loss: mean loss.
        accuracy: share of images read correctly, in [0, 1].
        confusion: int64 (K, K); row: true class, column: class read.
    """

    loss: float
    accuracy: float
    confusion: np.ndarray


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray, classes: int = CLASSES) -> np.ndarray:
    """Count how often each class was read as each class.

    Args:
        labels: integer (N,), the truth.
        predictions: integer (N,).
        classes: K.

    Returns:
        int64 (K, K); row: true class, column: class read.
    """
    pairs = labels.astype(np.int64) * classes + predictions
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
