"""Recipes: what may be set, what is refused with which words, and through JSON and back."""

import json
import math
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_core.data.dataset import Dataset
from mnist_core.errors import RecipeError
from mnist_core.nn.schedules import build_schedule
from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import MAX_PARAMETERS, Recipe
from mnist_core.training.split import split_for
from mnist_core.training.state import start_training

PLAIN = Recipe("plain", "tests")
NAN, INF = math.nan, math.inf
UNHEARD = "unheard-of"

CHOICES = {
    "normalization": "unit, standard, raw, min-max",
    "activation": "relu, leaky-relu, sigmoid, tanh, silu",
    "head": "softmax, sigmoid, squared-error",
    "init": "he, he-uniform, xavier, xavier-normal, uniform-fan-in, small-normal, standard-normal, zeros",
    "bias_init": "he, he-uniform, xavier, xavier-normal, uniform-fan-in, small-normal, standard-normal, zeros",
    "optimizer": "sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw",
    "schedule": "constant, step, exponential, cosine, one-cycle",
    "schedule_unit": "step, epoch",
    "validation": "random, last",
}
SHARES = (
    "dropout",
    "label_smoothing",
    "momentum",
    "beta1",
    "beta2",
    "warmup",
    "rare_digits",
    "not_digits",
    "ema_decay",
    "validation_fraction",
)
SWITCHES = ("batch_norm", "shuffle", "sort_images")
DRAWING = ("distortion", "rare_digits", "not_digits")
ABOVE_0 = ("learning_rate", "eps")
AT_LEAST_0 = ("weight_decay", "l1", "l2", "min_delta")
LAYERS = "at most 16 layers of 1 to 16384 units"
DROPS = "at most 100 numbers between 0 and 1"

WRONG = [
    ("name", 5, "a text"),
    ("source", None, "a text"),
    *((name, value, f"one of {CHOICES[name]}") for name in CHOICES for value in (UNHEARD, None, ["relu"], "")),
    *((name, value, "true or false") for name in SWITCHES for value in (1, 0, None, "true")),
    *(
        ("hidden_sizes", value, LAYERS)
        for value in ((0,), (-3,), (16_385,), (8,) * 17, (8.0,), (True,), ("8",), 8, None, [8])
    ),
    *((name, value, "a number above 0") for name in ABOVE_0 for value in (0, -0.1, NAN, INF, "1", True, None)),
    *(
        (name, value, "a number from 0 to below 1")
        for name in SHARES
        for value in (1, 1.5, -0.1, NAN, INF, "0.5", None, False)
    ),
    *(("clip_norm", value, "a number above 0, or none") for value in (0, -1, NAN, INF, "1", True)),
    *((name, value, "a number of at least 0") for name in AT_LEAST_0 for value in (-1e-9, NAN, INF, "0", None, True)),
    *(("distortion", value, "from 0 to 3") for value in (-1e-9, 3.001, NAN, INF, "1", None, True)),
    *(
        ("schedule_factor", value, "a number above 0, at most 1")
        for value in (0, -0.5, 1.001, NAN, INF, "0.1", None, True)
    ),
    *(
        ("schedule_drops", value, DROPS)
        for value in ((0,), (1,), (0.5, 1.5), (-0.5,), (NAN,), ("0.5",), (True,), (None,), 0.5, None, [0.5])
    ),
    ("schedule_drops", (0.5,) * 101, DROPS),
    *(
        (name, value, "a whole number of at least 1")
        for name in ("batch_size", "epochs")
        for value in (0, -1, 1.5, "1", True, None)
    ),
    *(("seed", value, "a whole number of at least 0") for value in (-1, 0.5, None, "0", False)),
    *(
        (name, value, f"a whole number of {unit} of at least 1, or none")
        for name, unit in (("patience", "epochs"), ("train_images", "images"))
        for value in (0, -1, 1.5, True, "1")
    ),
]


@pytest.mark.parametrize(("name", "value", "expected"), WRONG)
def test_a_wrong_setting_is_named_with_what_was_found_and_what_is_possible(name, value, expected):
    with pytest.raises(RecipeError) as caught:
        replace(PLAIN, **{name: value})
    found = repr(value) if len(repr(value)) <= 100 else f"{value!r:.100}…"
    assert str(caught.value) == f"recipe: {name} is {found}, expected {expected}"


def test_every_setting_has_a_wrong_value_above():
    assert {name for name, _, _ in WRONG} == {field.name for field in fields(Recipe)}


@pytest.mark.parametrize("name", [*ABOVE_0, *SHARES, *AT_LEAST_0, "clip_norm", "distortion", "schedule_factor"])
def test_a_number_too_large_for_a_float_is_refused_as_well(name):
    """JSON, unlike Python's float, has no largest number."""
    with pytest.raises(RecipeError, match=f"recipe: {name} is 1000"):
        Recipe.from_json({"name": "x", "source": "y", name: 10**400})


