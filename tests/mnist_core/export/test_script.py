"""The exported script runs alone, reads as the network does, stays short, and no name can become code in it."""

import ast
import gzip
import io
import runpy
import subprocess
import sys
import tokenize
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_core.data.dataset import load_dataset
from mnist_core.errors import WeightsError
from mnist_core.export.script import to_script
from mnist_core.network import DEFAULT_WEIGHTS, Network
from mnist_core.nn.activations import ACTIVATIONS
from mnist_core.nn.losses import HEADS
from mnist_core.nn.normalization import NORMALIZATIONS
from mnist_core.recipes.build import empty_model
from mnist_core.recipes.presets import RECIPES
from mnist_core.training.state import reconfigure
from mnist_core.training.stream import train
from tests.idx_files import write_idx
from tests.mnist_core.export.test_onnx_model import probabilities_of, random_network, some_images


def run(folder: Path, script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a script in a fresh Python that finds nothing of ours."""
    (folder / "my_network.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "-I", "my_network.py", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def digits_of(folder: Path, script: str, *arguments: object) -> list[int]:
    result = run(folder, script, *arguments)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    return [int(line) for line in result.stdout.splitlines()]


def read_of(folder: Path, network: Network) -> Callable[[np.ndarray], np.ndarray]:
    """The function `read` of a network's script."""
    (folder / "my_network.py").write_text(to_script(network), encoding="utf-8")
    return runpy.run_path(str(folder / "my_network.py"))["read"]


def in_half_precision(network: Network) -> Network:
    """A copy with every number rounded as the script rounds it, so that nothing else may differ."""
    model = empty_model(network.recipe)
    model.load({name: array.astype(np.float16) for name, array in network.model.arrays.items()})
    return replace(network, model=model)


def code_lines(script: str) -> list[str]:
    """The lines that are neither empty, nor comment, nor docstring, nor the data."""
    tree = ast.parse(script)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    left_out = {line for node in functions for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)}
    lines = script.splitlines()
    blank = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    tokens = tokenize.generate_tokens(io.StringIO(script).readline)
    numbers = sorted({token.start[0] for token in tokens if token.type not in blank} - left_out)
    return [lines[number - 1] for number in numbers if not lines[number - 1].startswith("NUMBERS = ")]


# What it reads


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_it_reads_as_our_own_network_does_and_is_short(tmp_path, normalization, activation, head):
    recipe = {"normalization": normalization, "activation": activation, "head": head, "dropout": 0.5}
    network = in_half_precision(random_network(temperature=1.3, **recipe))
    found = read_of(tmp_path, network)(some_images())
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, probabilities_of(network, some_images()), rtol=0, atol=1e-5)
    assert 18 <= len(code_lines(to_script(network))) <= 22


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_batch_normalization_is_in_the_weights(tmp_path, activation):
    network = random_network(activation=activation, batch_norm=True)
    found = read_of(tmp_path, network)(some_images())
    np.testing.assert_allclose(found, probabilities_of(network, some_images()), rtol=0, atol=0.01)


def test_variances_that_float16_cannot_hold_do_no_harm(tmp_path):
    """Raw pixels make sums of thousands, and their squares."""
    network = random_network(normalization="raw", batch_norm=True)
    network.model.params["0.W"] *= 3000
    network.model.state["1.running_mean"] *= 3000
    network.model.state["1.running_variance"] *= 3000**2
    found = read_of(tmp_path, network)(some_images())
    np.testing.assert_allclose(found, probabilities_of(network, some_images()), rtol=0, atol=0.01)


def test_half_precision_costs_little(tmp_path):
    network = random_network()
    found = read_of(tmp_path, network)(some_images())
    difference = np.abs(found - probabilities_of(network, some_images())).max()
    assert 1e-6 < difference < 0.01


@pytest.mark.parametrize("hidden_sizes", [(), (5,), (9,) * 16], ids=len)
def test_any_number_of_layers(tmp_path, hidden_sizes):
    network = in_half_precision(random_network(hidden_sizes=hidden_sizes))
    found = read_of(tmp_path, network)(some_images())
    np.testing.assert_allclose(found, probabilities_of(network, some_images()), rtol=0, atol=1e-5)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("shift", [-10_000, -200, 200, 10_000])
