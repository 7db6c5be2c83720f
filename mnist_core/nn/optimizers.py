"""How parameters change: an optimizer sees one flat array and its gradient, never a model.

Every kind below is one rule, written for the whole array at once. `Optimizer` applies it to one piece of the array
after the other: small enough to stay in the processor's cache while the rule's operations pass over it.
"""

import numpy as np

PIECE = 131_072
"""Numbers per piece: the five arrays of Adam then take 2.6 MB. It matters where the processor's last cache cannot hold
the whole network; where it can (measured: 32 MB, and 27 MB of arrays), pieces cost nothing."""


class Optimizer:
    """What every optimizer does: keep memories, count steps, apply its rule piece by piece.

    Args:
        params: (P,), changed in place by `update`.
        grads: (P,), where the gradient will stand at each `update`; never changed.
        memories: names of the arrays of the same size that the rule keeps between steps; they begin at 0.

    Attributes:
        state: the memories by name: all, with `step`, that a checkpoint must hold.
        step: updates so far.
    """

    def __init__(self, params: np.ndarray, grads: np.ndarray, memories: tuple[str, ...] = ()) -> None:
        self.params = params
        self.state = {name: np.zeros_like(params) for name in memories}
        self.step = 0
        arrays = [params, grads, *self.state.values(), np.empty_like(params[:PIECE])]
        self._pieces = [
            [*(array[start : start + PIECE] for array in arrays[:-1]), arrays[-1][: len(params) - start]]
            for start in range(0, len(params), PIECE)
        ]

    def update(self, learning_rate: float) -> None:
        """Do one step.

        Args:
            learning_rate: η > 0, for this step.
        """
        self.step += 1
        for piece in self._pieces:
            self.rule(learning_rate, *piece)

    def rule(self, learning_rate: float, p: np.ndarray, g: np.ndarray, *memories_and_scratch: np.ndarray) -> None:
        """Change one piece in place.

        Args:
            learning_rate: η.
            p: parameters.
            g: their gradient, not to be changed.
            memories_and_scratch: the piece of each memory, in the order of their names, and last an array for
                intermediate results.
        """
        raise NotImplementedError


class SGD(Optimizer):
    """Stochastic gradient descent: p ← p − η g."""

    def rule(self, learning_rate: float, p: np.ndarray, g: np.ndarray, *scratch: np.ndarray) -> None:
        """Walk down the slope."""
        (t,) = scratch
        np.multiply(g, learning_rate, out=t)
        p -= t


class Momentum(Optimizer):
    """Gradient descent with a memory: v ← μ v + g, p ← p − η v.

    Args:
        params: (P,), changed in place.
        grads: (P,).
        momentum: μ in [0, 1), the share of the velocity that is kept.

    Source: Sutskever et al. 2013, equations 1 and 2, in the form that PyTorch uses (η outside of v),
    https://proceedings.mlr.press/v28/sutskever13.html
    """

    def __init__(self, params: np.ndarray, grads: np.ndarray, momentum: float = 0.9) -> None:
        super().__init__(params, grads, ("velocity",))
        self.momentum = momentum

    def rule(self, learning_rate: float, p: np.ndarray, g: np.ndarray, *arrays: np.ndarray) -> None:
        """Roll on."""
        v, t = arrays
        v *= self.momentum
        v += g
        np.multiply(v, learning_rate, out=t)
        p -= t


class Nesterov(Momentum):
    """Momentum that looks ahead: v ← μ v + g, p ← p − η (g + μ v).

    Source: Sutskever et al. 2013, equations 3 and 4, in the form that PyTorch uses (parameters stand at the place
    looked ahead to).
    """

    def rule(self, learning_rate: float, p: np.ndarray, g: np.ndarray, *arrays: np.ndarray) -> None:
        """Roll on, and correct by where that leads."""
        v, t = arrays
        v *= self.momentum
        v += g
        np.multiply(v, self.momentum, out=t)
        t += g
        t *= learning_rate
        p -= t


class AdaGrad(Optimizer):
    """Smaller steps where slopes were steep: s ← s + g², p ← p − η g / (√s + ε).

    Args:
        params: (P,), changed in place.
        grads: (P,).
        eps: ε > 0, keeps the quotient finite.

    Source: Duchi, Hazan, Singer 2011, figure 1, https://jmlr.org/papers/v12/duchi11a.html
    """

    def __init__(self, params: np.ndarray, grads: np.ndarray, eps: float = 1e-10) -> None:
        super().__init__(params, grads, ("square_sum",))
        self.eps = eps

    def rule(self, learning_rate: float, p: np.ndarray, g: np.ndarray, *arrays: np.ndarray) -> None:
        """Divide by the root of all squares so far."""
        s, t = arrays
        np.multiply(g, g, out=t)
        s += t
        _step_by_quotient(p, g, s, self.eps, learning_rate, t)


