"""Which data sets there are, what each is called, and the data themselves, loaded once for all visitors.

A data set is named as `load_dataset` takes it: `MNIST`, `SYNTHETIC`, or the path of a folder.
"""

import os
from pathlib import Path

import streamlit as st

from mnist_core.data.dataset import Dataset, find_mnist, holds_dataset, load_dataset
from mnist_core.errors import DataError
from webapp.i18n import gettext as _

MNIST, SYNTHETIC = "mnist", "synthetic"
BUILT_IN = (MNIST, SYNTHETIC)
DATA_FOLDER = Path("data")
"""Every folder in here with four IDX files is offered for training."""


def mnist_is_missing() -> bool:
    """Return whether MNIST is not on this computer, or damaged."""
    try:
        return find_mnist() is None
    except DataError:
        return True


def default_data() -> str:
    """Return the data set to use where nobody has chosen one: MNIST, or digits drawn by code where it is missing."""
    return SYNTHETIC if mnist_is_missing() else MNIST


def class_folder() -> Path:
    """Return where the class's drawings lie as a data set once they are one, see `visitors/wall.py`."""
    return Path(os.environ.get("VISITORS_DIR", "visitors")) / "class"


def data_folders() -> list[Path]:
    """Return the data sets besides the built-in ones: those in `DATA_FOLDER`, and the class's drawings."""
    folders = [*sorted(DATA_FOLDER.glob("*")), class_folder()]
    return [folder for folder in folders if folder.name not in BUILT_IN and holds_dataset(folder)]


def is_offered(data: str) -> bool:
    """Return whether a stranger may name this data set: only those that the app offers, no other folder."""
    return data in BUILT_IN or data in map(str, data_folders())


def data_name(name: str, synthetic: bool) -> str:
    """Return what a data set is called in a sentence, in the visitor's language.

    Args:
        name: as the data set itself has it.
        synthetic: whether its digits were drawn by code.
    """
    if synthetic:
        return _("synthetic digits")
    return _("the class's drawings") if name == class_folder().name else name


@st.cache_resource(show_spinner=False, max_entries=3)
def dataset(data: str) -> Dataset:
    """Load a data set, once for all visitors.

    Raises:
        DataError: see `load_dataset`.
    """
    return load_dataset(data)
