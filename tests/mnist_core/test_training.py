"""Training: repeatable to the bit, counted rightly, stopped by not asking on, and it does learn.

Run alone: python -m pytest tests/mnist_core/test_training.py
"""

import json
import math
import warnings
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neural_network import MLPClassifier

from mnist_core.data import Dataset, Split
from mnist_core.errors import DataError, DivergedError
from mnist_core.losses import HEADS
from mnist_core.metrics import evaluate
from mnist_core.normalization import normalize
from mnist_core.recipes import Recipe
from mnist_core.records import EpochEnd, StepEnd, to_json
from mnist_core.training import Training, split_for, start_training, train

TINY = Recipe("tiny", "tests", hidden_sizes=(8,), learning_rate=0.1, batch_size=40, epochs=3)
OPTIMIZERS = {"sgd": 0.1, "momentum": 0.01, "adam": 0.005}  # each with a learning rate that suits it


def run(recipe: Recipe, split: Split, validations_per_epoch: int = 1) -> tuple[Training, list[Any]]:
    training = start_training(recipe)
    return training, list(train(training, split, validations_per_epoch))


def param_bytes(training: Training) -> dict[str, bytes]:
    return {name: param.tobytes() for name, param in training.model.params.items()}


# The stream of records


def test_records_come_in_order(small_split):
    _, records = run(TINY, small_split)
    kinds = "".join("s" if isinstance(record, StepEnd) else "E" for record in records)
    assert kinds == "sssE" * 3
    assert [record.step for record in records] == [1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9]
    assert [record.epoch for record in records] == [1] * 4 + [2] * 4 + [3] * 4


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("head", HEADS)
def test_the_same_seed_recipe_and_data_give_the_same_bits(small_split, optimizer, head):
    recipe = replace(TINY, optimizer=optimizer, head=head, schedule="cosine", l2=1e-3, normalization="standard")
    (one, first), (two, second) = (run(recipe, small_split) for _ in range(2))
    assert first == second
    assert param_bytes(one) == param_bytes(two)


def test_another_seed_gives_other_weights_another_order_and_other_records(small_split):
    one, two = start_training(TINY), start_training(replace(TINY, seed=1))
    assert (one.model.params["0.W"] != two.model.params["0.W"]).all()
    first, second = list(train(one, small_split)), list(train(two, small_split))
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
        train(start_training(TINY), empty)
    for count in (0, -1):
        with pytest.raises(ValueError, match=f"validations_per_epoch is {count}, expected at least 1"):
            train(start_training(TINY), small_split, count)


def test_an_epoch_under_way_goes_on_only_with_as_many_images_as_it_began_with(small_split):
    training = start_training(TINY)
    next(train(training, small_split))
    fewer = replace(small_split, train_images=small_split.train_images[:50], train_labels=small_split.train_labels[:50])
    with pytest.raises(ValueError, match="50"):
        train(training, fewer)


def test_calling_train_does_nothing_yet(small_split):
    training = start_training(TINY)
    before = param_bytes(training)
    train(training, small_split)
    assert training.step == 0 and param_bytes(training) == before


def test_who_stops_asking_stops_the_training_and_who_asks_again_goes_on(small_split):
    _, expected = run(TINY, small_split)
    for taken in range(len(expected)):
        training = start_training(TINY)
        records = list(islice(train(training, small_split), taken))
        step, kept = training.step, param_bytes(training)
        assert records == expected[:taken] and step == sum(isinstance(record, StepEnd) for record in records)
        assert param_bytes(training) == kept
        assert list(train(training, small_split)) == expected[taken:]


def test_a_finished_training_gives_no_more_records(small_split):
    training, _ = run(TINY, small_split)
    assert training.finished
    assert list(train(training, small_split)) == []


# What the numbers mean


def test_the_first_step_is_plain_gradient_descent_on_the_first_batch_of_the_order(small_split):
    training = start_training(TINY)
    before = {name: param.astype(np.float64) for name, param in training.model.params.items()}
    record = next(train(training, small_split))
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
    training = start_training(TINY)
    for record in train(training, small_split):
        if isinstance(record, EpochEnd):
            result = evaluate(
                training.model, "softmax", "unit", small_split.validation_images, small_split.validation_labels
            )
            assert (record.validation_loss, record.validation_accuracy) == (result.loss, result.accuracy)


@given(seed=st.integers(0, 2**64), batch_size=st.integers(1, 100))
@settings(max_examples=25, deadline=None)
def test_every_epoch_sees_every_image_once_in_an_order_of_its_own(small_split, seed, batch_size):
    training = start_training(replace(TINY, seed=seed, hidden_sizes=(), batch_size=batch_size, epochs=2))
    orders = {}
    for record in train(training, small_split):
        if isinstance(record, StepEnd):
            assert training.order is not None
            orders[record.epoch] = training.order.tolist()
        else:
            assert training.order is None
    assert sorted(orders[1]) == sorted(orders[2]) == list(range(90))
    assert orders[1] != orders[2] and orders[1] != list(range(90))


