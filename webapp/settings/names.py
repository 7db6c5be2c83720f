"""The words of every setting, once: its label, its help, the names of its values, and what its widget needs beside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnist_core.recipes.presets import changes
from mnist_core.recipes.recipe import Recipe
from webapp.datasets import MNIST, SYNTHETIC, class_folder
from webapp.formats import named
from webapp.i18n import N_, gettext
from webapp.runs.names import recipe_title

OFTEN_CHANGED = ("learning_rate", "epochs", "batch_size")
"""Settings that come first where differences are named."""
MAX_CHANGES = 4
"""Differences from a recipe that are named in a line."""
BIAS_INITS = {  # He and Xavier are about weights
    "uniform-fan-in": N_("PyTorch's default (uniform)"),
    "small-normal": N_("normal, deviation 0.01"),
    "standard-normal": N_("normal, deviation 1"),
    "zeros": N_("all zero"),
}
INITS = {
    "he": N_("He (normal)"),
    "he-uniform": N_("He (uniform)"),
    "xavier": N_("Xavier (uniform)"),
    "xavier-normal": N_("Xavier (normal)"),
    **BIAS_INITS,
}


@dataclass(frozen=True)
class Words:
    """What the app says about a setting, in English: whoever shows it calls `gettext`.

    Attributes:
        label: its name.
        help: what it does; "" where the label says it all.
        options: the names of its values.
        none: what None is called.
        widget: what its widget takes besides what follows from the declaration, such as the size of a step.
    """

    label: str
    help: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    none: str = ""
    widget: Mapping[str, Any] = field(default_factory=dict)


WORDS: dict[str, Words] = {
    "data": Words(N_("Data set"), options={MNIST: "MNIST", SYNTHETIC: N_("Synthetic digits (drawn by code)")}),
    "name": Words(N_("Recipe")),
    "source": Words(N_("Source")),
    "normalization": Words(
        N_("Pixels"),
        options={
            "unit": N_("from 0 to 1"),
            "standard": N_("mean 0, deviation 1"),
            "raw": N_("from 0 to 255, not scaled"),
            "min-max": N_("each image from 0 to 1"),
        },
    ),
    "hidden_sizes": Words(
        N_("Hidden layers"),
        N_("Units of each hidden layer, from input to output, with commas: 128, 64. Empty: no hidden layer."),
    ),
    "activation": Words(
        N_("Activation"),
        options={
            "relu": "ReLU",
            "leaky-relu": "Leaky ReLU",
            "sigmoid": "Sigmoid",
            "tanh": "Tanh",
            "silu": "SiLU (swish)",
            "gelu": "GELU",
        },
    ),
    "batch_norm": Words(N_("Batch normalization")),
    "dropout": Words(
        N_("Dropout"),
        N_("Share of each hidden layer that is silenced at random in every training step. 0: none."),
        widget={"step": 0.1},
    ),
    "head": Words(
        N_("Outputs and loss"),
        options={
            "softmax": N_("softmax, cross-entropy"),
            "sigmoid": N_("ten sigmoids, cross-entropy"),
            "squared-error": N_("ten sigmoids, squared error"),
        },
    ),
    "label_smoothing": Words(
        N_("Label smoothing"),
        N_("Share of the right answer that is given to all ten digits alike. 0: none."),
        widget={"step": 0.05},
    ),
    "init": Words(N_("Initial weights"), options=INITS),
    "bias_init": Words(N_("Initial biases"), options=INITS, widget={"options": tuple(BIAS_INITS)}),
    "optimizer": Words(
        N_("Method"),
        options={
            "sgd": N_("SGD (plain)"),
            "momentum": N_("SGD with momentum"),
            "nesterov": N_("SGD with Nesterov momentum"),
            "adagrad": "AdaGrad",
            "rmsprop": "RMSprop",
            "adam": "Adam",
            "adamw": "AdamW",
        },
    ),
    "learning_rate": Words(
        N_("Learning rate"), N_("How far each step goes down the slope of the loss."), widget={"max_value": 1e30}
    ),
    "momentum": Words(
        N_("Momentum"), N_("Share of the last step's speed that is kept."), widget={"step": 0.05, "max_value": 0.999}
    ),
    "beta1": Words("β₁", N_("Memory of the gradient's mean."), widget={"step": 0.01, "max_value": 0.9999}),
    "beta2": Words("β₂", N_("Memory of the gradient's mean square."), widget={"step": 0.001, "max_value": 0.99999}),
    "eps": Words(
        "ε",
        N_("Keeps the division by small roots finite."),
        widget={"step": 1e-8, "min_value": 1e-12, "max_value": 1.0},
    ),
    "weight_decay": Words(N_("Weight decay"), widget={"step": 0.01, "max_value": 100.0}),
    "schedule": Words(
        N_("Schedule"),
        options={
            "constant": N_("constant"),
            "step": N_("in drops"),
            "exponential": N_("exponential fall"),
            "cosine": N_("cosine fall"),
            "one-cycle": N_("one cycle: up, then down"),
        },
    ),
    "schedule_unit": Words(N_("Changes"), options={"step": N_("every step"), "epoch": N_("every epoch")}),
    "schedule_drops": Words(
        N_("Drops at"), N_("Shares of the training, with commas: 0.5, 0.75 is at its half and at three quarters.")
    ),
    "schedule_factor": Words(N_("Factor"), widget={"step": 0.1}),
    "warmup": Words(
        N_("Warm-up"),
        N_("Share of the training in which the learning rate first rises. 0: none."),
        widget={"step": 0.05},
    ),
    "batch_size": Words(N_("Batch size"), N_("How many images each step looks at."), widget={"max_value": 60_000}),
    "epochs": Words(N_("Epochs"), N_("How often all training images are seen."), widget={"max_value": 5000}),
    "shuffle": Words(N_("Shuffle the images before every epoch")),
    "train_images": Words(
        N_("Training images"),
        N_("So many are chosen at random, once those for validation are taken off. Empty: all."),
        none=N_("all"),
        widget={"step": 100, "max_value": 60_000},
    ),
    "sort_images": Words(
        N_("Sort the images by digit"),
        N_("First all zeros, then all ones, … What happens if they are not shuffled then?"),
    ),
    "seed": Words(
        N_("Seed"), N_("Of all that is random: the same seed gives the same training."), widget={"max_value": 2**31}
    ),
    "l1": Words(
        N_("L1 penalty"), N_("Pulls every weight to 0 with the same force."), widget={"step": 0.0001, "max_value": 1e6}
    ),
    "l2": Words(
        N_("L2 penalty"),
        N_("Pulls large weights to 0 more than small ones."),
        widget={"step": 0.0001, "max_value": 1e6},
    ),
    "clip_norm": Words(
        N_("Gradient clipping"),
        N_("Length that the gradient is cut to when it is longer. Empty: never."),
        none=N_("none"),
        widget={"step": 0.5, "max_value": 1e6},
    ),
    "distortion": Words(
        N_("Strength of the distortions"),
        N_("1: about as different as people's handwriting. Much more, and nobody can read the digits."),
        widget={"step": 0.1, "min_value": 0.1, "format": "%.1f"},
    ),
    "input_noise": Words(
        N_("Input noise"),
        N_("Standard deviation of the noise that is added to every input in every training step. 0: none."),
        widget={"step": 0.05},
    ),
    "rare_digits": Words(
        N_("Rare ways of writing"),
        N_(
            "So many digits drawn by code are added, as a share of the training images. 0: none. Two of three "
            "are written in ways that MNIST hardly holds."
        ),
        widget={"step": 0.05},
    ),
    "not_digits": Words(
        N_("Not a digit"),
        N_(
            "So many letters, shapes and scribbles drawn by code are added, as a share of the training images. 0: none."
        ),
        widget={"step": 0.05},
    ),
    "ema_decay": Words(
        N_("Weight average"),
        N_(
            "The network that is measured and kept is an average over the steps, which keeps this share of itself "
            "at each of them, such as 0.99. 0: none."
        ),
        widget={"step": 0.01, "max_value": 0.9999},
    ),
    "validation": Words(
        N_("Choice of the validation images"), options={"random": N_("at random"), "last": N_("the last of the file")}
    ),
    "validation_fraction": Words(
        N_("Validation share"),
        N_("Share of the training images that is kept to check the network with. 0: none."),
        widget={"step": 0.05, "max_value": 0.9},
    ),
    "patience": Words(
        N_("Patience"),
        N_("Stop early after so many epochs without improvement on the validation images. Empty: never."),
        none=N_("endless"),
    ),
    "min_delta": Words(
        N_("Smallest improvement"),
        N_("What the validation loss must fall by to count as an improvement."),
        widget={"step": 0.001, "max_value": 10.0},
    ),
}


def setting_name(field: str) -> str:
    """Return a setting's name in the visitor's language.

    Args:
        field: an attribute of `Recipe`, or "data" for the data set.

    Raises:
        KeyError: if there is no such setting.
    """
    return gettext(WORDS[field].label)


def setting_value(field: str, value: Any) -> str:
    """Write a setting's value as a person reads it.

    Args:
        field: see `setting_name`.
        value: what the recipe has there, or a job's data set.

    Returns:
        A short text; that of "source", and a folder's name as data set, are not translated.
    """
    words = WORDS[field]
    if value in words.options:
        return gettext(words.options[value])
    if field == "data":
        return gettext(N_("The class's drawings")) if value == str(class_folder()) else Path(value).name
    if field == "name":
        return recipe_title(value)
    if value is None or value == ():
        return gettext(words.none or N_("none"))
    if isinstance(value, bool):
        return gettext(N_("yes") if value else N_("no"))
    if isinstance(value, tuple):
        return ", ".join(f"{number:g}" for number in value)
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def changes_text(recipe: Recipe) -> str:
    """Name in a line what has an effect in a recipe and differs from the shipped one of that name; "" if nothing does.

    First comes what is changed most often. Left out are the layers, which are shown as a row of numbers wherever this
    stands, and what goes beyond a line.
    """
    changed = changes(recipe)
    fields = [
        field for field in dict.fromkeys((*OFTEN_CHANGED, *changed)) if field in changed and field != "hidden_sizes"
    ]
    texts = [named(setting_name(field), setting_value(field, changed[field])) for field in fields[:MAX_CHANGES]]
    return " · ".join(texts) + (" …" if len(fields) > MAX_CHANGES else "")
