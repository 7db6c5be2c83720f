"""The line in words: each finding by a stream that must give it and a near one that must not, and real trainings."""

import copy
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mnist_core.data.dataset import Split
from mnist_core.data.synthetic import synthetic_digits
from mnist_core.errors import DivergedError
from mnist_core.nn.losses import HEADS
from mnist_core.nn.normalization import normalize
from mnist_core.recipes.presets import QUICK
from mnist_core.recipes.recipe import Recipe
from mnist_core.training import diagnosis
from mnist_core.training.diagnosis import chance_loss, diagnose, layer_finding, zero_loss
from mnist_core.training.layer_statistics import LayerRecord, LayerStatistics, layer_statistics
from mnist_core.training.loop import train_from
from mnist_core.training.records import EpochEnd, StepEnd
from mnist_core.training.state import init_state

RECIPE = replace(QUICK, schedule="constant", epochs=10)
STEPS = 200  # an epoch
LN_10 = math.log(10)


def noisy(means: np.ndarray, noise: float = 0.03, seed: int = 0) -> np.ndarray:
    return means * (1 + noise * np.random.default_rng(seed).normal(size=len(means)))


def falling(steps: int, low: float = 0.1) -> np.ndarray:
    """The loss of a good training: from 2.4 down to a low value, within some hundred steps."""
    return noisy(low + (2.4 - low) * np.exp(-np.arange(steps) / 100))


def epoch(
    number: int, train: float, validation: float | None, train_accuracy: float, accuracy: float | None
) -> EpochEnd:
    return EpochEnd(number, number * STEPS, train, train_accuracy, validation, accuracy, False, 1.0)


def kinds(
    loss: np.ndarray, accuracy: float, epochs: list[EpochEnd] | None = None, recipe: Recipe = RECIPE, **more: Any
) -> list[str]:
    return [f.kind for f in diagnose(recipe, STEPS, loss, np.full(len(loss), accuracy), epochs or [], **more)]


def good_epochs(count: int) -> list[EpochEnd]:
    """Losses that fall by a tenth in every epoch."""
    return [epoch(n, 0.3 * 0.9**n, 0.3 * 0.9**n, 0.95, 0.95) for n in range(1, count + 1)]


# What guessing costs


@pytest.mark.parametrize("head", HEADS)
def test_no_answer_for_all_images_has_a_lower_loss_than_that_of_chance(head):
    labels = np.arange(10)
    values = np.linspace(-6, 6, 4001)
    if head == "softmax":
        losses = [HEADS[head].loss(np.zeros((10, 10)), labels)[0]]
    else:
        losses = [HEADS[head].loss(np.full((10, 10), z), labels)[0] for z in values]
    assert chance_loss(head) == pytest.approx(min(losses), rel=1e-5)


def test_chance_losses_by_hand():
    assert chance_loss("softmax") == pytest.approx(2.302585)
    assert chance_loss("sigmoid") == pytest.approx(3.250830)  # −ln 0.1 − 9 ln 0.9
    assert chance_loss("squared-error") == pytest.approx(0.45)  # ½ (0.81 + 9 · 0.01)
    assert [zero_loss(head) for head in HEADS] == pytest.approx([LN_10, 10 * math.log(2), 1.25])


# Single findings, and their neighbours


def test_before_the_first_step_and_in_the_first_steps_it_is_too_early():
    assert kinds(np.array([]), 0) == [diagnosis.TOO_EARLY]
    assert kinds(falling(99), 0.1) == [diagnosis.TOO_EARLY]
    assert kinds(falling(100), 0.7) == [diagnosis.LEARNS]


@pytest.mark.parametrize("head", HEADS)
def test_stuck_at_the_loss_of_guessing(head):
    recipe = replace(RECIPE, head=head)
    stuck = noisy(np.full(300, chance_loss(head)), 0.005)
    assert kinds(stuck, 0.11, recipe=recipe) == [diagnosis.STUCK]
    assert kinds(stuck - np.linspace(0, 0.3, 300) * chance_loss(head), 0.3, recipe=recipe) != [diagnosis.STUCK]


def test_diverged_is_said_first_with_its_step():
    found = diagnose(RECIPE, STEPS, falling(120), np.full(120, 0.5), [], over=True, diverged=True)
    assert [(f.kind, f.numbers["step"]) for f in found] == [(diagnosis.DIVERGED, 121)]


def test_exploding_is_no_bad_start():
    rising = np.concatenate([[2.4], np.full(149, 40.0)])
    assert kinds(rising, 0.1) == [diagnosis.EXPLODES]
    assert kinds(40 * np.exp(-np.arange(150) / 100), 0.5) == [diagnosis.BAD_START]
    assert kinds(3.5 * np.exp(-np.arange(150) / 100), 0.7) == [diagnosis.LEARNS_FAST]


