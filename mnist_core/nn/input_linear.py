"""The first layer of a network of pixels: the same sums as `Linear`, without those that are known beforehand."""

import numpy as np

from mnist_core.nn.layers import Linear

MIN_BATCH = 16
MIN_FEATURES = 200
"""For smaller batches and layers, to find the constant inputs costs more than it saves (measured)."""


class InputLinear(Linear):
    """y = x W + b, where many inputs are the same for every image of the batch.

    Three pixels in ten are black in all images of a batch of 256, four in ten of 64. An input with one value vⱼ for
    the whole batch is no more than a bias, vⱼ Wⱼ, and its gradient is vⱼ Σ g. So with V for the inputs that vary and C
    for the constant ones:

        y = x_V W_V + (v_C W_C + b),   dL/dW_V = x_Vᵀ g,   dL/dW_C = v_C (Σ g)ᵀ

    These are the sums of `Linear`, in another order. Measured: both products of a layer of 784-512 with batches of 100
    take 0.8 of the time, a whole step 0.9 (`bench/RESULTS.md`). `Linear` is the one to learn from.

    Args:
        W: weights (in_features, out_features); kept, not copied.
        b: biases (out_features,); kept, not copied.
    """

    def __init__(self, W: np.ndarray, b: np.ndarray) -> None:
        super().__init__(W, b)
        self._inputs: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Compute x W + b."""
        W, b = self.params.values()
        if not training or len(x) < MIN_BATCH or len(b) < MIN_FEATURES:
            self._inputs = None if training else self._inputs
            return super().forward(x, training)
        is_constant = x.min(axis=0) == x.max(axis=0)  # (D,)
        constant, varying = np.flatnonzero(is_constant), np.flatnonzero(~is_constant)  # (C,), (V,)
        values = np.where(is_constant, x[0], x.dtype.type(0))  # (D,), 0 for inputs that vary
        self._inputs = constant, varying, values
        # mode="clip" because "raise", the default, would not write into `out` directly
        shape = (len(x), len(varying))
        self._x = x.take(varying, axis=1, out=self.keep("x", shape, x.dtype), mode="clip")  # (N, V)
        rows = W.take(varying, axis=0, out=self.keep("W", (len(varying), len(b)), W.dtype), mode="clip")
        y = np.dot(self._x, rows, out=self.keep("y", (len(x), len(b)), x.dtype))
        y += np.dot(values, W) + b
        return y

    def backward_params(self, grad: np.ndarray) -> None:
        """Fill the gradients of W and b."""
        if self._inputs is None or self._x is None:
            super().backward_params(grad)
            return
        constant, varying, values = self._inputs
        grad.sum(axis=0, out=self.grads["b"])
        features = grad.shape[1]
        same = self.keep("W", (len(constant), features), grad.dtype)
        self.grads["W"][constant] = np.outer(values[constant], self.grads["b"], out=same)
        rows = self.keep("W", (len(varying), features), grad.dtype)
        self.grads["W"][varying] = np.dot(self._x.T, grad, out=rows)
