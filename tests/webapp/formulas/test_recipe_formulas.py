"""Formulas: every option has its own, every piece of code exists and is what runs, every number is the recipe's."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mnist_core.nn.activations import ACTIVATIONS
from mnist_core.nn.initializers import INITIALIZERS
from mnist_core.nn.layers import Layer
from mnist_core.nn.losses import HEADS, loss_function
from mnist_core.nn.normalization import NORMALIZATIONS
from mnist_core.nn.optimizers import OPTIMIZERS
from mnist_core.nn.schedules import SCHEDULES, build_schedule
from mnist_core.recipes.build import build_model, build_optimizer
from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import SCHEDULE_UNITS, Recipe
from tests.paths import ROOT
from webapp.formulas.formula import Formula
from webapp.formulas.recipe_formulas import formulas
from webapp.formulas.sources import source_of

PLAIN = Recipe("plain", "test", hidden_sizes=(30, 20))
ALL = replace(
    PLAIN,
    batch_norm=True,
    dropout=0.25,
    label_smoothing=0.125,
    distortion=1.5,
    input_noise=0.35,
    l1=0.0003,
    l2=0.0007,
    clip_norm=3.5,
    ema_decay=0.95,
    warmup=0.15,
    patience=17,
    min_delta=0.002,
)
OPTIONS: dict[str, tuple[Any, ...]] = {
    "normalization": tuple(NORMALIZATIONS),
    "activation": tuple(ACTIVATIONS),
    "head": tuple(HEADS),
    "init": tuple(INITIALIZERS),
    "bias_init": tuple(INITIALIZERS),
    "optimizer": tuple(OPTIMIZERS),
    "schedule": tuple(SCHEDULES),
    "shuffle": (True, False),
}
RECIPES_OF_OPTIONS = [replace(PLAIN, **{name: option}) for name, options in OPTIONS.items() for option in options]
EVERY = [*RECIPES.values(), PLAIN, ALL, replace(PLAIN, hidden_sizes=()), *RECIPES_OF_OPTIONS]


def formulas_of(recipe: Recipe) -> list[Formula]:
    """The formulas of all parts."""
    return [formula for part in formulas(recipe).values() for formula in part]


def text_of(recipe: Recipe) -> str:
    """All that is said of a recipe, in one text."""
    return " ".join(
        f"{formula.title} {formula.explanation} {formula.latex} {formula.symbols}" for formula in formulas_of(recipe)
    )


def code_of(recipe: Recipe) -> list[Callable[..., Any]]:
    return [code for formula in formulas_of(recipe) for code in formula.code]


@pytest.mark.parametrize("setting", OPTIONS)
def test_every_option_has_a_formula_of_its_own(setting):
    seen = [
        {(formula.latex, formula.code) for formula in formulas_of(replace(PLAIN, **{setting: option}))}
        for option in OPTIONS[setting]
    ]
    for i, one in enumerate(seen):
        assert all(one != other for other in seen[:i])


@pytest.mark.parametrize(
    ("name", "value", "title"),
    [
        ("batch_norm", True, "Batch normalization"),
        ("dropout", 0.25, "Dropout"),
        ("distortion", 1.0, "Distorted images"),
        ("input_noise", 0.5, "Noise on the inputs"),
    ],
)
def test_a_step_that_is_left_out_has_no_formula(name, value, title):
    assert title not in [formula.title for formula in formulas_of(PLAIN)]
    assert title in [formula.title for formula in formulas_of(replace(PLAIN, **{name: value}))]


@pytest.mark.parametrize(
    ("setting", "latex"),
    [
        ("l1", r"\lambda_1 \operatorname{sign}(W)"),
        ("l2", r"\lambda_2\,W"),
        ("clip_norm", r"\lVert g \rVert"),
        ("ema_decay", r"\bar\theta"),
        ("warmup", r"\eta_0 \cdot f \cdot w"),
        ("label_smoothing", r"\tfrac{s}{10}"),
    ],
)
def test_a_setting_adds_its_line_and_its_number(setting, latex):
    recipe = replace(PLAIN, **{setting: getattr(ALL, setting)})
    assert latex not in text_of(PLAIN)
    assert any(latex in formula.latex for formula in formulas_of(recipe))
    assert f"{getattr(ALL, setting):g}" in text_of(recipe)


def test_the_numbers_are_those_of_the_recipe():
    text = text_of(replace(ALL, batch_size=123, learning_rate=0.0321, optimizer="nesterov", momentum=0.87, epochs=7))
    for number in ("784 × 30, 30 × 20, 20 × 10", "123", "0.0321", "0.87", "7 epochs", "0.25", "1.5", "17", "0.002"):
        assert number in text
    assert f"{ALL.parameters:,}" in text
    adam = text_of(replace(PLAIN, optimizer="adamw", beta1=0.81, beta2=0.985, eps=1e-6, weight_decay=0.04))
    assert all(number in adam for number in ("0.81", "0.985", "1e-06", "0.04"))
    drops = text_of(replace(PLAIN, schedule="step", schedule_drops=(0.35, 0.65), schedule_factor=0.3))
    assert "0.35, 0.65" in drops and "0.3" in drops


@pytest.mark.parametrize("unit", SCHEDULE_UNITS)
def test_the_schedule_says_what_it_counts(unit):
    text = text_of(replace(PLAIN, schedule="cosine", schedule_unit=unit))
    assert ("steps so far" in text) == (unit == "step")


@pytest.mark.parametrize("recipe", EVERY, ids=lambda recipe: recipe.name)
def test_every_formula_is_whole_and_its_code_exists(recipe):
    for formula in formulas_of(recipe):
        assert formula.title and formula.explanation and formula.code
        assert_whole(formula)
        for code in formula.code:
            source = source_of(code)
            line = (ROOT / source.file).read_text(encoding="utf-8").splitlines()[source.line - 1]
            assert line.strip().startswith(f"def {code.__name__}(")
            assert source.text.startswith(f"def {code.__name__}(")
            assert '"""' not in source.text and len(source.text.splitlines()) > 1


