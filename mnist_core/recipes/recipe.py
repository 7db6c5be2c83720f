"""A recipe: every setting of a training, each declared once."""

import dataclasses
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mnist_core.constants import CLASSES, PIXELS
from mnist_core.errors import RecipeError
from mnist_core.nn.activations import ACTIVATIONS
from mnist_core.nn.initializers import INITIALIZERS
from mnist_core.nn.losses import HEADS
from mnist_core.nn.normalization import NORMALIZATIONS
from mnist_core.nn.optimizers import OPTIMIZERS
from mnist_core.nn.schedules import SCHEDULES
from mnist_core.recipes.setting import Choice, Flag, Number, Numbers, Setting, setting, spell

SCHEDULE_UNITS = ("step", "epoch")
VALIDATIONS = ("random", "last")
MAX_HIDDEN_LAYERS = 16
MAX_UNITS = 16_384
MAX_PARAMETERS = 64_000_000
MAX_DROPS = 100
MAX_EPOCHS = 1_000_000_000
"""Schedules compute with the steps of all epochs, which must be a float."""

_COUNT = Number(int, ge=1)
_SHARE = Number(ge=0, lt=1)
_NOT_NEGATIVE = Number(ge=0)
_POSITIVE = Number(gt=0)
_SIZES = Numbers(Number(int, ge=1, le=MAX_UNITS), MAX_HIDDEN_LAYERS)
_DROPS = Numbers(Number(gt=0, lt=1), MAX_DROPS)
_WITH_VALIDATION = {"validation_fraction": _POSITIVE}


