"""What goes on inside the layers of a network: how large outputs, gradients and weights are, and which units are idle.

Loss and accuracy show that a network doesn't learn. These numbers show where: at a layer that gets no gradient, at
units that are silent for every image, at outputs on the flat ends of their function.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mnist_core.nn.activations import Activation, Sigmoid, Tanh
from mnist_core.nn.layers import Linear
from mnist_core.nn.losses import loss_function
from mnist_core.nn.mlp import MLP

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SAMPLE = 2000
"""Numbers of a larger array that its quantiles are taken from: the share below each is then right within 2 percentage
points, and they take a twentieth of the time for 200,000 weights."""
FLAT = 0.05
"""An output of a sigmoid or tanh counts as saturated where the slope is less than this share of the steepest one, at 0:
hardly any gradient comes through. That is |y| > 0.975 for tanh; y < 0.013 or y > 0.987 for a sigmoid."""

Number = float | None
"""None where a number is not finite, in a network that has diverged: JSON knows neither infinity nor NaN."""


@dataclass(frozen=True)
class LayerStatistics:
    """One linear layer with its activation, over a batch; all numbers are rounded to four digits.

    Attributes:
        outputs: quantiles, see `QUANTILES`, of the activation's outputs; of the logits for the last layer.
        dead: share of the units whose output is 0 for every image of the batch, in [0, 1]: a ReLU that is so for all
            images gets no gradient and never recovers. 0 for the last layer.
        saturated: share of the outputs, in [0, 1], at the flat ends of a sigmoid or tanh, see `FLAT`; else 0.
        gradients: quantiles of |dL/dW|, ≥ 0.
        gradient_rms: root mean square of dL/dW, ≥ 0.
        weight_rms: root mean square of W, ≥ 0.
    """

    outputs: tuple[Number, ...]
    dead: float
    saturated: float
    gradients: tuple[Number, ...]
    gradient_rms: Number
    weight_rms: Number


@dataclass(frozen=True)
class LayerRecord:
    """The state of all layers at one moment of a training.

    Attributes:
        step: updates so far; 0: before the first.
        layers: of each linear layer, from input to output.
    """

    step: int
    layers: tuple[LayerStatistics, ...]


def layers_to_json(record: LayerRecord) -> dict[str, Any]:
    """Return a record as a dictionary for JSON, with its kind, "layers", under "record"."""
    return {"record": "layers", **asdict(record)}


def layers_from_json(values: dict[str, Any]) -> LayerRecord:
    """Rebuild a record from the result of `layers_to_json`.

    Raises:
        KeyError, TypeError: if fields are missing or unknown.
    """
    layers = (
        LayerStatistics(**{**layer, "outputs": tuple(layer["outputs"]), "gradients": tuple(layer["gradients"])})
        for layer in values["layers"]
    )
    return LayerRecord(values["step"], tuple(layers))


def layer_statistics(
    model: MLP, head: str, label_smoothing: float, x: np.ndarray, labels: np.ndarray
) -> tuple[LayerStatistics, ...]:
    """Send a batch forward and back as a step of training does, and measure every layer; nothing is updated.

    Pass a copy of the network that is being trained, with a generator of its own: in training mode batch norm moves its
    running means and dropout draws random numbers, and the training itself must not notice that somebody looked.

    Args:
        model: the copy; its gradients, running means and random numbers are changed.
        head: a key of `HEADS`.
        label_smoothing: in [0, 1), as in the recipe.
        x: (N, D), normalized, in the dtype of the parameters; about 100 images are enough.
        labels: integer (N,).

    Returns:
        One entry for each linear layer, from input to output.

    Source: Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks,
    section 3 and 4.2 (activations and gradients per layer over time),
    https://proceedings.mlr.press/v9/glorot10a.html
    """
    seen: list[tuple[int, Activation | None, np.ndarray]] = []  # the linear layer's place, what follows it, its output
    caches = []
    with np.errstate(over="ignore", invalid="ignore"):  # a diverged network is shown as such, not reported
        for i, layer in enumerate(model.layers):
            x, cache = layer.forward(x, training=True)
            caches.append(cache)
            if isinstance(layer, Linear):
                seen.append((i, None, x))
            elif isinstance(layer, Activation):
                seen[-1] = (seen[-1][0], layer, x)
        _, grad = loss_function(head, label_smoothing)(x, labels)
        model.backward(caches, grad)
        return tuple(
            _statistics(model.params[f"{i}.W"], model.grads[f"{i}.W"], activation, y) for i, activation, y in seen
        )


def _statistics(
    weights: np.ndarray, gradient: np.ndarray, activation: Activation | None, y: np.ndarray
) -> LayerStatistics:
    return LayerStatistics(
        outputs=_quantiles(_sample(y)),
        dead=0.0 if activation is None else float(f"{(y == 0).all(axis=0).mean():.4g}"),
        saturated=_saturated(activation, y),
        gradients=_quantiles(np.abs(_sample(gradient))),
        gradient_rms=_root_mean_square(gradient),
        weight_rms=_root_mean_square(weights),
    )


def _saturated(activation: Activation | None, y: np.ndarray) -> float:
    match activation:
        case Sigmoid():
            slopes = 4 * y * (1 - y)  # as a share of the steepest, which is a quarter
        case Tanh():
            slopes = 1 - y * y
        case _:
            return 0.0
    return float(f"{(slopes < FLAT).mean():.4g}")


def _sample(values: np.ndarray) -> np.ndarray:
    """Pick the same places of an array every time; a fixed stride would meet only some columns of a matrix."""
    if values.size <= SAMPLE:
        return values.reshape(-1)
    return values.reshape(-1)[np.random.default_rng(0).integers(values.size, size=SAMPLE)]


def _quantiles(values: np.ndarray) -> tuple[Number, ...]:
    return tuple(_rounded(value) for value in np.quantile(values, QUANTILES))


def _root_mean_square(values: np.ndarray) -> Number:
    # In float64: squares of vanishing or exploding numbers leave the range of float32.
    numbers = values.reshape(-1).astype(np.float64)
    return _rounded(np.sqrt(np.dot(numbers, numbers) / len(numbers)))


def _rounded(value: float) -> Number:
    return float(f"{value:.4g}") if np.isfinite(value) else None
