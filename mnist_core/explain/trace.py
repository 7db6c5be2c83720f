"""One image on its way through a network, and the gradient of its loss on the way back, with every number kept.

The passes are those of training, for one image, but nothing is written to the network, so many threads can trace the
same one. It is traced as it reads: batch normalization uses its running means, and dropout, which then does nothing, is
left out.
"""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_core.nn.activations import sigmoid
from mnist_core.nn.layers import Arrays, Dropout, Layer
from mnist_core.nn.losses import HEADS, loss_function
from mnist_core.nn.mlp import MLP


@dataclass(frozen=True, eq=False)
class Passage:
    """A layer, and what passed through it both ways.

    Attributes:
        layer: of the network: `Linear`, `BatchNorm` or an `Activation`.
        x: (D,), what went in.
        y: (U,), what came out.
        cache: what the layer kept of its forward pass.
        y_grad: (U,), dL/dy, which came back.
        x_grad: (D,), dL/dx, which was passed on to the layer before.
    """

    layer: Layer
    x: np.ndarray
    y: np.ndarray
    cache: Any
    y_grad: np.ndarray
    x_grad: np.ndarray

    @property
    def grads(self) -> Arrays:
        """dL/dp for each parameter p of the layer, under the names of `layer.params`.

        For one image dL/dW is a column times a row, xᵢ gⱼ with g = dL/dy: a table of as many numbers as W.
        """
        out = {name: np.empty_like(param) for name, param in self.layer.params.items()}
        self.layer.param_grads(self.cache, self.y_grad[None], out)
        return out


@dataclass(frozen=True, eq=False)
class Trace:
    """The passes of one image, forward and backward.

    Attributes:
        passages: one for each layer, from the input to the logits.
        x: (D,), the network's input.
        logits: (K,).
        probabilities: float64 (K,), of the logits as they are: the temperature that calibrates answers is found after
            training, and has no part in the loss.
        label: the digit that it should be.
        target: float64 (K,), the wanted value of each output.
        loss: as in training, ≥ 0.
        head: a key of `HEADS`.
        label_smoothing: in [0, 1).
    """

    passages: tuple[Passage, ...]
    x: np.ndarray
    logits: np.ndarray
    probabilities: np.ndarray
    label: int
    target: np.ndarray
    loss: float
    head: str
    label_smoothing: float


@dataclass(frozen=True, eq=False)
class Outcome:
    """How a network reads the image after one step.

    Attributes:
        loss: ≥ 0.
        probabilities: float64 (K,), as in `Trace`.
    """

    loss: float
    probabilities: np.ndarray


def trace_image(model: MLP, x: np.ndarray, label: int, head: str = "softmax", label_smoothing: float = 0.0) -> Trace:
    """Follow one image through a network, and the gradient of its loss back to the pixels.

    Args:
        model: only read.
        x: (D,) in the dtype of the parameters, normalized as the network expects.
        label: the digit that it should be, in [0, K).
        head: a key of `HEADS`.
        label_smoothing: in [0, 1), for the head "softmax".

    Returns:
        Every number on the way.

    Raises:
        ValueError: if x is not one image, or the network has no output for the label.

    Source: Goodfellow, Bengio, Courville 2016, Deep Learning, algorithms 6.3 and 6.4.
    """
    if x.ndim != 1:
        raise ValueError(f"found an array of shape {x.shape}, expected one image as a row of numbers")
    forward: list[tuple[Layer, np.ndarray, np.ndarray, Any]] = []  # layer, x, y, cache
    y = x[None]
    for layer in model.layers:
        if not isinstance(layer, Dropout):
            before, (y, cache) = y, layer.forward(y)
            forward.append((layer, before[0], y[0], cache))
    logits = y[0]
    if not 0 <= label < len(logits):
        raise ValueError(f"found the label {label}, expected one from 0 to {len(logits) - 1}")
    precise = logits[None].astype(np.float64)  # in float32, the loss of a very sure answer is a few roundings, or 0
    loss, grad = loss_function(head, label_smoothing)(precise, np.array([label]))
    grad = grad.astype(x.dtype)
    passages: list[Passage] = []
    for layer, before, after, cache in reversed(forward):
        y_grad, grad = grad, layer.backward(cache, grad)
        passages.insert(0, Passage(layer, before, after, cache, y_grad[0], grad[0]))
    smoothing = label_smoothing if head == "softmax" else 0.0
    target = np.full(len(logits), smoothing / len(logits))
    target[label] += 1 - smoothing
    probabilities = HEADS[head].probabilities(precise)[0]
    return Trace(tuple(passages), x, logits, probabilities, label, target, loss, head, label_smoothing)


def loss_terms(trace: Trace) -> np.ndarray:
    """Compute what each output adds to the loss.

    With t for the target: −t log p ("softmax"), −t log σ(z) − (1 − t) log(1 − σ(z)) ("sigmoid"), ½ (σ(z) − t)²
    ("squared-error"); see `losses`.

    Returns:
        float64 (K,), each ≥ 0, with the loss as their sum.
    """
    z = trace.logits.astype(np.float64)
    if trace.head == "softmax":
        shifted = z - z.max()
        return trace.target * (np.log(np.exp(shifted).sum()) - shifted)
    if trace.head == "sigmoid":
        return np.logaddexp(0, np.where(trace.target > 0, -z, z))
    return 0.5 * (sigmoid(z) - trace.target) ** 2


def after_step(trace: Trace, learning_rate: float) -> Outcome:
    """Read the image again after one step of gradient descent, θ ← θ − η dL/dθ for every parameter θ.

    Args:
        trace: of the image; the network must not have changed since, and is not changed.
        learning_rate: η ≥ 0.

    Returns:
        The loss and the probabilities of the same image and label.
    """
    x = trace.x[None]
    for passage in trace.passages:
        changed, grads = copy.copy(passage.layer), passage.grads
        changed.params = {name: param - learning_rate * grads[name] for name, param in changed.params.items()}
        x, _ = changed.forward(x)
    logits = x.astype(np.float64)
    loss, _ = loss_function(trace.head, trace.label_smoothing)(logits, np.array([trace.label]))
    return Outcome(loss, HEADS[trace.head].probabilities(logits)[0])
