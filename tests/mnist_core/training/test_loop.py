"""TrainingState: repeatable to the bit, counted rightly, stopped by not asking on, and it does learn."""

import json
import math
import warnings
from copy import deepcopy
from dataclasses import fields, replace
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neural_network import MLPClassifier

from mnist_core.constants import OUTLIER_LABEL
from mnist_core.data.augmentation import Distortion
from mnist_core.data.dataset import Dataset, Split
from mnist_core.errors import DataError, DivergedError, RecipeError
from mnist_core.network import Network
from mnist_core.nn.activations import ACTIVATIONS, sigmoid
from mnist_core.nn.losses import HEADS, loss_function, softmax
from mnist_core.nn.metrics import Evaluation
from mnist_core.nn.mlp import MLP
from mnist_core.nn.normalization import NORMALIZATIONS, normalize
from mnist_core.nn.optimizers import SGD, AdaGrad, Adam, AdamW, Momentum, Nesterov, RMSprop
from mnist_core.recipes.build import build_optimizer
from mnist_core.recipes.recipe import MUTABLE_FIELDS, Recipe
from mnist_core.training import loop as training_module
from mnist_core.training.checkpoint import load_checkpoint, save_checkpoint
from mnist_core.training.loop import train_from
from mnist_core.training.records import EpochEnd, StepEnd, to_json
from mnist_core.training.split import make_split
from mnist_core.training.state import TrainingState, init_state, reconfigure
from mnist_core.training.stream import Training

TINY = Recipe("tiny", "tests", hidden_sizes=(8,), learning_rate=0.1, batch_size=40, epochs=3)
OPTIMIZERS = {  # each with a learning rate that suits it
    "sgd": 0.1,
    "momentum": 0.01,
    "nesterov": 0.01,
    "adagrad": 0.02,
    "rmsprop": 0.002,
    "adam": 0.005,
    "adamw": 0.005,
}
EXTRAS: dict[str, dict[str, Any]] = {
    "batch norm": {"batch_norm": True},
    "dropout": {"dropout": 0.3, "hidden_sizes": (8, 7)},
    "average": {"ema_decay": 0.9},
    "smoothing": {"label_smoothing": 0.1},
    "clipping and penalties": {"clip_norm": 0.5, "l1": 1e-3, "l2": 1e-3},
    "in order": {"shuffle": False, "validation": "last"},
    "distortion": {"distortion": 1.0},
    "noise": {"input_noise": 0.3},
    "everything": {
        "batch_norm": True,
        "dropout": 0.3,
        "ema_decay": 0.9,
        "label_smoothing": 0.1,
        "clip_norm": 1.0,
        "distortion": 0.5,
        "l1": 1e-4,
        "warmup": 0.2,
        "schedule": "one-cycle",
        "init": "he-uniform",
        "bias_init": "uniform-fan-in",
        "activation": "silu",
        "normalization": "min-max",
    },
}


def run(recipe: Recipe, split: Split, validations_per_epoch: int = 1) -> tuple[TrainingState, list[Any]]:
    training = init_state(recipe)
    return training, list(train_from(training, split, validations_per_epoch))


def param_bytes(training: TrainingState) -> dict[str, bytes]:
    """Every number of the network, running means too."""
    return {name: array.tobytes() for name, array in training.model.arrays.items()}


def read_validation(model: MLP, split: Split) -> Evaluation:
    return Network(model, Recipe()).evaluate(split.validation_images, split.validation_labels)


def validation_loss(end: EpochEnd) -> float:
    assert end.validation_loss is not None
    return end.validation_loss


def without_validation(split: Split) -> Split:
    return replace(split, validation_images=split.validation_images[:0], validation_labels=split.validation_labels[:0])


# The stream of records


def test_records_come_in_order(small_split):
    _, records = run(TINY, small_split)
    kinds = "".join("s" if isinstance(record, StepEnd) else "E" for record in records)
    assert kinds == "sssE" * 3
    assert [record.step for record in records] == [1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9]
    assert [record.epoch for record in records] == [1] * 4 + [2] * 4 + [3] * 4


def assert_repeats(recipe: Recipe, split: Split) -> None:
    (one, first), (two, second) = (run(recipe, split) for _ in range(2))
    assert first == second
    assert param_bytes(one) == param_bytes(two)
    assert one.rng.bit_generator.state == two.rng.bit_generator.state


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("head", HEADS)
def test_the_same_seed_recipe_and_data_give_the_same_bits(small_split, optimizer, head):
    recipe = replace(TINY, optimizer=optimizer, head=head, schedule="cosine", l2=1e-3, normalization="standard")
    assert_repeats(replace(recipe, learning_rate=OPTIMIZERS[optimizer]), small_split)


@pytest.mark.parametrize("name", EXTRAS)
def test_trainings_with_anything_else_that_can_be_set_repeat_as_well(small_split, name):
    assert_repeats(replace(TINY, **EXTRAS[name]), small_split)


@pytest.mark.parametrize("name", EXTRAS)
def test_what_can_be_set_has_an_effect(small_split, name):
    one, two = (run(recipe, small_split)[0] for recipe in (TINY, replace(TINY, **EXTRAS[name])))
    assert one.current_model().flat.tobytes() != two.current_model().flat.tobytes()


def test_another_seed_gives_other_weights_another_order_and_other_records(small_split):
    one, two = init_state(TINY), init_state(replace(TINY, seed=1))
    assert (one.model.params["0.W"] != two.model.params["0.W"]).all()
    first, second = list(train_from(one, small_split)), list(train_from(two, small_split))
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_the_global_random_state_plays_no_part(small_split):
    before = np.random.get_state(legacy=True)[1].copy()  # type: ignore[index]  # noqa: NPY002 - must stay untouched
    run(TINY, small_split)
    assert np.array_equal(np.random.get_state(legacy=True)[1], before)  # type: ignore[index]  # noqa: NPY002


def test_records_hold_plain_numbers_that_json_can_hold(small_split):
    for record in run(TINY, small_split, validations_per_epoch=3)[1]:
        assert {type(value) for value in to_json(record).values()} <= {int, float, bool, str}
        json.dumps(to_json(record), allow_nan=False)


def test_arguments_are_checked_at_the_call_not_at_the_first_record(small_split):
    empty = replace(small_split, train_images=small_split.train_images[:0], train_labels=small_split.train_labels[:0])
    with pytest.raises(ValueError, match="found no training images, expected at least one"):
        train_from(init_state(TINY), empty)
    for count in (0, -1):
        with pytest.raises(ValueError, match=f"validations_per_epoch is {count}, expected at least 1"):
            train_from(init_state(TINY), small_split, count)


def test_an_epoch_under_way_goes_on_only_with_as_many_images_as_it_began_with(small_split):
    training = init_state(TINY)
    next(train_from(training, small_split))
    fewer = replace(small_split, train_images=small_split.train_images[:50], train_labels=small_split.train_labels[:50])
    with pytest.raises(ValueError, match="50"):
        train_from(training, fewer)


def test_calling_train_does_nothing_yet(small_split):
    training = init_state(TINY)
    before = param_bytes(training)
    train_from(training, small_split)
    assert training.step == 0 and param_bytes(training) == before


