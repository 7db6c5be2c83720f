"""Exported to ONNX, a network gives the same probabilities, read by an independent program, onnxruntime."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from mnist_core.data.dataset import load_dataset
from mnist_core.data.synthetic import synthetic_digits
from mnist_core.export.onnx_model import to_onnx
from mnist_core.network import DEFAULT_WEIGHTS, Network
from mnist_core.nn.activations import ACTIVATIONS
from mnist_core.nn.losses import HEADS
from mnist_core.nn.normalization import NORMALIZATIONS, normalize
from mnist_core.recipes.recipe import Recipe
from mnist_core.recognizer import Recognizer
from mnist_core.training.state import init_state


def random_network(temperature: float = 1.0, **settings: Any) -> Network:
    """A network whose every number is random, with logits that leave some doubt."""
    recipe = Recipe("random", "tests", **{"hidden_sizes": (24, 16), "init": "xavier", **settings})
    model, rng = init_state(recipe).model, np.random.default_rng(7)
    for name, array in model.arrays.items():
        if name.endswith((".gamma", ".running_variance")):
            array[...] = rng.uniform(0.5, 2, array.shape)
        elif name.endswith(".W"):
            array *= 2
        else:
            array[...] = rng.normal(0, 0.3, array.shape)
    if recipe.normalization == "raw":
        model.params["0.W"] /= 100
    return Network(model, recipe, "nothing", "f" * 64, True, None, 0.1, temperature=temperature)


def some_images() -> np.ndarray:
    """Digits, noise, and images in which all pixels are the same."""
    digits, _ = synthetic_digits(40, np.random.default_rng(3))
    noise = np.random.default_rng(4).integers(0, 256, (5, 28, 28), np.uint8)
    even = [np.full((1, 28, 28), value, np.uint8) for value in (0, 1, 128, 255)]
    return np.concatenate([digits, noise, *even])


def probabilities_of(network: Network, images: np.ndarray) -> np.ndarray:
    """Those of our own forward pass."""
    logits = network.model(normalize(images, network.recipe.normalization))
    return HEADS[network.recipe.head].probabilities(logits / network.temperature)


def session_of(network: Network) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(to_onnx(network), options, providers=["CPUExecutionProvider"])


def read(network: Network, images: np.ndarray) -> np.ndarray:
    """What onnxruntime makes of the images."""
    return session_of(network).run(["probabilities"], {"images": images})[0]


def graph_of(network: Network) -> onnx.GraphProto:
    return onnx.load_from_string(to_onnx(network)).graph


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_it_reads_as_our_own_network_does(normalization, activation, head, batch_norm):
    network = random_network(normalization=normalization, activation=activation, head=head, batch_norm=batch_norm)
    onnx.checker.check_model(to_onnx(network), full_check=True)
    expected = probabilities_of(network, some_images())
    assert np.ptp(expected, axis=0).max() > 0.02  # the images are not all the same to it
    found = read(network, some_images())
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("hidden_sizes", [(), (5,), (9,) * 16], ids=len)
def test_any_number_of_layers(hidden_sizes):
    network = random_network(hidden_sizes=hidden_sizes)
    np.testing.assert_allclose(
        read(network, some_images()), probabilities_of(network, some_images()), rtol=0, atol=1e-5
    )


def test_dropout_leaves_no_trace():
    with_it, without = random_network(dropout=0.5), random_network()
    np.testing.assert_allclose(
        read(with_it, some_images()), probabilities_of(with_it, some_images()), rtol=0, atol=1e-5
    )
    assert [node.op_type for node in graph_of(with_it).node] == [node.op_type for node in graph_of(without).node]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("temperature", [0.01, 1.0, 1.19, 100.0])
def test_the_temperature_counts(head, temperature):
    network = random_network(head=head, temperature=temperature)
    tolerance = 1e-5 / min(temperature, 1)  # a small temperature magnifies the rounding of the logits, too
    expected = probabilities_of(network, some_images())
    np.testing.assert_allclose(read(network, some_images()), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("temperature", [0.5, 1.0, 7.0])
@pytest.mark.parametrize("shift", [-10_000, -200, 0, 200, 10_000])
def test_it_answers_as_the_recognizer_does_also_far_from_zero(head, temperature, shift):
    """The network gives the same logits whatever it sees, so that the way from drawing to image does not matter."""
    network = random_network(head=head, temperature=temperature, hidden_sizes=())
    network.model.params["0.W"][...] = 0
    network.model.params["0.b"][...] = np.linspace(-2, 2, 10) + shift
    drawing = np.zeros((60, 60), np.uint8)
    drawing[10:50, 28:33] = 255
    expected = Recognizer(network).recognize(drawing).probabilities
    assert expected is not None
    np.testing.assert_allclose(read(network, some_images()[:1]), [expected], rtol=0, atol=1e-5)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_one_image_or_many(normalization):
    network = random_network(normalization=normalization, batch_norm=True)
    session, images = session_of(network), np.concatenate([some_images()] * 6)
    expected = probabilities_of(network, images)
    for count in (1, 2, 33, len(images)):
        found = session.run(None, {"images": images[:count]})[0]
        np.testing.assert_allclose(found, expected[:count], rtol=0, atol=1e-5)


def test_the_network_that_ships_on_real_images(real_mnist):
    network, images = Network.load(DEFAULT_WEIGHTS), load_dataset("mnist").test_images[:500]
    np.testing.assert_allclose(read(network, images), probabilities_of(network, images), rtol=0, atol=1e-5)


def test_what_goes_in_and_what_comes_out():
    session = session_of(random_network())
    (images,), (probabilities,) = session.get_inputs(), session.get_outputs()
    assert (images.name, images.type, images.shape) == ("images", "tensor(uint8)", ["N", 28, 28])
    assert (probabilities.name, probabilities.type, probabilities.shape) == (
        "probabilities",
        "tensor(float)",
        ["N", 10],
    )


def test_old_programs_can_read_it():
    model = onnx.load_from_string(to_onnx(random_network()))
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 13)]
    assert model.ir_version == 7


def test_the_weights_have_the_names_that_they_have_here():
    network = random_network(batch_norm=True)
    arrays = {array.name: onnx.numpy_helper.to_array(array) for array in graph_of(network).initializer}
    for name, array in network.model.arrays.items():
        np.testing.assert_array_equal(arrays[name], array)


def metadata_of(network: Network) -> dict[str, Any]:
    found = session_of(network).get_modelmeta().custom_metadata_map
    return {name: json.loads(value) for name, value in found.items()}


def test_it_says_how_it_was_made(small_network):
    metadata = metadata_of(small_network)
    assert Recipe.from_json(metadata["recipe"]) == small_network.recipe
    assert metadata["data"] == {
        "name": "small digits",
        "fingerprint": small_network.data_fingerprint,
        "synthetic": small_network.synthetic,
    }
    assert metadata["accuracy"] == {
        "validation": small_network.validation_accuracy,
        "test": small_network.test_accuracy,
    }
    assert metadata["class_names"] == list("0123456789")


def test_a_network_in_training_has_no_test_accuracy_yet():
    assert metadata_of(replace(random_network(), test_accuracy=None))["accuracy"] == {"validation": None, "test": None}


@pytest.mark.parametrize("name", ["手写数字", '"}, \n\0', "lone surrogate \ud800", "x" * 100_000])
def test_any_name_is_kept(name):
    network = random_network(hidden_sizes=())
    network = replace(network, data_name=name, class_names=(name,) * 10, recipe=replace(network.recipe, name=name))
    metadata = metadata_of(network)
    assert metadata["data"]["name"] == metadata["recipe"]["name"] == metadata["class_names"][9] == name


def test_the_same_network_gives_the_same_file(small_network):
    assert to_onnx(small_network) == to_onnx(small_network)
