"""A training in a file: saved at any record, it goes on later exactly as if it had never stopped."""

import math
import os
from typing import Any

import numpy as np

from mnist_core.io.npz import NpzReader, write_npz
from mnist_core.network import CHECKPOINT_FORMAT, CHECKPOINT_VERSION, read_model, read_recipe
from mnist_core.training.state import TrainingState, init_state


def save_checkpoint(path: str | os.PathLike[str], state: TrainingState, data_fingerprint: str) -> None:
    """Write parameters, optimizer memory, random state and counters, in one piece.

    Args:
        path: the file, replaced if it exists.
        state: as it stands at a record.
        data_fingerprint: `Dataset.fingerprint`: a training goes on only with the data that it began with.
    """
    meta = {
        "format": CHECKPOINT_FORMAT,
        "version": CHECKPOINT_VERSION,
        "recipe": state.recipe.to_json(),
        "data_fingerprint": data_fingerprint,
        "rng": state.rng.bit_generator.state,
        "images": None if state.order is None else len(state.order),
        "has_best": state.best is not None,
        "counters": {name: getattr(state, name) for name in _COUNTERS},
    }
    arrays = {f"model.{name}": array for name, array in state.model.arrays.items()}
    arrays |= {f"optimizer.{name}": memory for name, memory in state.optimizer.state.items()}
    optional = {"average": state.average, "best": state.best, "order": state.order}
    arrays |= {name: array for name, array in optional.items() if array is not None}
    write_npz(path, meta, arrays)


def load_checkpoint(path: str | os.PathLike[str], data_fingerprint: str) -> TrainingState:
    """Rebuild a training from a file of `save_checkpoint`.

    Args:
        path: the file; it may be hostile.
        data_fingerprint: of the data that the training will go on with.

    Returns:
        The training as it was saved.

    Raises:
        WeightsError: if the file is damaged, no checkpoint, or of a training with other data.
    """
    with NpzReader(path) as reader:
        meta = reader.meta
        recipe = read_recipe(reader, CHECKPOINT_FORMAT, CHECKPOINT_VERSION)
        if meta.get("data_fingerprint") != data_fingerprint:
            raise reader.damaged("it belongs to a training with other data: resume with the same --data")
        state = init_state(recipe, begin_with=read_model(reader, recipe, "model.", {"float32"}))
        try:
            state.rng.bit_generator.state = meta["rng"]
            _set_counters(state, meta["counters"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise reader.damaged(f"its description is wrong ({error})") from error
        state.optimizer.step_count = state.step
        for name, memory in state.optimizer.state.items():
            memory[...] = reader.array(f"optimizer.{name}", memory.shape, {"float32"})
        size = state.model.flat.shape
        if state.average is not None:
            state.average[...] = reader.array("average", size, {"float32"})
        if meta.get("has_best"):
            state.best = reader.array("best", size, {"float32"})
        images = meta.get("images")
        if isinstance(images, int) and images > 0:
            order = reader.array("order", (images,), {"int64"})
            if not np.array_equal(np.sort(order), np.arange(images)):
                raise reader.damaged("its order of images is no permutation")
            state.order = order
    return state


MAX_COUNT = 2**53
"""Training divides by its counts, as floats."""
_COUNTERS = {
    "step": int,
    "epoch": int,
    "batch": int,
    "loss_sum": float,
    "correct": int,
    "best_loss": float,
    "best_accuracy": float,
    "epochs_without_improvement": int,
}


def _set_counters(state: TrainingState, counters: dict[str, Any]) -> None:
    for name, kind in _COUNTERS.items():
        value = counters[name]
        most = math.inf if kind is float else MAX_COUNT
        if type(value) not in (int, kind) or not 0 <= value <= most:  # not so for NaN
            raise ValueError(f"{name} is {value!r}")
        setattr(state, name, kind(value))
