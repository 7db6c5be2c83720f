"""The network: it reads and is evaluated; saved and loaded bit for bit, and whatever else lies in a file is refused."""

import json
import math
import os
import re
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_core.errors import ImageError, WeightsError
from mnist_core.network import (
    BATCH,
    DEFAULT_WEIGHTS,
    MAX_LOGSUMEXP,
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    Network,
)
from mnist_core.nn.layers import Linear
from mnist_core.nn.losses import HEADS
from mnist_core.nn.mlp import MLP, build_mlp
from mnist_core.nn.normalization import NORMALIZATIONS, normalize
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.loop import train_from
from mnist_core.training.records import EpochEnd, Record
from mnist_core.training.split import make_split
from mnist_core.training.state import init_state
from mnist_core.training.stream import Training
from tests.mnist_core.tampering import npy_with_header, repack
from tests.paths import ROOT


def tiny_network(hidden_sizes: tuple[int, ...] = (1,), seed: int = 0) -> Network:
    recipe = Recipe("tiny", "tests", hidden_sizes=hidden_sizes, seed=seed)
    return Network(init_state(recipe).model, recipe, "digits", "f" * 64, True, 0.75, 0.5)


def network_with_batch_norm() -> Network:
    """With running statistics that are not those of the beginning."""
    recipe = Recipe("norm", "tests", hidden_sizes=(5, 3), batch_norm=True, dropout=0.5)
    model = init_state(recipe).model
    rng = np.random.default_rng(1)
    model.forward(rng.uniform(size=(9, 784)).astype(np.float32), training=True)
    return Network(model, recipe, "digits", "f" * 64, True, None, 0.5)


def assert_equal(found: Network, expected: Network) -> None:
    """Every fact is the same, and every parameter bit for bit."""
    for name in ("recipe", "data_name", "data_fingerprint", "synthetic", "validation_accuracy", "test_accuracy"):
        assert getattr(found, name) == getattr(expected, name), name
    assert found.class_names == expected.class_names
    for name in ("temperature", "confidence_threshold", "ood_threshold"):
        assert getattr(found, name) == getattr(expected, name), name
    assert list(found.model.arrays) == list(expected.model.arrays)
    for name, array in expected.model.arrays.items():
        assert found.model.arrays[name].dtype == np.float32
        assert found.model.arrays[name].tobytes() == array.tobytes(), name


@pytest.fixture
def path(tmp_path) -> Path:
    tiny_network().save(tmp_path / "a.npz")
    return tmp_path / "a.npz"


