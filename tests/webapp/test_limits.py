"""Which trainings are too large for the page; worked by hand."""

import dataclasses

from mnist_core.recipes import RECIPES
from webapp.limits import MAX_MEMORY, MAX_STEPS, memory_of, steps_of


def test_every_shipped_recipe_is_allowed():
    for recipe in RECIPES.values():
        assert memory_of(recipe) < MAX_MEMORY / 4
        assert steps_of(recipe) < MAX_STEPS / 4


def test_memory_by_hand():
    recipe = dataclasses.replace(RECIPES["quick"], hidden_sizes=(206,), batch_size=2000)
    parameters = 784 * 206 + 206 + 206 * 10 + 10
    assert memory_of(recipe) == 4 * (6 * parameters + 4 * 1000 * 2000)


def test_steps_by_hand():
    assert steps_of(dataclasses.replace(RECIPES["quick"], batch_size=59_999, epochs=3)) == 6


def test_what_once_took_gigabytes_is_refused():
    assert memory_of(dataclasses.replace(RECIPES["quick"], hidden_sizes=(16_384,), batch_size=60_000)) > MAX_MEMORY
    assert memory_of(dataclasses.replace(RECIPES["quick"], hidden_sizes=(8000, 4000, 2000))) > MAX_MEMORY
    assert steps_of(dataclasses.replace(RECIPES["quick"], batch_size=1, epochs=1000)) > MAX_STEPS
