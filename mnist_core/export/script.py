"""A trained network as one short Python file that needs NumPy alone: all that it takes to read a digit, on one page."""

import base64
from itertools import pairwise

import numpy as np

from mnist_core.errors import WeightsError
from mnist_core.network import Network
from mnist_core.nn.activations import GELU, LeakyReLU
from mnist_core.nn.layers import BatchNorm, Linear
from mnist_core.nn.normalization import DEVIATION, MEAN
from mnist_core.recipes.presets import changes
from mnist_core.recipes.recipe import Recipe

LONGEST_NAME = 80
"""Characters of a name that the header shows."""

# No name stands in the first two lines, where Python would take "coding: …" for the encoding of the file.
_SCRIPT = '''\
# A neural network that reads handwritten digits, in one file that needs Python and NumPy alone.
#
# Layers:    {sizes}
# Made by:   the recipe {recipe}, trained on {data}
{changes}# Accuracy:  {accuracy}
#
# python my_network.py t10k-images-idx3-ubyte.gz    prints the digit in every image of a file of MNIST
# python my_network.py images.npy                   the same for an array, uint8 (N, 28, 28), ink bright on black

import base64
import gzip
import sys

import numpy as np


def read(images):
    """Compute the probabilities of the ten digits, float32 (N, 10), for images, uint8 (N, 28, 28)."""
    assert images.dtype == np.uint8 and images.shape[1:] == (28, 28), "expected images that are uint8 (N, 28, 28)"
    # The weights and biases of all layers, one layer after the other; they were written with 16 bits each.
    numbers = np.frombuffer(base64.b64decode(NUMBERS), "<f2").astype(np.float32)
    x = images.reshape(-1, 784).astype(np.float32)  # every image becomes a row of 784 numbers, 0 to 255
{normalization}    for inputs, outputs in {pairs}:
        W, b, numbers = np.split(numbers, [inputs * outputs, (inputs + 1) * outputs])
        z = x @ W.reshape(inputs, outputs) + b  # every output is a weighted sum of all inputs, and a bias
{activation}{head}    return powers / powers.sum(axis=1, keepdims=True)


def main(path):
    """Print the digit in every image of a file, one a line."""
    is_npy = path.endswith(".npy")  # else it is a file of MNIST: packed, and 16 bytes come before the first image
    images = np.load(path) if is_npy else np.frombuffer(gzip.open(path).read()[16:], np.uint8).reshape(-1, 28, 28)
    print(*read(images).argmax(axis=1), sep="\\n")


NUMBERS = "{numbers}"

if __name__ == "__main__":
    main(*sys.argv[1:])
'''

# What `NORMALIZATIONS` and `ACTIVATIONS` do, as the lines that a script needs for it.
_NORMALIZATIONS = {
    "unit": "    x = x / 255  # black is 0, white is 1\n",
    "standard": f"    x = (x / 255 - {MEAN}) / {DEVIATION}  # mean 0 and deviation 1 over the pixels of MNIST\n",
    "raw": "",
    "min-max": "    # the darkest pixel of each image becomes 0, its brightest 1\n"
    "    x = (x - x.min(axis=1, keepdims=True)) / np.maximum(np.ptp(x, axis=1, keepdims=True), 1)\n",
}
_ACTIVATIONS = {
    "relu": "np.maximum(z, 0)  # ReLU",
    "leaky-relu": f"np.maximum(z, {LeakyReLU.negative_slope} * z)  # leaky ReLU",
    "sigmoid": "0.5 * (1 + np.tanh(0.5 * z))  # sigmoid, 1 / (1 + e^-z), written so that nothing overflows",
    "tanh": "np.tanh(z)",
    "silu": "z * 0.5 * (1 + np.tanh(0.5 * z))  # SiLU, z / (1 + e^-z), written so that nothing overflows",
    "gelu": f"z * 0.5 * (1 + np.tanh({GELU.scale / 2} * (z + {GELU.cubic} * z**3)))  # GELU",
}