def message(path: Path) -> str:
    """The text of the refusal: one line that names the file."""
    with pytest.raises(WeightsError) as caught:
        Network.load(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ") and "\n" not in text
    return text.removeprefix(f"{path}: ")


# Saving and loading


@pytest.mark.parametrize("hidden_sizes", [(), (1,), (5, 3)])
def test_a_network_comes_back_bit_for_bit(tmp_path, hidden_sizes):
    network = tiny_network(hidden_sizes)
    network.save(tmp_path / "a.npz")
    assert_equal(Network.load(tmp_path / "a.npz"), network)


def test_batch_norm_comes_back_with_its_running_statistics(tmp_path):
    network = network_with_batch_norm()
    assert network.model.state["1.running_mean"].all()
    network.save(tmp_path / "a.npz")
    loaded = Network.load(tmp_path / "a.npz")
    assert_equal(loaded, network)
    assert loaded.model.flat.tobytes() == network.model.flat.tobytes()
    x = np.random.default_rng(2).uniform(size=(4, 784)).astype(np.float32)
    assert loaded.model(x).tobytes() == network.model(x).tobytes()


def test_a_network_that_was_never_validated_says_so_after_loading(tmp_path):
    replace(tiny_network(), validation_accuracy=None).save(tmp_path / "a.npz")
    loaded = Network.load(tmp_path / "a.npz")
    assert loaded.validation_accuracy is None and loaded.test_accuracy == 0.5
    assert (
        Network.load(repack(tmp_path / "a.npz", lambda m: m["accuracy"].pop("validation"))).validation_accuracy is None
    )


def test_a_network_that_was_never_tested_says_so_after_loading(tmp_path):
    replace(tiny_network(), test_accuracy=None).save(tmp_path / "a.npz")
    loaded = Network.load(tmp_path / "a.npz")
    assert loaded.test_accuracy is None and loaded.validation_accuracy == 0.75


NEW_SETTINGS = {
    "batch_norm",
    "dropout",
    "label_smoothing",
    "bias_init",
    "weight_decay",
    "schedule_drops",
    "schedule_factor",
    "warmup",
    "shuffle",
    "l1",
    "clip_norm",
    "ema_decay",
    "validation",
    "distortion",
    "rare_digits",
    "not_digits",
    "train_images",
    "sort_images",
}


def test_a_file_of_an_earlier_version_is_read_with_the_defaults_of_what_it_does_not_know(path):
    def forget(meta):
        assert set(meta["recipe"]) > NEW_SETTINGS
        meta["recipe"] = {name: value for name, value in meta["recipe"].items() if name not in NEW_SETTINGS}

    assert_equal(Network.load(repack(path, forget)), tiny_network())


def test_a_file_from_before_certainty_is_read_with_the_defaults(tmp_path):
    network = replace(tiny_network(), temperature=2.5, confidence_threshold=0.9, ood_threshold=4.5)
    network.save(tmp_path / "a.npz")
    loaded = Network.load(repack(tmp_path / "a.npz", lambda meta: meta.pop("certainty")))
    assert (loaded.temperature, loaded.confidence_threshold, loaded.ood_threshold) == (1.0, 0.5, None)
    assert_equal(loaded, tiny_network())


@pytest.mark.parametrize(
    ("temperature", "sure_from", "digit_from"),
    [
        (MIN_TEMPERATURE, 0.0, -MAX_LOGSUMEXP),
        (MAX_TEMPERATURE, 1.0, MAX_LOGSUMEXP),
        (1.7, 0.85, None),
        (1.7, 0.85, 0.0),
        (0.1 + 0.2, 1 / 3, 20 / 3),
    ],
)
def test_how_sure_the_network_is_comes_back_exactly(tmp_path, temperature, sure_from, digit_from):
    network = replace(tiny_network(), temperature=temperature, confidence_threshold=sure_from, ood_threshold=digit_from)
    network.save(tmp_path / "a.npz")
    assert_equal(Network.load(tmp_path / "a.npz"), network)
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        meta = json.loads(archive.read("meta.json"))
    assert meta["certainty"] == {"temperature": temperature, "sure_from": sure_from, "digit_from": digit_from}


def test_whole_numbers_will_do(path):
    whole = {"temperature": 2, "sure_from": 1, "digit_from": -3}
    loaded = Network.load(repack(path, lambda meta: meta.update(certainty=whole)))
    assert_equal(loaded, replace(tiny_network(), temperature=2.0, confidence_threshold=1.0, ood_threshold=-3.0))


def test_the_weights_that_ship_are_read():
    network = Network.load(DEFAULT_WEIGHTS)
    assert network.data_name == "MNIST"
    assert network.test_accuracy is not None and network.test_accuracy > 0.98
    assert np.isfinite(network.model.flat).all()


def test_a_network_in_float64_is_written_in_float32(tmp_path):
    recipe = Recipe("double", "tests", hidden_sizes=(3,))
    model = init_state(recipe, np.float64).model
    Network(model, recipe, "digits", "f" * 64, True, 0.5, 0.5).save(tmp_path / "a.npz")
    np.testing.assert_array_equal(Network.load(tmp_path / "a.npz").model.flat, model.flat.astype(np.float32))


def test_a_trained_network_reads_the_same_after_loading(tmp_path, small_network, small_dataset):
    small_network.save(tmp_path / "a.npz")
    loaded = Network.load(tmp_path / "a.npz")
    assert_equal(loaded, small_network)
    x = small_dataset.test_images.reshape(-1, 784).astype(np.float32) / 255
    assert loaded.model(x).tobytes() == small_network.model(x).tobytes()


@given(
    seed=st.integers(0, 2**32),
    name=st.text(max_size=20),
    share=st.floats(0, 1),
    synthetic=st.booleans(),
    temperature=st.floats(MIN_TEMPERATURE, MAX_TEMPERATURE),
    ood_threshold=st.none() | st.floats(-MAX_LOGSUMEXP, MAX_LOGSUMEXP),
)
@settings(max_examples=25, deadline=None)
def test_every_fact_about_a_network_comes_back(
    tmp_path_factory, seed, name, share, synthetic, temperature, ood_threshold
):
    path = tmp_path_factory.getbasetemp() / "facts.npz"
    network = replace(
        tiny_network((), seed),
        data_name=name,
        synthetic=synthetic,
        validation_accuracy=share,
        test_accuracy=1 - share,
        class_names=tuple("零一二三四五六七八九"),
        temperature=temperature,
        confidence_threshold=share,
        ood_threshold=ood_threshold,
    )
    network.save(path)
    assert_equal(Network.load(path), network)


def test_data_from_a_folder_whose_name_is_no_text_can_be_named(tmp_path):
    """Linux lets a folder's name be any bytes; Python stands in for those that are no UTF-8."""
    network = replace(tiny_network(), data_name=os.fsdecode(b"digits \xff"))
    network.save(tmp_path / "a.npz")
    assert_equal(Network.load(tmp_path / "a.npz"), network)


def test_float16_takes_half_the_room_and_loads_as_float32(tmp_path):
    network = tiny_network((20,))
    network.save(tmp_path / "half.npz", "float16")
    network.save(tmp_path / "full.npz")
    assert (tmp_path / "half.npz").stat().st_size < 0.55 * (tmp_path / "full.npz").stat().st_size
    loaded = Network.load(tmp_path / "half.npz")
    for name, param in network.model.params.items():
        assert loaded.model.params[name].tobytes() == param.astype(np.float16).astype(np.float32).tobytes()
    loaded.save(tmp_path / "again.npz", "float16")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "half.npz").read_bytes()


