"""How many threads: one for small products, the idle cores for large ones."""

import os

import pytest

from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import Recipe
from mnist_core.training import threads
from mnist_core.training.loop import PIECE
from mnist_core.training.threads import LARGE_PRODUCT, best_threads


def recipe(units: int, batch_size: int) -> Recipe:
    """Its largest product has batch_size · 784 · units multiplications."""
    return Recipe("sized", "tests", hidden_sizes=(units,), batch_size=batch_size)


LARGE = recipe(LARGE_PRODUCT // 784 // 100 + 1, 100)
SMALL = recipe(LARGE_PRODUCT // 784 // 100, 100)


@pytest.fixture
def machine(monkeypatch):
    """Says how many cores there are, and how many programs want them."""

    def cores(count: int | None, load: float = 0.0) -> None:
        monkeypatch.setattr(os, "cpu_count", lambda: count)
        monkeypatch.setattr(os, "getloadavg", lambda: (load, 99.0, 99.0), raising=False)

    return cores


@pytest.mark.parametrize(("job", "expected"), [(SMALL, 1), (LARGE, 8)])
def test_the_largest_product_decides(machine, job, expected):
    machine(8)
    assert best_threads(job) == expected


def test_the_largest_product_may_be_that_of_a_later_layer(machine):
    machine(8)
    assert best_threads(Recipe("deep", "tests", hidden_sizes=(4, 4_000, 4_000), batch_size=64)) == 8
    assert best_threads(Recipe("shallow", "tests", hidden_sizes=(4, 4_000), batch_size=64)) == 1


def test_a_batch_that_is_worked_through_in_pieces_counts_by_the_piece(machine):
    machine(8)
    units = LARGE_PRODUCT // 784 // PIECE
    assert best_threads(recipe(units, 60_000)) == best_threads(recipe(units, PIECE)) == 1
    assert best_threads(recipe(units + 1, 60_000)) == best_threads(recipe(units + 1, PIECE)) == 8


@pytest.mark.parametrize(
    ("cores", "load", "expected"),
    [(8, 0.0, 8), (8, 0.4, 8), (8, 2.6, 5), (8, 8.0, 1), (8, 30.0, 1), (2, 1.0, 1), (1, 0.0, 1), (None, 0.0, 1)],
)
def test_cores_that_others_use_do_not_count_and_one_is_always_left(machine, cores, load, expected):
    machine(cores, load)
    assert best_threads(LARGE) == expected
    assert best_threads(SMALL) == 1


def test_where_the_system_does_not_tell_its_load_all_cores_count(machine, monkeypatch):
    machine(4, load=3.0)
    monkeypatch.delattr(os, "getloadavg")
    assert best_threads(LARGE) == 4


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_that_ships_gets_a_number_that_can_be_had(name):
    assert 1 <= best_threads(RECIPES[name]) <= (os.cpu_count() or 1)
    assert threads.LARGE_PRODUCT > 0
