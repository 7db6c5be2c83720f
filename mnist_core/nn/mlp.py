"""The network: an ordered list of layers."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from mnist_core.nn.activations import ACTIVATIONS
from mnist_core.nn.initializers import INITIALIZERS
from mnist_core.nn.input_linear import InputLinear
from mnist_core.nn.layers import Arrays, BatchNorm, Dropout, Layer, Linear


class MLP:
    """A multi-layer perceptron: signals run forward through its layers, gradients run back.

    All its numbers lie in one flat array: the weights of all layers first, then the other parameters, then the state.
    The arrays of the layers are views of it, so an optimizer can change the whole network in a few operations, and
    one copy keeps it.

    Args:
        layers: from input to output; the last one gives the logits. Their arrays are moved into the flat one.

    Attributes:
        layers: as given.
        params: all parameters, views of `flat`, named by layer as in "0.W", "0.b", "2.W".
        grads: the gradients of the last `backward`, views of `flat_grads`, under the same names.
        layer_grads: the same, as a dictionary for each layer.
        state: what belongs to the network but has no gradient (running means), views of `flat`.
        flat: (parameters + state,), every number of the network.
        flat_params: (parameters,), a view of the first part of `flat`.
        flat_grads: (parameters,), in the same order.
        weight_count: how many entries at the beginning of `flat` are weights: those that penalties act on.

    Example:
        >>> mlp = build_mlp((784, 32, 10), "relu", "he", np.random.default_rng(0))
        >>> mlp(np.zeros((5, 784), np.float32)).shape
        (5, 10)
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = list(layers)
        self.params: Arrays = {}
        self.grads: Arrays = {}
        self.state: Arrays = {}
        params = [(i, layer.params, name) for i, layer in enumerate(self.layers) for name in layer.params]
        params.sort(key=lambda entry: entry[2] != "W")  # stable: weights first, else as the layers stand
        state = [(i, layer.state, name) for i, layer in enumerate(self.layers) for name in layer.state]
        self.flat = np.concatenate([arrays[name].reshape(-1) for _, arrays, name in params + state])
        count = sum(arrays[name].size for _, arrays, name in params)
        self.flat_params, self.flat_grads = self.flat[:count], np.zeros_like(self.flat[:count])
        self.weight_count = sum(arrays[name].size for _, arrays, name in params if name == "W")
        self.layer_grads: list[Arrays] = [{} for _ in self.layers]
        start = 0
        for i, arrays, name in params + state:
            shape, end = arrays[name].shape, start + arrays[name].size
            arrays[name] = self.flat[start:end].reshape(shape)
            if end <= count:  # it is a parameter
                self.layer_grads[i][name] = self.flat_grads[start:end].reshape(shape)
            start = end
        for i, layer in enumerate(self.layers):
            self.params |= {f"{i}.{name}": array for name, array in layer.params.items()}
            self.grads |= {f"{i}.{name}": self.layer_grads[i][name] for name in layer.params}
            self.state |= {f"{i}.{name}": array for name, array in layer.state.items()}

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Read: compute the logits (N, K) of x (N, D), and keep nothing else."""
        for layer in self.layers:
            x, _ = layer.forward(x)
        return x

    def forward(self, x: np.ndarray, training: bool = False) -> tuple[np.ndarray, list[Any]]:
        """Compute the logits, and keep what the way back needs.

        Args:
            x: (N, D) in the dtype of the parameters.
            training: whether this is a step of training; without it nothing in the network changes, and several
                threads may use it.

        Returns:
            logits (N, K), and the cache of every layer.
        """
        caches = []
        for layer in self.layers:
            x, cache = layer.forward(x, training)
            caches.append(cache)
        return x, caches

    def backward(self, caches: Sequence[Any], grad: np.ndarray) -> None:
        """Compute the gradient of the loss for every parameter, from the last layer to the first, into `grads`.

        The first layer passes nothing on: dL/dx, a third of the work, is of no use to training.

        Args:
            caches: of the forward pass.
            grad: dL/dlogits (N, K).
        """
        for i in reversed(range(len(self.layers))):
            self.layers[i].param_grads(caches[i], grad, out=self.layer_grads[i])
            if i > 0:
                grad = self.layers[i].backward(caches[i], grad)

    def input_gradient(self, caches: Sequence[Any], grad: np.ndarray) -> np.ndarray:
        """Pass a gradient back to the input; nothing is written, so many threads may do so with one network.

        Args:
            caches: of the forward pass.
            grad: (N, K), the gradient of some number at the logits.

        Returns:
            That number's gradient at the input, (N, D).
        """
        for layer, cache in zip(reversed(self.layers), reversed(caches), strict=True):
            grad = layer.backward(cache, grad)
        return grad

    @property
    def arrays(self) -> Arrays:
        """Parameters and state by name: all that a file must hold to restore the network."""
        return {**self.params, **self.state}

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Copy the `arrays` of another network of the same kind into this one."""
        for name, array in self.arrays.items():
            array[...] = arrays[name]


def build_mlp(
    layer_sizes: Sequence[int],
    activation: str,
    initializer: str,
    rng: np.random.Generator,
    dtype: type[np.floating] = np.float32,
    *,
    biases: str = "zeros",
    batch_norm: bool = False,
    dropout: float = 0.0,
) -> MLP:
    """Build a freshly initialized network: linear layers, and after each but the last one an activation.

    Args:
        layer_sizes: number of inputs, of each hidden layer's units, and of classes: (784, 128, 10).
        activation: a key of `ACTIVATIONS`.
        initializer: a key of `INITIALIZERS`, for the weights.
        rng: where the parameters are drawn from, and later the masks of dropout.
        dtype: of all parameters; float64 for gradient checks.
        biases: a key of `INITIALIZERS`.
        batch_norm: whether each hidden layer is normalized before its activation.
        dropout: in [0, 1), share of each hidden layer that is silenced while training; 0: no such layer.

    Returns:
        The network; its last layer is linear and gives logits.
    """
    layers: list[Layer] = []
    for i, (fan_in, fan_out) in enumerate(pairwise(layer_sizes)):
        W = INITIALIZERS[initializer](rng, fan_in, fan_out, (fan_in, fan_out)).astype(dtype)
        b = INITIALIZERS[biases](rng, fan_in, fan_out, (fan_out,)).astype(dtype)
        layers.append(Linear(W, b) if layers else InputLinear(W, b))
        if i < len(layer_sizes) - 2:
            if batch_norm:
                layers.append(BatchNorm(fan_out, dtype))
            layers.append(ACTIVATIONS[activation]())
            if dropout:
                layers.append(Dropout(dropout, rng))
    return MLP(layers)


def array_shapes(
    layer_sizes: Sequence[int], batch_norm: bool = False, dropout: float = 0.0
) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a network's arrays, without building it.

    Args:
        layer_sizes: as for `build_mlp`, like the others.
        batch_norm: whether hidden layers are normalized.
        dropout: whether, if not 0, hidden layers have dropout.

    Returns:
        The shapes, under the names of `MLP.arrays`.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    stride = 2 + batch_norm + bool(dropout)  # layers from one linear layer to the next
    for i, (fan_in, fan_out) in enumerate(pairwise(layer_sizes)):
        shapes |= {f"{stride * i}.W": (fan_in, fan_out), f"{stride * i}.b": (fan_out,)}
        if batch_norm and i < len(layer_sizes) - 2:
            names = ("gamma", "beta", "running_mean", "running_variance")
            shapes |= {f"{stride * i + 1}.{name}": (fan_out,) for name in names}
    return shapes
