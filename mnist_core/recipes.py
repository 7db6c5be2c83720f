"""Named, frozen settings from which a whole training follows, and the recipes that ship with the product."""

import dataclasses
import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mnist_core.errors import RecipeError
from mnist_core.initializers import INITIALIZERS
from mnist_core.layers import ACTIVATIONS
from mnist_core.losses import HEADS
from mnist_core.normalization import NORMALIZATIONS
from mnist_core.schedules import SCHEDULES

OPTIMIZERS = ("sgd", "momentum", "adam")
SCHEDULE_UNITS = ("step", "epoch")
MAX_HIDDEN_LAYERS = 16
MAX_UNITS = 16_384
MAX_PARAMETERS = 64_000_000
PIXELS = 28 * 28
CLASSES = 10


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how a network is built and trained, but the data.

    Attributes:
        name: how the recipe is called.
        source: where it comes from.
        normalization: a key of `NORMALIZATIONS`.
        hidden_sizes: units of each hidden layer; () is softmax regression.
        activation: of the hidden layers, a key of `ACTIVATIONS`.
        head: a key of `HEADS`.
        init: a key of `INITIALIZERS`.
        optimizer: "sgd", "momentum" or "adam".
        learning_rate: > 0, per step, before the schedule.
        momentum: in [0, 1), used by "momentum".
        beta1: in [0, 1), used by "adam".
        beta2: in [0, 1), used by "adam".
        eps: > 0, used by "adam".
        schedule: a key of `SCHEDULES`.
        schedule_unit: "step" or "epoch": when the schedule moves on.
        batch_size: images per step, ≥ 1.
        epochs: passes over the training images, ≥ 1.
        seed: of everything random: validation split, initial weights, order of images.
        l2: ≥ 0; adds l2 · W to the gradient of every weight (not of biases), the slope of ½ l2 ‖W‖².
        validation_fraction: in (0, 1), share of the training images that is kept for validation.
        patience: stop after this many epochs without improvement; None: never.
        min_delta: ≥ 0, what the validation loss must fall by to count as an improvement.
    """

    name: str
    source: str
    normalization: str = "unit"
    hidden_sizes: tuple[int, ...] = (128,)
    activation: str = "relu"
    head: str = "softmax"
    init: str = "he"
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    schedule: str = "constant"
    schedule_unit: str = "step"
    batch_size: int = 64
    epochs: int = 10
    seed: int = 0
    l2: float = 0.0
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
        _check(
            self.patience is None or (_is_whole(self.patience) and self.patience >= 1),
            "patience",
            self.patience,
            "a whole number of epochs of at least 1, or none",
        )
        for name in ("momentum", "beta1", "beta2"):
            value = getattr(self, name)
            _check(_is_number(value) and 0 <= value < 1, name, value, "a number from 0 to below 1")
        for name in ("learning_rate", "eps"):
            value = getattr(self, name)
            _check(_is_number(value) and value > 0, name, value, "a number above 0")
        for name in ("l2", "min_delta"):
            value = getattr(self, name)
            _check(_is_number(value) and value >= 0, name, value, "a number of at least 0")
        value = self.validation_fraction
        _check(_is_number(value) and 0 < value < 1, "validation_fraction", value, "a number between 0 and 1")

    def to_json(self) -> dict[str, Any]:
        """Give the recipe as a dictionary that JSON can hold."""
        return {**dataclasses.asdict(self), "hidden_sizes": list(self.hidden_sizes)}

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Units of every layer, from the pixels to the classes: (784, 128, 10)."""
        return (PIXELS, *self.hidden_sizes, CLASSES)

    def steps_per_epoch(self, images: int) -> int:
        """Count the updates in a pass over so many training images; the last batch may be smaller."""
        return -(-images // self.batch_size)

    @property
    def parameters(self) -> int:
        """How many weights and biases the network has."""
        return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(self.layer_sizes))

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
        if isinstance(fields.get("hidden_sizes"), list):
            fields["hidden_sizes"] = tuple(fields["hidden_sizes"])
        return cls(**fields)


_CHOICES = {
    "normalization": tuple(NORMALIZATIONS),
    "activation": tuple(ACTIVATIONS),
    "head": tuple(HEADS),
    "init": tuple(INITIALIZERS),
    "optimizer": OPTIMIZERS,
    "schedule": tuple(SCHEDULES),
    "schedule_unit": SCHEDULE_UNITS,
}


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


QUICK = Recipe(
    name="quick",
    source="this project: 98% test accuracy in the fewest seconds",
    hidden_sizes=(256,),
    optimizer="momentum",
    learning_rate=0.1,
    schedule="cosine",
    batch_size=64,
    epochs=5,
)

ACCURATE = Recipe(
    name="accurate",
    source="this project: the network that ships as weights/default.npz",
    hidden_sizes=(512, 128),
    optimizer="momentum",
    learning_rate=0.1,
    schedule="cosine",
    batch_size=64,
    epochs=30,
    l2=5e-4,
    validation_fraction=0.05,
)

CLASSIC_RELU = Recipe(
    name="classic-relu",
    source="tutorial: NumPy MLP with ReLU, He initialization, cosine annealing and early stopping",
    normalization="standard",
    hidden_sizes=(128,),
    optimizer="sgd",
    learning_rate=0.1,
    schedule="cosine",
    schedule_unit="epoch",
    batch_size=64,
    epochs=10,
    patience=5,
    min_delta=0.001,
)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (QUICK, ACCURATE, CLASSIC_RELU)}
