"""The layers of a network: each computes forward and, by the chain rule, backward.

`forward` returns its result and a cache, what `backward` will need of this pass. So a layer remembers nothing: it only
holds its parameters, and one network can be read, and gone back through, by many threads at once. What changes a layer
is a pass of training: batch normalization moves its running statistics, and dropout draws random numbers.
"""

import math
from typing import Any, NamedTuple

import numpy as np

Arrays = dict[str, np.ndarray]


class Layer:
    """What every layer has: `params`, `state`, `forward`, `backward` and `param_grads`.

    Attributes:
        params: the arrays that training changes by their gradients.
        state: arrays that belong to the layer but have no gradient.
    """

    def __init__(self, **params: np.ndarray) -> None:
        self.params: Arrays = params
        self.state: Arrays = {}

    def forward(self, x: np.ndarray, training: bool = False) -> tuple[np.ndarray, Any]:
        """Compute the layer's output.

        Args:
            x: (N, in_features).
            training: whether this is a step of training, for the layers that then do something else.

        Returns:
            The output (N, out_features), and the cache for the two methods below.
        """
        raise NotImplementedError

    def backward(self, cache: Any, grad: np.ndarray) -> np.ndarray:
        """Turn the gradient of the loss at the output into the one at the input; nothing is written.

        Args:
            cache: of the forward pass.
            grad: dL/dy, (N, out_features).

        Returns:
            dL/dx, (N, in_features).
        """
        raise NotImplementedError

    def param_grads(self, cache: Any, grad: np.ndarray, out: Arrays) -> None:
        """Compute the gradient of the loss for each parameter; a layer without parameters has nothing to do.

        Args:
            cache: of the forward pass.
            grad: dL/dy, (N, out_features).
            out: dL/dp is written here, under the names of `params`.
        """


class Linear(Layer):
    """Every output is a weighted sum of all inputs: y = x W + b.

    Gradients: dL/dW = xᵀ g, dL/db = Σ g over the batch, dL/dx = g Wᵀ, with g = dL/dy.

    Args:
        W: weights (in_features, out_features); kept, not copied.
        b: biases (out_features,); kept, not copied.
    """

    def __init__(self, W: np.ndarray, b: np.ndarray) -> None:
        super().__init__(W=W, b=b)

    def forward(self, x: np.ndarray, training: bool = False) -> tuple[np.ndarray, Any]:
        """Compute x W + b; the cache is x."""
        y = np.dot(x, self.params["W"])
        y += self.params["b"]
        return y, x

    def backward(self, cache: Any, grad: np.ndarray) -> np.ndarray:
        """Compute g Wᵀ."""
        return np.dot(grad, self.params["W"].T)

    def param_grads(self, cache: Any, grad: np.ndarray, out: Arrays) -> None:
        """Compute xᵀ g and Σ g."""
        x = cache
        np.dot(x.T, grad, out=out["W"])
        grad.sum(axis=0, out=out["b"])


class Dropout(Layer):
    """While training, silence each number with probability p; scale the rest by 1 / (1 − p), so that means stay.

    Outside of training it does nothing, and the whole network answers. Forgetting that switch is a classic mistake.

    Args:
        rate: p in (0, 1).
        rng: where the masks are drawn from.

    Source: Srivastava et al. 2014, Dropout, section 10 ("inverted"), https://jmlr.org/papers/v15/srivastava14a.html
    """

    def __init__(self, rate: float, rng: np.random.Generator) -> None:
        super().__init__()
        self.rate = rate
        self.rng = rng

    def forward(self, x: np.ndarray, training: bool = False) -> tuple[np.ndarray, Any]:
        """Multiply by a fresh mask while training, else do nothing; the cache is the mask."""
        if not training:
            return x, None
        mask = dropout_mask(self.rng, x.shape, self.rate, x.dtype)
        return x * mask, mask

    def backward(self, cache: Any, grad: np.ndarray) -> np.ndarray:
        """Multiply by the mask of the forward pass."""
        mask = cache
        return grad if mask is None else grad * mask


