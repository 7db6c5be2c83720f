"""Checkpoints: resumed anywhere, a training goes on as if it had never stopped; a wrong file is refused."""

from dataclasses import replace
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_core.errors import WeightsError
from mnist_core.network import Network
from mnist_core.recipes.recipe import Recipe
from mnist_core.training import loop as training_module
from mnist_core.training.checkpoint import load_checkpoint, save_checkpoint
from mnist_core.training.loop import train_from
from mnist_core.training.state import TrainingState, init_state, reconfigure
from tests.mnist_core.tampering import repack

SGD = Recipe("tiny", "tests", hidden_sizes=(8,), learning_rate=0.1, batch_size=40, epochs=3)
MOMENTUM = replace(SGD, optimizer="momentum", schedule="cosine", head="sigmoid", l2=1e-3, normalization="standard")
ADAM = replace(SGD, optimizer="adam", learning_rate=0.01, schedule="cosine", schedule_unit="epoch", ema_decay=0.9)
EARLY = replace(SGD, hidden_sizes=(), learning_rate=1e-6, epochs=9, patience=2, min_delta=0.1)
RICH = replace(
    SGD,
    hidden_sizes=(8, 7),
    learning_rate=0.01,
    batch_norm=True,
    dropout=0.3,
    ema_decay=0.8,
    label_smoothing=0.1,
    clip_norm=1.0,
    l1=1e-4,
    schedule="one-cycle",
    warmup=0.2,
)
RECIPES = {
    "sgd": SGD,
    "momentum": MOMENTUM,
    "adam and an average": ADAM,
    "early stopping": EARLY,
    "nesterov, in order": replace(SGD, optimizer="nesterov", shuffle=False, validation="last"),
    "adagrad and dropout": replace(SGD, optimizer="adagrad", learning_rate=0.02, dropout=0.5),
    "rmsprop and batch norm": replace(SGD, optimizer="rmsprop", learning_rate=0.002, batch_norm=True),
    "adamw and everything": replace(RICH, optimizer="adamw", weight_decay=0.1),
}
DATA = "f" * 64


def everything(training: TrainingState) -> dict[str, object]:
    """All that a training knows, in a form that `==` compares bit for bit."""
    return {
        "model": {name: array.tobytes() for name, array in training.model.arrays.items()},
        "best": None if training.best is None else training.best.tobytes(),
        "average": None if training.average is None else training.average.tobytes(),
        "optimizer": {name: array.tobytes() for name, array in training.optimizer.state.items()},
        "optimizer's step": training.optimizer.step_count,
        "rng": training.rng.bit_generator.state,
        "order": None if training.order is None else training.order.tolist(),
        "counters": (training.step, training.epoch, training.batch, training.loss_sum, training.correct),
        "best_counters": (training.best_loss, training.best_accuracy, training.epochs_without_improvement),
        "recipe": training.recipe,
    }


@pytest.mark.parametrize("validations", [1, 3])
@pytest.mark.parametrize("name", RECIPES)
def test_resumed_at_any_record_the_rest_is_the_same_to_the_bit(tmp_path, small_split, name, validations):
    """Before the first record, within an epoch, at an epoch's last batch, at its end, and after the last record."""
    recipe = RECIPES[name]
    whole = init_state(recipe)
    expected = list(train_from(whole, small_split, validations))
    assert len(expected) == 12
    for taken in range(len(expected) + 1):
        training = init_state(recipe)
        assert list(islice(train_from(training, small_split, validations), taken)) == expected[:taken]
        save_checkpoint(tmp_path / "a.npz", training, DATA)
        resumed = load_checkpoint(tmp_path / "a.npz", DATA)
        assert everything(resumed) == everything(training)
        assert list(train_from(resumed, small_split, validations)) == expected[taken:]
        assert everything(resumed) == everything(whole)


def test_without_validation_images_it_is_the_same(tmp_path, small_split):
    """There are never best weights, neither before nor after."""
    recipe = replace(RICH, validation_fraction=0)
    split = replace(small_split, validation_images=small_split.validation_images[:0])
    whole = init_state(recipe)
    expected = list(train_from(whole, split))
    for taken in (2, 6, 12):
        training = init_state(recipe)
        list(islice(train_from(training, split), taken))
        save_checkpoint(tmp_path / "a.npz", training, DATA)
        resumed = load_checkpoint(tmp_path / "a.npz", DATA)
        assert resumed.best is None
        assert list(train_from(resumed, split)) == expected[taken:]
        assert everything(resumed) == everything(whole)


