"""How parameters change: an optimizer sees named arrays and their gradients, never a model.

Each keeps its memory in `state`, a dictionary of arrays, so that a checkpoint can hold it.
"""

import numpy as np

Arrays = dict[str, np.ndarray]


class SGD:
    """Stochastic gradient descent: p ← p − η g.

    Args:
        params: the arrays to change, in place.
    """

    def __init__(self, params: Arrays) -> None:
        self.params = params
        self.state: Arrays = {}

    def update(self, grads: Arrays, learning_rate: float) -> None:
        """Do one step.

        Args:
            grads: dL/dp under the names of the parameters.
            learning_rate: η > 0, for this step.
        """
        for name, param in self.params.items():
            param -= learning_rate * grads[name]


class Momentum:
    """Gradient descent with a memory: v ← μ v + g, p ← p − η v.

    Args:
        params: the arrays to change, in place.
        momentum: μ in [0, 1), the share of the velocity that is kept.

    Source: Sutskever et al. 2013, equations 1 and 2, in the form that PyTorch uses (η outside of v),
    https://proceedings.mlr.press/v28/sutskever13.html
    """

    def __init__(self, params: Arrays, momentum: float = 0.9) -> None:
        self.params = params
        self.momentum = momentum
        self.state: Arrays = {f"velocity.{name}": np.zeros_like(param) for name, param in params.items()}

    def update(self, grads: Arrays, learning_rate: float) -> None:
        """Do one step; see `SGD.update`."""
        for name, param in self.params.items():
            velocity = self.state[f"velocity.{name}"]
            velocity *= self.momentum
            velocity += grads[name]
            param -= learning_rate * velocity


class Adam:
    """Steps of about η in every direction, whatever the gradient's scale.

    m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², p ← p − η m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ) and
    v̂ = v / (1 − β₂ᵗ): both means begin at zero, and the divisions take that bias out again.

    Args:
        params: the arrays to change, in place.
        beta1: β₁ in [0, 1), memory of the gradient's mean.
        beta2: β₂ in [0, 1), memory of its mean square.
        eps: ε > 0, keeps the quotient finite.

    Source: Kingma and Ba 2015, algorithm 1, https://arxiv.org/abs/1412.6980
    """

    def __init__(self, params: Arrays, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> None:
        self.params = params
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.state: Arrays = {"step": np.zeros((), dtype=np.int64)}
        for name, param in params.items():
            self.state[f"mean.{name}"] = np.zeros_like(param)
            self.state[f"square.{name}"] = np.zeros_like(param)

    def update(self, grads: Arrays, learning_rate: float) -> None:
        """Do one step; see `SGD.update`."""
        self.state["step"] += 1
        step = int(self.state["step"])
        # The corrections are numbers, not arrays: they move into η and ε, as the paper's section 2 suggests.
        root = (1 - self.beta2**step) ** 0.5
        rate = learning_rate * root / (1 - self.beta1**step)
        for name, param in self.params.items():
            grad, mean, square = grads[name], self.state[f"mean.{name}"], self.state[f"square.{name}"]
            mean *= self.beta1
            mean += (1 - self.beta1) * grad
            square *= self.beta2
            square += (1 - self.beta2) * np.square(grad)
            param -= rate * mean / (np.sqrt(square) + self.eps * root)


Optimizer = SGD | Momentum | Adam
