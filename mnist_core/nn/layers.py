"""The layers of a network: each computes forward and, by the chain rule, backward.

A layer owns its parameters in `params` and their gradients in `grads` under the same names; `backward` fills the
gradients in place. `forward(x, training=True)` remembers what `backward` will need; without it a layer only computes,
so that one network can serve many readers at once.
"""

import math

import numpy as np


class Layer:
    """What every layer has: `params`, `grads`, `state`, `forward` and `backward`.

    Attributes:
        params: the arrays that training changes by their gradients.
        grads: dL/dp, under the names of the parameters, as the last `backward` left them.
        state: arrays that belong to the layer but have no gradient.
    """

    def __init__(self, **params: np.ndarray) -> None:
        self.params: dict[str, np.ndarray] = params
        self.grads: dict[str, np.ndarray] = {name: np.zeros_like(param) for name, param in params.items()}
        self.state: dict[str, np.ndarray] = {}
        self._kept: dict[str, np.ndarray] = {}

    def keep(self, name: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """Give an array to write a result of training into, in the same memory at every step.

        Fresh memory for a large array comes from the operating system page by page, which takes longer than to fill
        it: without this, a step of 784-512-10 with batches of 100 took 1.3 times as long.

        Args:
            name: of the result, within this layer.
            shape: may differ from step to step (the last batch is smaller).
            dtype: of its numbers.

        Returns:
            An array whose content is arbitrary, valid until the next call with this name.
        """
        size = math.prod(shape)
        array = self._kept.get(name)
        if array is None or array.size < size or array.dtype != dtype:
            array = self._kept[name] = np.empty(size, dtype)
        return array[:size].reshape(shape)

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Compute the layer's output.

        Args:
            x: (N, in_features).
            training: whether this is a step of training, and `backward` will follow.

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
        super().__init__(W=W, b=b)
        self._x: np.ndarray | None = None

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Compute x W + b."""
        W, b = self.params.values()
        if not training:
            return x @ W + b
        self._x = x
        y = np.dot(x, W, out=self.keep("y", (len(x), len(b)), x.dtype))
        y += b
        return y

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """Fill the gradients of W and b, and pass g Wᵀ on."""
        self.backward_params(grad)
        W = self.params["W"]
        return np.dot(grad, W.T, out=self.keep("dx", (len(grad), len(W)), grad.dtype))

    def backward_params(self, grad: np.ndarray) -> None:
        """Fill the gradients of W and b only: the first layer of a network needs no dL/dx to be trained."""
        if self._x is None:
            raise RuntimeError("backward needs a forward(x, training=True) before it")
        # dot, not @: for a single image, a product of a column and a row, it is seven times as fast.
        np.dot(self._x.T, grad, out=self.grads["W"])
        grad.sum(axis=0, out=self.grads["b"])


class Dropout(Layer):
    """While training, silence each number with probability p; scale the rest by 1 / (1 − p), so that means stay.

    Outside of training nothing happens: the network as a whole reads. To forget that switch is a classic mistake.

    Args:
        rate: p in (0, 1).
        rng: where the masks are drawn from.

    Source: Srivastava et al. 2014, Dropout, section 10 ("inverted"), https://jmlr.org/papers/v15/srivastava14a.html
    """

    def __init__(self, rate: float, rng: np.random.Generator) -> None:
        super().__init__()
        self.rate = rate
        self.rng = rng
        self._mask: np.ndarray | None = None

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Multiply by a fresh mask while training, else do nothing."""
        if not training:
            return x
        self._mask = dropout_mask(self.rng, x.shape, self.rate, x.dtype)
        return np.multiply(x, self._mask, out=self.keep("y", x.shape, x.dtype))

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """Multiply by the mask of the forward pass."""
        if self._mask is None:
            raise RuntimeError("backward needs a forward(x, training=True) before it")
        return np.multiply(grad, self._mask, out=self.keep("dx", grad.shape, grad.dtype))


def dropout_mask(rng: np.random.Generator, shape: tuple[int, ...], rate: float, dtype: np.dtype) -> np.ndarray:
    """Draw a mask: 0 with probability `rate`, else 1 / (1 − rate).

    Sixteen random bits decide on each number, a third of the time of drawing a float for it; so the probability is a
    multiple of 1/65,536, and the scale is that of the probability really used.

    Args:
        rng: its bit generator gives the bits.
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


class BatchNorm(Layer):
    """Give every feature mean 0 and variance 1 over the batch, then a scale γ and a shift β that are learned.

    x̂ = (x − μ) / √(σ² + ε), y = γ x̂ + β. With g = dL/dy and means over the batch:
    dL/dγ = Σ g x̂, dL/dβ = Σ g, dL/dx = γ / √(σ² + ε) · (g − mean(g) − x̂ mean(g x̂)).

    One image has no statistics of its own, so outside of training μ and σ² are running means of those seen while
    training. A batch of one is treated so while training, too, and leaves the running means alone.

    Args:
        features: how many.
        dtype: of all arrays.

    Source: Ioffe and Szegedy 2015, algorithms 1 and 2, https://arxiv.org/abs/1502.03167
    """

    eps = 1e-5
    memory = 0.9
    """Share of the running means that is kept at each step."""

    def __init__(self, features: int, dtype: type[np.floating] = np.float32) -> None:
        super().__init__(gamma=np.ones(features, dtype), beta=np.zeros(features, dtype))
        self.state = {"running_mean": np.zeros(features, dtype), "running_variance": np.ones(features, dtype)}
        self._normalized: np.ndarray | None = None
        self._inverse_deviation: np.ndarray | None = None

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Normalize with the batch's statistics while training, else with the running ones."""
        mean, variance = self.state["running_mean"], self.state["running_variance"]
        if training and len(x) > 1:
            batch_mean, batch_variance = x.mean(axis=0), x.var(axis=0)
            for running, seen in ((mean, batch_mean), (variance, batch_variance * (len(x) / (len(x) - 1)))):
                running *= self.memory
                running += (1 - self.memory) * seen
            mean, variance = batch_mean, batch_variance
        inverse_deviation = 1 / np.sqrt(variance + self.eps)
        normalized = (x - mean) * inverse_deviation
        if training:
            self._normalized, self._inverse_deviation = normalized, inverse_deviation
        return self.params["gamma"] * normalized + self.params["beta"]

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """Fill the gradients of γ and β; through mean and variance every image acts on every other one."""
        if self._normalized is None or self._inverse_deviation is None:
            raise RuntimeError("backward needs a forward(x, training=True) before it")
        (grad * self._normalized).sum(axis=0, out=self.grads["gamma"])
        grad.sum(axis=0, out=self.grads["beta"])
        scale = self.params["gamma"] * self._inverse_deviation
        count = len(grad)
        if count == 1:  # the running statistics do not depend on x
            return scale * grad
        return scale * (grad - self.grads["beta"] / count - self._normalized * (self.grads["gamma"] / count))
