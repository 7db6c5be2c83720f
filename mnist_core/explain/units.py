"""One unit at a time, for a single image: what it adds up, what it looks for, and what it contributes to the answer.

Nothing here trains: a network that many people use at once is only read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mnist_core.network import Network
from mnist_core.nn.activations import Activation
from mnist_core.nn.layers import BatchNorm, Layer, Linear

Passed = tuple[Layer, Any]
"""A layer, and the cache of the image's forward pass."""


@dataclass(frozen=True, eq=False)
class UnitLayer:
    """The units of one linear layer, with what follows it, for one image; arrays in the dtype of the network.

    Attributes:
        linear: holds the weights W (D, U) and biases b (U,).
        x: (D,) the inputs: the normalized pixels, or the outputs of the layer before.
        y: (U,) the outputs.
        passed: the layers from x to y: the linear one, batch norm if the network has it, and the activation, except in
            the last layer, whose outputs are the logits.
    """

    linear: Linear
    x: np.ndarray
    y: np.ndarray
    passed: tuple[Passed, ...]


@dataclass(frozen=True)
class Normalization:
    """What batch norm does with a unit's sum: v = γ (z − μ) / σ + β.

    Attributes:
        gamma: γ, the scale.
        mean: μ, the running mean.
        deviation: σ = √(running variance + ε), > 0.
        beta: β, the shift.
        v: the result.
    """

    gamma: float
    mean: float
    deviation: float
    beta: float
    v: float


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """Everything that one unit calculates: z = Σ xᵢ wᵢ + b, perhaps batch norm, and y = f(z); in float64.

    Attributes:
        inputs: xᵢ (D,).
        weights: wᵢ (D,).
        products: xᵢ wᵢ (D,).
        order: int (D,), the products' places, the largest by size first; among equals the first place first.
        bias: b.
        z: the sum.
        normalization: what batch norm does with it, if anything.
        y: the output.
    """

    inputs: np.ndarray
    weights: np.ndarray
    products: np.ndarray
    order: np.ndarray
    bias: float
    z: float
    normalization: Normalization | None
    y: float


def unit_layers(network: Network, image: np.ndarray) -> tuple[UnitLayer, ...]:
    """Send one image through a network, as when it reads, and keep what every unit computed.

    Args:
        network: only read; several threads may do so at once.
        image: float32 (28, 28) in [0, 1].

    Returns:
        The layers of units from the first to the logits: one more than there are hidden layers.
    """
    x = network.inputs(image[None])  # (1, 784)
    found: list[UnitLayer] = []
    for layer in network.model.layers:
        given, (x, cache) = x[0], layer.forward(x)
        if isinstance(layer, Linear):
            found.append(UnitLayer(layer, given, x[0], ((layer, cache),)))
        elif isinstance(layer, BatchNorm | Activation):
            found[-1] = replace(found[-1], y=x[0], passed=(*found[-1].passed, (layer, cache)))
    return tuple(found)


def input_gradients(layers: Sequence[UnitLayer], place: int, units: np.ndarray) -> np.ndarray:
    """Compute the picture that each unit looks for: how v, its activation's input, changes with every pixel, dv/dx.

    In the first layer these are its weights (times γ/σ with batch norm), whatever the image. A deeper unit has no
    weights for pixels; what it looks for depends on which units before it are active, so its picture holds for this
    image. With ReLU and leaky ReLU a network is linear piece by piece: as long as no unit before it switches on or off,
    v changes by exactly the sum of dv/dxᵢ times the change of xᵢ. With other activations that is so for small changes
    only.

    Args:
        layers: of `unit_layers`.
        place: which layer, from 0.
        units: int (n,), which of its units.

    Returns:
        (n, 28, 28), for the normalized pixels.

    Source: Simonyan, Vedaldi, Zisserman 2014, Deep inside convolutional networks, section 3,
    https://arxiv.org/abs/1312.6034
    """
    layer = layers[place]
    to_v = [passed for passed in layer.passed if not isinstance(passed[0], Activation)]
    grad = np.eye(len(layer.y), dtype=layer.y.dtype)[units]  # dv/dv, a row for each unit
    for passed in reversed([*(before.passed for before in layers[:place]), to_v]):
        grad = _pass_back(passed, grad)
    return grad.reshape(-1, 28, 28)


