"""What the tests of the web app share: a tiny data set, and a registry of runs that cleans up after itself."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mnist_core.idx import write_idx
from mnist_core.recipes import Recipe
from mnist_core.synthetic import synthetic_digits
from webapp.runs import Runs


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 500 training and 100 test digits."""
    folder = tmp_path_factory.mktemp("data") / "tiny digits"
    folder.mkdir()
    for name, count, seed in (("train", 500, 1), ("t10k", 100, 2)):
        images, labels = synthetic_digits(count, np.random.default_rng(seed))
        write_idx(folder / f"{name}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", labels)
    return folder


@pytest.fixture
def tiny_recipe() -> Recipe:
    return Recipe(name="tiny", source="test", hidden_sizes=(16,), batch_size=25, epochs=3, learning_rate=0.2)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    registry = Runs(tmp_path / "runs", at_once=1)
    yield registry
    registry.close()
