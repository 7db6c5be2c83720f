"""Is backward right? Compare its gradients with slopes measured by moving each parameter a little."""

from dataclasses import dataclass

import numpy as np

from mnist_core.losses import HEADS
from mnist_core.mlp import MLP


@dataclass(frozen=True)
class GradientCheck:
    """One parameter array, checked.

    Attributes:
        name: as in `MLP.params`.
        analytic: float64 (S,), what `backward` said for S sampled entries.
        numeric: float64 (S,), what central differences measured.
        relative_error: ‖analytic − numeric‖ / (‖analytic‖ + ‖numeric‖); below 1e-7 is right in float64.
    """

    name: str
    analytic: np.ndarray
    numeric: np.ndarray
    relative_error: float


def gradient_check(
    model: MLP, head: str, x: np.ndarray, labels: np.ndarray, rng: np.random.Generator, samples: int = 20
) -> list[GradientCheck]:
    """Check every parameter array at randomly sampled entries with (L(p + h) − L(p − h)) / 2h.

    Args:
        model: a network in float64; its parameters are moved and put back exactly.
        head: a key of `HEADS`.
        x: float64 (N, D).
        labels: integer (N,).
        rng: picks the entries.
        samples: entries per array, at most.

    Returns:
        One check per parameter array.

    Raises:
        TypeError: if the network is not float64: differences drown in float32's rounding.

    Source: Goodfellow, Bengio, Courville 2016, Deep Learning, section 11.5.
    """
    loss_of = HEADS[head].loss
    _, grad = loss_of(model.forward(x, training=True), labels)
    model.backward(grad)
    grads = {name: g.copy() for name, g in model.grads.items()}
    h = 1e-5
    checks = []
    for name, param in model.params.items():
        if param.dtype != np.float64:
            raise TypeError(
                f"a gradient check needs float64, but {name} is {param.dtype}: build the network in float64"
            )
        entries = rng.choice(param.size, size=min(samples, param.size), replace=False)
        flat = param.flat  # not a copy, whatever the memory order: the network's own numbers move
        numeric = np.empty(len(entries))
        for i, entry in enumerate(entries):
            kept = flat[entry]
            flat[entry] = kept + h
            above, _ = loss_of(model.forward(x), labels)
            flat[entry] = kept - h
            below, _ = loss_of(model.forward(x), labels)
            flat[entry] = kept
            numeric[i] = (above - below) / (2 * h)
        analytic = grads[name].reshape(-1)[entries]
        size = float(np.linalg.norm(analytic) + np.linalg.norm(numeric))
        error = float(np.linalg.norm(analytic - numeric)) / size if size else 0.0
        checks.append(GradientCheck(name, analytic, numeric, error))
    return checks
