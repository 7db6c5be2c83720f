"""A trained network, with everything that its use needs: it reads, is evaluated, explained, saved and loaded."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_core.constants import PIXELS, SIDE
from mnist_core.errors import ImageError, RecipeError, WeightsError
from mnist_core.io.npz import NpzReader, write_npz
from mnist_core.nn.losses import HEADS
from mnist_core.nn.metrics import Evaluation, confusion_matrix
from mnist_core.nn.mlp import MLP, array_shapes
from mnist_core.nn.normalization import normalize
from mnist_core.recipes.build import empty_model
from mnist_core.recipes.recipe import Recipe
from mnist_core.recipes.setting import Number

if TYPE_CHECKING:
    from mnist_core.data.dataset import Dataset
    from mnist_core.training.records import Record

FORMAT, VERSION = "mnist-mlp", 1
CHECKPOINT_FORMAT, CHECKPOINT_VERSION = "mnist-training", 2
"""What a file says that it is; checkpoints are written by `training.checkpoint`."""
DEFAULT_WEIGHTS = Path(__file__).parent / "weights" / "default.npz"
if not DEFAULT_WEIGHTS.exists():  # a checkout, not an installed wheel
    DEFAULT_WEIGHTS = Path(__file__).parent.parent / "weights" / "default.npz"
DIGITS = tuple("0123456789")
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.01, 100.0
MAX_LOGSUMEXP = 1e6
"""Limit of `ood_threshold`, in either direction."""
UNCALIBRATED = {"temperature": 1.0, "sure_from": 0.5, "digit_from": None}
"""What files call the three numbers of a network's certainty, and their values if nobody has measured them; older files
say nothing of them."""
BATCH = 1000
"""Images per forward pass: large enough for the matrix product, small enough for the cache."""

_SHARE = Number(ge=0, le=1)
_TEMPERATURE = Number(ge=MIN_TEMPERATURE, le=MAX_TEMPERATURE)
_LOGSUMEXP = Number(ge=-MAX_LOGSUMEXP, le=MAX_LOGSUMEXP)


@dataclass(frozen=True, eq=False)
class Network:
    """A trained network; only read, so several threads may use it at once.

    Attributes:
        model: the network, float32.
        recipe: how it was built and trained: architecture, head and normalization are there.
        data_name: the data set that it was trained on.
        data_fingerprint: that set's SHA-256, see `Dataset.fingerprint`.
        synthetic: whether that set was drawn by code.
        validation_accuracy: share of validation images read correctly, in [0, 1]; None if there were none.
        test_accuracy: the same for test images; None until they are read, see `tested`.
        class_names: what each output stands for.
        temperature: > 0, what the logits are divided by before they become probabilities, so that of all answers given
            with 80% about 80% are right (Guo, Pleiss, Sun and Weinberger 2017, On calibration of modern neural
            networks, arXiv:1706.04599).
        confidence_threshold: in [0, 1], the probability from which on an answer counts as sure.
        ood_threshold: the value of log Σₖ e^zₖ over the logits z from which on a drawing counts as a digit; what lies
            below is out of distribution (Liu, Wang, Owens and Li 2020, Energy-based out-of-distribution detection,
            arXiv:2010.03759). None: everything counts as one.

    Example:
        >>> network = Network.load()
        >>> network.predict_proba(np.zeros((2, 28, 28), np.uint8)).shape
        (2, 10)
    """

    model: MLP
    recipe: Recipe
    data_name: str = ""
    data_fingerprint: str = ""
    synthetic: bool = False
    validation_accuracy: float | None = None
    test_accuracy: float | None = None
    class_names: tuple[str, ...] = DIGITS
    temperature: float = 1.0
    confidence_threshold: float = 0.5
    ood_threshold: float | None = None

    @classmethod
    def fit(cls, recipe: Recipe, data: "Dataset", callbacks: Sequence[Callable[["Record"], object]] = ()) -> "Network":
        """Train a network.

        Args:
            recipe: the settings.
            data: what it learns from; its test images are read once, at the end.
            callbacks: each is called with every record; if one returns False, training stops.

        Returns:
            The best network by validation loss, or the last one without validation images.

        Raises:
            DataError: if the data set is too small to be split.
            DivergedError: if the loss is no longer a finite number.
        """
        # When called, not at the top: reading a digit needs nothing of training.
        from mnist_core.training.stream import train  # noqa: PLC0415

        training = train(recipe, data)
        for record in training:
            if False in [callback(record) for callback in callbacks]:
                break
        return training.network().tested(data)

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> "Network":
        """Read a network from a file of `save`, or from a checkpoint of its training.

        Args:
            path: the file, which may be hostile; None for the network that ships.

        Returns:
            The network; of a checkpoint, as it would have been used then.

        Raises:
            WeightsError: if the file is missing, cut, foreign, of another version, too large, or holds numbers that
                are not finite. Nothing is unpickled, and no memory is taken for sizes that the file only claims.
        """
        with NpzReader(DEFAULT_WEIGHTS if path is None else path) as reader:
            if reader.meta.get("format") == CHECKPOINT_FORMAT:
                return _read_checkpoint(reader)
            return _read_weights(reader)

    def save(self, path: str | os.PathLike[str], dtype: str = "float32") -> None:
        """Write the network, in one piece.

        Args:
            path: the file, replaced if it exists.
            dtype: "float32", or "float16" for half the size: eleven significant bits are enough to read digits.

        Raises:
            WeightsError: if a parameter is not a finite number, or too large for the dtype, or temperature or a
                threshold is out of range; nothing is written then.
            OSError: if the file cannot be written.
        """
        check_certainty(self.temperature, self.confidence_threshold, self.ood_threshold)
        meta = {"format": FORMAT, "version": VERSION, **self.description}
        with np.errstate(over="ignore"):
            arrays = {name: param.astype(dtype) for name, param in self.model.arrays.items()}
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                raise WeightsError(
                    "{path}: array {name} would hold values that are not finite in {dtype}. "
                    "Train with a smaller learning rate, or write float32.",
                    path=path,
                    name=repr(name),
                    dtype=dtype,
                )
        write_npz(path, meta, arrays)

    @property
    def description(self) -> dict[str, Any]:
        """What files say of the network beside its numbers, as plain values for JSON."""
        certainty = self.temperature, self.confidence_threshold, self.ood_threshold
        return {
            "recipe": self.recipe.to_json(),
            "class_names": list(self.class_names),
            "data": {"name": self.data_name, "fingerprint": self.data_fingerprint, "synthetic": self.synthetic},
            "accuracy": {"validation": self.validation_accuracy, "test": self.test_accuracy},
            "certainty": dict(zip(UNCALIBRATED, certainty, strict=True)),
        }

    def inputs(self, images: np.ndarray) -> np.ndarray:
        """Normalize images as this network learned them.

        Args:
            images: (N, 28, 28) or (N, 784), ink bright on black: uint8 in [0, 255], or float in [0, 1].

        Returns:
            (N, 784), in the dtype of the parameters.

        Raises:
            ImageError: if the array has another shape, dtype or range.
        """
        if images.shape[1:] not in ((SIDE, SIDE), (PIXELS,)):
            raise ImageError(
                f"found an array of shape {images.shape}, expected images as (N, {SIDE}, {SIDE}) or (N, {PIXELS}): for "
                f"a single image, images[None]; for drawings of other sizes, use a Recognizer"
            )
        is_float = np.issubdtype(images.dtype, np.floating)
        if not is_float and images.dtype != np.uint8:
            raise ImageError(f"found images of {images.dtype}, expected uint8 in [0, 255] or floats in [0, 1]")
        if is_float and images.size and images.max() > 1:
            raise ImageError(f"found float images up to {images.max():g}, expected [0, 1]: divide by 255 or use uint8")
        return normalize(images, self.recipe.normalization, self.model.flat.dtype.type)

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Compute the scores of the classes, (N, 10), of images as for `inputs`."""
        batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
        return np.concatenate([self.model(self.inputs(batch)) for batch in batches or [images]])

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Turn logits (N, 10) into calibrated probabilities, rows that sum to 1."""
        return HEADS[self.recipe.head].probabilities(logits / self.temperature)

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Compute the calibrated probabilities, float32 (N, 10), of images as for `inputs`."""
        return self.probabilities(self.logits(images))

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the most probable class of each image, integer (N,)."""
        return self.logits(images).argmax(axis=1)  # probabilities may be equal by rounding

    def score(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Return the share of images that are read correctly, in [0, 1]."""
        return self.evaluate(images, labels).accuracy

    def evaluate(self, images: np.ndarray, labels: np.ndarray) -> Evaluation:
        """Read every image and compare with its label.

        Args:
            images: as for `inputs`, N ≥ 1.
            labels: integer (N,), in [0, 9].

        Returns:
            Mean loss (of the logits as they are, without temperature), accuracy and confusion matrix.

        Raises:
            ImageError: if there are no images, or not as many labels as images.
        """
        if labels.shape != (len(images),) or not len(images):
            raise ImageError(f"found {len(images)} images and labels {labels.shape}, expected a label for each image")
        logits, loss = self.logits(images), 0.0
        for start in range(0, len(images), BATCH):
            batch = slice(start, start + BATCH)
            loss += HEADS[self.recipe.head].loss(logits[batch], labels[batch])[0] * len(logits[batch])
        confusion = confusion_matrix(labels, logits.argmax(axis=1))
        return Evaluation(loss / len(images), float(np.trace(confusion) / len(images)), confusion)

    def tested(self, data: "Dataset") -> "Network":
        """Return the same network with its accuracy on the test images of a data set."""
        return replace(self, test_accuracy=self.score(data.test_images, data.test_labels))


