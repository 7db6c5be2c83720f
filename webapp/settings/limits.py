"""How large a training may be that is started from the page: many visitors share one laptop."""

from mnist_core.constants import PIXELS
from mnist_core.network import BATCH
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.loop import MICRO_BATCH

MAX_MEMORY = 1_000_000_000
"""Bytes."""
MAX_STEPS = 500_000
"""Each leaves a record of about 100 bytes on the disk and a point in the curves."""
LARGEST_TRAINING_SET = 60_000
"""Images; what a recipe is judged by before its data are loaded."""


def memory_of(recipe: Recipe) -> int:
    """Estimate the bytes that a training takes at most beside its images (measured: half to nine tenths of this).

    For every parameter eleven numbers: the parameter, its gradient, the optimizer's memories, the average, the best
    weights, what penalties need, and the network that is built at the end. For every image that is worked through at
    once, twelve for each unit, with batch norm and dropout, and three for each pixel.
    """
    batch = recipe.batch_size if recipe.batch_norm else min(recipe.batch_size, MICRO_BATCH)
    images = max(batch, BATCH)
    return 4 * (11 * recipe.parameters + images * (12 * sum(recipe.hidden_sizes) + 3 * PIXELS))


def steps_of(recipe: Recipe) -> int:
    """Count the steps of a training on `LARGEST_TRAINING_SET` images, less those for validation, plus drawn ones."""
    images = LARGEST_TRAINING_SET - round(LARGEST_TRAINING_SET * recipe.validation_fraction)
    images = min(images, recipe.train_images or images)
    drawn = round(recipe.rare_digits * images) + round(recipe.not_digits * images)
    return recipe.steps_per_epoch(images + drawn) * recipe.epochs