def test_no_better_than_guessing_with_a_loss_of_its_own():
    jumped = np.concatenate([[2.4], np.full(99, 6.0), np.full(300, 2.9)])
    assert kinds(jumped, 0.1) == [diagnosis.CHANCE_ACCURACY]
    assert diagnosis.CHANCE_ACCURACY not in kinds(jumped, 0.3)


def test_a_loss_that_was_low_and_rises():
    loss = falling(300, low=0.4)
    assert kinds(np.concatenate([loss, noisy(np.full(100, 1.4))]), 0.6) == [diagnosis.RISES]
    assert kinds(np.concatenate([loss, noisy(np.full(100, 0.7))]), 0.6) == [diagnosis.LEARNS_FAST]


def test_jumps_of_the_loss_and_the_noise_of_batches():
    jumps = np.where(np.arange(300) % 2, 0.45, 0.85)
    assert kinds(jumps, 0.8) == [diagnosis.OSCILLATES]
    assert kinds(0.65 + (jumps - 0.65) / 2, 0.8) == [diagnosis.LEARNS_FAST]


def test_single_images_always_jump_and_that_is_no_oscillation():
    rng = np.random.default_rng(0)
    loss = rng.exponential(0.5, 20_000)
    assert kinds(loss, 0.85, recipe=replace(RECIPE, batch_size=1)) == [diagnosis.LEARNS_FAST]


def test_slow_and_only_after_a_while():
    crawling = noisy(np.linspace(2.45, 2.3, 1000), 0.02)
    assert kinds(crawling[:250], 0.14) == [diagnosis.TOO_EARLY]
    assert kinds(crawling[:900], 0.14) == [diagnosis.SLOW]
    assert kinds(noisy(np.linspace(2.45, 1.2, 1000)), 0.6) == [diagnosis.LEARNS]


def test_images_in_the_order_of_their_digits():
    recipe = replace(RECIPE, shuffle=False, sort_images=True)
    assert kinds(falling(150), 0.98, recipe=recipe) == [diagnosis.SORTED]
    ended = [epoch(1, 0.1, 4.0, 0.95, 0.12)]
    assert kinds(falling(200), 0.98, ended, recipe) == [diagnosis.NOT_SHUFFLED]
    in_order_of_the_file = replace(RECIPE, shuffle=False)
    assert kinds(falling(200), 0.98, [epoch(1, 0.1, 0.2, 0.95, 0.94)], in_order_of_the_file) == [diagnosis.LEARNS]


def test_overfitting_needs_validation_to_rise_and_training_to_fall():
    def after(validation: list[float], train: list[float]) -> list[str]:
        ends = [epoch(n, t, v, 0.98, 0.95) for n, (t, v) in enumerate(zip(train, validation, strict=True), start=1)]
        return kinds(falling(len(ends) * STEPS), 0.98, ends)

    fits = [0.3, 0.2, 0.15, 0.1, 0.07]
    assert after([0.3, 0.2, 0.21, 0.23, 0.25], fits) == [diagnosis.OVERFITTING]
    assert after([0.3, 0.25, 0.2, 0.23, 0.25], fits) == [diagnosis.LEARNS]  # for two epochs only
    assert after([0.3, 0.2, 0.205, 0.2, 0.205], fits) == [diagnosis.LEARNS]  # it wavers
    assert after([0.3, 0.2, 0.21, 0.23, 0.25], [0.3, 0.2, 0.2, 0.2, 0.2]) == [diagnosis.LEARNS]


def test_overfitting_names_the_best_epoch():
    ends = [epoch(n, 0.3 / n, v, 0.98, 0.95) for n, v in enumerate([0.3, 0.2, 0.22, 0.24, 0.26], start=1)]
    (found,) = diagnose(RECIPE, STEPS, falling(1000), np.full(1000, 0.98), ends)
    assert found.numbers["epochs"] == 3
    assert found.numbers["best"] == 2


def test_memorized_or_just_good():
    assert kinds(falling(400, 0.001), 1.0, [epoch(2, 0.01, 1.7, 1.0, 0.68)]) == [diagnosis.MEMORIZED]
    assert kinds(falling(400, 0.001), 1.0, [epoch(2, 0.01, 0.1, 1.0, 0.977)]) == [diagnosis.LEARNS]


def test_improving_plateau_and_the_end():
    assert kinds(falling(800), 0.95, good_epochs(4)) == [diagnosis.IMPROVING]
    assert kinds(falling(800), 0.95, good_epochs(4), over=True) == [diagnosis.STILL_IMPROVING]
    flat = [epoch(n, 0.26, 0.3, 0.93, 0.92) for n in range(1, 8)]
    assert kinds(falling(1400, 0.26), 0.93, flat) == [diagnosis.PLATEAU]
    assert kinds(falling(1400, 0.26), 0.93, flat, over=True) == [diagnosis.PLATEAU, diagnosis.FINISHED_WELL]
    assert kinds(falling(1000, 0.26), 0.93, flat[:5], over=True) == [diagnosis.FINISHED_WELL]