def check_certainty(temperature: float, confidence_threshold: float, ood_threshold: float | None) -> None:
    """Check what a network is to know of its certainty, see `Network`.

    Raises:
        WeightsError: if a number is out of range, or none.
    """
    if not _is_certainty(temperature, confidence_threshold, ood_threshold):
        raise WeightsError(
            "found temperature {temperature}, sure_from {sure_from} and digit_from {digit_from}, expected a "
            "temperature of {lowest} to {highest}, sure_from 0 to 1 and digit_from {least} to {most}",
            temperature=temperature,
            sure_from=confidence_threshold,
            digit_from=ood_threshold,
            lowest=MIN_TEMPERATURE,
            highest=f"{MAX_TEMPERATURE:g}",
            least=f"{-MAX_LOGSUMEXP:g}",
            most=f"{MAX_LOGSUMEXP:g}",
        )


def read_recipe(reader: NpzReader, kind: str, version: int) -> Recipe:
    """Read the recipe from the description of an opened file.

    Raises:
        WeightsError: if the file is of another kind or version, or its recipe cannot be.
    """
    found = reader.meta.get("format"), reader.meta.get("version")
    if found != (kind, version):
        raise reader.damaged(
            f"it says that it is {found[0]!r} version {found[1]!r}, expected {kind!r} version {version}"
        )
    try:
        return Recipe.from_json(reader.meta.get("recipe"))
    except RecipeError as error:
        raise reader.damaged(str(error)) from error


