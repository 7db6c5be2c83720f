"""Why this digit: which ink speaks for it and which against it, measured in two ways.

Both explain a score: the logit zₐ of a digit a, or zₐ − z_b where a is compared with another digit b. The first way
multiplies gradients by ink, the second erases ink and sees what changes. Neither is the one true reason: a network of
a million weights has none. Where both agree, there is something to learn.

Source: Ancona, Ceolini, Öztireli and Gross 2018, Towards better understanding of gradient-based attribution methods
for deep neural networks, https://arxiv.org/abs/1711.06104
"""

import numpy as np

from mnist_core.constants import SIDE
from mnist_core.network import Network

PATCH = 4
"""Side of the patch that `occlusion` erases, an even number: about as wide as a stroke, which is two to four pixels."""
THIRDS = (0, 11, 17)
"""Where the upper, middle and lower third of the image begin: uneven, since ink fills its middle 20 pixels."""


def gradient_times_input(network: Network, image: np.ndarray, digit: int, other: int | None = None) -> np.ndarray:
    """Compute how much each pixel's ink adds to a score, taking the network as linear around this image.

    A pixel's share is its gradient times its ink, (∂s/∂x) (x − x₀), with the score s, the normalized pixel x, and x₀,
    the same for an empty pixel: 0, except with the normalization "standard". If the network is linear piece by piece
    (ReLU), has no biases, and x₀ = 0, then twice the ink gives twice the score, and the shares of all pixels sum to s
    (Euler's theorem on homogeneous functions). With biases or curves they sum to something else.

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
    x, empty = network.inputs(np.stack([image, np.zeros_like(image)]))  # (784,) each
    grad = np.zeros((1, len(network.class_names)), x.dtype)
    grad[0, digit] = 1
    if other is not None:
        grad[0, other] -= 1
    _, caches = network.model.forward(x[None])
    gradient = network.model.input_gradient(caches, grad)[0]  # (784,)
    return (gradient * (x - empty)).reshape(image.shape).astype(np.float32)


def occlusion(network: Network, image: np.ndarray, digit: int, other: int | None = None) -> np.ndarray:
    """Compute how much a score falls when a small patch of the image is erased, averaged over the patches at a pixel.

    Patches overlap by half, so that each pixel lies in four. Those with ink, about a hundred, are read in one batch.

    Args:
        network: the network that read the image.
        image: float32 (28, 28) in [0, 1].
        digit: in [0, 9], the one that ink speaks for (positive) or against (negative).
        other: the digit that it is compared with; None: none.

    Returns:
        float32 (28, 28), in units of the logits; 0 where no patch holds ink.

    Source: Zeiler and Fergus 2014, Visualizing and understanding convolutional networks, section 4.2,
    https://arxiv.org/abs/1311.2901
    """
    starts = range(-PATCH // 2, SIDE, PATCH // 2)
    spans = [slice(max(start, 0), start + PATCH) for start in starts]
    patches = [(rows, columns) for rows in spans for columns in spans if image[rows, columns].any()]
    logits = _logits_without(network, image, patches)  # (1 + P, 10), the first with all ink
    scores = logits[:, digit] if other is None else logits[:, digit] - logits[:, other]
    falls = np.zeros_like(image)
    for patch, score in zip(patches, scores[1:], strict=True):
        falls[patch] += (scores[0] - score) / 4
    return falls


def without_ninths(network: Network, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def _logits_without(network: Network, image: np.ndarray, patches: list[tuple[slice, slice]]) -> np.ndarray:
    """Compute the logits (1 + P, 10) of an image and of its copies without the ink of one patch each."""
    images = np.repeat(image[None], 1 + len(patches), axis=0)
    for erased, patch in zip(images[1:], patches, strict=True):
        erased[patch] = 0
    return network.logits(images)