class RMSprop(Optimizer):
    """AdaGrad that forgets: s ← β₂ s + (1 − β₂) g², p ← p − η g / (√s + ε).

    Args:
        params: (P,), changed in place.
        grads: (P,).
        beta2: β₂ in [0, 1), memory of the mean square.
        eps: ε > 0, keeps the quotient finite.

    Source: Hinton 2012, Neural Networks for Machine Learning, lecture 6e, slide 29.
    """

    def __init__(self, params: np.ndarray, grads: np.ndarray, beta2: float = 0.99, eps: float = 1e-8) -> None:
        super().__init__(params, grads, ("square",))
        self.beta2 = beta2
        self.eps = eps

    def rule(self, learning_rate: float, p: np.ndarray, g: np.ndarray, *arrays: np.ndarray) -> None:
        """Divide by the root of the mean square."""
        s, t = arrays
        np.multiply(g, g, out=t)
        t *= 1 - self.beta2
        s *= self.beta2
        s += t
        _step_by_quotient(p, g, s, self.eps, learning_rate, t)


class Adam(Optimizer):
    """Steps of about η in every direction, whatever the gradient's scale.

    m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², p ← p − η m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ) and
    v̂ = v / (1 − β₂ᵗ): both means begin at zero, and the divisions take that bias out again.

    Args:
        params: (P,), changed in place.
        grads: (P,).
        beta1: β₁ in [0, 1), memory of the gradient's mean.
        beta2: β₂ in [0, 1), memory of its mean square.
        eps: ε > 0, keeps the quotient finite.

    Source: Kingma and Ba 2015, algorithm 1, https://arxiv.org/abs/1412.6980
    """

    def __init__(
        self, params: np.ndarray, grads: np.ndarray, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        super().__init__(params, grads, ("mean", "square"))
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps

    def rule(self, learning_rate: float, p: np.ndarray, g: np.ndarray, *arrays: np.ndarray) -> None:
        """Divide the gradient's mean by the root of its mean square.

        The memories are kept without their factors, m / (1 − β₁) and v / (1 − β₂), which saves two of twelve passes
        over the arrays. Those factors and the corrections are numbers: they move into η and ε.
        """
        m, v, t = arrays
        m *= self.beta1
        m += g
        np.multiply(g, g, out=t)
        v *= self.beta2
        v += t
        mean_factor = (1 - self.beta1) / (1 - self.beta1**self.step)
        root_factor = ((1 - self.beta2) / (1 - self.beta2**self.step)) ** 0.5
        _step_by_quotient(p, m, v, self.eps / root_factor, learning_rate * mean_factor / root_factor, t)


class AdamW(Adam):
    """Adam whose weights shrink beside the gradient, not through it: W ← (1 − η λ) W, then Adam's step.

    As a penalty, λ W would be divided by Adam's root like any slope, and steep weights would hardly shrink.

    Args:
        params: (P,), changed in place.
        grads: (P,).
        beta1: as for `Adam`, like the next two.
        beta2: see there.
        eps: see there.
        weight_decay: λ ≥ 0.
        weight_count: how many entries at the beginning are weights and shrink; None: all.

    Source: Loshchilov and Hutter 2019, algorithm 2, https://arxiv.org/abs/1711.05101
    """

    def __init__(
        self,
        params: np.ndarray,
        grads: np.ndarray,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        weight_count: int | None = None,
    ) -> None:
        super().__init__(params, grads, beta1, beta2, eps)
        self.weight_decay = weight_decay
        self.weight_count = weight_count

    def update(self, learning_rate: float) -> None:
        """Shrink the weights, then step."""
        self.params[: self.weight_count] *= 1 - learning_rate * self.weight_decay
        super().update(learning_rate)


def _step_by_quotient(
    p: np.ndarray, direction: np.ndarray, square: np.ndarray, eps: float, rate: float, scratch: np.ndarray
) -> None:
    """Do p ← p − rate · direction / (√square + ε), what AdaGrad, RMSprop and Adam have in common."""
    np.sqrt(square, out=scratch)
    scratch += eps
    np.divide(direction, scratch, out=scratch)
    scratch *= rate
    p -= scratch
