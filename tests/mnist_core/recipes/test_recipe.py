"""Recipes: what may be set, what is refused with which words, and through JSON and back."""

import json
import math
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from mnist_core.data.dataset import Dataset
from mnist_core.errors import RecipeError
from mnist_core.nn.schedules import build_schedule
from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import MAX_PARAMETERS, MUTABLE_FIELDS, SETTINGS, Recipe
from mnist_core.recipes.setting import Choice, Flag, Number, Numbers, Setting
from mnist_core.training.split import make_split
from mnist_core.training.state import init_state
from tests.mnist_core.recipes.values import recipes

PLAIN = Recipe("plain", "tests")
NAN, INF = math.nan, math.inf
TUTORIALS = (
    *("tanh-online", "sigmoid-full-batch", "sigmoid-full-batch-text", "dropout-mlp-sgd", "dropout-mlp-adam"),
    *("classic-relu", "wide-adam"),
)
DRAWING = ("distortion", "rare_digits", "not_digits")


def wrong_values(declared: Setting) -> list[object]:
    """What no setting of this kind may be."""
    match declared.kind:
        case Flag():
            return [1, 0, None, "true"]
        case Choice():
            return ["unheard-of", "", None, ["relu"]]
        case Numbers(each, most):
            one: list[object] = [(value,) for value in (each.gt, NAN, "1", True, None, -3) if value != each.ge]
            return [*one, 8, None, [8], ((each.ge or 0.5),) * (most + 1), "x" * 200]
        case Number(kind, gt, ge, lt, le):
            below = [gt, *([ge - 1, -1e-9] if ge is not None else [])]
            above = [lt, *([le + 1e-9] if le is not None else [])]
            ends: list[object] = [end for end in (*below, *above) if end is not None]
            return [*ends, NAN, INF, "1", True, "" if declared.none else None, 1.5 if kind is int else 10**400]


WRONG = [(name, value) for name, declared in SETTINGS.items() for value in wrong_values(declared)]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_setting_is_named_with_what_was_found_and_what_is_possible(name, value):
    with pytest.raises(RecipeError) as caught:
        replace(PLAIN, **{name: value})
    found = repr(value) if len(repr(value)) <= 100 else f"{value!r:.100}…"
    assert str(caught.value) == f"recipe: {name} is {found}, expected {SETTINGS[name].expected}"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("name", 5, "a text"),
        ("source", None, "a text"),
        ("optimizer", "x", "one of sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw"),
        ("batch_norm", 1, "true or false"),
        ("hidden_sizes", (16_385,), "at most 16 whole numbers of at least 1 and at most 16384"),
        ("schedule_drops", (1,), "at most 100 numbers above 0 and below 1"),
        ("dropout", 1, "a number of at least 0 and below 1"),
        ("learning_rate", 0, "a number above 0"),
        ("l2", -1, "a number of at least 0"),
        ("distortion", 3.1, "a number of at least 0 and at most 3"),
        ("schedule_factor", 0, "a number above 0 and at most 1"),
        ("epochs", 0, "a whole number of at least 1 and at most 1000000000"),
        ("seed", -1, "a whole number of at least 0"),
        ("patience", 0, "a whole number of at least 1, or none (never)"),
        ("train_images", 0, "a whole number of at least 1, or none (all)"),
        ("clip_norm", 0, "a number above 0, or none (never)"),
    ],
)
def test_what_is_possible_in_words(name, value, expected):
    with pytest.raises(RecipeError) as caught:
        replace(PLAIN, **{name: value})
    assert str(caught.value) == f"recipe: {name} is {value!r}, expected {expected}"


def test_every_field_has_a_default_and_all_but_name_and_source_are_declared():
    assert Recipe(hidden_sizes=(256,), optimizer="momentum").name == "custom"
    assert ["name", "source", *SETTINGS] == [field.name for field in fields(Recipe)]
    for name, declared in SETTINGS.items():
        assert getattr(Recipe(), name) == declared.default
        assert declared.help.endswith(".")


def test_what_may_change_while_a_training_is_under_way():
    assert set(MUTABLE_FIELDS) == {"learning_rate", "momentum", "dropout", "epochs"}