def test_float16_is_enough_to_read_digits(tmp_path, small_network, small_dataset):
    small_network.save(tmp_path / "half.npz", "float16")
    x = small_dataset.test_images.reshape(-1, 784).astype(np.float32) / 255
    full = small_network.model(x)
    half = Network.load(tmp_path / "half.npz").model(x)
    np.testing.assert_allclose(half, full, atol=0.05)
    assert (half.argmax(axis=1) == full.argmax(axis=1)).mean() > 0.99


@pytest.mark.parametrize(("value", "dtype"), [(1e5, "float16"), (np.nan, "float32"), (np.inf, "float32")])
def test_weights_that_could_not_be_loaded_again_are_not_written(tmp_path, value, dtype):
    """Better an error now than a file that is refused tomorrow; a good file stays as it is."""
    tiny_network().save(tmp_path / "a.npz")
    before = (tmp_path / "a.npz").read_bytes()
    network = tiny_network(seed=1)
    network.model.params["0.W"][3, 0] = value
    with warnings.catch_warnings(), pytest.raises(WeightsError, match=r"0\.W"):
        warnings.simplefilter("ignore")
        network.save(tmp_path / "a.npz", dtype)
    assert (tmp_path / "a.npz").read_bytes() == before


@pytest.mark.parametrize(
    "certainty",
    [
        {"temperature": np.nan},
        {"temperature": 0.0},
        {"temperature": np.inf},
        {"confidence_threshold": np.nan},
        {"confidence_threshold": 1.1},
        {"ood_threshold": np.nan},
        {"ood_threshold": np.inf},
        {"ood_threshold": -np.inf},
        {"ood_threshold": 1.01 * MAX_LOGSUMEXP},
        {"ood_threshold": "5"},
    ],
)
def test_a_certainty_that_could_not_be_loaded_again_is_not_written(tmp_path, certainty):
    tiny_network().save(tmp_path / "a.npz")
    before = (tmp_path / "a.npz").read_bytes()
    name, value = next(iter(certainty.items()))
    spelled = {"confidence_threshold": "sure_from", "ood_threshold": "digit_from"}.get(name, name)
    with pytest.raises(WeightsError, match=f"{spelled} {value}"):
        replace(tiny_network(), **certainty).save(tmp_path / "a.npz")
    assert (tmp_path / "a.npz").read_bytes() == before


