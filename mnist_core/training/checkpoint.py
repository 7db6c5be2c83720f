"""A training in a file: saved at any record, it goes on later exactly as if it had never stopped."""

import os
from typing import Any

import numpy as np

from mnist_core.errors import RecipeError
from mnist_core.io.npz import NpzReader, write_npz
from mnist_core.nn.mlp import MLP, array_shapes
from mnist_core.recipes.build import empty_model
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.state import Training, start_training

FORMAT = "mnist-training"
VERSION = 2


def save_checkpoint(path: str | os.PathLike[str], training: Training, data_fingerprint: str) -> None:
    """Write parameters, optimizer memory, random state and counters, in one piece.

    Args:
        path: the file, replaced if it exists.
        training: as it stands at a record.
        data_fingerprint: `Dataset.fingerprint`: a training goes on only with the data that it began with.
    """
    meta = {
        "format": FORMAT,
        "version": VERSION,
        "recipe": training.recipe.to_json(),
        "data_fingerprint": data_fingerprint,
        "rng": training.rng.bit_generator.state,
        "images": None if training.order is None else len(training.order),
        "has_best": training.best is not None,
        "counters": {name: getattr(training, name) for name in _COUNTERS},
    }
    arrays = {f"model.{name}": array for name, array in training.model.arrays.items()}
    arrays |= {f"optimizer.{name}": memory for name, memory in training.optimizer.state.items()}
    if training.average is not None:
        arrays["average"] = training.average
    if training.best is not None:
        arrays["best"] = training.best
    if training.order is not None:
        arrays["order"] = training.order
    write_npz(path, meta, arrays)


def load_checkpoint(path: str | os.PathLike[str], data_fingerprint: str) -> Training:
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
        recipe = _read_recipe(reader)
        if meta.get("data_fingerprint") != data_fingerprint:
            raise reader.damaged("it belongs to a training with other data: resume with the same --data")
        arrays = _read_model(reader, recipe)
        training = start_training(recipe)  # only now: the file has really brought what it claims
        training.model.load(arrays)
        try:
            training.rng.bit_generator.state = meta["rng"]
            _set_counters(training, meta["counters"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise reader.damaged(f"its description is wrong ({error})") from error
        training.optimizer.step_count = training.step
        for name, memory in training.optimizer.state.items():
            memory[...] = reader.array(f"optimizer.{name}", memory.shape, {"float32"})
        size = training.model.flat.shape
        if training.average is not None:
            training.average[...] = reader.array("average", size, {"float32"})
        if meta.get("has_best"):
            training.best = reader.array("best", size, {"float32"})
        images = meta.get("images")
        if isinstance(images, int) and images > 0:
            order = reader.array("order", (images,), {"int64"})
            if not np.array_equal(np.sort(order), np.arange(images)):
                raise reader.damaged("its order of images is no permutation")
            training.order = order
    return training


def load_model(path: str | os.PathLike[str]) -> tuple[Recipe, MLP]:
    """Read only the network of a file of `save_checkpoint`, as it would have been used then.

    Args:
        path: the file; it may be hostile.

    Returns:
        The recipe as it stood, and the network: the average over the steps, if the recipe has one.

    Raises:
        WeightsError: if the file is damaged or no checkpoint.
    """
    with NpzReader(path) as reader:
        recipe = _read_recipe(reader)
        arrays = _read_model(reader, recipe)
        model = empty_model(recipe)
        model.load(arrays)
        if recipe.ema_decay:
            model.flat[...] = reader.array("average", model.flat.shape, {"float32"})
    return recipe, model


def _read_recipe(reader: NpzReader) -> Recipe:
    meta = reader.meta
    if meta.get("format") != FORMAT or meta.get("version") != VERSION:
        found = f"{meta.get('format')!r} version {meta.get('version')!r}"
        raise reader.damaged(f"it is {found}, expected a checkpoint, {FORMAT!r} version {VERSION}")
    try:
        return Recipe.from_json(meta.get("recipe"))
    except RecipeError as error:
        raise reader.damaged(str(error)) from error


def _read_model(reader: NpzReader, recipe: Recipe) -> dict[str, np.ndarray]:
    shapes = array_shapes(recipe.layer_sizes, recipe.batch_norm, recipe.dropout)
    return {name: reader.array(f"model.{name}", shape, {"float32"}) for name, shape in shapes.items()}


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


def _set_counters(training: Training, counters: dict[str, Any]) -> None:
    for name, kind in _COUNTERS.items():
        value = counters[name]
        if type(value) not in (int, kind) or not value >= 0:  # not so for NaN
            raise ValueError(f"{name} is {value!r}")
        setattr(training, name, kind(value))
