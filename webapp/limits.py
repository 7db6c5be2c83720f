"""How large a training may be that is started from the page: many visitors share one laptop."""

from mnist_core.recipes import Recipe

MAX_MEMORY = 1_000_000_000
"""Bytes."""
MAX_STEPS = 500_000
"""Each leaves a record of about 100 bytes on the disk and a point in the curves."""
LARGEST_TRAINING_SET = 60_000
"""Images; what a recipe is judged by before its data are loaded."""


def memory_of(recipe: Recipe) -> int:
    """Estimate the bytes that a training takes beside its images.

    Parameters, gradients, the optimizer's memory, the best weights and the file being written: six times the
    parameters. Each layer's output, its gradient and what lies between: four times the units, for every image of a
    batch, and of validation at least 1,000.
    """
    units = sum(recipe.layer_sizes)
    return 4 * (6 * recipe.parameters + 4 * units * max(recipe.batch_size, 1000))


def steps_of(recipe: Recipe) -> int:
    """Count the steps of a training on `LARGEST_TRAINING_SET` images, validation included."""
    return recipe.steps_per_epoch(LARGEST_TRAINING_SET) * recipe.epochs