def test_logits_far_from_zero(tmp_path, head, shift):
    network = random_network(head=head, hidden_sizes=())
    network.model.params["0.W"][...] = 0
    network.model.params["0.b"][...] = np.arange(-40, 40, 8) + shift  # float16 holds them exactly
    found = read_of(tmp_path, network)(some_images())
    np.testing.assert_allclose(found, probabilities_of(network, some_images()), rtol=0, atol=1e-6)


def test_one_image_many_or_none(tmp_path):
    network = in_half_precision(random_network())
    read = read_of(tmp_path, network)
    for count in (1, 2, 33):
        images = some_images()[:count]
        np.testing.assert_allclose(read(images), probabilities_of(network, images), rtol=0, atol=1e-5)
    assert read(some_images()[:0]).shape == (0, 10)


@pytest.mark.parametrize(
    "images", [np.zeros((2, 28, 28)), np.zeros((28, 28), np.uint8), np.zeros((2, 28, 28, 3), np.uint8)]
)
def test_other_arrays_are_refused(tmp_path, images):
    with pytest.raises(AssertionError, match="expected images that are uint8"):
        read_of(tmp_path, random_network())(images)


def test_weights_too_large_for_it(tmp_path):
    network = random_network()
    network.model.params["2.W"][3, 4] = 70_000
    with pytest.raises(WeightsError, match="not finite in float16"):
        to_script(network)


# How it runs


def test_it_runs_alone_on_an_array_and_on_a_file_of_mnist(tmp_path, small_network, small_dataset):
    images = small_dataset.test_images
    expected = probabilities_of(in_half_precision(small_network), images).argmax(axis=1).tolist()
    np.save(tmp_path / "images.npy", images)
    write_idx(tmp_path / "images-idx3-ubyte", images)
    packed = gzip.compress((tmp_path / "images-idx3-ubyte").read_bytes())
    (tmp_path / "images-idx3-ubyte.gz").write_bytes(packed)
    for name in ("images.npy", "images-idx3-ubyte.gz"):
        assert digits_of(tmp_path, to_script(small_network), name) == expected


def test_the_network_that_ships_reads_the_real_test_images(real_mnist, tmp_path):
    network, dataset = Network.load(DEFAULT_WEIGHTS), load_dataset("mnist")
    digits = digits_of(tmp_path, to_script(network), (real_mnist / "t10k-images-idx3-ubyte.gz").absolute())
    assert abs((np.array(digits) == dataset.test_labels).mean() - network.test_accuracy) < 0.0005


def test_a_call_that_is_wrong_fails(tmp_path):
    script = to_script(random_network(hidden_sizes=()))
    np.save(tmp_path / "wrong.npy", np.zeros((3, 28, 28)))
    assert "missing 1 required positional argument: 'path'" in run(tmp_path, script).stderr
    assert "expected images that are uint8 (N, 28, 28)" in run(tmp_path, script, "wrong.npy").stderr


# What stands in it


def test_it_needs_numpy_alone():
    tree = ast.parse(to_script(random_network()))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"base64", "gzip", "sys", "numpy"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_that_ships_gives_about_twenty_lines(name):
    recipe = replace(RECIPES[name], hidden_sizes=RECIPES[name].hidden_sizes and (4,))
    network = replace(random_network(hidden_sizes=recipe.hidden_sizes), recipe=recipe)
    script = to_script(network)
    assert len(code_lines(script)) <= 22
    assert all(len(line) <= 120 for line in script.splitlines() if not line.startswith("NUMBERS = "))


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ({}, {"maximum"}),
        ({"hidden_sizes": ()}, set()),
        ({"activation": "tanh"}, {"tanh"}),
        ({"activation": "leaky-relu", "normalization": "raw"}, {"maximum", "0.01"}),
        ({"head": "sigmoid"}, {"maximum", "logaddexp"}),
        ({"temperature": 2.5}, {"maximum", "temperature", "2.5"}),
        ({"normalization": "standard"}, {"maximum", "0.1307"}),
        ({"normalization": "min-max", "activation": "tanh"}, {"maximum", "ptp", "tanh"}),
        ({"activation": "sigmoid", "batch_norm": True, "dropout": 0.5}, {"tanh"}),
    ],
)
def test_it_holds_only_what_the_network_needs(recipe, words):
    script = to_script(random_network(**recipe))
    text = "\n".join(line for line in script.splitlines() if not line.startswith(("NUMBERS = ", "# ")))
    anything = {"maximum", "tanh", "0.01", "logaddexp", "temperature", "2.5", "0.1307", "ptp", "dropout", "norm"}
    assert {word for word in anything if word in text} == words