def dropout_mask(rng: np.random.Generator, shape: tuple[int, ...], rate: float, dtype: np.dtype) -> np.ndarray:
    """Draw a mask: 0 with probability `rate`, else 1 / (1 − rate).

    Sixteen random bits decide on each number, which takes a third of the time of drawing a float for it. So the
    probability is a multiple of 1/65,536, and the scale is that of the probability really used.

    Args:
        rng: its bit generator provides the bits.
        shape: of the mask.
        rate: in (0, 1).
        dtype: of the mask.

    Returns:
        An array of that shape and dtype.
    """
    size = math.prod(shape)
    threshold = min(max(round(rate * 65_536), 1), 65_535)
    bits = rng.bit_generator.random_raw(-(-size // 4)).view(np.uint16)[:size]
    mask = (bits >= threshold).reshape(shape).astype(dtype)
    mask *= 65_536 / (65_536 - threshold)
    return mask


class NormalizedBatch(NamedTuple):
    """What `BatchNorm` keeps of a forward pass.

    Attributes:
        normalized: x̂ (N, features).
        inverse_deviation: 1 / √(σ² + ε), (features,).
        own_statistics: whether μ and σ² were those of this batch; if not, they are constants.
    """

    normalized: np.ndarray
    inverse_deviation: np.ndarray
    own_statistics: bool


class BatchNorm(Layer):
    """Normalize every feature to mean 0 and variance 1 over the batch, then apply a learned scale γ and shift β.

    x̂ = (x − μ) / √(σ² + ε), y = γ x̂ + β. With g = dL/dy and means over the batch:
    dL/dγ = Σ g x̂, dL/dβ = Σ g, dL/dx = γ / √(σ² + ε) · (g − mean(g) − x̂ mean(g x̂)).

    One image has no statistics of its own, so outside of training μ and σ² are running means of those seen while
    training. They are constants, and the layer is a straight line: dL/dx = γ / √(σ² + ε) · g. A batch of one is
    treated so while training, too, and leaves the running means alone.

    Args:
        features: how many.
        dtype: of all arrays.

    Source: Ioffe and Szegedy 2015, algorithms 1 and 2, https://arxiv.org/abs/1502.03167
    """

    eps = 1e-5
    momentum = 0.1
    """How far the running means move towards each batch's statistics, as in PyTorch."""

    def __init__(self, features: int, dtype: type[np.floating] = np.float32) -> None:
        super().__init__(gamma=np.ones(features, dtype), beta=np.zeros(features, dtype))
        self.state = {"running_mean": np.zeros(features, dtype), "running_variance": np.ones(features, dtype)}

    def forward(self, x: np.ndarray, training: bool = False) -> tuple[np.ndarray, Any]:
        """Normalize with the batch's statistics while training, else with the running ones."""
        own_statistics = training and len(x) > 1
        if own_statistics:
            mean, variance = x.mean(axis=0), x.var(axis=0)
            unbiased = variance * (len(x) / (len(x) - 1))
            for name, seen in (("running_mean", mean), ("running_variance", unbiased)):
                self.state[name] *= 1 - self.momentum
                self.state[name] += self.momentum * seen
        else:
            mean, variance = self.state["running_mean"], self.state["running_variance"]
        inverse_deviation = 1 / np.sqrt(variance + self.eps)
        normalized = (x - mean) * inverse_deviation
        y = self.params["gamma"] * normalized + self.params["beta"]
        return y, NormalizedBatch(normalized, inverse_deviation, own_statistics)

    def backward(self, cache: Any, grad: np.ndarray) -> np.ndarray:
        """Scale; through the batch's own mean and variance, every image acts on every other one."""
        normalized, inverse_deviation, own_statistics = cache
        scale = self.params["gamma"] * inverse_deviation
        if not own_statistics:
            return scale * grad
        return scale * (grad - grad.mean(axis=0) - normalized * (grad * normalized).mean(axis=0))

    def param_grads(self, cache: Any, grad: np.ndarray, out: Arrays) -> None:
        """Compute Σ g x̂ and Σ g."""
        (grad * cache.normalized).sum(axis=0, out=out["gamma"])
        grad.sum(axis=0, out=out["beta"])