@pytest.mark.parametrize("normalization", ["unit", "standard"])
def test_a_whole_training_is_that_of_scikit_learn(small_split, normalization):
    """Same weights to begin with, same batches, plain SGD, in float32: three epochs apart by rounding only."""
    training = start_training(replace(TINY, normalization=normalization, learning_rate=0.05))
    mine = [training.model.params[name].copy() for name in ("0.W", "0.b", "2.W", "2.b")]

    class Seeded(MLPClassifier):  # type: ignore[misc]
        def _init_coef(self, fan_in, fan_out, dtype):
            return (mine[0], mine[1]) if fan_in == 784 else (mine[2], mine[3])

    theirs = Seeded(
        (8,), solver="sgd", alpha=0, batch_size=40, learning_rate_init=0.05, momentum=0, shuffle=False, random_state=0
    )
    x = normalize(small_split.train_images, normalization)
    order = None
    for record in train(training, small_split):
        if isinstance(record, StepEnd):
            order = training.order
        else:
            theirs.partial_fit(x[order], small_split.train_labels[order], classes=np.arange(10))
            assert record.train_loss == pytest.approx(theirs.loss_, rel=1e-5)
    expected = [theirs.coefs_[0], theirs.intercepts_[0], theirs.coefs_[1], theirs.intercepts_[1]]
    for found, param in zip(training.model.params.values(), expected, strict=True):
        np.testing.assert_allclose(found, param, rtol=1e-3, atol=1e-5)


def test_l2_pulls_weights_but_not_biases_and_stays_out_of_the_loss(small_split):
    plain, pulled = start_training(TINY), start_training(replace(TINY, l2=0.5))
    start = {name: param.copy() for name, param in plain.model.params.items()}
    assert next(train(plain, small_split)) == next(train(pulled, small_split))
    for name, param in pulled.model.params.items():
        pull = -0.1 * 0.5 * start[name] if name.endswith(".W") else 0
        np.testing.assert_allclose(param, plain.model.params[name] + pull, rtol=1e-5, atol=1e-7)


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


def test_the_learning_rate_that_is_recorded_is_the_one_that_is_used(small_split):
    """The last step of a cosine over two steps is half as long as one at the full rate."""
    recipe = replace(TINY, hidden_sizes=(), batch_size=1000, epochs=2)
    moves = []
    for schedule in ("constant", "cosine"):
        training = start_training(replace(recipe, schedule=schedule))
        records = train(training, small_split)
        next(records), next(records)
        before = training.model.params["0.W"].copy()
        next(records)
        moves.append(training.model.params["0.W"] - before)
    np.testing.assert_allclose(moves[1], moves[0] / 2, rtol=1e-2, atol=1e-6)


# Validations within an epoch


@pytest.mark.parametrize(("count", "batches"), [(1, []), (2, [1]), (3, [1, 2]), (100, [1, 2])])
def test_validations_within_an_epoch_change_nothing_else(small_split, count, batches):
    _, plain = run(TINY, small_split)
    training = start_training(TINY)
    for record, expected in zip(train(training, small_split, count), plain, strict=True):
        if isinstance(record, StepEnd) and (record.step - 1) % 3 + 1 in batches:
            result = evaluate(
                training.model, "softmax", "unit", small_split.validation_images, small_split.validation_labels
            )
            assert (record.validation_loss, record.validation_accuracy) == (result.loss, result.accuracy)
            record = replace(record, validation_loss=None, validation_accuracy=None)
        assert record == expected


# The best weights, and stopping early


def test_the_best_weights_are_those_of_the_lowest_validation_loss(small_split):
    recipe = replace(TINY, optimizer="momentum", learning_rate=0.3, epochs=12, batch_size=10)
    training = start_training(recipe)
    seen = []
    for record in train(training, small_split):
        if isinstance(record, EpochEnd):
            seen.append((record, param_bytes(training)))
    losses = [record.validation_loss for record, _ in seen]
    best = int(np.argmin(losses))
    assert best < len(losses) - 1  # the last weights are not the best ones
    assert training.best_loss == losses[best]
    assert training.best_accuracy == seen[best][0].validation_accuracy
    assert {name: param.tobytes() for name, param in training.best_model().params.items()} == seen[best][1]
    for i, (record, _) in enumerate(seen):
        assert record.best == (losses[i] < min(losses[:i], default=math.inf))


def test_the_best_model_before_the_first_epoch_s_end_is_the_current_one_and_a_copy(small_split):
    training = start_training(TINY)
    next(train(training, small_split))
    model = training.best_model()
    assert {name: param.tobytes() for name, param in model.params.items()} == param_bytes(training)
    assert not np.shares_memory(model.params["0.W"], training.model.params["0.W"])


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
        assert end.best == (end.validation_loss < reached - 0.1)
        if end.best:
            reached = end.validation_loss
    flags = [end.best for end in ends]
    assert sum(flags) >= 3 and not all(flags)


