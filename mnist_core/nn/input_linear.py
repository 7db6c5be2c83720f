"""The first layer of a network of pixels: the same sums as `Linear`, without those that are known beforehand."""

from typing import Any, NamedTuple

import numpy as np

from mnist_core.nn.layers import Arrays, Linear

MIN_BATCH = 16
MIN_FEATURES = 200
"""For smaller batches and layers, finding the constant inputs costs more than it saves (measured)."""


class SplitBatch(NamedTuple):
    """What `InputLinear` keeps of a forward pass of training.

    Attributes:
        x: (N, V), the inputs that vary.
        varying: int (V,), which those are.
        constant: int (C,), which are the same for every image.
        values: (C,), what those are.
    """

    x: np.ndarray
    varying: np.ndarray
    constant: np.ndarray
    values: np.ndarray


class InputLinear(Linear):
    """y = x W + b, where many inputs are the same for every image of the batch.

    Three pixels in ten are black in all images of a batch of 256, four in ten of 64. An input with one value vⱼ for
    the whole batch is no more than a bias, vⱼ Wⱼ, and its gradient is vⱼ Σ g. So with V for the inputs that vary and C
    for the constant ones:

        y = x_V W_V + (v_C W_C + b),   dL/dW_V = x_Vᵀ g,   dL/dW_C = v_C (Σ g)ᵀ

    These are the sums of `Linear`, in another order. Measured: both products of a layer of 784-512 with batches of 100
    take 0.8 of the time, a whole step 0.9 (`bench/RESULTS.md`). `Linear` is the one to learn from.
    """

    def __init__(self, W: np.ndarray, b: np.ndarray) -> None:
        super().__init__(W, b)
        # For W_V and dL/dW_V while they are needed: fresh memory for arrays of this size costs 2% of a step.
        self._scratch = np.empty_like(W)

    def forward(self, x: np.ndarray, training: bool = False) -> tuple[np.ndarray, Any]:
        """Compute x W + b."""
        W, b = self.params["W"], self.params["b"]
        if not training or len(x) < MIN_BATCH or len(b) < MIN_FEATURES:
            return super().forward(x, training)
        is_constant = x.min(axis=0) == x.max(axis=0)  # (D,)
        constant, varying = np.flatnonzero(is_constant), np.flatnonzero(~is_constant)  # (C,), (V,)
        values = np.where(is_constant, x[0], x.dtype.type(0))  # (D,), 0 for inputs that vary
        batch = SplitBatch(x.take(varying, axis=1), varying, constant, values[constant])
        # mode="clip" because "raise", the default, would not write into `out` directly
        W_varying = W.take(varying, axis=0, out=self._scratch[: len(varying)], mode="clip")
        y = np.dot(batch.x, W_varying)
        y += np.dot(values, W) + b
        return y, batch

    def param_grads(self, cache: Any, grad: np.ndarray, out: Arrays) -> None:
        """Compute the gradients of W and b."""
        if not isinstance(cache, SplitBatch):
            super().param_grads(cache, grad, out)
            return
        grad.sum(axis=0, out=out["b"])
        out["W"][cache.constant] = np.outer(cache.values, out["b"])
        out["W"][cache.varying] = np.dot(cache.x.T, grad, out=self._scratch[: len(cache.varying)])