def test_settings_without_an_effect_are_told_apart():
    plain = Recipe(head="sigmoid", validation_fraction=0.0)
    assert {name for name in SETTINGS if not plain.has_effect(name)} == {
        *("momentum", "beta1", "beta2", "eps", "weight_decay", "label_smoothing"),
        *("schedule_drops", "schedule_factor", "schedule_unit", "validation", "min_delta", "patience"),
    }
    assert Recipe(warmup=0.1).has_effect("schedule_unit") and Recipe(schedule="cosine").has_effect("schedule_unit")
    assert Recipe().has_effect("name")


# Good alone, meaningless together


@pytest.mark.parametrize("head", ["sigmoid", "squared-error"])
def test_label_smoothing_belongs_to_softmax(head):
    assert replace(PLAIN, head=head).label_smoothing == 0 and replace(PLAIN, label_smoothing=0.1).head == "softmax"
    with pytest.raises(RecipeError) as caught:
        replace(PLAIN, head=head, label_smoothing=0.1)
    assert str(caught.value) == ("recipe: label_smoothing is 0.1, expected 0.0 unless head is softmax")


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
    assert str(caught.value) == ("recipe: patience is 3, expected none unless validation_fraction is a number above 0")


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
    assert init_state(recipe).model.flat_params.size == parameters
    with_norm = replace(recipe, batch_norm=True, dropout=0.5)
    assert with_norm.parameters == parameters + 2 * sum(sizes)  # a scale and a shift for every hidden unit
    assert init_state(with_norm).model.flat_params.size == with_norm.parameters


@pytest.mark.parametrize(("images", "batch_size", "steps"), [(90, 40, 3), (80, 40, 2), (1, 40, 1), (90, 1000, 1)])
def test_the_last_batch_of_an_epoch_may_be_smaller(images, batch_size, steps):
    assert replace(PLAIN, batch_size=batch_size).steps_per_epoch(images) == steps


def test_edges_that_are_allowed():
    below_1 = math.nextafter(1, 0)
    lowest: dict[str, Any] = {
        name: declared.kind.ge
        for name, declared in SETTINGS.items()
        if isinstance(declared.kind, Number) and declared.kind.ge is not None
    }
    replace(PLAIN, **lowest | {"patience": None}, hidden_sizes=(1,) * 16, schedule_drops=(), schedule_factor=1)
    replace(PLAIN, patience=1, clip_norm=1e-300, schedule_drops=(0.001,) * 100, distortion=3, dropout=below_1)
    replace(PLAIN, batch_size=10**9, seed=2**128, learning_rate=1, hidden_sizes=(16_384,), schedule_factor=1e-300)


def test_recipes_are_frozen():
    with pytest.raises(FrozenInstanceError):
        PLAIN.epochs = 3  # type: ignore[misc]


@given(recipes())
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


def test_tutorials_use_nothing_that_theirs_did_not_have():
    extras = {"batch_norm", "dropout", "label_smoothing", "l1", "l2", "clip_norm", "ema_decay", "warmup", *DRAWING}
    extras |= {"train_images", "sort_images", "input_noise", "patience"}
    used = {name: {extra for extra in extras if getattr(RECIPES[name], extra)} for name in TUTORIALS}
    assert {name: found for name, found in used.items() if found} == {
        "dropout-mlp-sgd": {"dropout"},
        "dropout-mlp-adam": {"dropout"},
        "classic-relu": {"patience"},
    }


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
    split = make_split(recipe, dataset)
    assert len(split.train_images) == 60_000 - validation and len(split.validation_images) == validation
    assert recipe.steps_per_epoch(len(split.train_images)) * recipe.epochs == steps


def test_tanh_online_lowers_its_learning_rate_once_after_step_1000():
    recipe, steps = RECIPES["tanh-online"], 50_000
    schedule = build_schedule(recipe.schedule, recipe.schedule_drops, recipe.schedule_factor, recipe.warmup)
    rates = [recipe.learning_rate * schedule(step - 1, steps) for step in (1, 1_000, 1_001, 50_000)]
    assert rates == pytest.approx([0.001, 0.001, 0.000999, 0.000999], rel=1e-12)
