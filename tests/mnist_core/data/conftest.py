"""A computer without data, and a tiny set that counts as MNIST."""

from dataclasses import replace

import numpy as np
import platformdirs
import pytest

from mnist_core.data import dataset as data
from mnist_core.data import download
from mnist_core.io.idx import idx_sha256
from tests.mnist_core.data.tiny_sets import tiny_arrays


@pytest.fixture
def empty_computer(tmp_path, monkeypatch):
    """No MNIST_DIR, an empty current folder, an empty cache: nothing outside the test's own folder is seen."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda project: tmp_path / "user cache" / project)


@pytest.fixture
def tiny_mnist(monkeypatch) -> list[np.ndarray]:
    """The arrays of a tiny set which counts as MNIST during this test."""
    arrays = tiny_arrays()
    files = [replace(file, sha256=idx_sha256(array)) for file, array in zip(data.MNIST_FILES, arrays, strict=True)]
    monkeypatch.setattr(data, "MNIST_FILES", tuple(files))
    monkeypatch.setattr(download, "MNIST_FILES", tuple(files))
    return arrays
