"""Why this digit: which ink speaks for it and which against it, asked of the network in two ways.

Both look at a score: the logit zₐ of a digit a, or zₐ − z_b where a is compared with another digit b. The first way
multiplies slopes with ink, the second wipes ink and looks what changes. Neither is the one true reason: a network of
a million weights has none. Where both agree, there is something to see.

Source: Ancona, Ceolini, Öztireli and Gross 2018, Towards better understanding of gradient-based attribution methods
for deep neural networks, https://arxiv.org/abs/1711.06104
"""

import numpy as np

from mnist_core.constants import SIDE
from mnist_core.explain.chain_rule import pass_back
from mnist_core.network import TrainedNetwork
from mnist_core.nn.mlp import MLP
from mnist_core.nn.normalization import normalize

PATCH = 4
"""Side of the patch that `occlusion` wipes: about as wide as a stroke, which is two to four pixels."""
THIRDS = (0, 11, 17)
"""Where the upper, middle and lower third of the field begin; ink fills its middle 20 pixels, hence uneven thirds."""


def gradient_times_input(
    network: TrainedNetwork, image: np.ndarray, digit: int, other: int | None = None
) -> np.ndarray:
    """Say how much each pixel's ink adds to a score, if the network went on as straight as it begins.

    A pixel's share is its slope times its ink, (∂s/∂x) (x − x₀), with the score s, the pixel x as the network
    calculates with it, and x₀, the same for an empty pixel: 0, except in the normalization "standard". If the network
    consists of straight pieces (ReLU), has no biases, and x₀ = 0, then doubled ink doubles s, and the shares of all
    pixels sum to s (Euler's theorem on homogeneous functions). With biases or curves the sum is another one.

    Args:
        network: the network that read the image; it is not changed, so other threads may read with it meanwhile.
        image: float32 (28, 28) in [0, 1], as in `Recognition.image`.
        digit: in [0, 9], the one that ink speaks for (positive) or against (negative).
        other: the digit that it is compared with; None: none.

    Returns:
        float32 (28, 28), in units of the logits; 0 where there is no ink.

    Source: Simonyan, Vedaldi and Zisserman 2013, Deep inside convolutional networks, section 3,
    https://arxiv.org/abs/1312.6034; times the input: Shrikumar, Greenside, Shcherbina and Kundaje 2016, Not just a
    black box, https://arxiv.org/abs/1605.01713
    """
    x, empty = _inputs(network, np.stack([image, np.zeros_like(image)]))  # (784,) each
    grad = np.zeros((1, len(network.class_names)), x.dtype)
    grad[0, digit] = 1
    if other is not None:
        grad[0, other] -= 1
    slopes = input_gradient(network.model, x[None], grad)[0]  # (784,)
    return (slopes * (x - empty)).reshape(image.shape).astype(np.float32)


def input_gradient(model: MLP, x: np.ndarray, grad: np.ndarray) -> np.ndarray:
    """Run a gradient back to the pixels, through the network as it reads (see `slopes`).

    Args:
        model: the network.
        x: (N, D) in the dtype of its parameters.
        grad: (N, K), the gradient of some number at the logits.

    Returns:
        That number's gradient at x, (N, D).
    """
    values = [x]  # what enters each layer, and last what leaves the network
    for layer in model.layers:
        values.append(layer.forward(values[-1]))
    for layer, entered, left in zip(reversed(model.layers), values[-2::-1], values[:0:-1], strict=True):
        grad = pass_back(layer, entered, left, grad)
    return grad


def occlusion(
    network: TrainedNetwork, image: np.ndarray, digit: int, other: int | None = None, size: int = PATCH
) -> np.ndarray:
    """Say how much a score falls when a small patch of the image is wiped, on average over the patches at a pixel.

    Patches overlap by half, so that each pixel lies in four. Those with ink, about a hundred, are read in one batch.

    Args:
        network: the network that read the image.
        image: float32 (28, 28) in [0, 1].
        digit: in [0, 9], the one that ink speaks for (positive) or against (negative).
        other: the digit that it is compared with; None: none.
        size: of a patch, in pixels; even, in [2, 28].

    Returns:
        float32 (28, 28), in units of the logits; 0 where no patch holds ink.

    Raises:
        ValueError: if the size is odd or out of range.

    Source: Zeiler and Fergus 2014, Visualizing and understanding convolutional networks, section 4.2,
    https://arxiv.org/abs/1311.2901
    """
    if size % 2 or not 2 <= size <= SIDE:
        raise ValueError(f"the patch's size is {size}, expected an even number from 2 to {SIDE}")
    half = size // 2
    starts = range(-half, SIDE, half)
    patches = [(slice(max(top, 0), top + size), slice(max(left, 0), left + size)) for top in starts for left in starts]
    patches = [patch for patch in patches if image[patch].any()]
    logits = _logits_without(network, image, patches)  # (1 + P, 10), the first with all ink
    scores = logits[:, digit] if other is None else logits[:, digit] - logits[:, other]
    falls = np.zeros_like(image)
    for patch, score in zip(patches, scores[1:], strict=True):
        falls[patch] += (scores[0] - score) / 4
    return falls


def without_ninths(network: TrainedNetwork, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read the image, and read it again without each ninth of the field: upper left, upper middle, and so on.

    Args:
        network: the network.
        image: float32 (28, 28) in [0, 1].

    Returns:
        The logits (10,) of the whole image, and (3, 3, 10) without the ink of one ninth, by row and column.
    """
    thirds = [slice(start, end) for start, end in zip(THIRDS, (*THIRDS[1:], SIDE), strict=True)]
    logits = _logits_without(network, image, [(rows, columns) for rows in thirds for columns in thirds])
    return logits[0], logits[1:].reshape(3, 3, -1)


def _logits_without(network: TrainedNetwork, image: np.ndarray, patches: list[tuple[slice, slice]]) -> np.ndarray:
    """Read an image, then copies of it in which one patch each is wiped: (1 + P, 10)."""
    images = np.repeat(image[None], 1 + len(patches), axis=0)
    for wiped, patch in zip(images[1:], patches, strict=True):
        wiped[patch] = 0
    return network.model.forward(_inputs(network, images))


def _inputs(network: TrainedNetwork, images: np.ndarray) -> np.ndarray:
    """Give images (N, 28, 28) as the network calculates with them, (N, 784)."""
    return normalize(images, network.recipe.normalization, network.model.flat.dtype.type)
