"""Recognizers, loaded once for all visitors, and the weights that ship with the product."""

from functools import cache
from pathlib import Path

import streamlit as st
from threadpoolctl import threadpool_limits

from mnist_core.network import DEFAULT_WEIGHTS
from mnist_core.recognizer import Recognizer


def recognizer(weights: Path) -> Recognizer:
    """Return the recognizer of a file of weights.

    Raises:
        WeightsError: if the file is not what it should be.
    """
    return _recognizer(weights, weights.stat().st_mtime_ns if weights.exists() else 0)


@st.cache_resource(show_spinner=False, max_entries=48)  # a class of thirty, each with a network that knows its hand
def _recognizer(weights: Path, changed: int) -> Recognizer:
    # Many sessions draw at once: with one thread each they share the cores, with more they fight for them.
    threadpool_limits(1)
    return Recognizer.load(weights)


def shipped_weights() -> tuple[Path, ...]:
    """Return the weights that come with the product, the default first; the folder is read once."""
    return _weights_beside(DEFAULT_WEIGHTS)


@cache
def _weights_beside(default: Path) -> tuple[Path, ...]:
    return tuple(sorted(default.parent.glob("*.npz"), key=lambda path: (path != default, path.name)))