# Good alone, meaningless together


@pytest.mark.parametrize("head", ["sigmoid", "squared-error"])
def test_label_smoothing_belongs_to_softmax(head):
    assert replace(PLAIN, head=head).label_smoothing == 0 and replace(PLAIN, label_smoothing=0.1).head == "softmax"
    with pytest.raises(RecipeError) as caught:
        replace(PLAIN, head=head, label_smoothing=0.1)
    assert str(caught.value) == (
        f"recipe: label_smoothing is 0.1, expected 0 with the head {head!r}: only softmax has it"
    )


def test_batch_norm_needs_batches():
    assert replace(PLAIN, batch_norm=True, batch_size=2).batch_norm and replace(PLAIN, batch_size=1).batch_size == 1
    with pytest.raises(RecipeError) as caught:
        replace(PLAIN, batch_norm=True, batch_size=1)
    assert str(caught.value) == (
        "recipe: batch_size is 1, expected at least 2 with batch_norm: one image has no mean and variance"
    )


@pytest.mark.parametrize("validation", ["random", "last"])
def test_patience_needs_validation_images(validation):
    assert replace(PLAIN, validation_fraction=0, validation=validation).patience is None
    with pytest.raises(RecipeError) as caught:
        replace(PLAIN, validation_fraction=0, validation=validation, patience=3)
    assert str(caught.value) == (
        "recipe: patience is 3, expected none without validation images: early stopping needs them"
    )


# What follows from the settings


def test_too_many_parameters():
    largest = Recipe("large", "tests", hidden_sizes=(16_384, 3_082))
    assert largest.parameters == 785 * 16_384 + 16_385 * 3_082 + 3_083 * 10 <= MAX_PARAMETERS
    with pytest.raises(RecipeError) as caught:
        Recipe("too large", "tests", hidden_sizes=(16_384, 16_384))
    count = 785 * 16_384 + 16_385 * 16_384 + 16_385 * 10
    assert str(caught.value) == (
        f"recipe: hidden_sizes is (16384, 16384), expected at most 64000000 parameters in all, found {count}"
    )


@pytest.mark.parametrize(
    ("sizes", "layer_sizes", "parameters"),
    [((), (784, 10), 7_850), ((128,), (784, 128, 10), 101_770), ((512, 128), (784, 512, 128, 10), 468_874)],
)
def test_layer_sizes_and_parameters_by_hand(sizes, layer_sizes, parameters):
    recipe = replace(PLAIN, hidden_sizes=sizes)
    assert recipe.layer_sizes == layer_sizes and recipe.parameters == parameters
    assert start_training(recipe).model.flat_params.size == parameters
    with_norm = replace(recipe, batch_norm=True, dropout=0.5)
    assert with_norm.parameters == parameters + 2 * sum(sizes)  # a scale and a shift for every hidden unit
    assert start_training(with_norm).model.flat_params.size == with_norm.parameters


@pytest.mark.parametrize(("images", "batch_size", "steps"), [(90, 40, 3), (80, 40, 2), (1, 40, 1), (90, 1000, 1)])
def test_the_last_batch_of_an_epoch_may_be_smaller(images, batch_size, steps):
    assert replace(PLAIN, batch_size=batch_size).steps_per_epoch(images) == steps


def test_edges_that_are_allowed():
    zeros: dict[str, Any] = dict.fromkeys((*SHARES, *AT_LEAST_0), 0)
    replace(
        PLAIN,
        hidden_sizes=(1,) * 16,
        epochs=1,
        batch_size=1,
        schedule_drops=(),
        schedule_factor=1,
        distortion=0,
        **zeros,
    )
    below_1: dict[str, Any] = dict.fromkeys(SHARES, math.nextafter(1, 0))
    replace(PLAIN, patience=1, clip_norm=1e-300, schedule_drops=(0.001,) * 100, distortion=3, **below_1)
    replace(
        PLAIN,
        train_images=1,
        batch_size=10**9,
        seed=2**128,
        learning_rate=1,
        hidden_sizes=(16_384,),
        schedule_factor=1e-300,
    )


def test_recipes_are_frozen():
    with pytest.raises(FrozenInstanceError):
        PLAIN.epochs = 3  # type: ignore[misc]


