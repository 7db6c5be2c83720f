"""A trained network as an ONNX model, the file format in which other programs, phones and browsers take networks.

The model takes pixels as they stand in a file of images, and gives probabilities: scaling and head are part of it.
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from mnist_core.network import Network
from mnist_core.nn.activations import GELU, Activation, LeakyReLU
from mnist_core.nn.layers import BatchNorm, Linear
from mnist_core.nn.normalization import DEVIATION, MEAN

OPSET, IR_VERSION = 13, 7
"""Versions of the operators and of the format, both of 2020: whatever runs ONNX models today knows them."""


def to_onnx(network: Network) -> bytes:
    """Build the ONNX model that gives the probabilities of `Recognizer`.

    Its input "images" is uint8 (N, 28, 28), ink bright on black as in MNIST, for any N ≥ 1; its output
    "probabilities" is float32 (N, 10). Dropout does nothing outside of training, so it is left out. How the network
    was made stands in the model's metadata: "recipe", "data", "accuracy" and "class_names", each as JSON.

    Args:
        network: what to write.

    Returns:
        The content of a .onnx file.

    Source: ONNX operators, https://onnx.ai/onnx/operators/

    Example:
        >>> from mnist_core.network import Network
        >>> model = onnx.load_from_string(to_onnx(Network.load("weights/default.npz")))
        >>> [node.op_type for node in model.graph.node][:5]
        ['Cast', 'Flatten', 'Div', 'Gemm', 'Relu']
    """
    recipe, graph = network.recipe, _Graph()
    x = graph.node("Cast", "images", to=onnx.TensorProto.FLOAT)
    x = graph.node("Flatten", x, axis=1)  # (N, 784)
    x = _NORMALIZATIONS[recipe.normalization](graph, x)
    for i, layer in enumerate(network.model.layers):
        arrays = [graph.constant(array, f"{i}.{name}") for name, array in (layer.params | layer.state).items()]
        if isinstance(layer, Linear):
            x = graph.node("Gemm", x, *arrays)
        elif isinstance(layer, BatchNorm):
            x = graph.node("BatchNormalization", x, *arrays, epsilon=layer.eps)
        elif isinstance(layer, Activation):
            x = _ACTIVATIONS[recipe.activation](graph, x)
    if network.temperature != 1:
        x = graph.node("Div", x, graph.constant(network.temperature))
    if recipe.head != "softmax":  # shares of ten independent answers: softmax of log σ(z) = −log(1 + e⁻ᶻ)
        x = graph.node("Neg", graph.node("Softplus", graph.node("Neg", x)))
    graph.node("Softmax", x, axis=1)
    return graph.model(network).SerializeToString()


class _Graph:
    """The nodes and constants of a model that is being built."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, value: np.ndarray | float, name: str = "") -> str:
        """Add a constant, and give its name."""
        name = name or f"constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator on inputs that are named, and give the name of its output."""
        name = f"{operator}{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def model(self, network: Network) -> onnx.ModelProto:
        """Close the graph: the last node gives the probabilities."""
        self._nodes[-1].output[0] = "probabilities"
        images = helper.make_tensor_value_info("images", onnx.TensorProto.UINT8, ["N", 28, 28])
        probabilities = helper.make_tensor_value_info("probabilities", onnx.TensorProto.FLOAT, ["N", 10])
        graph = helper.make_graph(self._nodes, "digits", [images], [probabilities], self._constants)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="mnist_core")
        names = "recipe", "data", "accuracy", "class_names"
        # JSON writes every name in ASCII, also one that is no valid text and that ONNX would refuse.
        helper.set_model_props(model, {name: json.dumps(network.description[name]) for name in names})
        return model


def _standard(graph: _Graph, x: str) -> str:
    x = graph.node("Sub", x, graph.constant(255 * MEAN))
    return graph.node("Div", x, graph.constant(255 * DEVIATION))


def _min_max(graph: _Graph, x: str) -> str:
    x = graph.node("Sub", x, graph.node("ReduceMin", x, axes=[1]))
    brightest = graph.node("ReduceMax", x, axes=[1])  # a whole number; 0 in an even image, which stays 0
    return graph.node("Div", x, graph.node("Max", brightest, graph.constant(1)))


def _gelu(graph: _Graph, x: str) -> str:
    factor = graph.node("Mul", graph.node("Mul", x, x), graph.constant(GELU.cubic))
    u = graph.node("Mul", x, graph.node("Add", factor, graph.constant(1)))
    return graph.node("Mul", x, graph.node("Sigmoid", graph.node("Mul", u, graph.constant(GELU.scale))))


# What `NORMALIZATIONS` and `ACTIVATIONS` do, as nodes on x.
_Nodes = Callable[[_Graph, str], str]
_NORMALIZATIONS: dict[str, _Nodes] = {
    "unit": lambda graph, x: graph.node("Div", x, graph.constant(255)),
    "standard": _standard,
    "raw": lambda _graph, x: x,
    "min-max": _min_max,
}
_ACTIVATIONS: dict[str, _Nodes] = {
    "relu": lambda graph, x: graph.node("Relu", x),
    "leaky-relu": lambda graph, x: graph.node("LeakyRelu", x, alpha=LeakyReLU.negative_slope),
    "sigmoid": lambda graph, x: graph.node("Sigmoid", x),
    "tanh": lambda graph, x: graph.node("Tanh", x),
    "silu": lambda graph, x: graph.node("Mul", x, graph.node("Sigmoid", x)),
    "gelu": _gelu,
}