def test_batches_that_are_worked_through_piece_by_piece(tmp_path, small_split, monkeypatch):
    monkeypatch.setattr(training_module, "MICRO_BATCH", 16)
    recipe = replace(SGD, dropout=0.4, optimizer="adam")
    expected = list(train_from(init_state(recipe), small_split))
    training = init_state(recipe)
    list(islice(train_from(training, small_split), 5))
    save_checkpoint(tmp_path / "a.npz", training, DATA)
    assert list(train_from(load_checkpoint(tmp_path / "a.npz", DATA), small_split)) == expected[5:]


def test_saving_changes_nothing(tmp_path, small_split):
    training, undisturbed = init_state(RICH), init_state(RICH)
    expected = list(train_from(undisturbed, small_split))
    for record, same in zip(train_from(training, small_split), expected, strict=True):
        assert record == same
        save_checkpoint(tmp_path / "a.npz", training, DATA)
    assert everything(training) == everything(undisturbed)


def test_what_is_loaded_and_saved_again_is_the_same_file(tmp_path, small_split):
    training = init_state(RICH)
    list(islice(train_from(training, small_split), 6))
    save_checkpoint(tmp_path / "a.npz", training, DATA)
    save_checkpoint(tmp_path / "b.npz", load_checkpoint(tmp_path / "a.npz", DATA), DATA)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_the_loaded_training_trains_the_arrays_that_its_optimizer_holds(tmp_path, small_split):
    save_checkpoint(tmp_path / "a.npz", init_state(MOMENTUM), DATA)
    resumed = load_checkpoint(tmp_path / "a.npz", DATA)
    assert resumed.optimizer.params is resumed.model.flat_params
    assert all(np.shares_memory(array, resumed.optimizer.params) for array in resumed.model.params.values())


def test_a_resumed_average_and_best_are_not_the_network_s_own_numbers(tmp_path, small_split):
    training = init_state(ADAM)
    list(islice(train_from(training, small_split), 4))
    save_checkpoint(tmp_path / "a.npz", training, DATA)
    resumed = load_checkpoint(tmp_path / "a.npz", DATA)
    arrays = [resumed.model.flat, resumed.average, resumed.best]
    assert not any(np.shares_memory(one, other) for one, other in combinations(arrays, 2))