def test_who_stops_asking_stops_the_training_and_who_asks_again_goes_on(small_split):
    _, expected = run(TINY, small_split)
    for taken in range(len(expected)):
        training = init_state(TINY)
        records = list(islice(train_from(training, small_split), taken))
        step, kept = training.step, param_bytes(training)
        assert records == expected[:taken] and step == sum(isinstance(record, StepEnd) for record in records)
        assert param_bytes(training) == kept
        assert list(train_from(training, small_split)) == expected[taken:]


def test_a_finished_training_gives_no_more_records(small_split):
    training, _ = run(TINY, small_split)
    assert training.finished
    assert list(train_from(training, small_split)) == []


# What the numbers mean


def test_the_first_step_is_plain_gradient_descent_on_the_first_batch_of_the_order(small_split):
    training = init_state(TINY)
    before = {name: param.astype(np.float64) for name, param in training.model.params.items()}
    record = next(train_from(training, small_split))
    assert isinstance(record, StepEnd) and training.order is not None
    chosen = training.order[:40]
    x = small_split.train_images[chosen].reshape(40, 784) / 255
    labels = small_split.train_labels[chosen]
    hidden = np.maximum(x @ before["0.W"] + before["0.b"], 0)
    logits = hidden @ before["2.W"] + before["2.b"]
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert record.loss == pytest.approx(-np.log(probs[np.arange(40), labels]).mean(), rel=1e-5)
    assert record.accuracy == (logits.argmax(axis=1) == labels).sum() / 40
    slope = hidden.T @ (probs - np.eye(10)[labels]) / 40
    np.testing.assert_allclose(training.model.params["2.W"], before["2.W"] - 0.1 * slope, rtol=1e-4, atol=1e-6)


def test_the_last_small_batch_counts_by_its_images(small_split):
    _, records = run(TINY, small_split)
    for epoch in range(3):
        *steps, end = records[4 * epoch : 4 * epoch + 4]
        losses, accuracies = [step.loss for step in steps], [step.accuracy for step in steps]
        assert end.train_loss == pytest.approx(np.average(losses, weights=[40, 40, 10]), rel=1e-12)
        assert end.train_accuracy == pytest.approx(np.average(accuracies, weights=[40, 40, 10]), rel=1e-12)
        assert end.train_loss != pytest.approx(np.mean(losses), rel=1e-6)  # so the weights were put to the test


@pytest.mark.parametrize(("size", "steps"), [(1, 90), (45, 2), (89, 2), (90, 1), (1000, 1)])
def test_batches_of_every_size(small_split, size, steps):
    _, records = run(replace(TINY, batch_size=size, epochs=1, learning_rate=0.01), small_split)
    assert len(records) == steps + 1
    assert records[-1].train_loss > 0


def test_the_epoch_s_end_tells_how_the_validation_images_are_read(small_split):
    training = init_state(TINY)
    for record in train_from(training, small_split):
        if isinstance(record, EpochEnd):
            result = read_validation(training.model, small_split)
            assert (record.validation_loss, record.validation_accuracy) == (result.loss, result.accuracy)


@given(seed=st.integers(0, 2**64), batch_size=st.integers(1, 100))
@settings(max_examples=25, deadline=None)
def test_every_epoch_sees_every_image_once_in_an_order_of_its_own(small_split, seed, batch_size):
    training = init_state(replace(TINY, seed=seed, hidden_sizes=(), batch_size=batch_size, epochs=2))
    orders = {}
    for record in train_from(training, small_split):
        if isinstance(record, StepEnd):
            assert training.order is not None
            orders[record.epoch] = training.order.tolist()
        else:
            assert training.order is None
    assert sorted(orders[1]) == sorted(orders[2]) == list(range(90))
    assert orders[1] != orders[2] and orders[1] != list(range(90))


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-3), (np.float64, 1e-9)])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_whole_training_is_that_of_scikit_learn(small_split, normalization, dtype, tolerance):
    """Same weights to begin with, same batches, plain SGD: three epochs apart by rounding only."""
    # Of raw pixels with usual weights, scikit-learn's loss is wrong: it clips probabilities.
    rate, init = (1e-5, "small-normal") if normalization == "raw" else (0.05, "he")
    training = init_state(replace(TINY, normalization=normalization, learning_rate=rate, init=init), dtype)
    mine = [training.model.params[name].copy() for name in ("0.W", "0.b", "2.W", "2.b")]

    class Seeded(MLPClassifier):  # type: ignore[misc]
        def _init_coef(self, fan_in, fan_out, dtype):
            return (mine[0], mine[1]) if fan_in == 784 else (mine[2], mine[3])

    theirs = Seeded(
        (8,), solver="sgd", alpha=0, batch_size=40, learning_rate_init=rate, momentum=0, shuffle=False, random_state=0
    )
    x = normalize(small_split.train_images, normalization, dtype)
    order = None
    for record in train_from(training, small_split):
        if isinstance(record, StepEnd):
            order = training.order
        else:
            theirs.partial_fit(x[order], small_split.train_labels[order], classes=np.arange(10))
            assert record.train_loss == pytest.approx(theirs.loss_, rel=tolerance / 100)
    expected = [theirs.coefs_[0], theirs.intercepts_[0], theirs.coefs_[1], theirs.intercepts_[1]]
    for found, param in zip(training.model.params.values(), expected, strict=True):
        np.testing.assert_allclose(found, param, rtol=tolerance, atol=tolerance / 100)


def test_a_training_in_float64_is_that_of_float32_but_for_rounding(small_split):
    (single, first), (double, second) = (
        (training, list(train_from(training, small_split)))
        for training in (init_state(TINY, np.float32), init_state(TINY, np.float64))
    )
    assert double.model.flat.dtype == double.best_model().flat.dtype == np.float64
    assert {memory.dtype for memory in init_state(EVERYTHING, np.float64).optimizer.state.values()} == {
        np.dtype(np.float64)
    }
    np.testing.assert_allclose(single.model.flat, double.model.flat, rtol=1e-3, atol=1e-5)
    assert first != second
    for one, two in zip(first, second, strict=True):
        for name, value in to_json(one).items():
            assert name in ("record", "seconds") or value == pytest.approx(to_json(two)[name], rel=1e-3)


EVERYTHING = replace(TINY, optimizer="adamw", **EXTRAS["everything"])


def test_each_optimizer_gets_its_settings():
    recipe = replace(TINY, momentum=0.5, beta1=0.6, beta2=0.7, eps=1e-3, weight_decay=0.2)
    model = init_state(recipe).model
    expected = {
        "sgd": (SGD, {}),
        "momentum": (Momentum, {"momentum": 0.5}),
        "nesterov": (Nesterov, {"momentum": 0.5}),
        "adagrad": (AdaGrad, {"eps": 1e-3}),
        "rmsprop": (RMSprop, {"beta2": 0.7, "eps": 1e-3}),
        "adam": (Adam, {"beta1": 0.6, "beta2": 0.7, "eps": 1e-3}),
        "adamw": (
            AdamW,
            {"beta1": 0.6, "beta2": 0.7, "eps": 1e-3, "weight_decay": 0.2, "weight_count": 784 * 8 + 8 * 10},
        ),
    }
    assert list(expected) == list(OPTIMIZERS)
    for name, (kind, wanted) in expected.items():
        optimizer = build_optimizer(replace(recipe, optimizer=name), model)
        assert type(optimizer) is kind and optimizer.params is model.flat_params
        assert {setting: getattr(optimizer, setting) for setting in wanted} == wanted


# Penalties and clipping