shares = st.floats(0, 1, exclude_max=True)
recipes = st.builds(
    Recipe,
    name=st.text(),
    source=st.text(),
    **{name: st.sampled_from(choices.split(", ")) for name, choices in CHOICES.items() if name != "head"},
    **{name: shares for name in SHARES if name not in ("label_smoothing", "validation_fraction")},
    **{name: st.floats(0, 10) for name in AT_LEAST_0},
    hidden_sizes=st.lists(st.integers(1, 500), max_size=4).map(tuple),
    batch_norm=st.booleans(),
    label_smoothing=shares,  # with the head softmax
    learning_rate=st.floats(1e-300, 1e300),
    schedule_drops=st.lists(st.floats(0, 1, exclude_min=True, exclude_max=True), max_size=4).map(tuple),
    schedule_factor=st.floats(0, 1, exclude_min=True),
    batch_size=st.integers(2, 10**6),
    shuffle=st.booleans(),
    train_images=st.none() | st.integers(1, 10**6),
    sort_images=st.booleans(),
    seed=st.integers(0, 2**200),
    clip_norm=st.none() | st.floats(1e-9, 1e9),
    distortion=st.floats(0, 3),
    validation_fraction=st.floats(0, 1, exclude_min=True, exclude_max=True),
    patience=st.none() | st.integers(1, 100),
)


@given(recipes)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_through_json_text_and_back(recipe):
    again = Recipe.from_json(json.loads(json.dumps(recipe.to_json())))
    assert again == recipe
    assert isinstance(again.hidden_sizes, tuple) and isinstance(again.schedule_drops, tuple)


def test_json_has_every_setting_and_lists_for_tuples():
    values = PLAIN.to_json()
    assert list(values) == [field.name for field in fields(Recipe)]
    assert values["hidden_sizes"] == [128] and values["schedule_drops"] == [0.5, 0.75]


def test_from_json_leaves_its_argument_alone_and_fills_in_defaults():
    values = {"name": "x", "source": "y", "hidden_sizes": [5]}
    assert Recipe.from_json(values) == Recipe("x", "y", hidden_sizes=(5,))
    assert values == {"name": "x", "source": "y", "hidden_sizes": [5]}


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "a recipe must be a JSON object, found list"),
        (None, "a recipe must be a JSON object, found NoneType"),
        ("quick", "a recipe must be a JSON object, found str"),
        ({"name": "x", "source": "y", "colour": 1}, r"unknown settings \['colour'\], missing settings \[\]; known: "),
        ({"name": "x"}, r"unknown settings \[\], missing settings \['source'\]; known: .*'learning_rate'"),
        ({}, r"missing settings \['name', 'source'\]"),
        ({1: 2, "name": "x", "source": "y"}, r"unknown settings \['1'\]"),
        ({"name": "x", "source": "y", "epochs": "many"}, "recipe: epochs is 'many', expected a whole number"),
        (
            {"name": "x", "source": "y", "schedule_drops": [0]},
            r"recipe: schedule_drops is \(0,\), expected at most 100",
        ),
        ({"name": "x", "source": "y", "hidden_sizes": [[]]}, r"recipe: hidden_sizes is \(\[\],\), expected at most 16"),
    ],
)
def test_what_is_no_recipe_is_refused(values, text):
    with pytest.raises(RecipeError, match=text):
        Recipe.from_json(values)


def test_a_recipe_written_before_a_setting_existed_has_its_default():
    """As in the files of weights of earlier versions."""
    old = {
        "name": "old",
        "source": "before",
        "normalization": "standard",
        "hidden_sizes": [512, 128],
        "activation": "relu",
        "head": "softmax",
        "init": "he",
        "optimizer": "momentum",
        "schedule": "cosine",
        "l2": 5e-4,
        "validation_fraction": 0.05,
    }
    recipe = Recipe.from_json(old)
    assert {name: recipe.to_json()[name] for name in old} == old
    assert (recipe.bias_init, recipe.batch_norm, recipe.dropout, recipe.label_smoothing) == ("zeros", False, 0, 0)
    assert (recipe.shuffle, recipe.validation, recipe.warmup, recipe.ema_decay) == (True, "random", 0, 0)
    assert (recipe.l1, recipe.clip_norm) == (0, None)
    assert (recipe.train_images, recipe.sort_images) == (None, False)
    assert (recipe.distortion, recipe.rare_digits, recipe.not_digits) == (0, 0, 0)


# The recipes that ship


def test_the_recipes_that_ship_go_by_their_names_and_say_where_they_come_from():
    assert set(RECIPES) == {"quick", "accurate", "handwriting", *TUTORIALS}
    for name, recipe in RECIPES.items():
        assert recipe.name == name and recipe.source
        assert Recipe.from_json(recipe.to_json()) == recipe


def test_what_is_drawn_for_training_is_for_handwriting_alone():
    assert all(getattr(RECIPES["handwriting"], setting) > 0 for setting in DRAWING)
    for name in set(RECIPES) - {"handwriting"}:
        assert not any(getattr(RECIPES[name], setting) for setting in DRAWING)