def test_equal_networks_give_equal_files(tmp_path):
    tiny_network().save(tmp_path / "a.npz")
    tiny_network().save(tmp_path / "b.npz")
    tiny_network(seed=1).save(tmp_path / "c.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes() != (tmp_path / "c.npz").read_bytes()


def test_a_failed_save_leaves_the_old_file_and_no_other(tmp_path):
    tiny_network().save(tmp_path / "a.npz")
    before = (tmp_path / "a.npz").read_bytes()
    with pytest.raises(TypeError):
        replace(tiny_network(), data_name=object()).save(tmp_path / "a.npz")  # type: ignore[arg-type]
    assert (tmp_path / "a.npz").read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.npz"]


def test_other_programs_can_read_the_file(path):
    with np.load(path) as arrays:
        np.testing.assert_array_equal(arrays["0.W"], tiny_network().model.params["0.W"])
    with zipfile.ZipFile(path) as archive:
        meta = json.loads(archive.read("meta.json"))
    assert meta["recipe"]["hidden_sizes"] == [1] and meta["accuracy"] == {"validation": 0.75, "test": 0.5}


def test_a_finished_network_has_the_best_weights_measured_on_the_test_images(small_dataset):
    recipe = Recipe("short", "tests", hidden_sizes=(8,), batch_size=100, epochs=2)
    training = init_state(recipe)
    for _ in train_from(training, make_split(recipe, small_dataset)):
        pass
    assert training.best is not None
    best = training.best.copy()
    training.model.flat[...] = 0
    network = Training(training, small_dataset).network().tested(small_dataset)
    np.testing.assert_array_equal(network.model.flat, best)
    assert (network.temperature, network.confidence_threshold, network.ood_threshold) == (1.0, 0.5, None)
    x = small_dataset.test_images.reshape(-1, 784).astype(np.float32) / np.float32(255)
    read = network.model(x).argmax(axis=1)
    assert network.test_accuracy == pytest.approx((read == small_dataset.test_labels).mean(), abs=0.006)
    assert network.validation_accuracy == training.best_accuracy
    assert (network.data_name, network.data_fingerprint) == ("small digits", small_dataset.fingerprint)
    assert not network.synthetic and network.class_names == tuple("0123456789")


@pytest.mark.parametrize("changes", [{}, {"ema_decay": 0.9}, {"batch_norm": True, "dropout": 0.3}])
def test_an_unfinished_network_is_a_copy_of_the_current_one_without_any_accuracy(tmp_path, small_dataset, changes):
    recipe = Recipe("short", "tests", hidden_sizes=(8,), batch_size=100, epochs=2, **changes)
    training = init_state(recipe)
    for _ in islice(train_from(training, make_split(recipe, small_dataset)), 10):  # within the second epoch
        pass
    network = Training(training, small_dataset).network(latest=True)
    assert network.model.flat.tobytes() == training.current.tobytes() != training.best_model().flat.tobytes()
    assert not np.shares_memory(network.model.flat, training.current)
    assert (network.validation_accuracy, network.test_accuracy) == (None, None)
    assert (network.data_name, network.data_fingerprint) == ("small digits", small_dataset.fingerprint)
    network.save(tmp_path / "a.npz")
    assert_equal(Network.load(tmp_path / "a.npz"), network)


# What is refused


def test_the_good_file_is_good(path):
    assert_equal(Network.load(repack(path)), tiny_network())


def test_a_missing_file(tmp_path):
    assert message(tmp_path / "nowhere.npz") == "there is no such file; check the path"


def test_a_file_cut_at_any_length(path):
    content = path.read_bytes()
    for length in range(0, len(content), 61):
        path.write_bytes(content[:length])
        assert message(path).startswith("not a readable .npz file (")


def test_an_npz_of_another_program(tmp_path):
    np.savez(tmp_path / "a.npz", allow_pickle=False, **tiny_network().model.params)
    assert message(tmp_path / "a.npz").startswith("it has no meta.json, so it was written by another program.")


WRONG_KIND = "its data, accuracy, class_names or certainty are missing or of the wrong kind"

WRONG_META = {
    "another format": (lambda m: m.update(format="mnist-training"), "'mnist-training' version 1, expected"),
    "no format": (lambda m: m.pop("format"), "it says that it is None version 1, expected 'mnist-mlp'"),
    "another version": (
        lambda m: m.update(version=2),
        "it says that it is 'mnist-mlp' version 2, expected 'mnist-mlp' version 1",
    ),
    "no version": (lambda m: m.pop("version"), "it says that it is 'mnist-mlp' version None, expected"),
    "no recipe": (lambda m: m.pop("recipe"), "a recipe must be a JSON object, found NoneType"),
    "unknown setting": (lambda m: m["recipe"].update(colour=1), "recipe: unknown settings ['colour']"),
    "missing setting": (lambda m: m["recipe"].pop("name"), "missing settings ['name']"),
    "wrong head": (lambda m: m["recipe"].update(head="hydra"), "recipe: head is 'hydra', expected one of softmax"),
    "huge sizes": (lambda m: m["recipe"].update(hidden_sizes=[16_384] * 16), "parameters in all, found 4"),
    "huger sizes": (
        lambda m: m["recipe"].update(hidden_sizes=[10**300]),
        "at most 16 whole numbers of at least 1 and at most 16384",
    ),
    "many layers": (
        lambda m: m["recipe"].update(hidden_sizes=[1] * 10**5),
        "at most 16 whole numbers of at least 1 and at most 16384",
    ),
    "huge rate": (lambda m: m["recipe"].update(learning_rate=10**400), "recipe: learning_rate is 1000"),
    "other sizes": (lambda m: m["recipe"].update(hidden_sizes=[2]), "array '0.W' is float32 (784, 1), expected"),
    "no data": (lambda m: m.pop("data"), WRONG_KIND),
    "data name": (lambda m: m["data"].update(name=5), WRONG_KIND),
    "fingerprint": (lambda m: m["data"].pop("fingerprint"), WRONG_KIND),
    "synthetic": (lambda m: m["data"].update(synthetic=1), WRONG_KIND),
    "no accuracy": (lambda m: m.update(accuracy=None), WRONG_KIND),
    "accuracy above 1": (lambda m: m["accuracy"].update(test=1.01), WRONG_KIND),
    "accuracy below 0": (lambda m: m["accuracy"].update(test=-0.01), WRONG_KIND),
    "accuracy NaN": (lambda m: m["accuracy"].update(test=float("nan")), WRONG_KIND),
    "accuracy infinite": (lambda m: m["accuracy"].update(test=float("inf")), WRONG_KIND),
    "accuracy huge": (lambda m: m["accuracy"].update(test=10**400), WRONG_KIND),
    "accuracy text": (lambda m: m["accuracy"].update(validation="0.9"), WRONG_KIND),
    "accuracy boolean": (lambda m: m["accuracy"].update(validation=True), WRONG_KIND),
    "test accuracy above 1": (lambda m: m["accuracy"].update(test=1.5), WRONG_KIND),
    "test accuracy as text": (lambda m: m["accuracy"].update(test="0.5"), WRONG_KIND),
    "no names": (lambda m: m.pop("class_names"), WRONG_KIND),
    "nine names": (lambda m: m["class_names"].pop(), WRONG_KIND),
    "names as text": (lambda m: m.update(class_names="0123456789"), WRONG_KIND),
    "names as numbers": (lambda m: m.update(class_names=list(range(10))), WRONG_KIND),
    "certainty null": (lambda m: m.update(certainty=None), WRONG_KIND),
    "certainty as a list": (lambda m: m.update(certainty=[1.0, 0.5, None]), WRONG_KIND),
    "certainty as a number": (lambda m: m.update(certainty=1.0), WRONG_KIND),
    "certainty as text": (lambda m: m.update(certainty="temperature"), WRONG_KIND),
    "certainty empty": (lambda m: m.update(certainty={}), WRONG_KIND),
    "no temperature": (lambda m: m["certainty"].pop("temperature"), WRONG_KIND),
    "no sure_from": (lambda m: m["certainty"].pop("sure_from"), WRONG_KIND),
    "no digit_from": (lambda m: m["certainty"].pop("digit_from"), WRONG_KIND),
    "more certainty": (lambda m: m["certainty"].update(colour=1.0), WRONG_KIND),
}
WRONG_NUMBERS: list[object] = [
    float("nan"),
    float("inf"),
    float("-inf"),
    -0.5,
    10**400,
    -(10**400),
    1e308,
    "1",
    "",
    None,
    True,
    False,
    [1.0],
    [],
    {},
    {"temperature": 1},
]


@pytest.mark.parametrize("name", WRONG_META)
def test_a_wrong_description(path, name):
    change, text = WRONG_META[name]
    found = message(repack(path, change))
    assert text in found and found.endswith("Train it again, or take a file written by this program.")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("temperature", "sure_from") for value in WRONG_NUMBERS),
        ("temperature", 0),
        ("temperature", 0.0),
        ("temperature", 5e-324),
        ("temperature", np.nextafter(MIN_TEMPERATURE, 0)),
        ("temperature", np.nextafter(MAX_TEMPERATURE, 1000)),
        ("sure_from", np.nextafter(0, -1)),
        ("sure_from", np.nextafter(1, 2)),
        *(("digit_from", value) for value in WRONG_NUMBERS if value not in (None, -0.5)),
        ("digit_from", np.nextafter(MAX_LOGSUMEXP, np.inf)),
        ("digit_from", np.nextafter(-MAX_LOGSUMEXP, -np.inf)),
    ],
)
def test_a_certainty_that_cannot_be_is_refused(path, name, value):
    found = message(repack(path, lambda meta: meta["certainty"].update({name: value})))
    assert found == f"{WRONG_KIND}. Train it again, or take a file written by this program."


