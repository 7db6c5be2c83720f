"""The failure lab's experiments: trainings that go wrong, each with the one setting that mends it."""

from dataclasses import dataclass, fields, replace
from typing import Any

from mnist_core.recipes.presets import QUICK
from mnist_core.recipes.recipe import Recipe

BASE = replace(
    QUICK,
    source="this project: failure lab",
    hidden_sizes=(128,),
    optimizer="sgd",
    schedule="constant",
    epochs=8,
)
"""What works: as plain as possible, so that a failure has one cause. It reaches 97% in a few seconds."""


@dataclass(frozen=True)
class Failure:
    """A training that fails, and the same one mended.

    Attributes:
        key: names it in the URL.
        recipe: of the run that fails.
        remedy: the recipe of the run that does not.
    """

    key: str
    recipe: Recipe
    remedy: Recipe

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """What the remedy changes: the values before and after, by the names of the settings."""
        pairs = {
            field.name: (getattr(self.recipe, field.name), getattr(self.remedy, field.name)) for field in fields(Recipe)
        }
        return {name: (before, after) for name, (before, after) in pairs.items() if before != after}


def _failure(key: str, base: Recipe, bad: dict[str, Any], good: dict[str, Any]) -> Failure:
    return Failure(key, replace(base, **bad), replace(base, **good))


# The sizes and learning rates are those with which failure and remedy lay far apart for each of five seeds on MNIST.
FAILURES = (
    _failure("zero-init", BASE, {"init": "zeros"}, {"init": "he"}),
    _failure("large-learning-rate", BASE, {"learning_rate": 10.0}, {"learning_rate": 0.1}),
    _failure(
        "raw-pixels",
        replace(BASE, hidden_sizes=(30,), activation="sigmoid", learning_rate=0.5, epochs=15),
        {"normalization": "raw"},
        {"normalization": "unit"},
    ),
    _failure(
        "wide-init",
        replace(BASE, hidden_sizes=(64, 64, 64), optimizer="adam", learning_rate=0.001),
        {"init": "standard-normal"},
        {"init": "he"},
    ),
    _failure("no-shuffling", replace(BASE, sort_images=True), {"shuffle": False}, {"shuffle": True}),
    _failure(
        "squared-error",
        replace(BASE, init="standard-normal"),  # outputs that are sure and wrong: where the two losses differ most
        {"head": "squared-error"},
        {"head": "sigmoid"},
    ),
    _failure(
        "few-images",
        replace(BASE, hidden_sizes=(13,), batch_size=20, epochs=40),
        {"train_images": 100},
        {"train_images": None},
    ),
)
