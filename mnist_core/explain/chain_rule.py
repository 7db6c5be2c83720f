"""The chain rule through a network as it reads, not as it is trained.

`Layer.backward` needs a `forward(x, training=True)` before it, which remembers arrays in the layer, draws masks for
dropout and takes batch norm's statistics from the batch. To explain an answer nothing of that is wanted, and a network
that many people read with at once must only be looked at. So here gradients are worked out from what went in and came
out of each layer: batch normalization uses its running means, and is a straight line, and dropout does nothing.
"""

import numpy as np

from mnist_core.nn.activations import Activation
from mnist_core.nn.layers import BatchNorm, Dropout, Layer, Linear


def inverse_deviation(layer: BatchNorm) -> np.ndarray:
    """Give 1 / √(σ² + ε) of a layer's running variances, (U,)."""
    return 1 / np.sqrt(layer.state["running_variance"] + layer.eps)


def pass_back(layer: Layer, x: np.ndarray, y: np.ndarray, grad: np.ndarray) -> np.ndarray:
    """Turn the gradient of some number at a layer's output into the one at its input.

    Args:
        layer: is only read.
        x: (N, D) or (D,), what went in.
        y: (N, U) or (U,), what came out.
        grad: (N, U) or (U,), the gradient at y.

    Returns:
        (N, D) or (D,).

    Raises:
        TypeError: if the layer is of a kind that is not known here.
    """
    if isinstance(layer, Linear):
        return grad @ layer.params["W"].T
    if isinstance(layer, Activation):
        return grad * layer.slope(x, y)
    if isinstance(layer, BatchNorm):
        return grad * (layer.params["gamma"] * inverse_deviation(layer))
    if isinstance(layer, Dropout):
        return grad
    raise TypeError(f"found a layer of kind {type(layer).__name__}, expected one of a network for reading")