@pytest.mark.parametrize(
    ("name", "array", "text"),
    [
        (
            "0.W",
            np.zeros((784, 2), np.float32),
            "array '0.W' is float32 (784, 2), expected float16 or float32 (784, 1)",
        ),
        (
            "0.W",
            np.zeros((1, 784), np.float32),
            "array '0.W' is float32 (1, 784), expected float16 or float32 (784, 1)",
        ),
        ("0.b", np.zeros(1), "array '0.b' is float64 (1,), expected float16 or float32 (1,)"),
        ("0.b", np.zeros(1, np.int32), "array '0.b' is int32 (1,), expected float16 or float32 (1,)"),
        ("2.b", np.zeros(10, np.complex64), "array '2.b' is complex64 (10,), expected float16 or float32 (10,)"),
        ("2.b", np.full(10, np.nan, np.float32), "array '2.b' holds values that are not finite numbers"),
        ("2.W", np.full((1, 10), np.inf, np.float16), "array '2.W' holds values that are not finite numbers"),
    ],
)
def test_an_array_that_does_not_fit(path, name, array, text):
    assert text in message(repack(path, entries={name: array}))


@pytest.mark.parametrize("name", ["0.W", "0.b", "2.W", "2.b"])
def test_a_missing_array(path, name):
    assert f"array '{name}' is missing" in message(repack(path, entries={f"{name}.npy": None}))


