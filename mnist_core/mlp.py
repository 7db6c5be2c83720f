"""The network: an ordered list of layers."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from mnist_core.initializers import INITIALIZERS
from mnist_core.layers import ACTIVATIONS, Layer, Linear


class MLP:
    """A multi-layer perceptron: signals run forward through its layers, gradients run back.

    Args:
        layers: from input to output; the last one gives the logits.

    Example:
        >>> mlp = build_mlp((784, 32, 10), "relu", "he", np.random.default_rng(0))
        >>> mlp.forward(np.zeros((5, 784), np.float32)).shape
        (5, 10)
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = list(layers)

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Compute the logits.

        Args:
            x: (N, D) in the dtype of the parameters.
            training: whether `backward` will follow; without it nothing is remembered, and several threads may
                use the same network.

        Returns:
            logits (N, K).
        """
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """Fill every layer's `grads`, from the last layer to the first.

        Args:
            grad: dL/dlogits (N, K) for the last `forward(x, training=True)`.

        Returns:
            dL/dx (N, D): which way each input pixel would change the loss.
        """
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad

    def backward_params(self, grad: np.ndarray) -> None:
        """Do what `backward` does without dL/dx, a third of the work that training has no use for."""
        first, *others = self.layers
        for layer in reversed(others):
            grad = layer.backward(grad)
        if isinstance(first, Linear):
            first.backward_params(grad)
        else:
            first.backward(grad)

    @property
    def params(self) -> dict[str, np.ndarray]:
        """All parameters, the arrays themselves, named by layer as in "0.W", "0.b", "2.W"."""
        return {f"{i}.{name}": p for i, layer in enumerate(self.layers) for name, p in layer.params.items()}

    @property
    def grads(self) -> dict[str, np.ndarray]:
        """The gradients of the last `backward`, under the names of the parameters."""
        return {f"{i}.{name}": g for i, layer in enumerate(self.layers) for name, g in layer.grads.items()}


def build_mlp(
    layer_sizes: Sequence[int],
    activation: str,
    initializer: str,
    rng: np.random.Generator,
    dtype: type[np.floating] = np.float32,
) -> MLP:
    """Build linear layers with an activation between them, freshly initialized.

    Args:
        layer_sizes: number of inputs, of each hidden layer's units, and of classes: (784, 128, 10).
        activation: a key of `ACTIVATIONS`.
        initializer: a key of `INITIALIZERS`, for the weights; biases begin at 0.
        rng: where the weights are drawn from.
        dtype: of all parameters; float64 for gradient checks.

    Returns:
        The network; its last layer is linear and gives logits.
    """
    params = {name: np.zeros(shape, dtype) for name, shape in parameter_shapes(layer_sizes).items()}
    for weights in params.values():
        if weights.ndim == 2:
            weights[...] = INITIALIZERS[initializer](rng, *weights.shape)
    return assemble_mlp(params, activation)


def assemble_mlp(params: Mapping[str, np.ndarray], activation: str) -> MLP:
    """Put a network together from its parameters.

    Args:
        params: named and ordered as in `MLP.params`; kept, not copied.
        activation: a key of `ACTIVATIONS`.

    Returns:
        The network.
    """
    layers: list[Layer] = []
    arrays = list(params.values())
    for W, b in zip(arrays[0::2], arrays[1::2], strict=True):
        if layers:
            layers.append(ACTIVATIONS[activation]())
        layers.append(Linear(W, b))
    return MLP(layers)


def parameter_shapes(layer_sizes: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Say which parameters a network has, without building it.

    Args:
        layer_sizes: as for `build_mlp`.

    Returns:
        The shapes, under the names of `MLP.params`: an activation stands between two linear layers.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for i, (fan_in, fan_out) in enumerate(pairwise(layer_sizes)):
        shapes |= {f"{2 * i}.W": (fan_in, fan_out), f"{2 * i}.b": (fan_out,)}
    return shapes
