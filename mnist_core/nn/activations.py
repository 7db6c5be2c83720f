"""Activations: functions applied to every number by itself; they bend what linear layers can only mix."""

import math
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


class GELU(Activation):
    """y = x σ(u) with u = √(8/π) (x + 0.044715 x³): nearly x times the chance that a normal number is below x.

    dy/dx = σ(u) + y (1 − σ(u)) u′ with u′ = √(8/π) (1 + 0.134145 x²).

    Source: Hendrycks and Gimpel 2016, section 2, https://arxiv.org/abs/1606.08415, the approximation written there as
    ½ x (1 + tanh(u / 2)), and PyTorch's `GELU(approximate="tanh")`.
    """

    scale, cubic = math.sqrt(8 / math.pi), 0.044715
    saturated = 10.0
    """From here on σ(u) is 0 or 1 to the last bit; so cut off, x³ never overflows."""

    def value(self, x: np.ndarray) -> np.ndarray:
        """Compute x σ(u)."""
        return x * self.gate(x)

    def slope(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Compute σ(u) + y (1 − σ(u)) u′."""
        gate, x = self.gate(x), np.clip(x, -self.saturated, self.saturated)
        return gate + y * (1 - gate) * self.scale * (1 + 3 * self.cubic * x * x)

    def gate(self, x: np.ndarray) -> np.ndarray:
        """Compute σ(u), the share of x that passes."""
        x = np.clip(x, -self.saturated, self.saturated)
        return sigmoid(self.scale * x * (1 + self.cubic * x * x))


ACTIVATIONS: dict[str, type[Activation]] = {
    "relu": ReLU,
    "leaky-relu": LeakyReLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "silu": SiLU,
    "gelu": GELU,
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