CHANGES: dict[str, tuple[Recipe, dict[str, Any]]] = {
    "learning rate": (MOMENTUM, {"learning_rate": 0.03}),
    "momentum": (MOMENTUM, {"momentum": 0.5}),
    "dropout on": (ADAM, {"dropout": 0.4}),
    "dropout off": (RICH, {"dropout": 0.0}),
    "more epochs": (RICH, {"epochs": 4}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_training_goes_on_from_a_file_to_the_bit(tmp_path, small_split, name):
    """Changed within the second epoch, and saved at once or later, before and after that epoch's end."""
    recipe, changes = CHANGES[name]

    def changed() -> TrainingState:
        training = init_state(recipe)
        list(islice(train_from(training, small_split, 3), 6))
        reconfigure(training, replace(recipe, **changes))
        return training

    whole = changed()
    expected = list(train_from(whole, small_split, 3))
    for taken in range(5):
        training = changed()
        list(islice(train_from(training, small_split, 3), taken))
        save_checkpoint(tmp_path / "a.npz", training, DATA)
        resumed = load_checkpoint(tmp_path / "a.npz", DATA)
        assert everything(resumed) == everything(training)
        assert list(train_from(resumed, small_split, 3)) == expected[taken:]
        assert everything(resumed) == everything(whole)


# Only the network


@pytest.mark.parametrize("name", RECIPES)
def test_the_network_of_a_checkpoint_is_the_one_that_is_used(tmp_path, small_split, name):
    """Before the first step and within the second epoch: the average where there is one, never the best so far."""
    training = init_state(RECIPES[name])
    for taken in (0, 6):
        list(islice(train_from(training, small_split), taken))
        save_checkpoint(tmp_path / "a.npz", training, DATA)
        network = Network.load(tmp_path / "a.npz")
        model = network.model
        assert network.recipe == training.recipe
        expected = training.current_model()
        assert {name: array.tobytes() for name, array in model.arrays.items()} == {
            name: array.tobytes() for name, array in expected.arrays.items()
        }
        x = small_split.validation_images.reshape(-1, 784).astype(np.float32) / 255
        assert model(x).tobytes() == expected(x).tobytes()


def test_the_network_of_a_changed_training_has_the_changed_layers(tmp_path):
    training = init_state(RICH)
    reconfigure(training, replace(RICH, dropout=0.0))
    save_checkpoint(tmp_path / "a.npz", training, DATA)
    network = Network.load(tmp_path / "a.npz")
    model = network.model
    assert network.recipe.dropout == 0
    assert model.flat.tobytes() == training.current.tobytes() and list(model.arrays) == list(training.model.arrays)


# What is refused


@pytest.fixture
def path(tmp_path, small_split) -> Path:
    """A good checkpoint: Adam, in the second epoch."""
    training = init_state(ADAM)
    list(islice(train_from(training, small_split), 6))
    save_checkpoint(tmp_path / "a.npz", training, DATA)
    return tmp_path / "a.npz"


NUMBERS = 784 * 8 + 8 + 8 * 10 + 10


def message(path: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        load_checkpoint(path, DATA)
    text = str(caught.value)
    assert text.startswith(f"{path}: ") and "\n" not in text
    return text


def message_of_model(path: Path) -> str:
    """What is said to someone who wants the network alone: the same."""
    with pytest.raises(WeightsError) as caught:
        Network.load(path)
    assert str(caught.value) == message(path)
    return str(caught.value)


def test_the_good_checkpoint_is_good(path):
    assert load_checkpoint(repack(path), DATA).step == 5


def test_a_missing_file(tmp_path):
    assert message(tmp_path / "nowhere.npz").endswith("nowhere.npz: there is no such file; check the path")


def test_a_training_with_other_data(path):
    with pytest.raises(WeightsError, match="it belongs to a training with other data: resume with the same --data"):
        load_checkpoint(path, "e" * 64)


def test_a_file_of_weights_is_no_checkpoint(tmp_path):
    network = Network(init_state(SGD).model, SGD, "digits", DATA, True, 0.5, 0.5)
    network.save(tmp_path / "w.npz")
    assert "it says that it is 'mnist-mlp' version 1, expected 'mnist-training' version 2" in message(
        tmp_path / "w.npz"
    )


@pytest.mark.parametrize("version", [0, 1, 3, None, "2"])
def test_another_version(path, version):
    """Version 1 is that of earlier releases, whose trainings cannot go on exactly."""
    assert f"version {version!r}, expected 'mnist-training' version 2" in message(
        repack(path, lambda m: m.update(version=version))
    )


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_cut_file(path, part):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    assert "not a readable .npz file" in message(path)


COUNTERS = ("step", "epoch", "batch", "loss_sum", "correct", "best_loss", "best_accuracy", "epochs_without_improvement")


@pytest.mark.parametrize("name", COUNTERS)
@pytest.mark.parametrize("value", [-1, "3", None, [], float("nan")])
def test_a_counter_that_is_no_count(path, name, value):
    text = message(repack(path, lambda meta: meta["counters"].update({name: value})))
    assert "its description is wrong (" in text


@pytest.mark.parametrize("name", ["step", "epoch", "batch", "correct", "epochs_without_improvement"])
@pytest.mark.parametrize("value", [2.5, True, pytest.param(10**400, id="huge")])
def test_a_count_that_no_training_can_have_is_refused(path, name, value):
    assert name in message(repack(path, lambda meta: meta["counters"].update({name: value})))


@pytest.mark.parametrize("name", COUNTERS)
def test_a_missing_counter(path, name):
    assert f"its description is wrong ('{name}')" in message(repack(path, lambda meta: meta["counters"].pop(name)))


@pytest.mark.parametrize("counters", [None, [], 3, "many"])
def test_counters_of_another_kind(path, counters):
    assert "its description is wrong" in message(repack(path, lambda meta: meta.update(counters=counters)))


@pytest.mark.parametrize(
    "rng",
    [
        None,
        {},
        [],
        "PCG64",
        {"bit_generator": "MT19937"},
        {"bit_generator": "PCG64", "state": 3, "has_uint32": 0, "uinteger": 0},
        {"bit_generator": "PCG64", "state": {"state": -1, "inc": 1}, "has_uint32": 0, "uinteger": 0},
        {"bit_generator": "PCG64", "state": {"state": "a", "inc": "b"}, "has_uint32": 0, "uinteger": 0},
        {"bit_generator": "PCG64", "state": {"state": 2**200, "inc": 1}, "has_uint32": 0, "uinteger": 0},
    ],
)
def test_a_random_state_that_is_none(path, rng):
    assert "its description is wrong" in message(repack(path, lambda meta: meta.update(rng=rng)))


def test_a_wrong_recipe(path):
    text = message(repack(path, lambda meta: meta["recipe"].update(learning_rate=-1)))
    assert "recipe: learning_rate is -1, expected a number above 0" in text
    assert "a recipe must be a JSON object" in message(repack(path, lambda meta: meta.update(recipe=None)))


@pytest.mark.parametrize(
    "order",
    [np.zeros(90, np.int64), np.arange(1, 91), -np.arange(90), np.r_[np.arange(89), 2**62]],
)
def test_an_order_that_is_no_permutation(path, order):
    assert "its order of images is no permutation" in message(repack(path, entries={"order": order}))


@pytest.mark.parametrize(
    ("name", "array", "text"),
    [
        ("order", np.arange(80), "array 'order' is int64 (80,), expected int64 (90,)"),
        ("order", np.arange(90.0), "array 'order' is float64 (90,), expected int64 (90,)"),
        ("model.0.W", np.zeros((784, 9), np.float32), "is float32 (784, 9), expected float32 (784, 8)"),
        ("model.0.b", np.zeros(8, np.float16), "array 'model.0.b' is float16 (8,), expected float32 (8,)"),
        ("model.0.b", np.full(8, np.nan, np.float32), "array 'model.0.b' holds values that are not finite"),
        ("best", np.full(NUMBERS, np.inf, np.float32), "array 'best' holds values that are not finite"),
        ("best", np.zeros(5, np.float32), f"array 'best' is float32 (5,), expected float32 ({NUMBERS},)"),
        ("average", np.full(NUMBERS, np.nan, np.float32), "array 'average' holds values that are not finite"),
        ("average", np.zeros((NUMBERS, 1), np.float32), f"expected float32 ({NUMBERS},)"),
        ("optimizer.mean", np.zeros(7, np.float32), f"is float32 (7,), expected float32 ({NUMBERS},)"),
        ("optimizer.square", np.full(NUMBERS, np.inf, np.float32), "holds values that are not finite"),
    ],
)
def test_an_array_that_does_not_fit(path, name, array, text):
    assert text in message(repack(path, entries={name: array}))


@pytest.mark.parametrize("name", ["order", "model.2.W", "best", "average", "optimizer.mean", "optimizer.square"])
def test_a_missing_array(path, name):
    assert f"array '{name}' is missing" in message(repack(path, entries={f"{name}.npy": None}))


@pytest.mark.parametrize("name", ["1.running_mean", "1.running_variance", "1.gamma", "5.beta"])
def test_a_missing_array_of_batch_norm(tmp_path, name):
    save_checkpoint(tmp_path / "rich.npz", init_state(RICH), DATA)
    repack(tmp_path / "rich.npz", entries={f"model.{name}.npy": None})
    assert f"array 'model.{name}' is missing" in message(tmp_path / "rich.npz")


def test_a_training_in_float64_cannot_be_resumed_and_says_so(tmp_path):
    save_checkpoint(tmp_path / "a.npz", init_state(SGD, np.float64), DATA)
    assert "array 'model.0.W' is float64 (784, 8), expected float32 (784, 8)" in message(tmp_path / "a.npz")


def test_a_checkpoint_of_another_number_of_images_is_noticed_before_training(path, small_split):
    """Its fingerprint may say what it likes: 30 images cannot be those of this split."""
    repack(path, lambda meta: meta.update(images=30), {"order": np.arange(30)})
    with pytest.raises((WeightsError, ValueError), match="30"):
        train_from(load_checkpoint(path, DATA), small_split)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda meta: meta.update(version=1), "version 1, expected 'mnist-training' version 2"),
        (lambda meta: meta.update(recipe=None), "a recipe must be a JSON object"),
        (lambda meta: meta["recipe"].update(learning_rate=-1), "recipe: learning_rate is -1"),
        (lambda meta: meta["recipe"].update(hidden_sizes=[9]), "array 'model.0.W' is float32 (784, 8), expected"),
        (lambda meta: meta["recipe"].update(hidden_sizes=[4096, 4096]), "array 'model.0.W' is float32 (784, 8)"),
        (lambda meta: meta["recipe"].update(dropout=0.5), "array 'model.3.W' is missing"),
    ],
)
def test_a_network_whose_description_is_wrong(path, change, text):
    assert text in message_of_model(repack(path, change))


