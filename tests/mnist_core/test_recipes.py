"""Recipes: what may be set, what is refused with which words, and through JSON and back.

Run alone: python -m pytest tests/mnist_core/test_recipes.py
"""

import json
import math
from dataclasses import FrozenInstanceError, fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_core.errors import RecipeError
from mnist_core.recipes import MAX_PARAMETERS, RECIPES, Recipe
from mnist_core.training import start_training

PLAIN = Recipe("plain", "tests")
NAN, INF = math.nan, math.inf
UNHEARD = "unheard-of"

WRONG = [
    ("name", 5, "a text"),
    ("source", None, "a text"),
    ("normalization", UNHEARD, "one of unit, standard"),
    ("activation", UNHEARD, "one of relu, sigmoid, tanh"),
    ("activation", None, "one of relu, sigmoid, tanh"),
    ("activation", ["relu"], "one of relu, sigmoid, tanh"),
    ("head", UNHEARD, "one of softmax, sigmoid"),
    ("init", UNHEARD, "one of he, xavier, small-normal"),
    ("optimizer", UNHEARD, "one of sgd, momentum, adam"),
    ("schedule", UNHEARD, "one of constant, cosine"),
    ("schedule_unit", UNHEARD, "one of step, epoch"),
    ("hidden_sizes", (0,), "at most 16 layers of 1 to 16384 units"),
    ("hidden_sizes", (-3,), "at most 16 layers of 1 to 16384 units"),
    ("hidden_sizes", (16_385,), "at most 16 layers of 1 to 16384 units"),
    ("hidden_sizes", (8,) * 17, "at most 16 layers of 1 to 16384 units"),
    ("hidden_sizes", (8.0,), "at most 16 layers of 1 to 16384 units"),
    ("hidden_sizes", (True,), "at most 16 layers of 1 to 16384 units"),
    ("hidden_sizes", ("8",), "at most 16 layers of 1 to 16384 units"),
    ("hidden_sizes", 8, "at most 16 layers of 1 to 16384 units"),
    ("hidden_sizes", None, "at most 16 layers of 1 to 16384 units"),
    *(
        (name, value, "a number above 0")
        for name in ("learning_rate", "eps")
        for value in (0, -0.1, NAN, INF, "1", True)
    ),
    *(
        (name, value, "a number from 0 to below 1")
        for name in ("momentum", "beta1", "beta2")
        for value in (1, -0.1, NAN, INF, "0.5", None, False)
    ),
    *((name, value, "a number of at least 0") for name in ("l2", "min_delta") for value in (-1e-9, NAN, INF, "0")),
    *(("validation_fraction", value, "a number between 0 and 1") for value in (0, 1, -0.5, NAN, "0.1", True)),
    *(
        (name, value, "a whole number of at least 1")
        for name in ("batch_size", "epochs")
        for value in (0, -1, 1.5, "1", True)
    ),
    *(("seed", value, "a whole number of at least 0") for value in (-1, 0.5, None, "0", False)),
    *(("patience", value, "a whole number of epochs of at least 1, or none") for value in (0, -1, 1.5, True, "1")),
]


@pytest.mark.parametrize(("name", "value", "expected"), WRONG)
def test_a_wrong_setting_is_named_with_what_was_found_and_what_is_possible(name, value, expected):
    with pytest.raises(RecipeError) as caught:
        replace(PLAIN, **{name: value})
    assert str(caught.value) == f"recipe: {name} is {value!r}, expected {expected}"


def test_every_setting_has_a_wrong_value_above():
    assert {name for name, _, _ in WRONG} == {field.name for field in fields(Recipe)}


@pytest.mark.parametrize("name", ["learning_rate", "eps", "momentum", "l2", "min_delta", "validation_fraction"])
def test_a_number_too_large_for_a_float_is_refused_as_well(name):
    """JSON, unlike Python's float, has no largest number."""
    with pytest.raises(RecipeError, match=f"recipe: {name} is 1000"):
        Recipe.from_json({"name": "x", "source": "y", name: 10**400})


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
    assert sum(array.size for array in start_training(recipe).model.params.values()) == parameters


def test_edges_that_are_allowed():
    replace(PLAIN, hidden_sizes=(1,) * 16, momentum=0, beta1=0.0, beta2=0, l2=0, min_delta=0, patience=1, epochs=1)
    replace(PLAIN, batch_size=10**9, seed=2**128, learning_rate=1, hidden_sizes=(16_384,))


def test_recipes_are_frozen():
    with pytest.raises(FrozenInstanceError):
        PLAIN.epochs = 3  # type: ignore[misc]


recipes = st.builds(
    Recipe,
    name=st.text(),
    source=st.text(),
    normalization=st.sampled_from(["unit", "standard"]),
    hidden_sizes=st.lists(st.integers(1, 500), max_size=4).map(tuple),
    activation=st.sampled_from(["relu", "sigmoid", "tanh"]),
    head=st.sampled_from(["softmax", "sigmoid"]),
    learning_rate=st.floats(1e-300, 1e300),
    momentum=st.floats(0, 1, exclude_max=True),
    seed=st.integers(0, 2**200),
    l2=st.floats(0, 10),
    validation_fraction=st.floats(0, 1, exclude_min=True, exclude_max=True),
    patience=st.none() | st.integers(1, 100),
)


@given(recipes)
@settings(max_examples=40, deadline=None)
def test_through_json_text_and_back(recipe):
    again = Recipe.from_json(json.loads(json.dumps(recipe.to_json())))
    assert again == recipe
    assert isinstance(again.hidden_sizes, tuple)


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
        ({"name": "x", "source": "y", "hidden_sizes": [[]]}, r"recipe: hidden_sizes is \(\[\],\), expected at most 16"),
    ],
)
def test_what_is_no_recipe_is_refused(values, text):
    with pytest.raises(RecipeError, match=text):
        Recipe.from_json(values)


def test_the_recipes_that_ship_go_by_their_names_and_say_where_they_come_from():
    assert list(RECIPES) == ["quick", "accurate", "classic-relu"]
    for name, recipe in RECIPES.items():
        assert recipe.name == name and recipe.source
        assert Recipe.from_json(recipe.to_json()) == recipe


def test_classic_relu_is_the_tutorial_s():
    classic = RECIPES["classic-relu"]
    assert classic.layer_sizes == (784, 128, 10)
    assert (classic.activation, classic.head, classic.init, classic.optimizer) == ("relu", "softmax", "he", "sgd")
    assert (classic.learning_rate, classic.schedule, classic.batch_size, classic.epochs) == (0.1, "cosine", 64, 10)
