"""The layers of a network: each computes forward and, by the chain rule, backward.

A layer owns its parameters in `params` and, after `backward`, their gradients in `grads` under the same names.
`forward(x, training=True)` remembers what `backward` will need; without it a layer only computes, so that one
network can serve many readers at once.
"""

import numpy as np


class Layer:
    """What every layer has: `params`, `grads`, `forward` and `backward`."""

    def __init__(self) -> None:
        self.params: dict[str, np.ndarray] = {}
        self.grads: dict[str, np.ndarray] = {}

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Compute the layer's output.

        Args:
            x: (N, in_features).
            training: whether `backward` will follow.

        Returns:
            (N, out_features).
        """
        raise NotImplementedError

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """Turn the gradient of the loss at the output into the one at the input, and fill `grads` on the way.

        Args:
            grad: dL/d output, (N, out_features), for the `x` of the last `forward(x, training=True)`.

        Returns:
            dL/d x, (N, in_features).
        """
        raise NotImplementedError


class Linear(Layer):
    """Every output is a weighted sum of all inputs: y = x W + b.

    Gradients: dL/dW = xᵀ g, dL/db = Σ g over the batch, dL/dx = g Wᵀ, with g = dL/dy.

    Args:
        W: weights (in_features, out_features); kept, not copied.
        b: biases (out_features,); kept, not copied.
    """

    def __init__(self, W: np.ndarray, b: np.ndarray) -> None:
        super().__init__()
        self.params = {"W": W, "b": b}
        self._x: np.ndarray | None = None

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Compute x W + b."""
        if training:
            self._x = x
        y = x @ self.params["W"]
        y += self.params["b"]
        return y

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """Fill the gradients of W and b, and pass g Wᵀ on."""
        self.backward_params(grad)
        return grad @ self.params["W"].T

    def backward_params(self, grad: np.ndarray) -> None:
        """Fill the gradients of W and b only: the first layer of a network needs no dL/dx to be trained."""
        if self._x is None:
            raise RuntimeError("backward needs a forward(x, training=True) before it")
        self.grads["W"] = self._x.T @ grad
        self.grads["b"] = grad.sum(axis=0)


class Activation(Layer):
    """A function applied to every number by itself; each kind below says its value, and its slope at that value."""

    def __init__(self) -> None:
        super().__init__()
        self._y: np.ndarray | None = None

    def value(self, x: np.ndarray) -> np.ndarray:
        """Compute y for every x."""
        raise NotImplementedError

    def slope(self, y: np.ndarray) -> np.ndarray:
        """Compute dy/dx, where the value is y."""
        raise NotImplementedError

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Compute y."""
        y = self.value(x)
        if training:
            self._y = y
        return y

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """Multiply by the slope: the chain rule for a function of one number."""
        if self._y is None:
            raise RuntimeError("backward needs a forward(x, training=True) before it")
        return grad * self.slope(self._y)


class ReLU(Activation):
    """y = max(x, 0); the slope is 1 where x > 0, else 0."""

    def value(self, x: np.ndarray) -> np.ndarray:
        """Compute max(x, 0)."""
        return np.maximum(x, 0)

    def slope(self, y: np.ndarray) -> np.ndarray:
        """Tell where y is positive."""
        return y > 0


class Sigmoid(Activation):
    """y = 1 / (1 + e⁻ˣ), in (0, 1); dy/dx = y (1 − y)."""

    def value(self, x: np.ndarray) -> np.ndarray:
        """Compute the logistic function, stable for any x."""
        return sigmoid(x)

    def slope(self, y: np.ndarray) -> np.ndarray:
        """Compute y (1 − y)."""
        return y * (1 - y)


class Tanh(Activation):
    """y = tanh(x), in (−1, 1); dy/dx = 1 − y²."""

    def value(self, x: np.ndarray) -> np.ndarray:
        """Compute tanh(x)."""
        return np.tanh(x)

    def slope(self, y: np.ndarray) -> np.ndarray:
        """Compute 1 − y²."""
        return 1 - y**2


ACTIVATIONS: dict[str, type[Layer]] = {"relu": ReLU, "sigmoid": Sigmoid, "tanh": Tanh}


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Compute 1 / (1 + e⁻ˣ) without overflow.

    The textbook formula overflows in exp for x below about −88 in float32. tanh never does, and
    σ(x) = ½ (1 + tanh(x / 2)) is the same function.

    Args:
        x: any shape, any finite values.

    Returns:
        The same shape and dtype, in [0, 1].
    """
    return 0.5 * (1 + np.tanh(0.5 * x))