def after_one_step(split: Split, **changes: Any) -> TrainingState:
    training = init_state(replace(TINY, **changes))
    next(train_from(training, split))
    return training


@pytest.mark.parametrize(("penalty", "slope"), [("l1", np.sign), ("l2", np.asarray)])
def test_penalties_pull_weights_and_nothing_else_and_stay_out_of_the_loss(small_split, penalty, slope):
    recipe = replace(TINY, batch_norm=True, bias_init="uniform-fan-in")
    strength: dict[str, Any] = {penalty: 0.5}
    plain, pulled = init_state(recipe), init_state(replace(recipe, **strength))
    start = {name: param.copy() for name, param in plain.model.params.items()}
    assert next(train_from(plain, small_split)) == next(train_from(pulled, small_split))
    for name, param in pulled.model.params.items():
        pull = -0.1 * 0.5 * slope(start[name]) if name.endswith(".W") else 0
        np.testing.assert_allclose(param, plain.model.params[name] + pull, rtol=1e-5, atol=1e-7, err_msg=name)


def test_l1_leaves_a_weight_of_exactly_0_where_it_is(small_split):
    training = init_state(replace(TINY, l1=0.5, init="zeros"))
    next(train_from(training, small_split))
    assert not training.model.params["0.W"].any() and not training.model.params["2.W"].any()