# Divergence


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("head", HEADS)
def test_a_training_that_leaves_the_finite_numbers_says_where_and_what_to_do(small_split, head, optimizer):
    training = start_training(replace(TINY, optimizer=optimizer, head=head, learning_rate=1e36))
    kept, steps = param_bytes(training), 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DivergedError) as caught:
            for record in train(training, small_split):
                kept, steps = param_bytes(training), record.step
    assert caught.value.step == steps + 1
    assert caught.value.learning_rate == 1e36
    assert f"at step {steps + 1} with learning rate 1e+36" in str(caught.value)
    assert "Try a learning rate ten times smaller" in str(caught.value)
    assert training.step == steps and param_bytes(training) == kept  # as they were before the step that failed


def test_the_parameters_before_a_divergence_are_finite_where_the_step_before_was(small_split):
    training = start_training(TINY)
    steps = train(training, small_split)
    next(steps)
    kept = param_bytes(training)
    images = small_split.train_images.astype(np.float32)
    images[:] = np.nan
    with pytest.raises(DivergedError) as caught:
        next(train(training, replace(small_split, train_images=images)))
    assert caught.value.step == 2 and caught.value.learning_rate == 0.1
    assert param_bytes(training) == kept
    assert all(np.isfinite(param).all() for param in training.model.params.values())


def test_a_divergence_in_the_very_last_step_is_reported_as_well(small_split):
    """One step in all: its own loss is finite, but the weights after it are useless."""
    recipe = replace(TINY, learning_rate=1e36, batch_size=1000, epochs=1)
    with pytest.raises(DivergedError):
        for record in train(start_training(recipe), small_split):
            assert math.isfinite(getattr(record, "validation_loss", None) or 0)


def test_a_divergence_seen_in_validation_names_the_last_steps_learning_rate(small_split):
    """Of one step on a cosine: the next step's rate would be 0, and that is not what did it."""
    recipe = replace(TINY, learning_rate=1e36, batch_size=1000, epochs=1, schedule="cosine", schedule_unit="step")
    with pytest.raises(DivergedError) as caught:
        list(train(start_training(recipe), small_split))
    assert (caught.value.step, caught.value.learning_rate) == (1, 1e36)


# Learning


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_every_kind_of_network_learns_a_few_digits_by_heart(small_split, activation, head, optimizer):
    recipe = Recipe(
        "by heart",
        "tests",
        hidden_sizes=(32,),
        activation=activation,
        head=head,
        init="he" if activation == "relu" else "xavier",
        optimizer=optimizer,
        learning_rate=OPTIMIZERS[optimizer] * (3 if activation == "sigmoid" and optimizer != "adam" else 1),
        normalization="standard",
        batch_size=15,
        epochs=60,
    )
    ends = [record for record in run(recipe, small_split)[1] if isinstance(record, EpochEnd)]
    assert ends[-1].train_accuracy > 0.97
    assert ends[-1].train_loss < ends[0].train_loss / 5


def test_a_small_network_reads_digits_that_it_has_never_seen(small_network):
    assert small_network.test_accuracy > 0.75
    assert small_network.validation_accuracy > 0.75


# The split


def numbered(count: int) -> Dataset:
    """Training images whose pixels are all their number, and white test images."""
    numbers = np.arange(count, dtype=np.uint8)
    images = np.broadcast_to(numbers[:, None, None], (count, 28, 28))
    white = np.full((5, 28, 28), 255, np.uint8)
    return Dataset("numbered", images, numbers % 10, white, numbers[:5] % 10, "0" * 64, synthetic=False)


@pytest.mark.parametrize(
    ("count", "fraction", "size"), [(100, 0.1, 10), (100, 0.054, 5), (100, 0.056, 6), (100, 0.001, 1), (2, 0.5, 1)]
)
def test_the_validation_images_are_the_share_that_the_recipe_asks_for(count, fraction, size):
    split = split_for(replace(TINY, validation_fraction=fraction), numbered(count))
    assert len(split.validation_images) == len(split.validation_labels) == size
    seen = np.concatenate([split.train_images, split.validation_images])[:, 0, 0]
    assert sorted(seen.tolist()) == list(range(count))  # every training image once, and no white one from the test


def test_the_seed_of_the_recipe_decides_the_split():
    one, same, other = (split_for(replace(TINY, seed=seed), numbered(100)).validation_labels for seed in (1, 1, 2))
    assert one.tolist() == same.tolist() != other.tolist()


@pytest.mark.parametrize(("count", "fraction"), [(1, 0.1), (5, 0.95)])
def test_too_few_images_for_a_split(count, fraction):
    with pytest.raises(DataError, match="found a validation size of"):
        split_for(replace(TINY, validation_fraction=fraction), numbered(count))


def test_the_test_images_have_no_influence_on_a_training(small_dataset):
    other = replace(
        small_dataset, test_images=255 - small_dataset.test_images, test_labels=9 - small_dataset.test_labels
    )
    one, two = (run(TINY, split_for(TINY, dataset))[1] for dataset in (small_dataset, other))
    assert one == two