def test_a_plateau_on_a_schedule_is_told_from_one_without():
    flat = [epoch(n, 0.26, 0.3, 0.93, 0.92) for n in range(1, 8)]
    recipe = replace(RECIPE, schedule="cosine")
    assert kinds(falling(1400, 0.26), 0.93, flat, recipe) == [diagnosis.LAST_PLATEAU]


@pytest.mark.parametrize("validated", [True, False])
def test_the_figure_at_the_end_is_that_of_the_epoch_which_is_named(validated):
    ends = [
        epoch(n, loss, loss if validated else None, 0.97 if validated else accuracy, accuracy if validated else None)
        for n, loss, accuracy in [(1, 0.3, 0.95), (2, 0.2, 0.981), (3, 0.21, 0.98)]
    ]
    (found,) = diagnose(RECIPE, STEPS, falling(600), np.full(600, 0.99), ends, over=True)
    assert found.kind == diagnosis.FINISHED_WELL
    assert (found.numbers["best"], found.numbers["accuracy"]) == (2, 0.981)


def test_stopped_early():
    recipe = replace(RECIPE, patience=2)
    ends = [epoch(n, 0.2, v, 0.95, 0.95) for n, v in enumerate([0.3, 0.2, 0.201, 0.202], start=1)]
    assert kinds(falling(800), 0.95, ends, recipe, over=True) == [diagnosis.FINISHED_WELL, diagnosis.STOPPED_EARLY]
    assert kinds(falling(600), 0.95, ends[:3], recipe, over=True) == [diagnosis.FINISHED_WELL]


def test_underfitting_is_low_on_both():
    low = [epoch(n, 0.75, 0.75, 0.75, 0.76) for n in (1, 2)]
    assert kinds(falling(400, 0.75), 0.75, low, over=True) == [diagnosis.UNDERFITTING]
    assert kinds(falling(400, 0.75), 0.75, low) == [diagnosis.LEARNS]  # it may still come


@pytest.mark.parametrize("harder", [{"dropout": 0.5}, {"distortion": 2.0}])
def test_dropout_and_distortion_make_training_look_worse_and_that_is_no_illness(harder):
    recipe = replace(RECIPE, **harder)
    ends = [epoch(n, 0.6, 0.2 * 0.99**n, 0.82, 0.95) for n in (1, 2, 3)]
    assert kinds(falling(600, 0.6), 0.82, ends, recipe, over=True) == [diagnosis.FINISHED_WELL]
    without_validation = [epoch(n, 0.6, None, 0.82, None) for n in (1, 2, 3)]
    assert kinds(falling(600, 0.6), 0.82, without_validation, recipe, over=True) == [diagnosis.LEARNS]


# Inside the layers


def layer(**numbers: Any) -> LayerStatistics:
    healthy: dict[str, Any] = {"dead": 0.1, "saturated": 0.1, "gradient_rms": 1e-3, "weight_rms": 0.1}
    return LayerStatistics(outputs=(0.0, 0.1, 0.2, 0.3, 0.4), gradients=(0.0,) * 5, **{**healthy, **numbers})


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        ({}, diagnosis.HEALTHY_LAYER),
        ({"dead": 0.5}, diagnosis.HEALTHY_LAYER),
        ({"dead": 0.8}, diagnosis.DEAD),
        ({"saturated": 0.6}, diagnosis.HEALTHY_LAYER),
        ({"saturated": 0.9}, diagnosis.SATURATED),
        ({"gradient_rms": 0.4}, diagnosis.HEALTHY_LAYER),
        ({"gradient_rms": 4.0}, diagnosis.EXPLODING_GRADIENTS),
        ({"gradient_rms": 4e-4}, diagnosis.HEALTHY_LAYER),
        ({"gradient_rms": 4e-5}, diagnosis.VANISHING_GRADIENTS),
        ({"weight_rms": 0.0, "dead": 1.0}, diagnosis.ZERO_WEIGHTS),
        ({"gradient_rms": None}, diagnosis.NOT_FINITE),
        ({"outputs": (None,) * 5}, diagnosis.NOT_FINITE),
    ],
)
def test_one_layer(numbers, kind):
    given = {"outputs": (0.0, 0.1, 0.2, 0.3, 0.4), **numbers}
    first = replace(layer(), **given)
    assert layer_finding([first, layer(gradient_rms=1e-2)], 0).kind == kind


