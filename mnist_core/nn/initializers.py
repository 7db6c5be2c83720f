"""How the parameters of a layer begin: pure functions of a random generator and the layer's size.

The first weights decide how large signals and gradients are in each layer: too small, and nothing comes through; too
large, and the activations saturate.
"""

from collections.abc import Callable

import numpy as np

Initializer = Callable[[np.random.Generator, int, int, tuple[int, ...]], np.ndarray]
"""(rng, fan_in, fan_out, shape) -> float64 array of that shape, for the weights or the biases of a layer that has
`fan_in` inputs and `fan_out` outputs."""


def zeros(rng: np.random.Generator, fan_in: int, fan_out: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return zeros, to see them fail: all units of a layer get the same gradient, and stay the same for ever."""
    return np.zeros(shape)


def small_normal(rng: np.random.Generator, fan_in: int, fan_out: int, shape: tuple[int, ...]) -> np.ndarray:
    """Draw from N(0, 0.01²), whatever the layer's size: the habit of early tutorials."""
    return rng.normal(0.0, 0.01, shape)


def standard_normal(rng: np.random.Generator, fan_in: int, fan_out: int, shape: tuple[int, ...]) -> np.ndarray:
    """Draw from N(0, 1): far too large, since sums of hundreds of such terms are around ±20."""
    return rng.normal(0.0, 1.0, shape)


def uniform_fan_in(rng: np.random.Generator, fan_in: int, fan_out: int, shape: tuple[int, ...]) -> np.ndarray:
    """Draw uniformly from ±1 / √fan_in, the default of PyTorch's `nn.Linear` for weights and biases.

    Source: LeCun et al. 1998, Efficient BackProp, section 4.6, in the form of
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
    """
    bound = 1 / np.sqrt(fan_in)
    return rng.uniform(-bound, bound, shape)


def xavier_uniform(rng: np.random.Generator, fan_in: int, fan_out: int, shape: tuple[int, ...]) -> np.ndarray:
    """Draw uniformly from ±√(6 / (fan_in + fan_out)): keeps variances of tanh-like layers, both ways.

    Source: Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks,
    equation 16, https://proceedings.mlr.press/v9/glorot10a.html
    """
    bound = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, shape)


def xavier_normal(rng: np.random.Generator, fan_in: int, fan_out: int, shape: tuple[int, ...]) -> np.ndarray:
    """Draw from N(0, 2 / (fan_in + fan_out)): the variance of `xavier_uniform`, equation 12 there."""
    return rng.normal(0.0, np.sqrt(2.0 / (fan_in + fan_out)), shape)


def he_uniform(rng: np.random.Generator, fan_in: int, fan_out: int, shape: tuple[int, ...]) -> np.ndarray:
    """Draw uniformly from ±√(6 / fan_in): the variance of `he_normal`."""
    bound = np.sqrt(6.0 / fan_in)
    return rng.uniform(-bound, bound, shape)


def he_normal(rng: np.random.Generator, fan_in: int, fan_out: int, shape: tuple[int, ...]) -> np.ndarray:
    """Draw from N(0, 2 / fan_in): keeps the variance of signals that pass through ReLU.

    Source: He et al. 2015, Delving Deep into Rectifiers, equation 10, https://arxiv.org/abs/1502.01852
    """
    return rng.normal(0.0, np.sqrt(2.0 / fan_in), shape)


INITIALIZERS: dict[str, Initializer] = {
    "he": he_normal,
    "he-uniform": he_uniform,
    "xavier": xavier_uniform,
    "xavier-normal": xavier_normal,
    "uniform-fan-in": uniform_fan_in,
    "small-normal": small_normal,
    "standard-normal": standard_normal,
    "zeros": zeros,
}
"""The two short names are what papers and tutorials mean by "He" and "Xavier" alone."""
