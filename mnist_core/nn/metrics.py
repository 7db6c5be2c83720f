"""How well a network reads a set of images."""

from dataclasses import dataclass

import numpy as np

from mnist_core.nn.losses import HEADS
from mnist_core.nn.mlp import MLP
from mnist_core.nn.normalization import normalize

EVALUATION_BATCH = 1000
"""Images per forward pass: large enough for the matrix product, small enough for the cache."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The result of reading a labelled set.

    Attributes:
        loss: mean loss.
        accuracy: share of images read correctly, in [0, 1].
        confusion: int64 (10, 10); row: true class, column: class read.
    """

    loss: float
    accuracy: float
    confusion: np.ndarray


def evaluate(model: MLP, head: str, normalization: str, images: np.ndarray, labels: np.ndarray) -> Evaluation:
    """Read every image and compare with its label.

    Args:
        model: the network.
        head: a key of `HEADS`.
        normalization: a key of `NORMALIZATIONS`.
        images: uint8 (N, 28, 28), N ≥ 1.
        labels: uint8 (N,).

    Returns:
        Loss, accuracy and confusion matrix over all N images.
    """
    loss = 0.0
    predictions = np.empty(len(images), dtype=np.intp)
    for start in range(0, len(images), EVALUATION_BATCH):
        part = slice(start, start + EVALUATION_BATCH)
        logits = model(normalize(images[part], normalization, model.flat.dtype.type))
        loss += HEADS[head].loss(logits, labels[part])[0] * len(logits)
        predictions[part] = logits.argmax(axis=1)
    confusion = confusion_matrix(labels, predictions)
    return Evaluation(loss / len(images), float(np.trace(confusion) / len(images)), confusion)


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray, classes: int = 10) -> np.ndarray:
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
