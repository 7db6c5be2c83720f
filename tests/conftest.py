"""What several test files share: a small data set, a small trained network, and the way to the real MNIST."""

import os
from pathlib import Path

import numpy as np
import pytest

from mnist_core.data.dataset import Dataset, Split, load_dataset
from mnist_core.data.synthetic import synthetic_digits
from mnist_core.network import Network
from mnist_core.recipes.recipe import Recipe
from tests.idx_files import write_idx

REAL_MNIST = os.environ.get("MNIST_DIR")  # before any test takes it away


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the browser tests."""
    browser = Path(__file__).parent / "browser"
    for item in items:
        if browser in item.path.parents:
            item.add_marker("browser")


@pytest.fixture
def real_mnist(monkeypatch) -> Path:
    """The folder of the real MNIST, also in MNIST_DIR; in CI it must be there."""
    if not REAL_MNIST:
        if os.environ.get("CI"):
            pytest.fail("MNIST_DIR is not set, but in CI the real MNIST must be tested")
        pytest.skip("MNIST_DIR is not set")
    monkeypatch.setenv("MNIST_DIR", REAL_MNIST)
    return Path(REAL_MNIST)


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory) -> Path:
    """Four IDX files: 800 training and 200 test digits, drawn by code."""
    folder = tmp_path_factory.mktemp("data") / "small digits"
    folder.mkdir()
    for stem, count, seed in (("train", 800, 1), ("t10k", 200, 2)):
        images, labels = synthetic_digits(count, np.random.default_rng(seed))
        write_idx(folder / f"{stem}-images-idx3-ubyte", images)
        write_idx(folder / f"{stem}-labels-idx1-ubyte", labels)
    return folder


@pytest.fixture(scope="session")
def small_dataset(data_folder) -> Dataset:
    """The 1,000 digits of `data_folder`."""
    return load_dataset(data_folder)


@pytest.fixture(scope="session")
def small_split(small_dataset) -> Split:
    """Few enough images for many trainings: 90 to learn from (two batches of 40 and one of 10), 30 to validate."""
    images, labels = small_dataset.train_images, small_dataset.train_labels
    return Split(images[:90], labels[:90], images[90:120], labels[90:120])


@pytest.fixture(scope="session")
def small_network(small_dataset) -> Network:
    """A network that reads most of the small data set, trained in a fraction of a second."""
    recipe = Recipe(
        "small", "tests", hidden_sizes=(32,), optimizer="momentum", learning_rate=0.05, batch_size=32, epochs=8
    )
    return Network.fit(recipe, small_dataset)