@pytest.mark.parametrize("name", ["model.0.W", "model.2.b", "average"])
def test_a_network_without_all_its_numbers(path, name):
    assert f"array '{name}' is missing" in message_of_model(repack(path, entries={f"{name}.npy": None}))


@pytest.mark.parametrize(
    ("name", "array"), [("model.0.b", np.full(8, np.nan, np.float32)), ("average", np.zeros(5, np.float32))]
)
def test_a_network_whose_numbers_do_not_fit(path, name, array):
    assert f"array {name!r}" in message_of_model(repack(path, entries={name: array}))


def test_a_cut_or_missing_file_has_no_network(path, tmp_path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "not a readable .npz file" in message_of_model(path)
    assert "there is no such file" in message_of_model(tmp_path / "nowhere.npz")


def test_the_network_needs_nothing_that_only_the_training_needs(path):
    """Whoever shows an old epoch must not care for its optimizer, random state and data."""
    expected = Network.load(path).model.flat.tobytes()
    entries: dict[str, bytes | np.ndarray | None] = {"optimizer.mean.npy": None, "order.npy": None, "best.npy": None}
    repack(path, lambda meta: [meta.pop(name) for name in ("rng", "counters", "data_fingerprint")], entries)
    assert Network.load(path).model.flat.tobytes() == expected
