"""Any recipe that is possible, for tests that hold for all of them."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as some

from mnist_core.errors import RecipeError
from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import SETTINGS, Recipe
from mnist_core.recipes.setting import Choice, Flag, Number, Numbers, Setting

MAX_UNITS = 300
MAX_WHOLE = 2**53 - 1


def values_of(declared: Setting) -> some.SearchStrategy[Any]:
    match declared.kind:
        case Flag():
            return some.booleans()
        case Choice(names):
            return some.sampled_from(names)
        case Numbers(each, most):
            return some.lists(number(each, MAX_UNITS), max_size=most).map(tuple)
        case Number() as kind:
            return some.none() | number(kind) if declared.none else number(kind)


def number(kind: Number, most: int = MAX_WHOLE) -> some.SearchStrategy[Any]:
    low = kind.ge if kind.gt is None else kind.gt
    high = kind.le if kind.lt is None else kind.lt
    if kind.kind is int:
        return some.integers(int(low or 0), most)
    finite = False if high is None else None
    return some.floats(
        low, high, allow_infinity=finite, exclude_min=kind.gt is not None, exclude_max=kind.lt is not None
    )


@some.composite
def recipes(draw: Any) -> Recipe:
    """A recipe that ships, with a few settings changed, as far as they go together."""
    recipe = draw(some.sampled_from(list(RECIPES.values())))
    for name in draw(some.sets(some.sampled_from(list(SETTINGS)), max_size=12)):
        try:
            recipe = replace(recipe, **{name: draw(values_of(SETTINGS[name]))})
        except RecipeError:
            continue
    return recipe
