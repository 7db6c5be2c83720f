"""What the tests of the web app share: a tiny recipe, and a registry of runs that cleans up after itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_core.recipes.recipe import Recipe
from webapp.runs.registry import Runs


@pytest.fixture
def tiny_recipe() -> Recipe:
    return Recipe(name="tiny", source="test", hidden_sizes=(16,), batch_size=25, epochs=3, learning_rate=0.2)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    registry = Runs(tmp_path / "runs", at_once=1)
    yield registry
    registry.close()
