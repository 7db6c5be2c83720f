"""How the weights of a layer begin: pure functions of a random generator and the layer's size.

Where all begins decides how large signals and gradients are in each layer; too small and nothing flows, too large
and the activations saturate. Biases begin at zero.
"""

from collections.abc import Callable

import numpy as np

Initializer = Callable[[np.random.Generator, int, int], np.ndarray]
"""(rng, fan_in, fan_out) -> float64 weights (fan_in, fan_out)."""


def he(rng: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Draw from N(0, 2 / fan_in): keeps the variance of signals that pass through ReLU.

    Source: He et al. 2015, Delving Deep into Rectifiers, equation 10, https://arxiv.org/abs/1502.01852
    """
    return rng.normal(0.0, np.sqrt(2.0 / fan_in), (fan_in, fan_out))


def xavier(rng: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Draw uniformly from ±√(6 / (fan_in + fan_out)): keeps variances of tanh-like layers, both ways.

    Source: Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks,
    equation 16, https://proceedings.mlr.press/v9/glorot10a.html
    """
    bound = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, (fan_in, fan_out))


def small_normal(rng: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Draw from N(0, 0.01²), whatever the layer's size: the habit of early tutorials."""
    return rng.normal(0.0, 0.01, (fan_in, fan_out))


INITIALIZERS: dict[str, Initializer] = {"he": he, "xavier": xavier, "small-normal": small_normal}
