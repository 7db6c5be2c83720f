"""What the tutorials published, what their code really gives, and what we measure beside it."""

from dataclasses import dataclass

from mnist_core.data import Dataset, Split
from mnist_core.metrics import evaluate
from mnist_core.training import Training

TOLERANCE = 0.007
"""How far below the original's accuracy ours may be: other random numbers alone move it by some tenths of a point."""


@dataclass(frozen=True)
class Tutorial:
    """The results of one recipe where it comes from.

    Attributes:
        recipe: its name in `RECIPES`.
        published: what the tutorial says.
        original: what its code gives when it is run, accuracies in [0, 1] by part of the data ("train", "validation",
            "test"); empty if it has no code of its own.
    """

    recipe: str
    published: str
    original: dict[str, float]


TUTORIALS = {
    tutorial.recipe: tutorial
    for tutorial in (
        Tutorial("tanh-online", "no figure", {"test": 0.912}),
        Tutorial("sigmoid-full-batch", "87.88%", {"test": 0.889}),
        Tutorial("sigmoid-full-batch-text", "87.88%", {}),
        Tutorial("dropout-mlp-sgd", "validation 87%", {"validation": 0.880, "test": 0.874}),
        Tutorial("dropout-mlp-adam", "validation 97%", {"validation": 0.977, "test": 0.977}),
        Tutorial("classic-relu", "95.67%; train > 98%, test > 95%", {"train": 0.996, "test": 0.979}),
        Tutorial("wide-adam", '"very good accuracy"', {"test": 0.933}),
    )
}


def measure(training: Training, split: Split, dataset: Dataset, parts: tuple[str, ...]) -> dict[str, float]:
    """Measure the best weights of a training.

    Args:
        training: at its end.
        split: its training and validation images.
        dataset: where the test images are.
        parts: of "train", "validation", "test".

    Returns:
        The accuracy on each part, in [0, 1].
    """
    images = {
        "train": (split.train_images, split.train_labels),
        "validation": (split.validation_images, split.validation_labels),
        "test": (dataset.test_images, dataset.test_labels),
    }
    model, recipe = training.best_model(), training.recipe
    return {part: evaluate(model, recipe.head, recipe.normalization, *images[part]).accuracy for part in parts}


def is_reproduced(original: dict[str, float], ours: dict[str, float]) -> bool:
    """Tell whether every accuracy is the original's within `TOLERANCE`, or better."""
    return all(ours[part] >= accuracy - TOLERANCE for part, accuracy in original.items())