def test_no_gradient_anywhere_has_vanished_too():
    assert (
        layer_finding([layer(gradient_rms=1e-12), layer(gradient_rms=3e-12)], 0).kind == diagnosis.VANISHING_GRADIENTS
    )


def test_the_first_ill_layer_is_named_and_only_while_the_network_reads_badly():
    records = [LayerRecord(0, (layer(),) * 3), LayerRecord(300, (layer(), layer(dead=0.9), layer(dead=1.0)))]
    found = diagnose(RECIPE, STEPS, falling(300), np.full(300, 0.6), [], records)
    assert [(f.kind, f.numbers["layer"], f.is_problem) for f in found] == [(diagnosis.DEAD, 2, True)]
    assert kinds(falling(300), 0.95, layers=records) == [diagnosis.LEARNS_FAST]


# Real trainings, on digits drawn by code


@pytest.fixture(scope="module")
def digits() -> Split:
    images, labels = synthetic_digits(1_800, np.random.default_rng(0))
    return Split(images[:1_600], labels[:1_600], images[1_600:], labels[1_600:])


def findings_on_the_way(recipe: Recipe, split: Split, every: int = 25) -> tuple[set[str], list[str]]:
    """All kinds that are found at any time, and those at the end."""
    training = init_state(recipe)
    x, labels = normalize(split.train_images[:100], recipe.normalization), split.train_labels[:100]
    steps: list[StepEnd] = []
    ends: list[EpochEnd] = []
    layers: list[LayerRecord] = []
    seen: set[str] = set()
    diverged = False

    def found(over: bool = False) -> list[str]:
        numbers = (np.array([step.loss for step in steps]), np.array([step.accuracy for step in steps]))
        per_epoch = recipe.steps_per_epoch(len(split.train_images))
        return [f.kind for f in diagnose(recipe, per_epoch, *numbers, ends, layers, over=over, diverged=diverged)]

    try:
        for record in train_from(training, split):
            if isinstance(record, EpochEnd):
                ends.append(record)
            else:
                steps.append(record)
            if training.step % every == 0:
                network = copy.deepcopy(training.model)
                layers.append(LayerRecord(training.step, layer_statistics(network, recipe.head, 0, x, labels)))
                seen |= set(found())
    except DivergedError:
        diverged = True
    return seen, found(over=True)


GOOD = Recipe("good", "tests", hidden_sizes=(64,), optimizer="momentum", learning_rate=0.05, batch_size=32, epochs=6)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"activation": "tanh", "init": "xavier"},
        {"activation": "sigmoid", "init": "xavier", "epochs": 10},
        {"dropout": 0.5},
        {"distortion": 1.0},
        {"batch_norm": True},
        {"head": "sigmoid"},
        {"label_smoothing": 0.1},
        {"optimizer": "adam", "learning_rate": 0.002},
        {"hidden_sizes": (64, 64, 64)},
        {"batch_size": 1, "optimizer": "sgd", "learning_rate": 0.01, "epochs": 5},
    ],
    ids=str,
)
def test_a_healthy_training_is_never_called_ill(change, digits):
    recipe = replace(GOOD, **change)
    seen, _ = findings_on_the_way(recipe, digits, every=25 if recipe.batch_size > 1 else 500)
    assert not seen & diagnosis.PROBLEMS


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"init": "zeros"}, [diagnosis.STUCK, diagnosis.ZERO_WEIGHTS]),
        ({"learning_rate": 1e3}, [diagnosis.DEAD]),
        ({"normalization": "raw", "activation": "sigmoid", "init": "small-normal"}, [diagnosis.SATURATED]),
        ({"init": "standard-normal", "optimizer": "adam", "learning_rate": 0.001}, [diagnosis.BAD_START]),
        ({"activation": "sigmoid", "init": "xavier", "hidden_sizes": (32,) * 8}, [diagnosis.VANISHING_GRADIENTS]),
        ({"hidden_sizes": (32,) * 8, "init": "standard-normal"}, [diagnosis.DIVERGED]),
        ({"learning_rate": 1e-6, "epochs": 14}, [diagnosis.SLOW]),
    ],
    ids=str,
)
def test_a_spoiled_training_is_called_what_it_is(change, expected, digits):
    seen, at_the_end = findings_on_the_way(replace(GOOD, **{"epochs": 5, **change}), digits)
    assert set(expected) <= seen | set(at_the_end)
    assert set(at_the_end) & diagnosis.PROBLEMS


def test_a_few_images_are_learned_by_heart(digits):
    few = Split(digits.train_images[:40], digits.train_labels[:40], digits.validation_images, digits.validation_labels)
    _, at_the_end = findings_on_the_way(replace(GOOD, epochs=60), few, every=20)
    assert at_the_end == [diagnosis.MEMORIZED]