def to_script(network: Network) -> str:
    """Write the Python file: a function `read(images)`, a `main`, and one line with all weights.

    It holds only the lines that this network needs. Weights are rounded to float16, eleven significant bits: enough
    to read digits (see `Network.save`). Batch normalization is a multiple and a shift of what a linear layer gives, so
    it becomes part of that layer's weights; dropout does nothing outside of training and is left out.

    Args:
        network: what to write.

    Returns:
        The source. It can be trusted whatever the names in the network are: they come in as Python literals, which
        hold no line break and no invisible character, and only in comments.

    Raises:
        WeightsError: if a weight is no finite number in float16.
    """
    recipe = network.recipe
    hidden = f" with {recipe.activation} between them" if recipe.hidden_sizes else ""
    return _SCRIPT.format(
        sizes=f"{'-'.join(map(str, recipe.layer_sizes))}{hidden}, {recipe.head} at the end",
        recipe=_quoted(recipe.name),
        data=_quoted(network.data_name),
        changes=_changes(recipe),
        accuracy=_accuracy(network),
        normalization=_NORMALIZATIONS[recipe.normalization],
        pairs=list(pairwise(recipe.layer_sizes)),
        activation=_activation(recipe.activation) if recipe.hidden_sizes else "",
        head=_head(recipe.head, network.temperature),
        numbers=base64.b64encode(_weights(network)).decode(),
    )


def _quoted(name: str) -> str:
    return repr(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…")


def _changes(recipe: Recipe) -> str:
    """Return the line with what differs from the shipped recipe of that name, whether changed before or midway."""
    values = ", ".join(f"{name}={value!r}" for name, value in changes(recipe).items())
    return f"# Changed:   {values}\n" if values else ""


def _accuracy(network: Network) -> str:
    shares = {"test": network.test_accuracy, "validation": network.validation_accuracy}
    known = [f"{share:.2%} of the {part} images" for part, share in shares.items() if share is not None]
    return ", ".join(known) or "not measured yet"


def _activation(activation: str) -> str:
    lines = "        # This goes into the next layer; after the last layer only z counts.\n"
    return f"{lines}        x = {_ACTIVATIONS[activation]}\n"


def _head(head: str, temperature: float) -> str:
    """Return the lines from the logits z to the powers of which the probabilities are shares, see `HEADS`."""
    divided = "" if temperature == 1 else f" / {float(temperature)}"
    lines = f"    # The temperature {float(temperature)} makes the network as sure as it is right.\n" if divided else ""
    exponents = "z - z.max(axis=1, keepdims=True)"
    if head != "softmax":
        lines += f"    z = -np.logaddexp(0, -z{divided})  # log of the sigmoid: ten answers, each by itself\n"
    elif divided:
        exponents = f"({exponents}){divided}"
    return f"{lines}    powers = np.exp({exponents})  # with the largest z taken off, nothing overflows\n"


def _weights(network: Network) -> bytes:
    """Return W and b of one linear layer after the other, with what batch normalization does after it."""
    layers: list[tuple[np.ndarray, np.ndarray]] = []
    for layer in network.model.layers:
        if isinstance(layer, Linear):
            layers.append((layer.params["W"], layer.params["b"]))
        elif isinstance(layer, BatchNorm):  # γ (x W + b − μ) / √(σ² + ε) + β = x (s W) + s (b − μ) + β
            (W, b), (gamma, beta) = layers[-1], layer.params.values()
            scale = gamma / np.sqrt(layer.state["running_variance"] + layer.eps)
            layers[-1] = W * scale, scale * (b - layer.state["running_mean"]) + beta
    with np.errstate(over="ignore"):
        numbers = np.concatenate([array.reshape(-1) for pair in layers for array in pair]).astype("<f2")
    if not np.isfinite(numbers).all():
        raise WeightsError(
            "the network has weights that are not finite in float16, so it cannot be written as a script. "
            "Train with a smaller learning rate, or export it as ONNX."
        )
    return numbers.tobytes()