def test_a_gradient_that_is_too_long_is_cut_to_clip_norm_and_keeps_its_direction(small_split):
    before = init_state(TINY).model.flat_params
    whole = after_one_step(small_split).model.flat_grads
    norm = float(np.linalg.norm(whole))
    cut = after_one_step(small_split, clip_norm=norm / 7)
    assert np.linalg.norm(cut.model.flat_grads) == pytest.approx(norm / 7, rel=1e-5)
    np.testing.assert_allclose(cut.model.flat_grads, whole / 7, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(cut.model.flat_params, before - 0.1 * whole / 7, rtol=1e-5, atol=1e-7)


def test_a_gradient_that_is_short_enough_is_left_alone(small_split):
    whole = after_one_step(small_split)
    norm = float(np.linalg.norm(whole.model.flat_grads))
    assert param_bytes(after_one_step(small_split, clip_norm=norm * 1.001)) == param_bytes(whole)


def test_penalties_count_for_the_length(small_split):
    training = after_one_step(small_split, clip_norm=0.01, l1=1.0, l2=1.0)
    assert np.linalg.norm(training.model.flat_grads) == pytest.approx(0.01, rel=1e-5)


def test_label_smoothing_is_for_learning_and_not_for_measuring(small_split):
    recipe = replace(TINY, label_smoothing=0.3, batch_size=1000, epochs=1, shuffle=False, learning_rate=1e-9)
    training = init_state(recipe)
    x = normalize(small_split.train_images, "unit")
    expected, _ = loss_function("softmax", 0.3)(training.model(x), small_split.train_labels)
    step, end = train_from(training, small_split)
    assert isinstance(step, StepEnd) and isinstance(end, EpochEnd)
    assert step.loss == pytest.approx(expected, rel=1e-6)
    assert end.validation_loss == read_validation(training.model, small_split).loss


# Large batches, piece by piece


@pytest.mark.parametrize("piece", [1, 16, 39, 40])
@pytest.mark.parametrize("head", [*HEADS, "smoothing"])
def test_a_batch_in_pieces_gives_the_gradient_of_the_whole(small_split, monkeypatch, head, piece):
    settings = {"label_smoothing": 0.2} if head == "smoothing" else {"head": head}
    recipe = replace(TINY, l2=1e-3, **settings)
    whole = init_state(recipe, np.float64)
    expected = list(train_from(whole, small_split))
    monkeypatch.setattr(training_module, "MICRO_BATCH", piece)
    pieces = init_state(recipe, np.float64)
    for record, other in zip(train_from(pieces, small_split), expected, strict=True):
        assert record.step == other.step
        for name in ("loss", "accuracy", "train_loss", "train_accuracy", "validation_accuracy"):
            if getattr(other, name, None) is not None:
                assert getattr(record, name) == pytest.approx(getattr(other, name), rel=1e-9)
    np.testing.assert_allclose(pieces.model.flat_grads, whole.model.flat_grads, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(pieces.model.flat, whole.model.flat, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shuffle", [False, True])
def test_batch_norm_sees_the_whole_batch_and_dropout_need_not(small_split, monkeypatch, shuffle):
    norm, dropout = (replace(TINY, shuffle=shuffle, **EXTRAS[name]) for name in ("batch norm", "dropout"))
    expected = param_bytes(run(norm, small_split)[0])
    monkeypatch.setattr(training_module, "MICRO_BATCH", 16)
    assert param_bytes(run(norm, small_split)[0]) == expected
    assert_repeats(dropout, small_split)


# The average of the weights


def test_the_average_keeps_its_share_of_itself_at_every_step(small_split):
    training = init_state(replace(TINY, ema_decay=0.75, batch_norm=True))
    assert training.average is not None
    expected = training.model.flat.astype(np.float64)
    for record in train_from(training, small_split):
        if isinstance(record, StepEnd):
            expected = 0.75 * expected + 0.25 * training.model.flat
        np.testing.assert_allclose(training.average, expected, rtol=1e-5, atol=1e-7)
    assert not np.allclose(training.average, training.model.flat, rtol=1e-2)
    np.testing.assert_array_equal(training.current_model().flat, training.average)


def test_the_average_is_what_is_validated_and_kept_and_does_not_change_the_training(small_split):
    recipe = replace(TINY, learning_rate=0.3)
    plain, averaged = init_state(recipe), init_state(replace(recipe, ema_decay=0.9))
    for one, two in zip(train_from(plain, small_split, 3), train_from(averaged, small_split, 3), strict=True):
        assert averaged.model.flat.tobytes() == plain.model.flat.tobytes()
        if two.validation_loss is not None:
            result = read_validation(averaged.current_model(), small_split)
            assert (two.validation_loss, two.validation_accuracy) == (result.loss, result.accuracy)
            assert two.validation_loss != one.validation_loss
        if isinstance(two, EpochEnd) and two.best:
            assert averaged.best is not None and averaged.average is not None
            assert averaged.best.tobytes() == averaged.average.tobytes()
            assert not np.shares_memory(averaged.best, averaged.average)
            np.testing.assert_array_equal(averaged.best_model().flat, averaged.average)


def test_without_an_average_there_is_none(small_split):
    training, _ = run(TINY, small_split)
    assert training.average is None
    assert training.current_model().flat.tobytes() == training.model.flat.tobytes()


# Order


def test_without_shuffling_the_images_come_in_the_order_of_the_file(small_split):
    """With next to no learning, the losses of an epoch's steps are those of the file's parts."""
    training = init_state(replace(TINY, shuffle=False, learning_rate=1e-12))
    model = training.current_model()
    parts = [slice(0, 40), slice(40, 80), slice(80, 90)]
    expected = [
        Network(model, Recipe()).evaluate(small_split.train_images[part], small_split.train_labels[part])
        for part in parts
    ]
    for record in train_from(training, small_split):
        if isinstance(record, StepEnd):
            assert training.order is not None and training.order.tolist() == list(range(90))
            part = expected[(record.step - 1) % 3]
            assert (record.loss, record.accuracy) == pytest.approx((part.loss, part.accuracy), rel=1e-6)


def test_without_shuffling_nothing_is_drawn(small_split):
    training = init_state(replace(TINY, shuffle=False))
    before = training.rng.bit_generator.state
    list(train_from(training, small_split))
    assert training.rng.bit_generator.state == before


def test_a_last_batch_of_one_image_does_no_harm_to_batch_norm(small_split):
    fewer = replace(small_split, train_images=small_split.train_images[:81], train_labels=small_split.train_labels[:81])
    training, records = run(replace(TINY, batch_norm=True), fewer)
    assert len(records) == 12 and np.isfinite(training.model.flat).all()
    assert training.model.params["1.gamma"].std() > 0  # it learns


# The learning rate


def rates(recipe: Recipe, split: Split) -> list[float]:
    return [record.learning_rate for record in run(recipe, split)[1] if isinstance(record, StepEnd)]


def test_a_constant_learning_rate(small_split):
    assert rates(TINY, small_split) == [0.1] * 9


def test_cosine_per_step_by_hand(small_split):
    # six steps: cos 0, 30, 60, 90, 120 and 150 degrees
    expected = [0.1, 0.0933012702, 0.075, 0.05, 0.025, 0.0066987298]
    assert rates(replace(TINY, epochs=2, schedule="cosine"), small_split) == pytest.approx(expected, rel=1e-8)


def test_cosine_per_epoch_by_hand(small_split):
    # three epochs: cos 0, 60 and 120 degrees
    recipe = replace(TINY, schedule="cosine", schedule_unit="epoch")
    assert rates(recipe, small_split) == pytest.approx([0.1] * 3 + [0.075] * 3 + [0.025] * 3, rel=1e-12)


def test_drops_with_a_warm_up_by_hand(small_split):
    # six steps: the first two of them warm up from a tenth; the drops lie at steps 3 and 4.5
    recipe = replace(TINY, epochs=2, schedule="step", schedule_factor=0.5, warmup=1 / 3)
    assert rates(recipe, small_split) == pytest.approx([0.01, 0.055, 0.1, 0.05, 0.05, 0.025], rel=1e-12)


def test_drops_per_epoch_by_hand(small_split):
    recipe = replace(TINY, schedule="step", schedule_unit="epoch", schedule_drops=(0.3, 0.6))
    assert rates(recipe, small_split) == pytest.approx([0.1] * 3 + [0.01] * 3 + [0.001] * 3, rel=1e-12)


def test_the_learning_rate_that_is_recorded_is_the_one_that_is_used(small_split):
    """The last step of a cosine over two steps is half as long as one at the full rate."""
    recipe = replace(TINY, hidden_sizes=(), batch_size=1000, epochs=2)
    moves = []
    for schedule in ("constant", "cosine"):
        training = init_state(replace(recipe, schedule=schedule))
        records = train_from(training, small_split)
        next(records), next(records)
        before = training.model.params["0.W"].copy()
        next(records)
        moves.append(training.model.params["0.W"] - before)
    np.testing.assert_allclose(moves[1], moves[0] / 2, rtol=1e-2, atol=1e-6)


# Distorted images


def test_the_first_batch_is_distorted_with_the_training_s_own_randomness(small_split):
    """After the order of the images, so that the state of one generator is all that a training draws from."""
    training = init_state(replace(TINY, distortion=1.5))
    model, rng, pixels = training.current_model(), deepcopy(training.rng), np.empty((40, 784), np.float32)
    chosen = rng.permutation(90)[:40]
    Distortion(1.5).distort(small_split.train_images[chosen].reshape(40, 784), rng, pixels)
    expected, _ = loss_function("softmax")(model(pixels / 255), small_split.train_labels[chosen])
    record = next(train_from(training, small_split))
    assert isinstance(record, StepEnd)
    assert record.loss == pytest.approx(expected, rel=1e-5)
    assert training.rng.bit_generator.state == rng.bit_generator.state


def test_images_are_distorted_anew_at_every_epoch(small_split):
    """With next to no learning and no shuffling, the losses of two epochs are equal but for the distortion."""
    recipe = replace(TINY, shuffle=False, learning_rate=1e-12, epochs=2)
    for distortion, repeats in ((0.0, True), (1.0, False)):
        _, records = run(replace(recipe, distortion=distortion), small_split)
        first, second = ([record.loss for record in records[4 * epoch : 4 * epoch + 3]] for epoch in (0, 1))
        assert [one == pytest.approx(two, rel=1e-6) for one, two in zip(first, second, strict=True)] == [repeats] * 3


@pytest.mark.parametrize("changes", [{}, {"ema_decay": 0.9}, {"batch_norm": True}])
def test_validation_images_are_never_distorted_and_no_image_is_changed(small_split, changes):
    copy = deepcopy(small_split)
    training = init_state(replace(TINY, distortion=3.0, **changes))
    for record in train_from(training, small_split, validations_per_epoch=3):
        if record.validation_loss is not None:
            result = read_validation(training.current_model(), copy)
            assert (record.validation_loss, record.validation_accuracy) == (result.loss, result.accuracy)
    for name in ("train_images", "train_labels", "validation_images", "validation_labels"):
        np.testing.assert_array_equal(getattr(small_split, name), getattr(copy, name))


# Drawn images


DRAWN = replace(TINY, distortion=1.0, rare_digits=0.2, not_digits=0.1, dropout=0.2)


@pytest.fixture(scope="module")
def drawn_split(small_dataset) -> Split:
    """90 digits of the data set, 18 in rare ways and 9 drawings that are none; 10 digits to validate."""
    few = replace(
        small_dataset, train_images=small_dataset.train_images[:100], train_labels=small_dataset.train_labels[:100]
    )
    return make_split(DRAWN, few)


def test_a_training_with_all_that_is_drawn_repeats(drawn_split):
    assert len(drawn_split.train_images) == 117
    assert_repeats(DRAWN, drawn_split)


@pytest.mark.parametrize("piece", [16, 1000])
def test_a_training_with_all_that_is_drawn_goes_on_from_a_file_to_the_bit(tmp_path, monkeypatch, drawn_split, piece):
    """Saved at any record: within an epoch, too, and where a batch goes through the network in pieces."""
    monkeypatch.setattr(training_module, "MICRO_BATCH", piece)
    whole, expected = run(DRAWN, drawn_split)
    for taken in range(len(expected) + 1):
        training = init_state(DRAWN)
        assert list(islice(train_from(training, drawn_split), taken)) == expected[:taken]
        save_checkpoint(tmp_path / "a.npz", training, "f" * 64)
        resumed = load_checkpoint(tmp_path / "a.npz", "f" * 64)
        assert list(train_from(resumed, drawn_split)) == expected[taken:]
        assert param_bytes(resumed) == param_bytes(whole)
        assert resumed.rng.bit_generator.state == whole.rng.bit_generator.state


def with_some_that_are_no_digits(split: Split) -> Split:
    """Five images of the first batch, none of the second one, and all ten of the third."""
    labels = split.train_labels.copy()
    labels[[0, 7, 20, 38, 39]] = OUTLIER_LABEL
    labels[80:] = OUTLIER_LABEL
    return replace(split, train_labels=labels)


@pytest.mark.parametrize("piece", [16, 1000])
def test_accuracy_counts_digits_alone_and_the_loss_every_image(small_split, monkeypatch, piece):
    monkeypatch.setattr(training_module, "MICRO_BATCH", piece)
    split = with_some_that_are_no_digits(small_split)
    training = init_state(replace(TINY, shuffle=False, learning_rate=1e-12, epochs=1))
    logits = training.model(normalize(split.train_images, "unit"))
    right = (logits.argmax(axis=1) == split.train_labels).astype(int)
    *steps, end = train_from(training, split)
    losses, accuracies = zip(*((step.loss, step.accuracy) for step in steps if isinstance(step, StepEnd)), strict=True)
    parts = [slice(0, 40), slice(40, 80), slice(80, 90)]
    assert losses == pytest.approx(
        [loss_function("softmax")(logits[part], split.train_labels[part])[0] for part in parts], rel=1e-6
    )
    assert right[:40].sum() > 0 and right[40:80].sum() > 0
    assert accuracies == (right[:40].sum() / 35, right[40:80].sum() / 40, 0)
    assert isinstance(end, EpochEnd)
    assert end.train_accuracy == right.sum() / 75
    assert end.train_loss == pytest.approx(np.average(losses, weights=[40, 40, 10]), rel=1e-12)


def test_a_training_without_any_digit_has_no_accuracy_and_learns_to_be_unsure(small_split):
    split = replace(small_split, train_labels=np.full(90, OUTLIER_LABEL, np.uint8))
    recipe, x = replace(TINY, epochs=30), normalize(split.train_images, "unit")
    training = init_state(recipe)
    before = softmax(training.model(x))
    for record in train_from(training, split):
        assert (record.accuracy if isinstance(record, StepEnd) else record.train_accuracy) == 0
    after = softmax(training.model(x))
    assert np.abs(before - 0.1).max() > 0.15 and np.abs(after - 0.1).max() < 0.03


# Validations within an epoch


@pytest.mark.parametrize(("count", "batches"), [(1, []), (2, [1]), (3, [1, 2]), (100, [1, 2])])
def test_validations_within_an_epoch_change_nothing_else(small_split, count, batches):
    _, plain = run(TINY, small_split)
    training = init_state(TINY)
    for record, expected in zip(train_from(training, small_split, count), plain, strict=True):
        if isinstance(record, StepEnd) and (record.step - 1) % 3 + 1 in batches:
            result = read_validation(training.model, small_split)
            assert (record.validation_loss, record.validation_accuracy) == (result.loss, result.accuracy)
            record = replace(record, validation_loss=None, validation_accuracy=None)
        assert record == expected


# The best weights, and stopping early


def test_the_best_weights_are_those_of_the_lowest_validation_loss(small_split):
    recipe = replace(TINY, optimizer="momentum", learning_rate=0.3, epochs=12, batch_size=10)
    training = init_state(recipe)
    seen = []
    for record in train_from(training, small_split):
        if isinstance(record, EpochEnd):
            seen.append((record, param_bytes(training)))
    losses = [validation_loss(record) for record, _ in seen]
    best = int(np.argmin(losses))
    assert best < len(losses) - 1  # the last weights are not the best ones
    assert training.best_loss == losses[best]
    assert training.best_accuracy == seen[best][0].validation_accuracy
    assert {name: array.tobytes() for name, array in training.best_model().arrays.items()} == seen[best][1]
    for i, (record, _) in enumerate(seen):
        assert record.best == (losses[i] < min(losses[:i], default=math.inf))


def test_the_best_model_before_the_first_epoch_s_end_is_the_current_one_and_a_copy(small_split):
    training = init_state(TINY)
    next(train_from(training, small_split))
    model = training.best_model()
    assert model.flat.tobytes() == training.model.flat.tobytes()
    assert not np.shares_memory(model.flat, training.model.flat)


def test_an_improvement_below_min_delta_is_none_and_patience_counts_the_epochs_since_the_last(small_split):
    """The first epoch is always an improvement; then nothing moves, so two more epochs exhaust a patience of 2."""
    training, records = run(replace(TINY, epochs=10, learning_rate=1e-6, patience=2, min_delta=0.01), small_split)
    assert [record.best for record in records if isinstance(record, EpochEnd)] == [True, False, False]
    assert training.finished and training.epoch == 3 and training.epochs_without_improvement == 2


def test_without_min_delta_the_same_training_improves_to_the_end(small_split):
    _, records = run(replace(TINY, epochs=6, learning_rate=1e-3, patience=1), small_split)
    assert [record.best for record in records if isinstance(record, EpochEnd)] == [True] * 6


def test_min_delta_is_measured_from_the_last_improvement_not_from_the_last_epoch(small_split):
    """Small gains add up: the best loss stays where it was until one epoch is below it by min_delta."""
    recipe = replace(TINY, epochs=15, learning_rate=0.05, min_delta=0.1)
    ends = [record for record in run(recipe, small_split)[1] if isinstance(record, EpochEnd)]
    reached = math.inf
    for end in ends:
        assert end.best == (validation_loss(end) < reached - 0.1)
        if end.best:
            reached = validation_loss(end)
    flags = [end.best for end in ends]
    assert sum(flags) >= 3 and not all(flags)


# Without validation images


@pytest.mark.parametrize("changes", [{}, {"ema_decay": 0.9}, {"batch_norm": True}])
def test_without_validation_images_nothing_is_measured_and_the_last_weights_are_kept(small_dataset, changes):
    recipe = replace(TINY, batch_size=300, validation_fraction=0, **changes)
    split = make_split(recipe, small_dataset)
    assert len(split.train_images) == 800
    training, records = run(recipe, split, validations_per_epoch=3)
    for record in records:
        assert (record.validation_loss, record.validation_accuracy) == (None, None)
        assert isinstance(record, StepEnd) or not record.best
    assert training.best is None and training.finished
    network = Training(training, small_dataset).network().tested(small_dataset)
    last = training.model.flat if training.average is None else training.average
    np.testing.assert_array_equal(network.model.flat, last)
    assert network.validation_accuracy is None
    assert network.test_accuracy is not None and 0 <= network.test_accuracy <= 1


def test_validation_has_no_influence_on_the_weights(small_split):
    one, two = (run(TINY, split)[0] for split in (small_split, without_validation(small_split)))
    assert param_bytes(one) == param_bytes(two)


# Divergence


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("head", ["softmax", "sigmoid"])  # a squared error is bounded, and its slope gone
def test_a_training_that_leaves_the_finite_numbers_says_where_and_what_to_do(small_split, head, optimizer):
    training = init_state(replace(TINY, optimizer=optimizer, head=head, learning_rate=1e36))
    kept, steps = param_bytes(training), 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DivergedError) as caught:
            for record in train_from(training, small_split):
                kept, steps = param_bytes(training), record.step
    assert caught.value.step == steps + 1
    assert caught.value.learning_rate == 1e36
    assert f"at step {steps + 1} with learning rate 1e+36" in str(caught.value)
    assert "Try a learning rate ten times smaller" in str(caught.value)
    assert training.step == steps and param_bytes(training) == kept  # as they were before the step that failed


def test_a_loss_that_is_none_changes_no_parameter(small_split, monkeypatch):
    training = init_state(TINY)
    next(train_from(training, small_split))
    kept = param_bytes(training)
    monkeypatch.setattr(training_module, "loss_function", lambda *_: lambda logits, labels: (math.nan, logits))
    with pytest.raises(DivergedError) as caught:
        next(train_from(training, small_split))
    assert caught.value.step == 2 and caught.value.learning_rate == 0.1
    assert training.step == 1 and param_bytes(training) == kept


def test_a_divergence_in_the_very_last_step_is_reported_as_well(small_split):
    """One step in all: its own loss is finite, but the weights after it are useless."""
    recipe = replace(TINY, learning_rate=1e36, batch_size=1000, epochs=1)
    with pytest.raises(DivergedError):
        for record in train_from(init_state(recipe), small_split):
            assert math.isfinite(getattr(record, "validation_loss", None) or 0)


def test_a_divergence_seen_in_validation_names_the_last_steps_learning_rate(small_split):
    """Of one step on a cosine: the next step's rate would be 0, and that is not what did it."""
    recipe = replace(TINY, learning_rate=1e36, batch_size=1000, epochs=1, schedule="cosine", schedule_unit="step")
    with pytest.raises(DivergedError) as caught:
        list(train_from(init_state(recipe), small_split))
    assert (caught.value.step, caught.value.learning_rate) == (1, 1e36)


# Learning


BY_HEART = Recipe(
    "by heart",
    "tests",
    hidden_sizes=(32,),
    optimizer="adam",
    learning_rate=0.005,
    normalization="standard",
    batch_size=15,
    epochs=60,
)


def assert_learns(recipe: Recipe, split: Split, accuracy: float = 0.97) -> None:
    ends = [record for record in run(recipe, split)[1] if isinstance(record, EpochEnd)]
    assert ends[-1].train_accuracy > accuracy
    assert ends[-1].train_loss < ends[0].train_loss / 3


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_kind_of_network_learns_a_few_digits_by_heart(small_split, activation, head):
    recipe = replace(BY_HEART, activation=activation, head=head, init="he" if "relu" in activation else "xavier")
    if head == "squared-error":  # an output that is sure of the wrong answer stays so
        assert_learns(replace(recipe, learning_rate=0.002), small_split, accuracy=0.9)
    else:
        assert_learns(recipe, small_split)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_learns_a_few_digits_by_heart(small_split, optimizer):
    assert_learns(replace(BY_HEART, optimizer=optimizer, learning_rate=OPTIMIZERS[optimizer]), small_split)


@pytest.mark.parametrize("extra", ["batch norm", "average", "in order"])
def test_every_extra_learns_a_few_digits_by_heart(small_split, extra):
    assert_learns(replace(BY_HEART, **EXTRAS[extra]), small_split)


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_distorted_digits_are_learnt_and_what_is_none_is_answered_without_certainty(drawn_split, head):
    recipe = replace(BY_HEART, hidden_sizes=(64,), head=head, distortion=0.5)
    training, records = run(recipe, drawn_split)
    losses = [record.train_loss for record in records if isinstance(record, EpochEnd)]
    assert losses[-1] < losses[0] / 2 and records[-1].train_accuracy > 0.9
    logits = training.model(normalize(drawn_split.train_images, "standard"))
    largest = (softmax(logits) if head == "softmax" else sigmoid(logits)).max(axis=1)
    digits = drawn_split.train_labels != OUTLIER_LABEL
    assert largest[digits].mean() > 0.9 and largest[~digits].mean() < 0.5


@pytest.mark.parametrize("schedule", ["constant", "step", "exponential", "cosine", "one-cycle"])
def test_every_schedule_learns_a_few_digits_by_heart(small_split, schedule):
    assert_learns(replace(BY_HEART, schedule=schedule, warmup=0.1), small_split)


def test_a_small_network_reads_digits_that_it_has_never_seen(small_network):
    assert small_network.test_accuracy > 0.75
    assert small_network.validation_accuracy > 0.75


# The split


def numbered(count: int) -> Dataset:
    """TrainingState images whose pixels are all their number, and white test images."""
    numbers = np.arange(count, dtype=np.uint8)
    images = np.broadcast_to(numbers[:, None, None], (count, 28, 28))
    white = np.full((5, 28, 28), 255, np.uint8)
    return Dataset("numbered", images, numbers % 10, white, numbers[:5] % 10, "0" * 64, synthetic=False)


@pytest.mark.parametrize(
    ("count", "fraction", "size"), [(100, 0.1, 10), (100, 0.054, 5), (100, 0.056, 6), (100, 0.001, 1), (2, 0.5, 1)]
)
def test_the_validation_images_are_the_share_that_the_recipe_asks_for(count, fraction, size):
    split = make_split(replace(TINY, validation_fraction=fraction), numbered(count))
    assert len(split.validation_images) == len(split.validation_labels) == size
    seen = np.concatenate([split.train_images, split.validation_images])[:, 0, 0]
    assert sorted(seen.tolist()) == list(range(count))  # every training image once, and no white one from the test


@pytest.mark.parametrize(("count", "fraction", "size"), [(60, 1 / 6, 10), (100, 0.1, 10), (100, 0.001, 1)])
def test_the_last_images_of_the_file_validate_if_the_recipe_says_so(count, fraction, size):
    split = make_split(replace(TINY, validation="last", validation_fraction=fraction, seed=5), numbered(count))
    assert split.train_images[:, 0, 0].tolist() == list(range(count - size))
    assert split.validation_images[:, 0, 0].tolist() == list(range(count - size, count))


@pytest.mark.parametrize("validation", ["last", "random"])
def test_a_recipe_without_validation_learns_from_every_image(validation):
    split = make_split(replace(TINY, validation=validation, validation_fraction=0), numbered(100))
    assert split.train_images[:, 0, 0].tolist() == list(range(100)) and len(split.validation_images) == 0


def test_the_seed_of_the_recipe_decides_the_split():
    one, same, other = (make_split(replace(TINY, seed=seed), numbered(100)).validation_labels for seed in (1, 1, 2))
    assert one.tolist() == same.tolist() != other.tolist()


@pytest.mark.parametrize(("count", "fraction"), [(1, 0.1), (5, 0.95)])
def test_too_few_images_for_a_split(count, fraction):
    with pytest.raises(DataError, match="found a validation size of"):
        make_split(replace(TINY, validation_fraction=fraction), numbered(count))


def test_the_test_images_have_no_influence_on_a_training(small_dataset):
    other = replace(
        small_dataset, test_images=255 - small_dataset.test_images, test_labels=9 - small_dataset.test_labels
    )
    one, two = (run(TINY, make_split(TINY, dataset))[1] for dataset in (small_dataset, other))
    assert one == two


@pytest.mark.parametrize(
    ("rare", "none", "rare_count", "none_count"),
    [(0.2, 0.1, 18, 9), (0.2, 0, 18, 0), (0, 0.1, 0, 9), (0.005, 0.006, 0, 1)],
)
def test_drawn_images_are_added_as_shares_of_the_training_images(rare, none, rare_count, none_count):
    """Behind those of the data set, which stay what and where they are."""
    plain = make_split(TINY, numbered(100))
    split = make_split(replace(TINY, rare_digits=rare, not_digits=none), numbered(100))
    assert split.train_images.shape == (90 + rare_count + none_count, 28, 28)
    assert split.train_images.dtype == split.train_labels.dtype == np.uint8
    np.testing.assert_array_equal(split.train_images[:90], plain.train_images)
    np.testing.assert_array_equal(split.train_labels[:90], plain.train_labels)
    labels = split.train_labels[90:]
    assert len(labels) == len(split.train_labels) - 90 == rare_count + none_count
    assert (labels[:rare_count] < 10).all() and (labels[rare_count:] == OUTLIER_LABEL).all()
    assert np.ptp(np.bincount(labels[:rare_count], minlength=10)) <= 1
    assert (split.train_images[90:].max(axis=(1, 2)) > 200).all()  # ink, and not an image of all one number
    assert (split.train_images[90:].min(axis=(1, 2)) == 0).all()


@pytest.mark.parametrize("validation", ["random", "last"])
def test_nothing_drawn_is_among_the_validation_images(validation):
    recipe = replace(TINY, validation=validation, validation_fraction=0.3)
    plain, split = (
        make_split(one, numbered(100))
        for one in (recipe, replace(recipe, rare_digits=0.9, not_digits=0.9, distortion=3))
    )
    np.testing.assert_array_equal(split.validation_images, plain.validation_images)
    np.testing.assert_array_equal(split.validation_labels, plain.validation_labels)


def test_equal_recipes_get_equal_drawings_and_another_seed_others():
    recipe = replace(TINY, rare_digits=0.1, not_digits=0.1, validation="last")
    one, same, other = (make_split(replace(recipe, seed=seed), numbered(100)).train_images for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    np.testing.assert_array_equal(one[:90], other[:90])
    assert (one[90:] != other[90:]).any(axis=(1, 2)).all()


def test_few_training_images_are_chosen_from_all_and_the_validation_images_stay():
    plain = make_split(TINY, numbered(100))
    split = make_split(replace(TINY, train_images=30), numbered(100))
    chosen = split.train_images[:, 0, 0]
    assert len(set(chosen.tolist())) == 30 and set(chosen.tolist()) <= set(plain.train_images[:, 0, 0].tolist())
    assert chosen.max() > 60 and chosen.tolist() != plain.train_images[:30, 0, 0].tolist()
    np.testing.assert_array_equal(split.train_labels, chosen % 10)
    np.testing.assert_array_equal(split.validation_images, plain.validation_images)
    np.testing.assert_array_equal(split.validation_labels, plain.validation_labels)


def test_the_chosen_images_keep_their_order_and_depend_on_the_seed_alone():
    """In the order of the file, so that without shuffling it is still that of the file."""
    recipe = replace(TINY, train_images=30, validation="last")
    one, same, other = (
        make_split(replace(recipe, seed=seed), numbered(100)).train_images[:, 0, 0].tolist() for seed in (1, 1, 2)
    )
    assert one == same != other
    assert one == sorted(one) and other == sorted(other)


@pytest.mark.parametrize("count", [90, 91, 10**9])
def test_as_many_training_images_as_there_are_or_more_are_all_of_them(count):
    plain, split = make_split(TINY, numbered(100)), make_split(replace(TINY, train_images=count), numbered(100))
    np.testing.assert_array_equal(split.train_images, plain.train_images)
    np.testing.assert_array_equal(split.train_labels, plain.train_labels)


def test_drawn_images_are_shares_of_the_chosen_ones_and_the_same_drawings():
    """Both have a random source of their own."""
    recipe = replace(TINY, rare_digits=0.2, not_digits=0.1)
    many, few = (make_split(replace(recipe, train_images=count), numbered(100)) for count in (None, 30))
    chosen = make_split(replace(TINY, train_images=30), numbered(100))
    assert len(few.train_images) == 30 + 6 + 3
    np.testing.assert_array_equal(few.train_images[:30], chosen.train_images)
    assert (few.train_labels[36:] == OUTLIER_LABEL).all() and (few.train_labels[:36] < 10).all()
    assert len(many.train_images) == 90 + 18 + 9
    for one in (many, few):
        np.testing.assert_array_equal(one.validation_images, chosen.validation_images)


@pytest.mark.parametrize("changes", [{}, {"train_images": 40}, {"rare_digits": 0.2, "not_digits": 0.1}])
def test_sorted_training_images_are_the_same_ones_digit_by_digit(changes):
    """What is no digit comes last; within a digit, and for validation, all is as it was."""
    recipe = replace(TINY, **changes)
    plain, split = (make_split(one, numbered(100)) for one in (recipe, replace(recipe, sort_images=True)))
    assert split.train_labels.tolist() == sorted(plain.train_labels.tolist()) != plain.train_labels.tolist()
    for label in (*range(10), OUTLIER_LABEL):
        expected = plain.train_images[plain.train_labels == label]
        np.testing.assert_array_equal(split.train_images[split.train_labels == label], expected)
    np.testing.assert_array_equal(split.validation_images, plain.validation_images)
    np.testing.assert_array_equal(split.validation_labels, plain.validation_labels)


def test_digit_by_digit_without_shuffling_is_worse_than_shuffled(small_dataset):
    """The last step of an epoch has just seen nines alone."""
    recipe = replace(TINY, hidden_sizes=(), batch_size=20, epochs=2, sort_images=True, validation_fraction=0.2)
    split = make_split(recipe, small_dataset)
    accuracy = {}
    for shuffle in (True, False):
        accuracy[shuffle] = run(replace(recipe, shuffle=shuffle), split)[1][-1].validation_accuracy
    assert accuracy[True] > 0.6 and accuracy[False] < 0.4


# Changed while it is under way


def everything(training: TrainingState) -> tuple[object, ...]:
    """All that a training knows but its recipe, in a form that `==` compares bit for bit."""
    counters = (training.step, training.epoch, training.batch, training.loss_sum, training.correct)
    arrays = (training.order, training.average, training.best)
    return (
        training.model.flat.tobytes(),
        {name: memory.tobytes() for name, memory in training.optimizer.state.items()},
        training.optimizer.step_count,
        deepcopy(training.rng.bit_generator.state),
        counters,
        [None if array is None else array.tobytes() for array in arrays],
        (training.best_loss, training.best_accuracy, training.epochs_without_improvement),
    )


def under_way(recipe: Recipe, split: Split, records: int = 5) -> TrainingState:
    """A training that has handed out so many records: five are an epoch and a step."""
    training = init_state(recipe)
    list(islice(train_from(training, split), records))
    return training


@pytest.mark.parametrize("name", [field.name for field in fields(Recipe) if field.name not in MUTABLE_FIELDS])
def test_what_cannot_be_changed_is_refused_and_leaves_everything_as_it_is(small_split, name):
    others: dict[str, Any] = {
        **{"name": "other", "source": "other", "normalization": "raw", "hidden_sizes": (9,), "activation": "tanh"},
        **{"head": "sigmoid", "init": "xavier", "bias_init": "he", "optimizer": "adam", "schedule": "cosine"},
        **{"schedule_unit": "epoch", "validation": "last", "schedule_drops": (), "clip_norm": 1.0, "patience": 3},
        **{"train_images": 50, "batch_size": 41, "seed": 1, "shuffle": False, "sort_images": True, "batch_norm": True},
    }
    value = others[name] if name in others else getattr(TINY, name) / 2 + 0.1
    training = under_way(TINY, small_split)
    model, optimizer, before = training.model, training.optimizer, everything(training)
    other: dict[str, Any] = {name: value}
    with pytest.raises(RecipeError) as caught:
        reconfigure(training, replace(TINY, learning_rate=0.7, dropout=0.5, **other))
    assert str(caught.value) == (
        "found other settings changed than dropout, learning_rate, momentum, epochs: a training under way can't take "
        "them over; start a new one"
    )
    assert training.model is model and training.optimizer is optimizer and training.recipe == TINY
    assert everything(training) == before


@pytest.mark.parametrize("extra", ["nothing", *EXTRAS])
@pytest.mark.parametrize("optimizer", ["momentum", "adamw"])
def test_a_change_that_is_taken_back_at_once_changes_nothing(small_split, optimizer, extra):
    recipe = replace(TINY, optimizer=optimizer, learning_rate=OPTIMIZERS[optimizer], **EXTRAS.get(extra, {}))
    _, expected = run(recipe, small_split)
    for taken in (0, 3, 5):  # before the first step, before an epoch's end, within an epoch
        training = under_way(recipe, small_split, taken)
        before = everything(training)
        for changed in (replace(recipe, learning_rate=9.0, momentum=0.1, dropout=0.6, epochs=7), recipe):
            reconfigure(training, changed)
            assert training.recipe == changed
            assert everything(training) == before
        assert list(train_from(training, small_split)) == expected[taken:]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_after_a_change_the_optimizer_moves_the_numbers_of_the_network(small_split, optimizer):
    training = under_way(replace(TINY, optimizer=optimizer), small_split)
    reconfigure(training, replace(training.recipe, learning_rate=0.01, dropout=0.5))
    assert training.optimizer.params is training.model.flat_params
    before = training.model.flat.copy()
    record = next(train_from(training, small_split))
    assert isinstance(record, StepEnd) and record.learning_rate == 0.01 and record.step == 5
    assert (training.model.flat != before).any()


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov"])
def test_changed_learning_rate_and_momentum_as_written_by_hand(small_split, optimizer):
    """A network without hidden layers, in float64, whose stream of records goes on through both changes."""
    recipe = replace(TINY, hidden_sizes=(), optimizer=optimizer, momentum=0.9, shuffle=False)
    settings = [(0.1, 0.9)] * 2 + [(0.03, 0.9)] * 3 + [(0.05, 0.4)] * 4
    training = init_state(recipe, np.float64)
    W, b = (training.model.params[name].copy() for name in ("0.W", "0.b"))
    velocities = [np.zeros_like(W), np.zeros_like(b)]
    x, labels = normalize(small_split.train_images, "unit", np.float64), small_split.train_labels
    stream = (record for record in train_from(training, small_split) if isinstance(record, StepEnd))
    for step, (learning_rate, momentum) in enumerate(settings):
        reconfigure(training, replace(recipe, learning_rate=learning_rate, momentum=momentum))
        record = next(stream)
        part = [slice(0, 40), slice(40, 80), slice(80, 90)][step % 3]
        probs = softmax(x[part] @ W + b)
        count = len(probs)
        assert record.loss == pytest.approx(-np.log(probs[np.arange(count), labels[part]]).mean(), rel=1e-10)
        assert record.learning_rate == learning_rate
        slope = (probs - np.eye(10)[labels[part]]) / count
        for number, velocity, grad in zip((W, b), velocities, (x[part].T @ slope, slope.sum(axis=0)), strict=True):
            velocity *= 0 if optimizer == "sgd" else momentum
            velocity += grad
            number -= learning_rate * (grad + momentum * velocity if optimizer == "nesterov" else velocity)
        np.testing.assert_allclose(training.model.params["0.W"], W, rtol=1e-10, atol=1e-14)
    assert next(stream, None) is None


def test_dropout_comes_and_goes_while_the_stream_goes_on(small_split):
    """On, it silences units and draws from the training's own randomness; off, the network is whole again."""
    recipe = replace(TINY, hidden_sizes=(16,), learning_rate=1e-12, shuffle=False, batch_size=1000, epochs=6)
    training = init_state(recipe)
    losses, states = [], [training.rng.bit_generator.state["state"]["state"]]
    for record in train_from(training, small_split):
        if isinstance(record, StepEnd):
            losses.append(record.loss)
            states.append(training.rng.bit_generator.state["state"]["state"])
        else:  # off, off, on, on, off, off
            reconfigure(training, replace(recipe, dropout=0.5 if record.epoch in (2, 3) else 0.0))
    assert [loss == pytest.approx(losses[0], rel=1e-6) for loss in losses] == [True, True, False, False, True, True]
    assert losses[2] != losses[3]  # another mask
    assert [one != two for one, two in pairwise(states)] == [False, False, True, True, False, False]


def test_another_share_of_dropout_is_that_of_a_training_that_always_had_it(small_split):
    """Changed before the first step, a training is the same as one that began so."""
    for begin, end in ((0.0, 0.4), (0.4, 0.0), (0.2, 0.4)):
        _, expected = run(replace(TINY, hidden_sizes=(8, 7), dropout=end, optimizer="adam"), small_split)
        training = init_state(replace(TINY, hidden_sizes=(8, 7), dropout=begin, optimizer="adam"))
        reconfigure(training, replace(training.recipe, dropout=end))
        assert list(train_from(training, small_split)) == expected


@pytest.mark.parametrize(("epochs", "ends"), [(1, 2), (2, 2), (5, 5)])
def test_the_number_of_epochs_can_change_and_the_one_under_way_is_finished(small_split, epochs, ends):
    training = init_state(replace(TINY, schedule="cosine"))
    stream = train_from(training, small_split)
    records = list(islice(stream, 5))
    reconfigure(training, replace(training.recipe, epochs=epochs))
    records += stream
    assert [record.epoch for record in records if isinstance(record, EpochEnd)] == list(range(1, ends + 1))
    assert training.finished


def test_a_finished_training_goes_on_with_more_epochs(small_split):
    """The learning rate is constant, so that the end of the first part is not felt."""
    training, records = run(TINY, small_split)
    reconfigure(training, replace(TINY, epochs=5))
    assert not training.finished
    assert records + list(train_from(training, small_split)) == run(replace(TINY, epochs=5), small_split)[1]


def test_the_best_weights_survive_a_change(small_split):
    training = under_way(replace(TINY, epochs=4), small_split, 4)
    assert training.best is not None
    best = training.best_model().flat.tobytes()
    reconfigure(training, replace(training.recipe, learning_rate=50.0, dropout=0.5))
    list(train_from(training, small_split))
    assert training.best_model().flat.tobytes() == best  # what came later was worse
    assert training.current_model().flat.tobytes() != best


def test_a_copy_of_the_network_draws_the_same_masks_every_time(small_split):
    """So that a look into the layers of a network with dropout can be repeated."""
    training = under_way(replace(TINY, dropout=0.5, hidden_sizes=(20,)), small_split)
    x = normalize(small_split.validation_images, "unit")
    one, two = (training.current_model().forward(x, training=True)[0].tobytes() for _ in range(2))
    assert one == two != training.current_model()(x).tobytes()


# Beginning with a trained network


def test_a_training_can_begin_with_a_trained_network(small_split):
    trained, _ = run(TINY, small_split)
    again = init_state(replace(TINY, seed=5), begin_with=trained.model)
    np.testing.assert_array_equal(again.model.flat, trained.model.flat)
    before = trained.model.flat.copy()
    next(train_from(again, small_split))
    assert (again.model.flat != before).any()
    np.testing.assert_array_equal(trained.model.flat, before)  # a copy was trained


def test_a_network_of_other_layers_is_no_beginning():
    other = init_state(replace(TINY, hidden_sizes=(3,))).model
    with pytest.raises(RecipeError, match=r"\(784, 3\).*the recipe's has.*begin with one of the same layers"):
        init_state(TINY, begin_with=other)