def read_model(reader: NpzReader, recipe: Recipe, prefix: str, dtypes: set[str]) -> MLP:
    """Read the network of a recipe from an opened file, where the names of its arrays begin with a prefix.

    Raises:
        WeightsError: if an array is missing, of another shape or dtype, or holds numbers that cannot be.
    """
    shapes = array_shapes(recipe.layer_sizes, recipe.batch_norm, recipe.dropout)
    arrays = {name: reader.array(f"{prefix}{name}", shape, dtypes) for name, shape in shapes.items()}
    for name, array in arrays.items():
        if name.endswith("running_variance") and (array < 0).any():
            raise reader.damaged(f"array {prefix + name!r} holds variances below 0")
    model = empty_model(recipe)  # only now: the file has really brought the numbers that it claims
    model.load(arrays)
    return model


def _read_weights(reader: NpzReader) -> Network:
    recipe = read_recipe(reader, FORMAT, VERSION)
    meta: dict[str, Any] = {"certainty": UNCALIBRATED, **reader.meta}
    match meta:
        case {
            "data": {"name": str(data_name), "fingerprint": str(fingerprint), "synthetic": bool(synthetic)},
            "accuracy": {**accuracy},
            "class_names": [*class_names],
            "certainty": {"temperature": temperature, "sure_from": sure_from, "digit_from": digit_from, **others},
        } if (
            all(share is None or _SHARE.accepts(share) for share in map(accuracy.get, ("validation", "test")))
            and len(class_names) == len(DIGITS)
            and all(isinstance(name, str) for name in class_names)
            and not others
            and _is_certainty(temperature, sure_from, digit_from)
        ):
            optional: list[Any] = [accuracy.get("validation"), accuracy.get("test"), digit_from]
            validation, test, digit_from = (None if number is None else float(number) for number in optional)
            return Network(
                read_model(reader, recipe, "", {"float32", "float16"}),
                recipe,
                data_name,
                fingerprint,
                synthetic,
                validation,
                test,
                tuple(class_names),
                float(temperature),
                float(sure_from),
                digit_from,
            )
    raise reader.damaged("its data, accuracy, class_names or certainty are missing or of the wrong kind")


def _read_checkpoint(reader: NpzReader) -> Network:
    recipe = read_recipe(reader, CHECKPOINT_FORMAT, CHECKPOINT_VERSION)
    model = read_model(reader, recipe, "model.", {"float32"})
    if recipe.ema_decay:
        model.flat[...] = reader.array("average", model.flat.shape, {"float32"})
    return Network(model, recipe)


def _is_certainty(temperature: object, confidence_threshold: object, ood_threshold: object) -> bool:
    return (
        _TEMPERATURE.accepts(temperature)
        and _SHARE.accepts(confidence_threshold)
        and (ood_threshold is None or _LOGSUMEXP.accepts(ood_threshold))
    )