def test_the_header_says_what_it_is(small_network):
    lines = to_script(small_network).splitlines()
    assert "# Layers:    784-32-10 with relu between them, softmax at the end" in lines
    assert "# Made by:   the recipe 'small', trained on 'small digits'" in lines
    test, validation = small_network.test_accuracy, small_network.validation_accuracy
    assert f"# Accuracy:  {test:.2%} of the test images, {validation:.2%} of the validation images" in lines
    training = replace(small_network, test_accuracy=None)
    assert f"# Accuracy:  {validation:.2%} of the validation images" in to_script(training).splitlines()
    unknown = replace(training, validation_accuracy=None)
    assert "# Accuracy:  not measured yet" in to_script(unknown).splitlines()


def test_the_header_names_what_was_changed_while_it_trained(small_dataset):
    recipe = replace(RECIPES["quick"], epochs=2)
    training = train(recipe, small_dataset)
    next(training)
    assert "# Changed:   epochs=2" in to_script(training.network()).splitlines()
    reconfigure(training.state, replace(recipe, learning_rate=0.02))
    assert "# Changed:   learning_rate=0.02, epochs=2" in to_script(training.network()).splitlines()
    assert "Changed" not in to_script(replace(training.network(), recipe=RECIPES["quick"]))


# Names from outside


def named(name: str, **changes: Any) -> Network:
    """A network with this name wherever a name can be."""
    network = random_network(hidden_sizes=(2,))
    recipe = replace(network.recipe, name=name, source=name)
    return replace(network, recipe=recipe, data_name=name, data_fingerprint=name, class_names=(name,) * 10, **changes)


HARMLESS = ast.dump(ast.parse(to_script(named("harmless")).encode()))


def assert_harmless(name: str) -> None:
    """Python reads from the bytes of the script, with whatever encoding they name, the program that it should."""
    script = to_script(named(name))
    assert ast.dump(ast.parse(script.encode())) == HARMLESS
    assert len(script.splitlines()) == len(to_script(named("harmless")).splitlines())
    assert len(script.splitlines()[3]) < 1000


HOSTILE = [
    "\nimport os; os._exit(3)\n",
    "\rimport os; os._exit(3)\r",
    "\x0cimport os; os._exit(3)\x0c\x0b\x1c\x85\u2028\u2029",
    "'''\nimport os; os._exit(3)\n'''",
    '"""\nimport os; os._exit(3)\n"""',
    "\\\nimport os; os._exit(3)",
    "\\",
    "coding: utf-7",
    "-*- coding: latin-1 -*-",
    "{numbers} {0} {} %s %(x)s",
    "lone surrogate \ud800",
    "\0",
    "\u202e turned around",
    "x" * 100_000,
    "手写数字",
    "",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_stays_a_name(name):
    assert_harmless(name)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(), max_size=60))  # all of Unicode, lone surrogates too
def test_no_name_becomes_code(name):
    assert_harmless(name)


def test_a_script_with_hostile_names_runs(tmp_path):
    np.save(tmp_path / "images.npy", some_images())
    expected = digits_of(tmp_path, to_script(named("harmless")), "images.npy")
    assert len(expected) == len(some_images())
    assert digits_of(tmp_path, to_script(named(HOSTILE[0])), "images.npy") == expected