def _with_optimizer(*names: str) -> dict[str, Choice]:
    return {"optimizer": Choice(*names)}


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how a network is built and trained, but the data.

    Each field declares what it may be and when it has an effect; validation, links, the form and the command line
    follow from that.

    Attributes:
        name: what the recipe is called.
        source: where it comes from.
    """

    name: str = "custom"
    source: str = ""
    normalization: str = setting("unit", Choice(*NORMALIZATIONS), "How pixels are scaled.")
    hidden_sizes: tuple[int, ...] = setting((128,), _SIZES, "Units of each hidden layer; none is softmax regression.")
    activation: str = setting("relu", Choice(*ACTIVATIONS), "Activation of the hidden layers.")
    batch_norm: bool = setting(False, Flag(), "Normalize hidden layers before their activation.")
    dropout: float = setting(0.0, _SHARE, "Share of each hidden layer that is silenced while training.", mutable=True)
    head: str = setting("softmax", Choice(*HEADS), "Outputs and loss.")
    label_smoothing: float = setting(
        0.0,
        _SHARE,
        "Share of the right answer that is given to all classes alike.",
        only_with={"head": Choice("softmax")},
        strict=True,
    )
    init: str = setting("he", Choice(*INITIALIZERS), "Initial weights.")
    bias_init: str = setting("zeros", Choice(*INITIALIZERS), "Initial biases.")
    optimizer: str = setting("sgd", Choice(*OPTIMIZERS), "Optimizer.")
    learning_rate: float = setting(0.1, _POSITIVE, "Learning rate per step, before the schedule.", mutable=True)
    momentum: float = setting(
        0.9,
        _SHARE,
        "Share of the last step's speed that is kept.",
        only_with=_with_optimizer("momentum", "nesterov"),
        mutable=True,
    )
    beta1: float = setting(
        0.9, _SHARE, "Decay rate of the gradient's mean.", only_with=_with_optimizer("adam", "adamw")
    )
    beta2: float = setting(
        0.999,
        _SHARE,
        "Decay rate of the gradient's mean square.",
        only_with=_with_optimizer("rmsprop", "adam", "adamw"),
    )
    eps: float = setting(
        1e-8,
        _POSITIVE,
        "Keeps the division by small roots finite.",
        only_with=_with_optimizer("adagrad", "rmsprop", "adam", "adamw"),
    )
    weight_decay: float = setting(
        0.01,
        _NOT_NEGATIVE,
        "Share, times the learning rate, by which weights shrink at every step.",
        only_with=_with_optimizer("adamw"),
    )
    schedule: str = setting("constant", Choice(*SCHEDULES), "How the learning rate changes.")
    schedule_unit: str = setting(
        "step",
        Choice(*SCHEDULE_UNITS),
        "When the learning rate changes.",
        only_with={"schedule": Choice(*(name for name in SCHEDULES if name != "constant")), "warmup": _POSITIVE},
    )
    schedule_drops: tuple[float, ...] = setting(
        (0.5, 0.75),
        _DROPS,
        "When the learning rate drops, as shares of the training.",
        only_with={"schedule": Choice("step")},
    )
    schedule_factor: float = setting(
        0.1,
        Number(gt=0, le=1),
        "What each drop multiplies the learning rate by, or the share of it that an exponential fall leaves.",
        only_with={"schedule": Choice("step", "exponential")},
    )
    warmup: float = setting(0.0, _SHARE, "Share of the training over which the learning rate rises first.")
    batch_size: int = setting(64, _COUNT, "Images per step; at most all of them are used.")
    epochs: int = setting(10, Number(int, ge=1, le=MAX_EPOCHS), "Passes over the training images.", mutable=True)
    shuffle: bool = setting(
        True, Flag(), "Shuffle the images before every epoch, or take them in the order of the file."
    )
    train_images: int | None = setting(
        None, _COUNT, "Training images used, chosen at random once those for validation are taken off.", none="all"
    )
    sort_images: bool = setting(
        False,
        Flag(),
        "Sort the training images by digit: without shuffling, an epoch shows all zeros, then all ones, ….",
    )
    seed: int = setting(
        0, Number(int, ge=0), "Seed of everything random: split, weights, order, distortion, noise, dropout."
    )
    l1: float = setting(0.0, _NOT_NEGATIVE, "Adds l1 · sign(W), the slope of l1 ‖W‖₁, to the gradient of every weight.")
    l2: float = setting(0.0, _NOT_NEGATIVE, "Adds l2 · W, the slope of ½ l2 ‖W‖², to the gradient of every weight.")
    clip_norm: float | None = setting(
        None, _POSITIVE, "Length that the gradient of all parameters together is cut to.", none="never"
    )
    distortion: float = setting(0.0, Number(ge=0, le=3), "How strongly every image is distorted anew in every epoch.")
    input_noise: float = setting(
        0.0, Number(ge=0, le=1), "Standard deviation of the noise that is added to the scaled inputs while training."
    )
    rare_digits: float = setting(
        0.0, _SHARE, "Digits in rare ways of writing that are added, as a share of the training images."
    )
    not_digits: float = setting(0.0, _SHARE, "Drawings of no digit that are added, as a share of the training images.")
    ema_decay: float = setting(
        0.0,
        _SHARE,
        "Share of itself that an average of the parameters keeps per step; unless 0, it is used in their place.",
    )
    validation: str = setting(
        "random", Choice(*VALIDATIONS), "Which images are kept for validation.", only_with=_WITH_VALIDATION
    )
    validation_fraction: float = setting(
        0.1, _SHARE, "Share of the training images that is kept for validation; with 0, the last weights are kept."
    )
    patience: int | None = setting(
        None,
        _COUNT,
        "Epochs without improvement after which training stops.",
        none="never",
        only_with=_WITH_VALIDATION,
        strict=True,
    )
    min_delta: float = setting(
        0.0,
        _NOT_NEGATIVE,
        "What the validation loss must fall by to count as an improvement.",
        only_with=_WITH_VALIDATION,
    )

    def __post_init__(self) -> None:
        """Check every setting.

        Raises:
            RecipeError: naming the setting, what was found and what is possible.
        """
        for name in ("name", "source"):
            if not isinstance(getattr(self, name), str):
                raise self._error(name, "a text")
        for name, declared in SETTINGS.items():
            if not declared.accepts(getattr(self, name)):
                raise self._error(name, declared.expected)
        for name, declared in SETTINGS.items():
            if declared.strict and getattr(self, name) != declared.default and not self.has_effect(name):
                raise self._error(name, f"{spell(declared.default)} unless {declared.condition}")
        if self.parameters > MAX_PARAMETERS:
            raise self._error("hidden_sizes", f"at most {MAX_PARAMETERS} parameters in all, found {self.parameters}")
        if self.batch_norm and self.batch_size == 1:
            raise self._error("batch_size", "at least 2 with batch_norm: one image has no mean and variance")

    def _error(self, name: str, expected: str) -> RecipeError:
        found = repr(getattr(self, name))
        found = found if len(found) <= 100 else f"{found[:100]}…"
        return RecipeError("recipe: {name} is {found}, expected {expected}", name=name, found=found, expected=expected)

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as a dictionary that JSON can hold."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}

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

    @property
    def has_harder_training(self) -> bool:
        """Whether training images are harder to read than others: then training figures are the worse ones."""
        return bool(self.dropout or self.distortion or self.input_noise)

    def has_effect(self, name: str) -> bool:
        """Return whether a setting changes anything in a training with this recipe; β₁ does not with plain SGD."""
        return name not in SETTINGS or SETTINGS[name].has_effect(vars(self))

    @classmethod
    def from_json(cls, values: object) -> "Recipe":
        """Build a recipe from what `to_json` returned; settings that are missing have their defaults.

        Raises:
            RecipeError: if it is no dictionary, a name is unknown or missing, or a value is out of range.
        """
        if not isinstance(values, dict):
            raise RecipeError(f"a recipe must be a JSON object, found {type(values).__name__}")
        known = {"name", "source", *SETTINGS}
        unknown = sorted(str(name) for name in set(values) - known)
        missing = sorted({"name", "source"} - set(values))
        if unknown or missing:
            raise RecipeError(f"recipe: unknown settings {unknown}, missing settings {missing}; known: {sorted(known)}")
        fields: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in values.items()}
        return cls(**fields)


SETTINGS: dict[str, Setting] = {
    field.name: field.metadata["setting"] for field in dataclasses.fields(Recipe) if field.metadata
}
"""The declaration of every setting, in the order of the fields."""
MUTABLE_FIELDS = tuple(name for name, declared in SETTINGS.items() if declared.mutable)
"""The settings that may change while a training is under way."""
