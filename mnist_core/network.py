"""A trained network in a file, with all that its use needs: nothing must be known besides."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_core.errors import RecipeError, WeightsError
from mnist_core.io.npz import NpzReader, write_npz
from mnist_core.nn.mlp import MLP, array_shapes
from mnist_core.recipes.build import empty_model
from mnist_core.recipes.recipe import Recipe

FORMAT = "mnist-mlp"
VERSION = 1
DIGITS = tuple("0123456789")
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.01, 100.0
MAX_EVIDENCE = 1e6
"""Limit of `digit_from`, in either direction."""
UNCERTAIN = {"temperature": 1.0, "sure_from": 0.5, "digit_from": None}
"""What a network knows of its certainty if nobody has measured it; older files say nothing of it."""


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A network and what is known of it.

    Attributes:
        model: the network, float32.
        recipe: how it was built and trained: architecture, head and normalization are there.
        data_name: the data set that it was trained on.
        data_fingerprint: that set's SHA-256, see `Dataset.fingerprint`.
        synthetic: whether that set was drawn by code.
        validation_accuracy: share of validation images read correctly, in [0, 1]; None if there were none.
        test_accuracy: the same for test images; None while the network is still in training.
        class_names: what each output stands for.
        temperature: > 0, what the logits are divided by before they become probabilities, so that of all answers given
            with 80% about 80% are right (Guo, Pleiss, Sun and Weinberger 2017, On calibration of modern neural
            networks, arXiv:1706.04599).
        sure_from: in [0, 1], the probability from which on an answer counts as sure.
        digit_from: the evidence, log Σₖ e^zₖ over the logits z, from which on a drawing counts as a digit (Liu, Wang,
            Owens and Li 2020, Energy-based out-of-distribution detection, arXiv:2010.03759); None: any does.
    """

    model: MLP
    recipe: Recipe
    data_name: str
    data_fingerprint: str
    synthetic: bool
    validation_accuracy: float | None
    test_accuracy: float | None
    class_names: tuple[str, ...] = DIGITS
    temperature: float = 1.0
    sure_from: float = 0.5
    digit_from: float | None = None


def save_weights(path: str | os.PathLike[str], network: TrainedNetwork, dtype: str = "float32") -> None:
    """Write a network, in one piece.

    Args:
        path: the file, replaced if it exists.
        network: what to write.
        dtype: "float32", or "float16" for half the size: eleven significant bits are enough to read digits.

    Raises:
        WeightsError: if a parameter is not a finite number, or too large for the dtype, or temperature, sure_from or
            digit_from are out of range; nothing is written then.
        OSError: if the file cannot be written.
    """
    check_certainty(network.temperature, network.sure_from, network.digit_from)
    meta = {
        "format": FORMAT,
        "version": VERSION,
        "recipe": network.recipe.to_json(),
        "class_names": list(network.class_names),
        "data": {
            "name": network.data_name,
            "fingerprint": network.data_fingerprint,
            "synthetic": network.synthetic,
        },
        "accuracy": {"validation": network.validation_accuracy, "test": network.test_accuracy},
        "certainty": {name: getattr(network, name) for name in UNCERTAIN},
    }
    with np.errstate(over="ignore"):
        arrays = {name: param.astype(dtype) for name, param in network.model.arrays.items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise WeightsError(
                f"{path}: array {name!r} would hold values that are not finite in {dtype}. "
                f"Train with a smaller learning rate, or write float32."
            )
    write_npz(path, meta, arrays)


def check_certainty(temperature: float, sure_from: float, digit_from: float | None) -> None:
    """Check what a network shall know of its certainty, see `TrainedNetwork`.

    Raises:
        WeightsError: if a number is out of range, or none.
    """
    if not _is_certainty(temperature, sure_from, digit_from):
        raise WeightsError(
            f"found temperature {temperature}, sure_from {sure_from} and digit_from {digit_from}, expected a "
            f"temperature of {MIN_TEMPERATURE} to {MAX_TEMPERATURE:g}, sure_from 0 to 1 and digit_from "
            f"{-MAX_EVIDENCE:g} to {MAX_EVIDENCE:g}"
        )


def load_weights(path: str | os.PathLike[str]) -> TrainedNetwork:
    """Read a network from a file of `save_weights`.

    Args:
        path: the file; it may be hostile.

    Returns:
        The network with all that is known of it.

    Raises:
        WeightsError: if the file is missing, cut, foreign, of another version, too large, or holds numbers that
            are not finite. Nothing is unpickled, and no memory is taken for sizes that the file only claims.
    """
    with NpzReader(path) as reader:
        meta = reader.meta
        if meta.get("format") != FORMAT:
            raise reader.damaged(f"it says that it is {meta.get('format')!r}, expected {FORMAT!r}")
        if meta.get("version") != VERSION:
            raise reader.damaged(f"it has the format version {meta.get('version')!r}, this program reads {VERSION}")
        try:
            recipe = Recipe.from_json(meta.get("recipe"))
        except RecipeError as error:
            raise reader.damaged(str(error)) from error
        data, accuracy, names = meta.get("data"), meta.get("accuracy"), meta.get("class_names")
        certainty = meta.get("certainty", UNCERTAIN)
        if not (
            isinstance(data, dict)
            and isinstance(data.get("name"), str)
            and isinstance(data.get("fingerprint"), str)
            and isinstance(data.get("synthetic"), bool)
            and isinstance(accuracy, dict)
            and (accuracy.get("validation") is None or _is_share(accuracy["validation"]))
            and (accuracy.get("test") is None or _is_share(accuracy["test"]))
            and isinstance(names, list)
            and len(names) == len(DIGITS)
            and all(isinstance(name, str) for name in names)
            and isinstance(certainty, dict)
            and certainty.keys() == UNCERTAIN.keys()
            and _is_certainty(**certainty)
        ):
            raise reader.damaged("its data, accuracy, class_names or certainty are missing or of the wrong kind")
        shapes = array_shapes(recipe.layer_sizes, recipe.batch_norm, recipe.dropout)
        arrays = {name: reader.array(name, shape, {"float32", "float16"}) for name, shape in shapes.items()}
        for name, array in arrays.items():
            if name.endswith("running_variance") and (array < 0).any():
                raise reader.damaged(f"array {name!r} holds variances below 0")
    model = empty_model(recipe)
    model.load(arrays)
    validation, test = accuracy.get("validation"), accuracy.get("test")
    return TrainedNetwork(
        model,
        recipe,
        data["name"],
        data["fingerprint"],
        data["synthetic"],
        None if validation is None else float(validation),
        None if test is None else float(test),
        tuple(names),
        float(certainty["temperature"]),
        float(certainty["sure_from"]),
        None if certainty["digit_from"] is None else float(certainty["digit_from"]),
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_certainty(temperature: Any, sure_from: Any, digit_from: Any) -> bool:
    return (  # no comparison is true for NaN
        _is_number(temperature)
        and MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE
        and _is_share(sure_from)
        and (digit_from is None or (_is_number(digit_from) and abs(digit_from) <= MAX_EVIDENCE))
    )


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1
