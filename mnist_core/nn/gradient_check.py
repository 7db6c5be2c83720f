"""Is backward right? Compare its gradients with slopes measured by moving each parameter a little."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_core.nn.layers import Dropout
from mnist_core.nn.losses import loss_function
from mnist_core.nn.mlp import MLP

NOISE = 1e-9
"""Gradients shorter than this count as 0: rounding of the loss alone moves a difference quotient by 1e-10. The bias of
a layer before batch normalization has such a gradient, since the mean is subtracted again."""


@dataclass(frozen=True)
class GradientCheck:
    """One parameter array, checked.

    Attributes:
        name: as in `MLP.params`.
        analytic: float64 (S,), what `backward` said for S sampled entries.
        numeric: float64 (S,), what central differences measured.
        relative_error: ‖analytic − numeric‖ / (‖analytic‖ + ‖numeric‖), 0 where both are 0; below 1e-7 is right in
            float64.
    """

    name: str
    analytic: np.ndarray
    numeric: np.ndarray
    relative_error: float


def gradient_check(
    model: MLP,
    x: np.ndarray,
    labels: np.ndarray,
    head: str = "softmax",
    label_smoothing: float = 0.0,
    samples: int = 20,
    rng: np.random.Generator | None = None,
) -> list[GradientCheck]:
    """Check every parameter array at randomly sampled entries with (L(p + h) − L(p − h)) / 2h.

    The network is checked as it is trained: with one mask of dropout for all passes, and with the batch's own
    statistics.

    Args:
        model: a network in float64; its parameters are moved and put back exactly.
        x: float64 (N, D).
        labels: integer (N,).
        head: a key of `HEADS`.
        label_smoothing: in [0, 1), for the head "softmax".
        samples: entries per array, at most.
        rng: picks the entries; without one, always the same.

    Returns:
        One check per parameter array.

    Raises:
        TypeError: if the network is not float64: differences drown in float32's rounding.

    Source: Goodfellow, Bengio, Courville 2016, Deep Learning, section 11.5.
    """
    if model.flat.dtype != np.float64:
        raise TypeError(
            f"a gradient check needs float64, but the network is {model.flat.dtype}: build the network in float64"
        )
    rng = np.random.default_rng(0) if rng is None else rng
    loss_of = loss_function(head, label_smoothing)
    dropouts = [layer for layer in model.layers if isinstance(layer, Dropout)]
    masks = [layer.rng.bit_generator.state for layer in dropouts]
    before = model.flat.copy()

    def pass_forward() -> tuple[float, np.ndarray, list[Any]]:
        for layer, state in zip(dropouts, masks, strict=True):
            layer.rng.bit_generator.state = state
        logits, caches = model.forward(x, training=True)
        return *loss_of(logits, labels), caches

    _, logits_grad, caches = pass_forward()
    model.backward(caches, logits_grad)
    grads = {name: grad.copy() for name, grad in model.grads.items()}
    h = 1e-5
    checks = []
    for name, param in model.params.items():
        entries = rng.choice(param.size, size=min(samples, param.size), replace=False)
        flat = param.reshape(-1)  # a view: the network's own numbers move
        numeric = np.empty(len(entries))
        for i, entry in enumerate(entries):
            kept = flat[entry]
            flat[entry] = kept + h
            above, *_ = pass_forward()
            flat[entry] = kept - h
            below, *_ = pass_forward()
            flat[entry] = kept
            numeric[i] = (above - below) / (2 * h)
        analytic = grads[name].reshape(-1)[entries]
        size = float(np.linalg.norm(analytic) + np.linalg.norm(numeric))
        error = float(np.linalg.norm(analytic - numeric)) / size if size > NOISE else 0.0
        checks.append(GradientCheck(name, analytic, numeric, error))
    model.flat[...] = before  # running means, too
    return checks
