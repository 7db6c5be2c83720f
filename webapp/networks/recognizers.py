"""Recognizers, loaded once for all visitors, and the weights that ship with the product."""

from functools import cache
from pathlib import Path

from threadpoolctl import threadpool_limits

from mnist_core.network import DEFAULT_WEIGHTS
from mnist_core.recognizer import Recognizer
from webapp.networks.file_cache import FileCache

MAX_BYTES = 500_000_000
"""Of all networks that are held ready: a class of thirty with large ones of their own, 16 MB each."""


def recognizer(weights: Path) -> Recognizer:
    """Return the recognizer of a file of weights.

    Raises:
        WeightsError: if the file is not what it should be.
    """
    return _recognizers.get(weights, lambda: _load(weights))


def _load(weights: Path) -> Recognizer:
    # Many sessions draw at once: with one thread each they share the cores, with more they fight for them.
    threadpool_limits(1)
    return Recognizer.load(weights)


def _size_of(reader: Recognizer) -> int:
    model = reader.network.model
    return model.flat.nbytes + model.flat_grads.nbytes


_recognizers = FileCache(MAX_BYTES, _size_of)


def shipped_weights() -> tuple[Path, ...]:
    """Return the weights that come with the product, the default first; the folder is read once."""
    return _weights_beside(DEFAULT_WEIGHTS)


@cache
def _weights_beside(default: Path) -> tuple[Path, ...]:
    return tuple(sorted(default.parent.glob("*.npz"), key=lambda path: (path != default, path.name)))