@pytest.mark.parametrize("name", ["1.gamma", "1.beta", "1.running_mean", "1.running_variance", "5.running_mean"])
def test_a_missing_array_of_batch_norm(tmp_path, name):
    network_with_batch_norm().save(tmp_path / "a.npz")
    assert f"array '{name}' is missing" in message(repack(tmp_path / "a.npz", entries={f"{name}.npy": None}))


def test_a_variance_below_0_is_refused(tmp_path):
    """Finite as it is, its root is none: the network would answer NaN to every picture."""
    network_with_batch_norm().save(tmp_path / "a.npz")
    wrong = {"1.running_variance": np.full(5, -1, np.float32)}
    assert "running_variance" in message(repack(tmp_path / "a.npz", entries=wrong))


def test_numbers_of_the_other_byte_order_are_read_as_the_same_numbers(path):
    network = tiny_network()
    assert_equal(Network.load(repack(path, entries={"0.W": network.model.params["0.W"].astype(">f4")})), network)


@pytest.mark.parametrize("claim", ["only the recipe", "the arrays as well"])
def test_sizes_that_are_only_claimed_take_no_memory(path, claim):
    """A file of a few thousand bytes that speaks of 20 million parameters."""
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (784, 4096)}"
    entries = {} if claim == "only the recipe" else {"0.W.npy": npy_with_header(header)}
    repack(path, lambda meta: meta["recipe"].update(hidden_sizes=[4096, 4096]), entries)
    tracemalloc.start()
    try:
        text = message(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert text.startswith("array '0.W' ")
    assert peak < 20_000_000


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_file_with_any_bytes_changed_is_refused_or_still_the_same(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp()
    good, path = folder / "good.npz", folder / "changed.npz"
    if not good.exists():
        tiny_network().save(good)
    content = bytearray(good.read_bytes())
    arrays = range(content.index(b"0.W.npy") + 150, content.index(b"0.b.npy") - 60)
    telling = [position for position in range(len(content)) if position not in arrays]  # headers and directory
    positions = st.sampled_from(telling) | st.integers(0, len(content) - 1)
    for position, value in data.draw(st.lists(st.tuples(positions, st.integers(0, 255)), max_size=4)):
        content[position] = value
    path.write_bytes(content[: data.draw(st.just(len(content)) | st.integers(0, len(content)))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, of odd headers
        try:
            network = Network.load(path)
        except WeightsError:
            return
    assert_equal(network, tiny_network())


# Reading


def first_pixel_network() -> MLP:
    """Says class 1 with logit ln 3 if the first pixel is white, else class 0 and 1 alike: 0 and -infinity nearly."""
    W = np.zeros((784, 10), np.float32)
    W[0, 1] = math.log(3)
    b = np.full(10, -1000, np.float32)
    b[:2] = 0
    return MLP([Linear(W, b)])


def test_evaluation_by_hand():
    images = np.zeros((4, 28, 28), np.uint8)
    images[:3, 0, 0] = 255  # p(1) = 0.75 for three images; for the last one, 0.5 each, and the first class wins
    result = Network(first_pixel_network(), Recipe()).evaluate(images, np.array([1, 0, 1, 0], np.uint8))
    assert result.accuracy == 0.75
    assert result.loss == pytest.approx((2 * math.log(4 / 3) + math.log(4) + math.log(2)) / 4, rel=1e-6)
    assert result.confusion[:2, :2].tolist() == [[1, 1], [0, 2]] and result.confusion.sum() == 4


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_set_larger_than_one_batch_counts_every_image_once(head, normalization):
    rng = np.random.default_rng(0)
    count = 2 * BATCH + 3
    images, labels = rng.integers(0, 256, (count, 28, 28), np.uint8), rng.integers(0, 10, count).astype(np.uint8)
    model = build_mlp((784, 4, 10), "relu", "xavier", rng)
    result = Network(model, Recipe(head=head, normalization=normalization)).evaluate(images, labels)
    logits = model(normalize(images, normalization))
    assert result.loss == pytest.approx(HEADS[head].loss(logits.astype(np.float64), labels)[0], rel=1e-4)
    assert result.accuracy == pytest.approx((logits.argmax(axis=1) == labels).mean(), abs=2 / count)
    assert result.confusion.sum() == count
    np.testing.assert_array_equal(result.confusion.sum(axis=1), np.bincount(labels, minlength=10))
    assert result.accuracy == np.trace(result.confusion) / count


def test_one_image_is_enough():
    result = Network(first_pixel_network(), Recipe()).evaluate(np.zeros((1, 28, 28), np.uint8), np.array([0], np.uint8))
    assert result.accuracy == 1 and result.confusion[0, 0] == 1
    assert result.loss == pytest.approx(math.log(2), rel=1e-6)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_network_is_read_as_it_is_used_not_as_it_is_trained(batch_norm):
    """No dropout, running statistics; and reading leaves no trace."""
    rng = np.random.default_rng(0)
    model = build_mlp((784, 8, 10), "relu", "he", rng, batch_norm=batch_norm, dropout=0.5)
    images, labels = rng.integers(0, 256, (50, 28, 28), np.uint8), rng.integers(0, 10, 50).astype(np.uint8)
    model.forward(normalize(images[:20], "unit"), training=True)
    before, state = model.flat.copy(), rng.bit_generator.state
    one, two = (Network(model, Recipe()).evaluate(images, labels) for _ in range(2))
    assert one.loss == two.loss
    np.testing.assert_array_equal(model.flat, before)
    assert rng.bit_generator.state == state


def test_a_float64_network_is_measured_in_float64():
    """Else its losses could not be compared with other programs digit by digit."""
    rng = np.random.default_rng(0)
    model = build_mlp((784, 10), "relu", "he", rng, np.float64)
    images, labels = rng.integers(0, 256, (50, 28, 28), np.uint8), rng.integers(0, 10, 50).astype(np.uint8)
    logits = model(images.reshape(50, 784) / 255)
    found = Network(model, Recipe()).evaluate(images, labels).loss
    assert found == pytest.approx(HEADS["softmax"].loss(logits, labels)[0], rel=1e-13)


def test_images_may_lie_in_rows_and_be_bytes_or_floats():
    network = Network.load()
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    expected = network.predict_proba(images)
    assert expected.shape == (3, 10) and expected.dtype == np.float32
    np.testing.assert_allclose(expected.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(network.predict_proba(images.reshape(3, 784)), expected)
    np.testing.assert_allclose(network.predict_proba(images / 255), expected, atol=1e-5)
    np.testing.assert_array_equal(network.predict(images), expected.argmax(axis=1))
    assert network.score(images, network.predict(images)) == 1


def test_no_images_give_no_answers():
    assert Network.load().predict_proba(np.zeros((0, 28, 28), np.uint8)).shape == (0, 10)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((28, 28), np.uint8), "for a single image, images[None]"),
        (np.zeros((2, 20, 20), np.uint8), "found an array of shape (2, 20, 20)"),
        (np.zeros((2, 784), np.int64), "found images of int64"),
        (np.full((2, 784), 255.0), "found float images up to 255, expected [0, 1]"),
    ],
)
def test_images_of_another_kind_are_refused(images, message):
    with pytest.raises(ImageError, match=re.escape(message)):
        Network.load().predict(images)


def test_labels_must_fit_the_images():
    with pytest.raises(ImageError, match="a label for each image"):
        Network.load().evaluate(np.zeros((2, 784), np.uint8), np.zeros(3, np.uint8))


def test_the_temperature_calibrates():
    network = replace(Network.load(), temperature=2.0)
    images = np.random.default_rng(0).integers(0, 256, (3, 784), np.uint8)
    np.testing.assert_allclose(
        network.predict_proba(images), HEADS["softmax"].probabilities(network.logits(images) / 2)
    )


# Fitting


def test_fitting_hands_every_record_to_every_callback_and_tests_the_result(small_dataset):
    recipe = Recipe(hidden_sizes=(8,), epochs=2)
    one: list[Record] = []
    two: list[Record] = []
    network = Network.fit(recipe, small_dataset, [one.append, two.append])
    assert one == two and [type(record) for record in one].count(EpochEnd) == 2
    assert network.recipe == recipe and network.data_fingerprint == small_dataset.fingerprint
    assert network.test_accuracy == network.score(small_dataset.test_images, small_dataset.test_labels)
    again = Network.fit(recipe, small_dataset)
    assert again.model.flat.tobytes() == network.model.flat.tobytes()


def test_a_callback_that_returns_false_stops_the_training(small_dataset):
    seen: list[Record] = []
    Network.fit(Recipe(hidden_sizes=()), small_dataset, [lambda record: False, seen.append])
    assert len(seen) == 1


def test_reading_a_digit_imports_neither_training_nor_data_nor_downloads():
    code = (
        "import sys, numpy; from mnist_core import Recognizer;"
        "Recognizer.load().recognize(numpy.eye(40, dtype=numpy.uint8) * 255);"
        "unneeded = 'mnist_core.training', 'mnist_core.data', 'requests';"
        "print([name for name in sys.modules if name.startswith(unneeded)])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"


def test_the_front_door_opens_to_every_name():
    import mnist_core

    assert {"Network", "Recipe", "Recognizer", "RECIPES", "load_dataset", "train"} <= set(dir(mnist_core))
    assert all(getattr(mnist_core, name) is not None for name in dir(mnist_core))
