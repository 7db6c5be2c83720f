"""One step of training, from pixels to changed weights: forward, loss, backward, penalties, clipping, update."""

from collections.abc import Iterable

import numpy as np

from mnist_core.errors import DivergedError
from mnist_core.nn.losses import Loss
from mnist_core.nn.mlp import MLP
from mnist_core.nn.optimizers import Optimizer

Piece = tuple[np.ndarray, np.ndarray]
"""Some images of a batch: x (n, D), normalized, and their labels (n,)."""


def take_step(
    model: MLP,
    optimizer: Optimizer,
    loss_of: Loss,
    learning_rate: float,
    pieces: Iterable[Piece],
    batch_size: int,
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    clip_norm: float | None = None,
) -> tuple[float, int]:
    """Change all weights a little, so that the loss of a batch falls.

    Args:
        model: its parameters are changed in place.
        optimizer: of the model's parameters.
        loss_of: how wrong the logits are.
        learning_rate: η > 0.
        pieces: the batch, most often in one piece (see `compute_gradient`).
        batch_size: images in all pieces together.
        l1: λ₁ ≥ 0, adds λ₁ Σ |W| to the loss.
        l2: λ₂ ≥ 0, adds ½ λ₂ Σ W² to the loss.
        clip_norm: a longer gradient is shortened to this length; None: none is.

    Returns:
        The mean loss of the batch, without penalties, and how many images were read correctly, both before the change.

    Raises:
        DivergedError: if the loss is not a finite number; no weight is changed then.

    Example:
        >>> from mnist_core.nn import losses, mlp, normalization, optimizers
        >>> rng = np.random.default_rng(0)
        >>> x = normalization.normalize(rng.integers(0, 256, (20, 28, 28), np.uint8), "unit")  # 20 images of noise
        >>> model = mlp.build_mlp((784, 32, 10), "relu", "he", rng)
        >>> optimizer = optimizers.SGD(model.flat_params, model.flat_grads)
        >>> batch = [(x, np.arange(20) % 10)]
        >>> for _ in range(30):
        ...     loss, correct = take_step(model, optimizer, losses.softmax_cross_entropy, 0.1, batch, 20)
        >>> loss < 0.5, correct  # even noise can be learned by heart
        (True, 20)
    """
    with np.errstate(over="ignore", invalid="ignore"):  # a training that diverges is reported once, by the error
        loss, correct = compute_gradient(model, loss_of, pieces, batch_size)
        if not np.isfinite(loss):
            raise DivergedError(optimizer.step_count + 1, learning_rate)
        add_penalties(model, l1, l2)
        clip_gradient(model.flat_grads, clip_norm)
        optimizer.step(learning_rate)
    return loss, correct


def compute_gradient(model: MLP, loss_of: Loss, pieces: Iterable[Piece], batch_size: int) -> tuple[float, int]:
    """Compute the gradient of a batch's mean loss for every parameter, and leave it in the model.

    A batch too large for the processor's cache comes in several pieces. Each piece's gradient counts by its share of
    the images, and their sum is the gradient of the whole batch.

    Args:
        model: its gradients are filled.
        loss_of: how wrong the logits are.
        pieces: the batch.
        batch_size: images in all pieces together.

    Returns:
        The mean loss, and how many images were read correctly.
    """
    loss, correct = 0.0, 0
    total: np.ndarray | None = None
    for x, labels in pieces:
        logits, caches = model.forward(x, training=True)
        piece_loss, logits_grad = loss_of(logits, labels)
        model.backward(caches, logits_grad)
        share = len(labels) / batch_size
        loss += share * piece_loss
        correct += int((logits.argmax(axis=1) == labels).sum())
        if share < 1:
            total = np.zeros_like(model.flat_grads) if total is None else total
            total += share * model.flat_grads
    if total is not None:
        model.flat_grads[...] = total
    return loss, correct


def add_penalties(model: MLP, l1: float, l2: float) -> None:
    """Add the gradients of the penalties on large weights, λ₁ sign(W) and λ₂ W; biases are left alone."""
    weights, grads = model.flat[: model.weight_count], model.flat_grads[: model.weight_count]
    if l1:
        grads += l1 * np.sign(weights)
    if l2:
        grads += l2 * weights


def clip_gradient(grads: np.ndarray, clip_norm: float | None) -> None:
    """Shorten the gradient to length `clip_norm` if it is longer.

    Source: Pascanu, Mikolov, Bengio 2013, On the difficulty of training recurrent neural networks, algorithm 1,
    https://arxiv.org/abs/1211.5063
    """
    if clip_norm is not None:
        norm = float(np.dot(grads, grads)) ** 0.5
        if norm > clip_norm:
            grads *= clip_norm / norm


def update_average(average: np.ndarray, numbers: np.ndarray, decay: float) -> None:
    """Move a running average of a network's numbers towards them: a ← d a + (1 − d) θ."""
    average += (1 - decay) * (numbers - average)
