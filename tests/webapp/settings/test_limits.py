"""Which trainings are too large for the page; worked by hand."""

import dataclasses

from mnist_core.recipes.presets import RECIPES
from webapp.settings.limits import MAX_MEMORY, MAX_STEPS, memory_of, steps_of


def test_every_shipped_recipe_is_allowed():
    for recipe in RECIPES.values():
        assert memory_of(recipe) < MAX_MEMORY / 4
        assert steps_of(recipe) <= MAX_STEPS / 4


def test_memory_by_hand():
    recipe = dataclasses.replace(RECIPES["quick"], hidden_sizes=(200,), batch_size=2000)
    parameters = 784 * 200 + 200 + 200 * 10 + 10
    # Worked through in pieces of 1,000 images ...
    assert memory_of(recipe) == 4 * (11 * parameters + 1000 * (12 * 200 + 3 * 784))
    # ... unless batch norm needs all of a batch, and has a scale and a shift for each unit.
    whole = dataclasses.replace(recipe, batch_norm=True)
    assert memory_of(whole) == 4 * (11 * (parameters + 400) + 2000 * (12 * 200 + 3 * 784))


def test_steps_by_hand():
    assert steps_of(dataclasses.replace(RECIPES["quick"], batch_size=53_999, epochs=3)) == 6  # 54,000 images
    assert steps_of(RECIPES["tanh-online"]) == 50_000
    drawn = dataclasses.replace(RECIPES["quick"], rare_digits=0.1, not_digits=0.05)  # 54,000 + 5,400 + 2,700 images
    assert steps_of(dataclasses.replace(drawn, batch_size=62_100, epochs=3)) == 3
    assert steps_of(dataclasses.replace(drawn, batch_size=62_099, epochs=3)) == 6
    assert steps_of(RECIPES["sigmoid-full-batch"]) == 2400


def test_what_once_took_gigabytes_is_refused():
    assert memory_of(dataclasses.replace(RECIPES["quick"], hidden_sizes=(16_384,), batch_size=60_000)) > MAX_MEMORY
    assert memory_of(dataclasses.replace(RECIPES["quick"], hidden_sizes=(8000, 4000, 2000))) > MAX_MEMORY
    assert memory_of(dataclasses.replace(RECIPES["quick"], batch_size=60_000, batch_norm=True)) > MAX_MEMORY
    assert steps_of(dataclasses.replace(RECIPES["quick"], batch_size=1, epochs=1000)) > MAX_STEPS
