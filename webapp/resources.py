"""What all sessions of the server share, loaded once: runs, networks, data sets, Plotly's script."""

import os
from pathlib import Path

import plotly
import streamlit as st
from threadpoolctl import threadpool_limits

from mnist_core.data import holds_dataset
from mnist_core.files import whole_file
from mnist_core.recognizer import DEFAULT_WEIGHTS, Recognizer
from webapp.runs import Runs

DATA_FOLDER = Path("data")
"""Every folder in here with four IDX files is offered for training."""


@st.cache_resource(show_spinner=False)
def runs() -> Runs:
    """Give the registry of runs: in the folder `RUNS_DIR` (runs/), `RUNS_AT_ONCE` of them at a time (one per core)."""
    at_once = int(os.environ.get("RUNS_AT_ONCE", 0)) or os.cpu_count() or 1
    return Runs(Path(os.environ.get("RUNS_DIR", "runs")), at_once)


def recognizer(weights: Path) -> Recognizer:
    """Give the recognizer of a file of weights.

    Raises:
        WeightsError: if the file is not what it should be.
    """
    return _recognizer(weights, weights.stat().st_mtime_ns if weights.exists() else 0)


@st.cache_resource(show_spinner=False, max_entries=48)  # a class of thirty, each with a network that knows its hand
def _recognizer(weights: Path, changed: int) -> Recognizer:
    # Many sessions draw at once: with one thread each they share the cores, with more they fight for them.
    threadpool_limits(1)
    return Recognizer.load(weights)


def shipped_weights() -> list[Path]:
    """List the weights that come with the product, the default first."""
    return sorted(DEFAULT_WEIGHTS.parent.glob("*.npz"), key=lambda path: (path != DEFAULT_WEIGHTS, path.name))


def visitors_folder() -> Path:
    """Say where what visitors leave on the server is kept: `VISITORS_DIR` (visitors/), made when first needed."""
    folder = Path(os.environ.get("VISITORS_DIR", "visitors"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def data_folders() -> list[Path]:
    """List the data sets that lie in `DATA_FOLDER` besides MNIST."""
    built_in = ("mnist", "synthetic")
    return [folder for folder in sorted(DATA_FOLDER.glob("*")) if folder.name not in built_in and holds_dataset(folder)]


@st.cache_resource(show_spinner=False)
def plotly_script() -> str:
    """Copy the installed Plotly's script to where Streamlit serves it, and give its address."""
    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    target = Path("static") / "plotly.min.js"
    if not target.exists() or target.stat().st_size != source.stat().st_size:
        with whole_file(target) as file:
            file.write(source.read_bytes())
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"{'/' + base if base else ''}/app/static/{target.name}?v={plotly.__version__}"
