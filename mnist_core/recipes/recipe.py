"""Named, frozen settings from which a whole training follows, and the recipes that ship with the product."""

import dataclasses
import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mnist_core.constants import CLASSES, PIXELS
from mnist_core.errors import RecipeError
from mnist_core.nn.activations import ACTIVATIONS
from mnist_core.nn.initializers import INITIALIZERS
from mnist_core.nn.losses import HEADS
from mnist_core.nn.normalization import NORMALIZATIONS
from mnist_core.nn.schedules import SCHEDULES

OPTIMIZERS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")
SCHEDULE_UNITS = ("step", "epoch")
VALIDATIONS = ("random", "last")
MAX_HIDDEN_LAYERS = 16
MAX_UNITS = 16_384
MAX_PARAMETERS = 64_000_000
MAX_DISTORTION = 3


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how a network is built and trained, but the data.

    Attributes:
        name: how the recipe is called.
        source: where it comes from.
        normalization: a key of `NORMALIZATIONS`.
        hidden_sizes: units of each hidden layer; () is softmax regression.
        activation: of the hidden layers, a key of `ACTIVATIONS`.
        batch_norm: whether hidden layers are normalized before their activation.
        dropout: in [0, 1), share of each hidden layer that is silenced while training.
        head: a key of `HEADS`.
        label_smoothing: in [0, 1), used by the head "softmax".
        init: of the weights, a key of `INITIALIZERS`.
        bias_init: of the biases, likewise.
        optimizer: one of `OPTIMIZERS`.
        learning_rate: > 0, per step, before the schedule.
        momentum: in [0, 1), used by "momentum" and "nesterov".
        beta1: in [0, 1), used by "adam" and "adamw".
        beta2: in [0, 1), used by "rmsprop", "adam" and "adamw".
        eps: > 0, used by "adagrad", "rmsprop", "adam" and "adamw".
        weight_decay: ≥ 0, used by "adamw".
        schedule: one of `SCHEDULES`.
        schedule_unit: "step" or "epoch": when the schedule moves on.
        schedule_drops: when the schedule "step" drops, as shares of the training, in (0, 1).
        schedule_factor: in (0, 1], what "step" multiplies by, and what "exponential" ends at.
        warmup: in [0, 1), share of the training over which the learning rate rises first.
        batch_size: images per step, ≥ 1; at most all of them are used.
        epochs: passes over the training images, ≥ 1.
        shuffle: whether every epoch has an order of its own; else the images come in the order of the file.
        train_images: how many of the training images are used, ≥ 1, chosen at random once those for validation are
            taken off; None: all.
        sort_images: whether the training images are put in the order of their digits first: without shuffling, an
            epoch then shows all zeros, then all ones, …
        seed: of everything random: validation split, chosen and drawn images, initial weights, order of images,
            distortions, dropout.
        l1: ≥ 0; adds l1 · sign(W) to the gradient of every weight (not of biases), the slope of l1 ‖W‖₁.
        l2: ≥ 0; adds l2 · W likewise, the slope of ½ l2 ‖W‖².
        clip_norm: > 0, length that the gradient of all parameters together is cut to; None: never.
        distortion: in [0, 3], how strongly every image is distorted anew at every epoch, see `augment`; 0: not at all.
        rare_digits: in [0, 1), how many digits in rare ways of writing, see `extras`, are added to the training images,
            as a share of these.
        not_digits: in [0, 1), how many drawings that are no digits are added, likewise.
        ema_decay: in [0, 1); if not 0, an average of the parameters is validated and kept in their place, which
            keeps this share of itself at every step.
        validation: which images are kept for validation: a "random" choice, or the "last" of the file.
        validation_fraction: in [0, 1), their share of the training images. 0: none; then the last weights are kept.
        patience: stop after this many epochs without improvement; None: never.
        min_delta: ≥ 0, what the validation loss must fall by to count as an improvement.
    """

    name: str
    source: str
    normalization: str = "unit"
    hidden_sizes: tuple[int, ...] = (128,)
    activation: str = "relu"
    batch_norm: bool = False
    dropout: float = 0.0
    head: str = "softmax"
    label_smoothing: float = 0.0
    init: str = "he"
    bias_init: str = "zeros"
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.01
    schedule: str = "constant"
    schedule_unit: str = "step"
    schedule_drops: tuple[float, ...] = (0.5, 0.75)
    schedule_factor: float = 0.1
    warmup: float = 0.0
    batch_size: int = 64
    epochs: int = 10
    shuffle: bool = True
    train_images: int | None = None
    sort_images: bool = False
    seed: int = 0
    l1: float = 0.0
    l2: float = 0.0
    clip_norm: float | None = None
    distortion: float = 0.0
    rare_digits: float = 0.0
    not_digits: float = 0.0
    ema_decay: float = 0.0
    validation: str = "random"
    validation_fraction: float = 0.1
    patience: int | None = None
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        """Check every setting.

        Raises:
            RecipeError: naming the setting, what was found and what is possible.
        """
        for name in ("name", "source"):
            _check(isinstance(getattr(self, name), str), name, getattr(self, name), "a text")
        for name, choices in _CHOICES.items():
            _check(getattr(self, name) in choices, name, getattr(self, name), f"one of {', '.join(choices)}")
        for name in ("batch_norm", "shuffle", "sort_images"):
            _check(isinstance(getattr(self, name), bool), name, getattr(self, name), "true or false")
        sizes = self.hidden_sizes
        _check(
            isinstance(sizes, tuple)
            and len(sizes) <= MAX_HIDDEN_LAYERS
            and all(_is_whole(size) and 1 <= size <= MAX_UNITS for size in sizes),
            "hidden_sizes",
            sizes,
            f"at most {MAX_HIDDEN_LAYERS} layers of 1 to {MAX_UNITS} units",
        )
        _check(
            self.parameters <= MAX_PARAMETERS,
            "hidden_sizes",
            sizes,
            f"at most {MAX_PARAMETERS} parameters in all, found {self.parameters}",
        )
        for name, low in (("batch_size", 1), ("epochs", 1), ("seed", 0)):
            value = getattr(self, name)
            _check(_is_whole(value) and value >= low, name, value, f"a whole number of at least {low}")
        for name, unit in (("patience", "epochs"), ("train_images", "images")):
            value = getattr(self, name)
            good = value is None or (_is_whole(value) and value >= 1)
            _check(good, name, value, f"a whole number of {unit} of at least 1, or none")
        for name in _SHARES:
            value = getattr(self, name)
            _check(_is_number(value) and 0 <= value < 1, name, value, "a number from 0 to below 1")
        for name in ("learning_rate", "eps"):
            value = getattr(self, name)
            _check(_is_number(value) and value > 0, name, value, "a number above 0")
        _check(
            self.clip_norm is None or (_is_number(self.clip_norm) and self.clip_norm > 0),
            "clip_norm",
            self.clip_norm,
            "a number above 0, or none",
        )
        for name in ("weight_decay", "l1", "l2", "min_delta"):
            value = getattr(self, name)
            _check(_is_number(value) and value >= 0, name, value, "a number of at least 0")
        value = self.distortion
        _check(_is_number(value) and 0 <= value <= MAX_DISTORTION, "distortion", value, f"from 0 to {MAX_DISTORTION}")
        value = self.schedule_factor
        _check(_is_number(value) and 0 < value <= 1, "schedule_factor", value, "a number above 0, at most 1")
        drops = self.schedule_drops
        _check(
            isinstance(drops, tuple) and len(drops) <= 100 and all(_is_number(drop) and 0 < drop < 1 for drop in drops),
            "schedule_drops",
            drops,
            "at most 100 numbers between 0 and 1",
        )
        self._check_combinations()

    def _check_combinations(self) -> None:
        """Refuse settings that are good alone but mean nothing together."""
        _check(
            not self.label_smoothing or self.head == "softmax",
            "label_smoothing",
            self.label_smoothing,
            f"0 with the head {self.head!r}: only softmax has it",
        )
        _check(
            not self.batch_norm or self.batch_size > 1,
            "batch_size",
            self.batch_size,
            "at least 2 with batch_norm: one image has no mean and variance",
        )
        _check(
            self.patience is None or self.validation_fraction > 0,
            "patience",
            self.patience,
            "none without validation images: early stopping needs them",
        )

    def to_json(self) -> dict[str, Any]:
        """Give the recipe as a dictionary that JSON can hold."""
        lists = {name: list(getattr(self, name)) for name in _TUPLES}
        return {**dataclasses.asdict(self), **lists}

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Units of every layer, from the pixels to the classes: (784, 128, 10)."""
        return (PIXELS, *self.hidden_sizes, CLASSES)

    def steps_per_epoch(self, images: int) -> int:
        """Count the updates in a pass over so many training images; the last batch may be smaller."""
        return -(-images // self.batch_size)

    @property
    def parameters(self) -> int:
        """How many numbers training changes: weights and biases, scales and shifts."""
        linear = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(self.layer_sizes))
        return linear + 2 * self.batch_norm * sum(self.hidden_sizes)

    @classmethod
    def from_json(cls, values: object) -> "Recipe":
        """Rebuild a recipe from what `to_json` gave.

        Raises:
            RecipeError: if it is no dictionary, a name is unknown or missing, or a value is out of range.
        """
        if not isinstance(values, dict):
            raise RecipeError(f"a recipe must be a JSON object, found {type(values).__name__}")
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(str(name) for name in set(values) - known)
        missing = sorted({"name", "source"} - set(values))
        if unknown or missing:
            raise RecipeError(f"recipe: unknown settings {unknown}, missing settings {missing}; known: {sorted(known)}")
        fields = dict(values)
        for name in _TUPLES:
            if isinstance(fields.get(name), list):
                fields[name] = tuple(fields[name])
        return cls(**fields)


_CHOICES = {
    "normalization": tuple(NORMALIZATIONS),
    "activation": tuple(ACTIVATIONS),
    "head": tuple(HEADS),
    "init": tuple(INITIALIZERS),
    "bias_init": tuple(INITIALIZERS),
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "schedule_unit": SCHEDULE_UNITS,
    "validation": VALIDATIONS,
}
_TUPLES = ("hidden_sizes", "schedule_drops")
_SHARES = (
    "dropout",
    "label_smoothing",
    "momentum",
    "beta1",
    "beta2",
    "warmup",
    "rare_digits",
    "not_digits",
    "ema_decay",
    "validation_fraction",
)


def _check(good: bool, name: str, found: object, expected: str) -> None:
    if not good:
        raise RecipeError(f"recipe: {name} is {_short(found)}, expected {expected}")


def _short(found: object) -> str:
    text = repr(found)
    return text if len(text) <= 100 else f"{text[:100]}…"


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    # The comparison is false for NaN and infinity, and for whole numbers that no float can hold.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
