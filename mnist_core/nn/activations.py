"""Activations: functions applied to every number by itself; they bend what linear layers can only mix."""

from typing import Any

import numpy as np

from mnist_core.nn.layers import Layer


class Activation(Layer):
    """A function of one number; each kind below defines its value y(x) and its slope dy/dx."""

    def value(self, x: np.ndarray) -> np.ndarray:
        """Compute y for every x."""
        raise NotImplementedError

    def slope(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Compute dy/dx at every x, whose value is y."""
        raise NotImplementedError

    def forward(self, x: np.ndarray, training: bool = False) -> tuple[np.ndarray, Any]:
        """Compute y; the cache is x and y."""
        y = self.value(x)
        return y, (x, y)

    def backward(self, cache: Any, grad: np.ndarray) -> np.ndarray:
        """Multiply by the slope: the chain rule for a function of one number."""
        x, y = cache
        return grad * self.slope(x, y)


class ReLU(Activation):
    """y = max(x, 0); the slope is 1 where x > 0, else 0."""

    def value(self, x: np.ndarray) -> np.ndarray:
        """Compute max(x, 0)."""
        return np.maximum(x, 0)

    def slope(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return whether y is positive: as a factor, True is 1 and False is 0."""
        return y > 0


class LeakyReLU(Activation):
    """y = x where x > 0, else 0.01 x: a unit that is never quite silent can always learn again.

    Source: Maas, Hannun, Ng 2013, Rectifier nonlinearities improve neural network acoustic models, section 2.
    """

    negative_slope = 0.01

    def value(self, x: np.ndarray) -> np.ndarray:
        """Compute the larger of x and 0.01 x."""
        return np.maximum(x, self.negative_slope * x)

    def slope(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return 1 where x is positive, else 0.01."""
        return np.where(x > 0, x.dtype.type(1), x.dtype.type(self.negative_slope))


class Sigmoid(Activation):
    """y = 1 / (1 + e⁻ˣ), in (0, 1); dy/dx = y (1 − y)."""

    def value(self, x: np.ndarray) -> np.ndarray:
        """Compute the logistic function, stable for any x."""
        return sigmoid(x)

    def slope(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Compute y (1 − y)."""
        return y * (1 - y)


class Tanh(Activation):
    """y = tanh(x), in (−1, 1); dy/dx = 1 − y²."""

    def value(self, x: np.ndarray) -> np.ndarray:
        """Compute tanh(x)."""
        return np.tanh(x)

    def slope(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Compute 1 − y²."""
        return 1 - y * y


class SiLU(Activation):
    """y = x σ(x), a ReLU with a round corner (also called swish); dy/dx = σ(x) + y (1 − σ(x)).

    Source: Elfwing, Uchibe, Doya 2018, equations 8 and 9, https://arxiv.org/abs/1702.03118
    """

    def value(self, x: np.ndarray) -> np.ndarray:
        """Compute x σ(x)."""
        return x * sigmoid(x)

    def slope(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Compute σ(x) + y (1 − σ(x))."""
        gate = sigmoid(x)
        return gate + y * (1 - gate)


ACTIVATIONS: dict[str, type[Activation]] = {
    "relu": ReLU,
    "leaky-relu": LeakyReLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "silu": SiLU,
}


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
