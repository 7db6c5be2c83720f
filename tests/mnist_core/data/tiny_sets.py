"""Tiny data sets in files, under every name that such files have."""

from pathlib import Path

import numpy as np

from mnist_core.data.dataset import Dataset
from tests.idx_files import write_idx

HYPHEN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
DOT = tuple(name.replace("-idx", ".idx") for name in HYPHEN)
GZ = tuple(f"{name}.gz" for name in HYPHEN)
DOT_GZ = tuple(f"{name}.gz" for name in DOT)


def tiny_arrays(seed: int = 0, train: int = 12, test: int = 5) -> list[np.ndarray]:
    """The four arrays of a data set of a few random images, in the order of `MNIST_FILES`."""
    rng = np.random.default_rng(seed)
    return [
        rng.integers(0, 256, (train, 28, 28), dtype=np.uint8),
        rng.integers(0, 10, train, dtype=np.uint8),
        rng.integers(0, 256, (test, 28, 28), dtype=np.uint8),
        rng.integers(0, 10, test, dtype=np.uint8),
    ]


def write_files(folder: Path, arrays: list[np.ndarray], names: tuple[str, ...] = GZ) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(names, arrays, strict=True):
        write_idx(folder / name, array)
    return folder


def assert_holds(dataset: Dataset, arrays: list[np.ndarray]) -> None:
    loaded = (dataset.train_images, dataset.train_labels, dataset.test_images, dataset.test_labels)
    for found, expected in zip(loaded, arrays, strict=True):
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, expected)
