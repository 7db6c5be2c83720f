"""Which data sets there are, and the data themselves, loaded once for all visitors."""

from pathlib import Path

import streamlit as st

from mnist_core.data.dataset import Dataset, find_mnist, holds_dataset, load_dataset
from mnist_core.errors import DataError


def mnist_is_missing() -> bool:
    """Say whether MNIST is not on this computer, or damaged."""
    try:
        return find_mnist() is None
    except DataError:
        return True


@st.cache_resource(show_spinner=False, max_entries=3)
def dataset(data: str) -> Dataset:
    """Give a data set, loaded once for all visitors.

    Args:
        data: as `load_dataset` takes it.

    Raises:
        DataError: see `load_dataset`.
    """
    return load_dataset(data)


def is_offered(data: str) -> bool:
    """Tell whether a data set may be named by a stranger: one that the app offers, no other folder."""
    return data in ("mnist", "synthetic") or data in map(str, data_folders())


DATA_FOLDER = Path("data")
"""Every folder in here with four IDX files is offered for training."""


def data_folders() -> list[Path]:
    """List the data sets that lie in `DATA_FOLDER` besides MNIST."""
    built_in = ("mnist", "synthetic")
    return [folder for folder in sorted(DATA_FOLDER.glob("*")) if folder.name not in built_in and holds_dataset(folder)]