@pytest.mark.parametrize("setting", ["normalization", "activation", "head", "optimizer", "schedule"])
def test_every_option_is_said_plainly_in_a_sentence_of_its_own(setting):
    said = [
        {formula.plain for formula in formulas_of(replace(PLAIN, **{setting: option}))} for option in OPTIONS[setting]
    ]
    for i, one in enumerate(said):
        assert all(one != other for other in said[:i])


@pytest.mark.parametrize("recipe", EVERY, ids=lambda recipe: recipe.name)
def test_the_plain_view_has_one_sentence_and_a_formula_without_settings(recipe):
    for formula in formulas_of(recipe):
        assert formula.plain.endswith(".") and len(formula.plain) < 120
        assert formula.textbook.count("{") == formula.textbook.count("}")
        assert "aligned" not in formula.textbook and "&" not in formula.textbook


def assert_whole(formula: Formula) -> None:
    """Braces and environments are closed; every symbol that is explained stands in the formula."""
    latex = formula.latex
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\begin{") == latex.count(r"\end{")
    assert latex.count(r"\left") - latex.count(r"\leftarrow") == latex.count(r"\right")
    assert "&" not in latex or "aligned" in latex or "cases" in latex
    for symbols, meaning in formula.symbols:
        assert meaning
        for symbol in symbols.split(", "):
            assert symbol.replace("tfrac", "frac") in latex, (formula.title, symbol)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_optimizers_code_is_that_which_runs(name):
    recipe = replace(PLAIN, optimizer=name)
    optimizer = build_optimizer(recipe, build_model(recipe, np.random.default_rng(0)))
    assert type(optimizer).rule in code_of(recipe)
    assert type(optimizer).step in code_of(recipe)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_schedules_code_is_that_which_runs(name):
    schedule = build_schedule(name, (0.5,), 0.1, 0.0)
    arguments = {"step": ((0.5,), 0.1), "exponential": (0.1,)}.get(name, ())
    assert all(schedule(step, 100) == SCHEDULES[name](step, 100, *arguments) for step in range(100))
    assert SCHEDULES[name] in code_of(replace(PLAIN, schedule=name))


@pytest.mark.parametrize("recipe", EVERY, ids=lambda recipe: recipe.name)
def test_the_networks_code_is_that_which_runs(recipe):
    code = code_of(recipe)
    for layer in build_model(recipe, np.random.default_rng(0)).layers:
        kind: Any = type(layer)
        if kind.__name__ == "InputLinear" and (recipe.layer_sizes[1] < 200 or recipe.batch_size < 16):
            kind = kind.__mro__[1]  # so small a layer leaves the work to the plain one
        names = ("value", "slope", "backward") if hasattr(kind, "slope") else ("forward", "backward", "param_grads")
        own = [name for name in names if getattr(kind, name) is not getattr(Layer, name, None)]
        assert own and all(getattr(kind, name) in code for name in own), kind
    assert loss_function(recipe.head) in code
    assert NORMALIZATIONS[recipe.normalization] in code
