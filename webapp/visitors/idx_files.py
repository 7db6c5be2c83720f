"""Labelled drawings as files that others read: a data set of four IDX files, and a ZIP of it."""

import gzip
import io
import zipfile
from collections.abc import Mapping

import numpy as np

from mnist_core.io.idx import idx_header
from webapp.i18n import gettext as _

TEST_EVERY = 5
"""Every fifth drawing goes into the test files of a data set that has at least twice as many."""


def dataset_files(images: np.ndarray, labels: np.ndarray) -> dict[str, bytes]:
    """Return drawings as four IDX files, as MNIST has them, by their names.

    Args:
        images: uint8 (N, 28, 28), N ≥ 1.
        labels: uint8 (N,).
    """
    is_test = np.arange(len(labels)) % TEST_EVERY == TEST_EVERY - 1
    parts = {"train": ~is_test, "t10k": is_test} if is_divided(len(labels)) else dict.fromkeys(("train", "t10k"), ...)
    files = {}
    for name, part in parts.items():
        files[f"{name}-images-idx3-ubyte.gz"] = _idx(images[part])
        files[f"{name}-labels-idx1-ubyte.gz"] = _idx(labels[part])
    return files


def is_divided(count: int) -> bool:
    """Return whether so many drawings are divided into training and test files; of fewer, both have all."""
    return count >= 2 * TEST_EVERY


def division(count: int) -> str:
    """Say which files have which of so many drawings."""
    if is_divided(count):
        return _("Every fifth drawing is in the test files (t10k), the others are in the training files (train).\n")
    return _("They are too few to be divided: the test files (t10k) repeat the training files (train).\n")


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Pack files, by their names; the same content gives the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in files.items():
            archive.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)  # dated 1980: a clock may stand before
    return content.getvalue()


def _idx(array: np.ndarray) -> bytes:
    return gzip.compress(idx_header(array.shape) + array.tobytes(), mtime=0)
