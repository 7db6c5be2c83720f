"""What a recipe's settings and their values are called, wherever they are listed: the words of the training page."""

from pathlib import Path
from typing import Any

from mnist_core.recipes.recipe import Recipe
from webapp.i18n import gettext as _
from webapp.settings import recipes as recipe_texts
from webapp.settings.options import option_names

OPTIONS = (
    *("normalization", "activation", "init", "bias_init", "head", "optimizer"),
    *("schedule", "schedule_unit", "validation"),
)
"""The settings that `option_names` knows."""


def setting_name(field: str) -> str:
    """Name a setting.

    Args:
        field: an attribute of `Recipe`, or "data" for the data set.

    Raises:
        KeyError: if there is no such setting.
    """
    names = {
        "data": _("Data set"),
        "name": _("Recipe"),
        "source": _("Source"),
        "normalization": _("Pixels"),
        "hidden_sizes": _("Hidden layers"),
        "activation": _("Activation"),
        "batch_norm": _("Batch normalization"),
        "dropout": _("Dropout"),
        "head": _("Outputs and loss"),
        "label_smoothing": _("Label smoothing"),
        "init": _("Initial weights"),
        "bias_init": _("Initial biases"),
        "optimizer": _("Method"),
        "learning_rate": _("Learning rate"),
        "momentum": _("Momentum"),
        "beta1": "β₁",
        "beta2": "β₂",
        "eps": "ε",
        "weight_decay": _("Weight decay"),
        "schedule": _("Schedule"),
        "schedule_unit": _("Changes"),
        "schedule_drops": _("Drops at"),
        "schedule_factor": _("Factor"),
        "warmup": _("Warm-up"),
        "batch_size": _("Batch size"),
        "epochs": _("Epochs"),
        "shuffle": _("Shuffle the images before every epoch"),
        "train_images": _("Training images"),
        "sort_images": _("Sort the images by digit"),
        "seed": _("Seed"),
        "l1": _("L1 penalty"),
        "l2": _("L2 penalty"),
        "clip_norm": _("Gradient clipping"),
        "distortion": _("Strength of the distortions"),
        "rare_digits": _("Rare ways of writing"),
        "not_digits": _("Not a digit"),
        "ema_decay": _("Weight average"),
        "validation": _("Choice of the validation images"),
        "validation_fraction": _("Validation share"),
        "patience": _("Patience"),
        "min_delta": _("Smallest improvement"),
    }
    return names[field]


def setting_value(field: str, value: Any) -> str:
    """Write a setting's value as a person reads it.

    Args:
        field: see `setting_name`.
        value: what the recipe has there, or a job's data set.

    Returns:
        A short text; that of "source", and a folder's name as data set, are not translated.
    """
    if field in OPTIONS:
        return option_names(field)[value]
    words = {
        ("data", "mnist"): "MNIST",
        ("data", "synthetic"): _("Synthetic digits (drawn by code)"),
        ("patience", None): _("endless"),
        ("train_images", None): _("all"),
    }
    if (field, value) in words:
        return words[field, value]
    if field == "data":
        return Path(value).name
    if field == "name":
        return recipe_texts.title(value)
    if value is None or value == ():
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, tuple):
        return ", ".join(f"{number:g}" for number in value)
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def has_effect(field: str, recipe: Recipe) -> bool:
    """Say whether a setting changes anything in a training with this recipe; β₁ does not with plain SGD."""
    match field:
        case "momentum":
            return recipe.optimizer in ("momentum", "nesterov")
        case "beta1":
            return recipe.optimizer in ("adam", "adamw")
        case "beta2":
            return recipe.optimizer in ("rmsprop", "adam", "adamw")
        case "eps":
            return recipe.optimizer in ("adagrad", "rmsprop", "adam", "adamw")
        case "weight_decay":
            return recipe.optimizer == "adamw"
        case "label_smoothing":
            return recipe.head == "softmax"
        case "schedule_drops":
            return recipe.schedule == "step"
        case "schedule_factor":
            return recipe.schedule in ("step", "exponential")
        case "schedule_unit":
            return recipe.schedule != "constant" or recipe.warmup > 0
        case "validation" | "min_delta" | "patience":
            return recipe.validation_fraction > 0
        case _:
            return True