FULL_BATCH = {
    "layer_sizes": (784, 10, 10),
    "activation": "sigmoid",
    "head": "softmax",
    "normalization": "raw",
    "init": "small-normal",
    "bias_init": "zeros",
    "optimizer": "sgd",
    "learning_rate": 0.04,
    "schedule": "constant",
    "batch_size": 60_000,
    "epochs": 2400,
    "validation_fraction": 0,
}
DROPOUT_MLP = {
    "layer_sizes": (784, 128, 256, 10),
    "activation": "relu",
    "head": "softmax",
    "normalization": "unit",
    "dropout": 0.5,
    "init": "uniform-fan-in",
    "bias_init": "uniform-fan-in",
    "learning_rate": 0.001,
    "schedule": "constant",
    "batch_size": 64,
    "epochs": 25,
    "shuffle": True,
    "validation": "last",
    "validation_fraction": 1 / 6,
}
TUTORIALS = {
    "tanh-online": {
        "layer_sizes": (784, 32, 10),
        "activation": "tanh",
        "head": "sigmoid",
        "normalization": "min-max",
        "init": "xavier",
        "bias_init": "zeros",
        "optimizer": "sgd",
        "learning_rate": 0.001,
        "schedule_unit": "step",
        "batch_size": 1,
        "epochs": 1,
        "shuffle": False,
        "seed": 2,
        "validation": "last",
    },
    "sigmoid-full-batch": FULL_BATCH,
    "sigmoid-full-batch-text": {**FULL_BATCH, "layer_sizes": (784, 40, 10), "learning_rate": 0.4},
    "dropout-mlp-sgd": {**DROPOUT_MLP, "optimizer": "sgd"},
    "dropout-mlp-adam": {**DROPOUT_MLP, "optimizer": "adam", "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
    "classic-relu": {
        "layer_sizes": (784, 128, 10),
        "activation": "relu",
        "head": "softmax",
        "normalization": "standard",
        "init": "he",
        "bias_init": "zeros",
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "schedule": "cosine",
        "schedule_unit": "epoch",
        "batch_size": 64,
        "epochs": 10,
        "patience": 5,
        "min_delta": 0.001,
    },
    "wide-adam": {
        "layer_sizes": (784, 512, 10),
        "activation": "relu",
        "head": "softmax",
        "normalization": "unit",
        "init": "standard-normal",
        "bias_init": "standard-normal",
        "optimizer": "adam",
        "learning_rate": 0.001,
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-7,
        "schedule": "constant",
        "batch_size": 100,
        "epochs": 5,
    },
}


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_s_recipe_has_the_tutorial_s_settings_and_nothing_else_of_ours(name):
    recipe = RECIPES[name]
    assert {setting: getattr(recipe, setting) for setting in TUTORIALS[name]} == TUTORIALS[name]
    extras = {"batch_norm", "dropout", "label_smoothing", "l1", "l2", "clip_norm", "ema_decay", "warmup", *DRAWING}
    extras |= {"train_images", "sort_images"}
    assert not any(getattr(recipe, setting) for setting in extras - set(TUTORIALS[name]))
    assert recipe.patience is None or "patience" in TUTORIALS[name]


@pytest.mark.parametrize(
    ("name", "validation", "steps"),
    [
        ("tanh-online", 10_000, 50_000),
        ("sigmoid-full-batch", 0, 2_400),
        ("sigmoid-full-batch-text", 0, 2_400),
        ("dropout-mlp-sgd", 10_000, 25 * 782),
        ("dropout-mlp-adam", 10_000, 25 * 782),
    ],
)
def test_how_mnist_is_split_and_how_many_steps_are_taken(name, validation, steps):
    images = np.broadcast_to(np.uint8(0), (60_000, 28, 28))
    labels = np.broadcast_to(np.uint8(0), 60_000)
    recipe, dataset = RECIPES[name], Dataset("none", images, labels, images, labels, "0" * 64, synthetic=False)
    split = split_for(recipe, dataset)
    assert len(split.train_images) == 60_000 - validation and len(split.validation_images) == validation
    assert recipe.steps_per_epoch(len(split.train_images)) * recipe.epochs == steps


def test_tanh_online_lowers_its_learning_rate_once_after_step_1000():
    recipe, steps = RECIPES["tanh-online"], 50_000
    schedule = build_schedule(recipe.schedule, recipe.schedule_drops, recipe.schedule_factor, recipe.warmup)
    rates = [recipe.learning_rate * schedule(step - 1, steps) for step in (1, 1_000, 1_001, 50_000)]
    assert rates == pytest.approx([0.001, 0.001, 0.000999, 0.000999], rel=1e-12)