def contributions(layers: Sequence[UnitLayer], place: int, digit: int) -> np.ndarray:
    """Compute how far each hidden unit moved the logit of a digit: its output times the gradient, y · dz_digit/dy.

    A unit can light up for every drawing and hardly matter. With ReLU, and while the same units stay active, the logit
    would be lower by exactly this much if the unit were silent; otherwise this is the first-order estimate.

    Args:
        layers: of `unit_layers`.
        place: which hidden layer, from 0.
        digit: whose logit.

    Returns:
        (U,), positive for the digit, negative against it.

    Raises:
        ValueError: if the layer is not a hidden one.

    Source: Molchanov et al. 2017, Pruning convolutional neural networks, equations 7 and 8 (there by its size),
    https://arxiv.org/abs/1611.06440
    """
    if not 0 <= place < len(layers) - 1:
        raise ValueError(f"found layer {place}, expected one of the {len(layers) - 1} hidden layers, from 0")
    grad = np.eye(len(layers[-1].y), dtype=layers[-1].y.dtype)[[digit]]
    for layer in reversed(layers[place + 1 :]):
        grad = _pass_back(layer.passed, grad)
    return layers[place].y * grad[0]


def _pass_back(passed: Sequence[Passed], grad: np.ndarray) -> np.ndarray:
    """Pass a gradient back through layers, the last of them first."""
    for layer, cache in reversed(passed):
        grad = layer.backward(cache, grad)
    return grad


def parts_of_sums(layer: UnitLayer, units: np.ndarray) -> np.ndarray:
    """Split the sums of some units into their positive products, their negative ones and the bias.

    Args:
        layer: one of `unit_layers`.
        units: int (n,), which units.

    Returns:
        float64 (n, 3); each row adds up to the unit's z.
    """
    products = layer.x[:, None].astype(np.float64) * layer.linear.params["W"][:, units]  # (D, n)
    positive = np.maximum(products, 0).sum(axis=0)
    return np.stack([positive, products.sum(axis=0) - positive, layer.linear.params["b"][units]], axis=1)


def arithmetic(layer: UnitLayer, unit: int) -> Arithmetic:
    """Work out one unit by hand: the same numbers as the network's, to the precision of its dtype.

    Args:
        layer: one of `unit_layers`.
        unit: which of its units, from 0.

    Returns:
        Its inputs, weights, products, sum and output.
    """
    inputs = layer.x.astype(np.float64)
    weights = layer.linear.params["W"][:, unit].astype(np.float64)
    products = inputs * weights
    bias = float(layer.linear.params["b"][unit])
    z = y = float(products.sum()) + bias
    normalization = None
    for follower, _ in layer.passed[1:]:
        if isinstance(follower, BatchNorm):
            arrays = {**follower.params, **follower.state}
            gamma, beta, mean = (float(arrays[name][unit]) for name in ("gamma", "beta", "running_mean"))
            deviation = float(np.sqrt(arrays["running_variance"][unit].astype(np.float64) + BatchNorm.eps))
            y = gamma * (z - mean) / deviation + beta
            normalization = Normalization(gamma, mean, deviation, beta, y)
        elif isinstance(follower, Activation):
            y = float(follower.value(np.array([y]))[0])
    order = np.argsort(-np.abs(products), kind="stable")
    return Arithmetic(inputs, weights, products, order, bias, z, normalization, y)


def round_to_sum(terms: Sequence[float], decimals: int) -> tuple[list[float], float]:
    """Round numbers so that they still add up to their rounded sum, as it would be done on paper.

    All are rounded down, and the units of the last decimal that are then missing go to those that lost most. So each
    is off by less than one such unit, and a number that needs no rounding stays as it is.

    Args:
        terms: finite numbers, at least one.
        decimals: digits after the decimal point, ≥ 0.

    Returns:
        The rounded terms in order, and the rounded sum.

    Source: the largest remainder method, by which parliaments allot seats (Hamilton 1792, Hare 1859).

    Example:
        >>> round_to_sum([0.4, 0.4, 0.4], 0)
        ([1.0, 0.0, 0.0], 1.0)
    """
    power = 10.0**decimals
    scaled = np.asarray(terms, np.float64) * power
    whole = np.floor(scaled)
    lost = scaled - whole  # in [0, 1)
    missing = round(lost.sum())
    whole[np.argsort(-lost, kind="stable")[:missing]] += 1
    return (whole / power).tolist(), float(whole.sum() / power)
