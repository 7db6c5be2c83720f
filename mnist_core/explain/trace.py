"""One image on its way through a network, and the slope of its loss on the way back: every number, to be looked at.

Training works on many images at once and keeps only what it needs. Here it is one image, and everything is kept. The
network is only read, so many can be traced at the same time; it is traced as it reads: batch normalization uses its
running means, and dropout, which then does nothing, is left out.
"""

from dataclasses import dataclass

import numpy as np

from mnist_core.explain.chain_rule import inverse_deviation, pass_back
from mnist_core.nn.activations import sigmoid
from mnist_core.nn.layers import BatchNorm, Dropout, Layer, Linear
from mnist_core.nn.losses import HEADS, loss_function
from mnist_core.nn.mlp import MLP


@dataclass(frozen=True, eq=False)
class Passage:
    """A layer, and what passed through it both ways.

    Attributes:
        layer: of the network: `Linear`, `BatchNorm` or an `Activation`.
        x: (D,), what went in.
        y: (U,), what came out.
        y_grad: (U,), dL/dy, which came back.
        x_grad: (D,), dL/dx, which was handed on to the layer before.
    """

    layer: Layer
    x: np.ndarray
    y: np.ndarray
    y_grad: np.ndarray
    x_grad: np.ndarray

    @property
    def grads(self) -> dict[str, np.ndarray]:
        """Give dL/dp for each parameter p of the layer, under the names of `layer.params`.

        For one image dL/dW is a column times a row, xᵢ gⱼ with g = dL/dy: a table of as many numbers as W.
        """
        if isinstance(self.layer, Linear):
            return {"W": np.outer(self.x, self.y_grad), "b": self.y_grad}
        if isinstance(self.layer, BatchNorm):
            centred = self.x - self.layer.state["running_mean"]
            return {"gamma": self.y_grad * centred * inverse_deviation(self.layer), "beta": self.y_grad}
        return {}


@dataclass(frozen=True, eq=False)
class Trace:
    """All stops of one image.

    Attributes:
        passages: one for each layer, from the input to the logits.
        x: (D,), the network's input.
        logits: (K,).
        probabilities: float64 (K,), of the logits as they are: the temperature that makes answers honest comes after
            training, and the loss does not know it.
        label: the digit that it should be.
        target: float64 (K,), what is wanted of each output.
        loss: as in training, ≥ 0.
        logits_grad: (K,), dL/dlogits.
        x_grad: (D,), dL/dx: how the loss rises with each pixel.
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
    logits_grad: np.ndarray
    x_grad: np.ndarray
    head: str
    label_smoothing: float


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a network says of the image after one step.

    Attributes:
        loss: ≥ 0.
        probabilities: float64 (K,), as in `Trace`.
    """

    loss: float
    probabilities: np.ndarray


def trace_image(model: MLP, x: np.ndarray, label: int, head: str = "softmax", label_smoothing: float = 0.0) -> Trace:
    """Follow one image through a network, and the slope of its loss back to the pixels.

    Args:
        model: is only read.
        x: (D,) in the dtype of the parameters, normalized as the network wants it.
        label: the digit that it should be, in [0, K).
        head: a key of `HEADS`.
        label_smoothing: in [0, 1), for the head "softmax".

    Returns:
        Every number on the way.

    Raises:
        ValueError: if x is not one image, or the network has no output for the label.
        TypeError: if the network has a layer of a kind that is not known here.

    Source: Goodfellow, Bengio, Courville 2016, Deep Learning, algorithms 6.3 and 6.4.
    """
    if x.ndim != 1:
        raise ValueError(f"found an array of shape {x.shape}, expected one image as a row of numbers")
    layers = [layer for layer in model.layers if not isinstance(layer, Dropout)]
    values = [x]
    for layer in layers:
        values.append(layer.forward(values[-1][None])[0])
    logits = values[-1]
    if not 0 <= label < len(logits):
        raise ValueError(f"found the label {label}, expected one from 0 to {len(logits) - 1}")
    precise = logits[None].astype(np.float64)  # in float32, the loss of a very sure answer is a few roundings, or 0
    loss, logits_grad = loss_function(head, label_smoothing)(precise, np.array([label]))
    grads = [logits_grad[0].astype(x.dtype)]
    for layer, before, after in zip(layers[::-1], values[-2::-1], values[:0:-1], strict=True):
        grads.append(pass_back(layer, before, after, grads[-1]))
    grads.reverse()
    passages = [Passage(*stop) for stop in zip(layers, values, values[1:], grads[1:], grads, strict=False)]
    smoothing = label_smoothing if head == "softmax" else 0.0
    target = np.full(len(logits), smoothing / len(logits))
    target[label] += 1 - smoothing
    probabilities = HEADS[head].probabilities(precise)[0]
    back = (loss, grads[-1], grads[0])
    return Trace(tuple(passages), x, logits, probabilities, label, target, *back, head, label_smoothing)


def loss_terms(trace: Trace) -> np.ndarray:
    """Tell what each output adds to the loss.

    With t for what is wanted: −t log p ("softmax"), −t log σ(z) − (1 − t) log(1 − σ(z)) ("sigmoid"), ½ (σ(z) − t)²
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

    The changed network is never built. A changed linear layer gives, for its new input x',

        x' (W − η xᵀ g) + b − η g  =  (x' W + b) − η (x' · x + 1) g,

    which is the old layer's output and a number times g = dL/dy.

    Args:
        trace: of the image; the network must not have changed since.
        learning_rate: η ≥ 0.

    Returns:
        The loss and the probabilities of the same image and label.
    """
    x = trace.x
    for passage in trace.passages:
        layer, y = passage.layer, passage.layer.forward(x[None])[0]
        if isinstance(layer, Linear):
            y = y - learning_rate * (x @ passage.x + 1) * passage.y_grad
        elif isinstance(layer, BatchNorm):
            normalized = (x - layer.state["running_mean"]) * inverse_deviation(layer)
            y = y - learning_rate * (passage.grads["gamma"] * normalized + passage.grads["beta"])
        x = y
    logits = x[None].astype(np.float64)
    loss, _ = loss_function(trace.head, trace.label_smoothing)(logits, np.array([trace.label]))
    return Outcome(loss, HEADS[trace.head].probabilities(logits)[0])
