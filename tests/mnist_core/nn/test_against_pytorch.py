"""PyTorch, an independent implementation, gives the same numbers: every part by itself, and whole trainings.

PyTorch is not needed here: what it gave stands in tests/golden/*.json, made by tests/golden/make_golden.py from the
cases and inputs of this file."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from mnist_core.data.dataset import Dataset, Split
from mnist_core.data.synthetic import synthetic_digits
from mnist_core.nn.activations import ACTIVATIONS
from mnist_core.nn.layers import BatchNorm, Dropout
from mnist_core.nn.losses import HEADS, loss_function
from mnist_core.nn.optimizers import OPTIMIZERS
from mnist_core.nn.schedules import SCHEDULES, build_schedule
from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.loop import train_from
from mnist_core.training.records import EpochEnd, Record, StepEnd
from mnist_core.training.split import make_split
from mnist_core.training.state import TrainingState, init_state
from tests.paths import GOLDEN

FILES = ("optimizers", "schedules", "batch_norm", "dropout", "activations", "losses", "trajectories")
AGAIN = "make the golden files again (tests/golden/README.md)"

CLOSE = 1e-9
"""What float64 makes possible where both sides calculate the same; 1e-6 is asked for."""
CLIPPED = 1e-6
"""PyTorch divides by the gradient's length + 1e-6, so what it has cut is a little shorter than clip_norm."""
TRAJECTORY = 1e-4
"""Relative, for every loss. Where no gradient is cut, 2e-11 is the worst that was found."""


@cache
def golden(file: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{file}.json").read_text())


def assert_close(found: Any, expected: Any, tolerance: float = CLOSE, what: str = "") -> None:
    """Demand a relative agreement; near 0, where there is nothing to be relative to, one of 1e-12."""
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=1e-12, err_msg=what)


@pytest.mark.parametrize("file", FILES)
def test_a_golden_file_says_what_made_it(file):
    assert re.match(r"\d+\.\d+\.\d+", golden(file)["made_by"]["torch"])
    assert re.match(r"\d+\.\d+\.\d+", golden(file)["made_by"]["numpy"])


def test_the_golden_files_are_all_there_and_small():
    assert sorted(path.stem for path in GOLDEN.glob("*.json")) == sorted(FILES)
    assert sum(path.stat().st_size for path in GOLDEN.glob("*.json")) < 150_000


# Optimizers

OPTIMIZER_CASES: dict[str, tuple[str, dict[str, Any], float]] = {  # kind, settings, l2
    "sgd": ("sgd", {}, 0.0),
    "sgd, l2": ("sgd", {}, 0.1),
    "momentum": ("momentum", {"momentum": 0.9}, 0.0),
    "momentum, none": ("momentum", {"momentum": 0.0}, 0.0),
    "momentum, l2": ("momentum", {"momentum": 0.5}, 0.1),
    "nesterov": ("nesterov", {"momentum": 0.9}, 0.0),
    "nesterov, long, l2": ("nesterov", {"momentum": 0.99}, 0.01),
    "adagrad, defaults": ("adagrad", {}, 0.0),
    "adagrad, large eps": ("adagrad", {"eps": 0.01}, 0.0),
    "rmsprop, defaults": ("rmsprop", {}, 0.0),
    "rmsprop, short memory": ("rmsprop", {"beta2": 0.9, "eps": 1e-3}, 0.0),
    "adam, defaults": ("adam", {}, 0.0),
    "adam, eps of TensorFlow": ("adam", {"beta1": 0.9, "beta2": 0.999, "eps": 1e-7}, 0.0),
    "adam, large eps, l2": ("adam", {"beta1": 0.8, "beta2": 0.95, "eps": 0.01}, 0.1),
    "adam, no memory of slopes": ("adam", {"beta1": 0.0, "beta2": 0.9, "eps": 1e-8}, 0.0),
    "adamw, defaults": ("adamw", {}, 0.0),
    "adamw, strong decay": ("adamw", {"beta1": 0.9, "beta2": 0.95, "eps": 1e-6, "weight_decay": 0.5}, 0.0),
    "adamw, no decay": ("adamw", {"beta1": 0.95, "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.0}, 0.0),
}
WEIGHTS = 4
"""Of the six parameters the first four are weights, on which penalties act."""


def optimizer_inputs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return six parameters (6,), the learning rates of 12 steps (12,) and the gradients (12, 6)."""
    rng = np.random.default_rng(1)
    params, rates = rng.normal(size=6), rng.uniform(0.01, 0.2, 12)
    grads = rng.normal(size=(12, 6)) * (1, 1e-2, 100, 1e-7, 1, 1e-7)  # slopes far above and below every eps
    grads[:4, 0] = 0  # a parameter that no image has touched yet
    return params, rates, grads


@pytest.mark.parametrize("case", OPTIMIZER_CASES)
def test_optimizers_after_every_step(case):
    kind, settings, l2 = OPTIMIZER_CASES[case]
    params, rates, all_grads = optimizer_inputs()
    grads = np.empty_like(params)
    counts: dict[str, Any] = {"weight_count": WEIGHTS} if kind == "adamw" else {}
    optimizer = OPTIMIZERS[kind](params, grads, **settings, **counts)
    found = []
    for rate, given in zip(rates, all_grads, strict=True):
        grads[:] = given
        grads[:WEIGHTS] += l2 * params[:WEIGHTS]
        optimizer.step(rate)
        found.append(params.copy())
    assert_close(found, golden("optimizers")["cases"][case])


def test_every_optimizer_is_compared():
    assert {kind for kind, _, _ in OPTIMIZER_CASES.values()} == set(OPTIMIZERS)


# Schedules

SCHEDULE_CASES: dict[str, tuple[str, tuple[float, ...], float, float, tuple[int, ...]]] = {
    # schedule, drops, factor, warm-up, lengths
    "step, at even distances": ("step", (0.2, 0.4, 0.6, 0.8), 0.5, 0.0, (10, 30, 100)),
    "step, at milestones": ("step", (0.5, 0.9), 0.1, 0.0, (10, 30, 100)),
    "exponential": ("exponential", (), 0.05, 0.0, (1, 10, 100)),
    "cosine": ("cosine", (), 1.0, 0.0, (1, 2, 10, 37, 100)),
    "one-cycle": ("one-cycle", (), 1.0, 0.0, (1, 2, 3, 4, 10, 37, 100)),
    "constant, warm-up": ("constant", (), 1.0, 0.2, (10, 30, 100)),
    "cosine, warm-up": ("cosine", (), 1.0, 0.1, (10, 30, 100)),
}


@pytest.mark.parametrize("case", SCHEDULE_CASES)
def test_schedules_at_every_step(case):
    name, drops, factor, warmup, lengths = SCHEDULE_CASES[case]
    schedule = build_schedule(name, drops, factor, warmup)
    for steps, expected in zip(lengths, golden("schedules")["cases"][case], strict=True):
        assert_close([schedule(step, steps) for step in range(steps)], expected)


def test_every_schedule_is_compared():
    assert {name for name, *_ in SCHEDULE_CASES.values()} == set(SCHEDULES)


# Batch norm

FEATURES = 4
BATCH_NORM_PARTS = ("y", "dx", "dgamma", "dbeta", "running_mean", "running_variance")


def batch_norm_inputs() -> Iterator[tuple[np.ndarray, ...]]:
    """Return 12 batches of 2 to 5 images: x and dL/dy (N, 4), gamma and beta (4,)."""
    rng = np.random.default_rng(2)
    for batch in range(12):
        shape = (2 + batch % 4, FEATURES)
        x = rng.normal(size=shape) * (1, 0.01, 100, 1) + (0, 1, -50, 3)
        yield x, rng.normal(size=shape), rng.normal(1, 0.5, FEATURES), rng.normal(size=FEATURES)


def test_batch_norm_over_twelve_batches_and_then_in_use():
    layer = BatchNorm(FEATURES, np.float64)
    for (x, grad, gamma, beta), expected in zip(batch_norm_inputs(), golden("batch_norm")["training"], strict=True):
        layer.params["gamma"][:], layer.params["beta"][:] = gamma, beta
        y, cache = layer.forward(x, training=True)
        grads = {name: np.empty_like(param) for name, param in layer.params.items()}
        layer.param_grads(cache, grad, grads)
        found = (y, layer.backward(cache, grad), *grads.values(), *layer.state.values())
        for part, values in zip(BATCH_NORM_PARTS, found, strict=True):
            assert_close(values, expected[part], what=part)
    for (x, *_), y in zip(batch_norm_inputs(), golden("batch_norm")["use"], strict=True):
        assert_close(layer.forward(x)[0], y)


# Dropout: masks differ by nature, so their statistics are compared

DROPOUT_RATES = (0.1, 0.25, 0.5, 0.8)
DROPOUT_STEPS, DROPOUT_SHAPE = 12, (100, 200)


@pytest.mark.parametrize("rate", DROPOUT_RATES)
def test_dropout_has_the_statistics_of_pytorch(rate):
    expected = golden("dropout")["rates"][str(rate)]
    layer, ones = Dropout(rate, np.random.default_rng(3)), np.ones(DROPOUT_SHAPE)
    found = []
    for _ in range(DROPOUT_STEPS):
        y, cache = layer.forward(ones, training=True)
        assert np.array_equal(layer.backward(cache, ones), y)  # the gradient passes where the signal passed
        assert len(np.unique(y)) == 2
        found.append(((y == 0).mean(), y.mean(), y.var()))
    scale = expected["scale"]
    # Five standard deviations of the difference of two shares among so many numbers; mean and variance of the result
    # are scale · (1 − share) and scale² · share · (1 − share).
    bound = 5 * (2 * rate * (1 - rate) / ones.size) ** 0.5
    bounds = bound * np.array([1, scale, scale**2])
    differences = np.subtract(found, expected["shares_means_variances"])
    assert (abs(differences) < bounds).all()
    assert (abs(differences.mean(axis=0)) < bounds / DROPOUT_STEPS**0.5).all()


@pytest.mark.parametrize("rate", DROPOUT_RATES)
def test_dropout_scales_like_pytorch(rate):
    y, _ = Dropout(rate, np.random.default_rng(3)).forward(np.ones(DROPOUT_SHAPE), training=True)
    scale = golden("dropout")["rates"][str(rate)]["scale"]
    if (rate * 65_536).is_integer():
        assert y.max() == scale
    else:  # sixteen bits decide: the probability is the nearest multiple of 1/65,536, and the scale is that one's
        assert abs((1 - 1 / y.max()) - (1 - 1 / scale)) <= 0.5 / 65_536


def test_dropout_does_nothing_in_use_like_pytorch():
    x = np.random.default_rng(3).normal(size=(3, 4))
    assert np.array_equal(Dropout(0.5, np.random.default_rng(3)).forward(x)[0], golden("dropout")["use"])
    assert np.array_equal(x, golden("dropout")["use"])


# Activations

POINTS = np.sort(np.concatenate([np.linspace(-4, 4, 17), [-1e4, -50, -12.3, -1e-9, 1e-9, 12.3, 50, 1e4]]))


@pytest.mark.parametrize("name", golden("activations")["activations"])
def test_values_and_slopes_of_activations(name):
    expected = golden("activations")["activations"][name]
    layer = ACTIVATIONS[name]()
    y, cache = layer.forward(POINTS[None], training=True)
    assert_close(y[0], expected["values"])
    assert_close(layer.backward(cache, np.ones_like(y))[0], expected["slopes"])


# Losses

LOSS_CASES: dict[str, tuple[str, float]] = {  # head, label smoothing
    "softmax": ("softmax", 0.0),
    "softmax, smoothing 0.1": ("softmax", 0.1),
    "softmax, smoothing 0.3": ("softmax", 0.3),
    "sigmoid": ("sigmoid", 0.0),
    "squared-error": ("squared-error", 0.0),
}


def loss_inputs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Return 12 batches of logits (2, 5), from tenths to ten thousands, and labels (2,)."""
    rng = np.random.default_rng(4)
    for scale in np.logspace(-1, 4, 12):
        yield scale * rng.normal(size=(2, 5)), rng.integers(0, 5, 2)


@pytest.mark.parametrize("case", LOSS_CASES)
def test_losses_and_their_gradients(case):
    loss_of = loss_function(*LOSS_CASES[case])
    for (logits, labels), expected in zip(loss_inputs(), golden("losses")["cases"][case], strict=True):
        loss, grad = loss_of(logits, labels)
        assert_close(loss, expected["loss"])
        assert_close(grad, expected["gradient"])


def test_every_loss_is_compared():
    assert {head for head, _ in LOSS_CASES.values()} == set(HEADS)


# Whole trainings

STEPS = 200
EVERYTHING = Recipe(
    name="everything",
    source="tests: every setting that has an effect on a step, at once",
    normalization="standard",
    hidden_sizes=(32, 24),
    activation="silu",
    batch_norm=True,
    dropout=0.2,
    label_smoothing=0.1,
    bias_init="small-normal",
    optimizer="adamw",
    learning_rate=0.01,
    weight_decay=0.05,
    schedule="one-cycle",
    warmup=0.1,
    batch_size=50,
    epochs=20,
    seed=3,
    l1=1e-4,
    l2=1e-3,
    clip_norm=0.5,
    ema_decay=0.95,
)
TRAJECTORIES: dict[str, tuple[Recipe, int]] = {
    # Each recipe, but for as many epochs as give 200 steps on so many images, none of them spared by early stopping;
    # the last batch of an epoch is smaller than the others.
    name: (replace(RECIPES[name], epochs=epochs, patience=None), images)
    for name, epochs, images in (
        ("quick", 25, 500),  # 450 to learn from: 7 batches of 64 and one of 2
        ("accurate", 25, 475),  # 451: 7 of 64 and one of 3
        ("tanh-online", 1, 240),  # 200
        ("sigmoid-full-batch", 200, 250),
        ("sigmoid-full-batch-text", 200, 250),
        ("dropout-mlp-sgd", 25, 540),  # 450, as quick
        ("dropout-mlp-adam", 25, 540),
        ("classic-relu", 25, 500),  # as quick
        ("wide-adam", 40, 410),  # 4 of 100 and one of 10
    )
} | {"everything": (EVERYTHING, 540)}  # 486: 9 of 50 and one of 36


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    return synthetic_digits(540, np.random.default_rng(5))


def trajectory_split(recipe: Recipe, count: int) -> Split:
    """Split the first so many digits as the recipe wants it."""
    images, labels = (array[:count] for array in digits())
    return make_split(recipe, Dataset("digits", images, labels, images[:1], labels[:1], "0" * 64, True))


def digest(split: Split) -> str:
    """Distinguish one split from every other one."""
    parts = (split.train_images, split.train_labels, split.validation_images, split.validation_labels)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def norms(arrays: dict[str, np.ndarray]) -> dict[str, float]:
    """Return the length of every array."""
    return {name: float(np.linalg.norm(array)) for name, array in arrays.items()}


# Raw pixels, and learning rates far too large for them, make two recipes chaotic: each step multiplies rounding errors
# by about four, in the second one by twenty, so that any two calculations part. PyTorch parts from itself, by 1e-4 at
# steps 29 and 13, if the last bit of the first weights is changed. So these two are compared over the steps before
# that, and over 200 while both sides, every few steps, round their parameters to a common grid: that wipes out the
# rounding errors, which are far below the grid, and leaves the rest as it is.
STEPS_BEFORE_CHAOS = {"sigmoid-full-batch": 20, "sigmoid-full-batch-text": 8}
STEPS_BETWEEN_ROUNDINGS = 5
GRID = 2**16
ROUNDED = tuple(f"{name}, rounded" for name in STEPS_BEFORE_CHAOS)
TRAJECTORIES |= {name: TRAJECTORIES[name.removesuffix(", rounded")] for name in ROUNDED}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """Send 250 images through the network in pieces of 100, as 60,000 go in pieces of 1,000."""
    monkeypatch.setattr("mnist_core.training.loop.MICRO_BATCH", 100)


@pytest.fixture(autouse=True)
def one_thread():
    """Multiply in one thread: where the second core is busy, two take ten times as long."""
    with threadpool_limits(1):
        yield


def trained(training: TrainingState, split: Split, steps: int = STEPS, rounded: bool = False) -> list[Record]:
    """Train for so many steps, and to the end of their epoch."""
    records = []
    for record in train_from(training, split):
        records.append(record)
        if record.step == steps and isinstance(record, EpochEnd):
            break
        if rounded and isinstance(record, StepEnd) and record.step % STEPS_BETWEEN_ROUNDINGS == 0:
            training.model.flat_params[:] = np.round(training.model.flat_params * GRID) / GRID
    return records


def losses_of(records: list[Record]) -> np.ndarray:
    return np.array([record.loss for record in records if isinstance(record, StepEnd)])


@pytest.mark.parametrize("name", TRAJECTORIES)
def test_a_training_goes_as_with_pytorch(name):
    recipe, images = TRAJECTORIES[name]
    steps = STEPS_BEFORE_CHAOS.get(name, STEPS)
    expected = golden("trajectories")["recipes"][name]
    split, training = trajectory_split(recipe, images), init_state(recipe, np.float64)
    assert digest(split) == expected["digits"], f"the synthetic digits have changed: if on purpose, {AGAIN}"
    assert norms(training.model.params) == pytest.approx(expected["norms_before"]), (
        f"other first weights: if on purpose, {AGAIN}"
    )

    records = trained(training, split, steps, rounded=name in ROUNDED)
    expected_losses = np.array(expected["losses"][:steps])
    assert len(losses_of(records)) == len(expected_losses) == steps
    differences = abs(losses_of(records) - expected_losses) / expected_losses
    assert differences.max() < TRAJECTORY, (
        f"the losses part, by {differences.max():.1e} at the worst, by more than {TRAJECTORY} from step "
        f"{np.argmax(differences >= TRAJECTORY) + 1} on. If the recipe was changed on purpose, {AGAIN}"
    )
    if name in STEPS_BEFORE_CHAOS:
        return
    assert norms(training.model.arrays) == pytest.approx(expected["norms_after"], rel=TRAJECTORY)
    assert norms(training.current_model().arrays) == pytest.approx(expected["norms_in_use"], rel=TRAJECTORY)
    last = records[-1]
    assert isinstance(last, EpochEnd)
    assert (last.validation_loss is None) == (expected["validation_loss"] is None)
    assert (last.validation_loss or 0) == pytest.approx(expected["validation_loss"] or 0, rel=TRAJECTORY)


@pytest.mark.parametrize("name", STEPS_BEFORE_CHAOS)
def test_a_chaotic_recipe_parts_even_from_itself(name):
    recipe, images = TRAJECTORIES[name]
    split, curves = trajectory_split(recipe, images), []
    for last_bit in (0, np.finfo(float).eps):
        training = init_state(recipe, np.float64)
        training.model.flat_params *= 1 + last_bit
        curves.append(losses_of(trained(training, split, 80)))
    differences = abs(curves[0] - curves[1]) / curves[0]
    assert differences[0] < 1e-14
    assert differences.max() > TRAJECTORY, "no chaos any more: compare all 200 steps with PyTorch"


def draws_images(recipe: Recipe) -> bool:
    """Return whether training images are drawn by our own generator, which no other program can repeat."""
    return bool(recipe.distortion or recipe.rare_digits or recipe.not_digits)


def test_every_recipe_is_compared_over_two_hundred_steps():
    assert {name for name, recipe in RECIPES.items() if not draws_images(recipe)} < set(TRAJECTORIES)
    assert all(len(expected["losses"]) == STEPS for expected in golden("trajectories")["recipes"].values())


# Clipping

CLIP_STEPS = 12
CLIP_NORMS = (2.0, 8.0, 100.0)
"""The gradients below are 3 to 15 long: always cut, sometimes cut, never cut."""


def clip_recipe(clip_norm: float) -> Recipe:
    """Return a training of 12 steps; its first layer is large, and black is not 0: see `InputLinear`."""
    return Recipe(
        "clipped",
        "tests",
        normalization="standard",
        hidden_sizes=(400,),
        batch_size=20,
        epochs=1,
        clip_norm=clip_norm,
        validation_fraction=0.0,
    )


@pytest.mark.parametrize("clip_norm", CLIP_NORMS)
def test_clipping_after_every_step(clip_norm):
    recipe = clip_recipe(clip_norm)
    expected = golden("trajectories")["clipped"][str(clip_norm)]
    training = init_state(recipe, np.float64)
    found = []
    for record in train_from(training, trajectory_split(recipe, CLIP_STEPS * recipe.batch_size)):
        if isinstance(record, StepEnd):
            found.append([record.loss, *norms(training.model.params).values()])
    assert_close(found, expected, CLIPPED)
