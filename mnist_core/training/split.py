"""Which images a recipe learns from, and which it is validated with."""

from dataclasses import replace

import numpy as np

from mnist_core.data.dataset import Dataset, Split, split_validation
from mnist_core.data.non_digits import not_digits
from mnist_core.data.rare_digits import rare_digits
from mnist_core.recipes.recipe import Recipe


def make_split(recipe: Recipe, dataset: Dataset) -> Split:
    """Split off the validation images that a recipe asks for, choose the training images, and add drawn ones.

    All of it is seeded, and the same for equal recipes.

    Raises:
        DataError: if the data set is too small to be split.
    """
    images = len(dataset.train_images)
    size = max(1, round(images * recipe.validation_fraction)) if recipe.validation_fraction else 0
    split = split_validation(dataset, size, recipe.seed if recipe.validation == "random" else None)
    if recipe.train_images is not None and recipe.train_images < len(split.train_images):
        rng = np.random.default_rng((recipe.seed, 2))  # its own, like the next, so that the split stays what it is
        split = _with_train(split, np.sort(rng.choice(len(split.train_images), recipe.train_images, replace=False)))
    if recipe.rare_digits or recipe.not_digits:
        rng = np.random.default_rng((recipe.seed, 1))
        count = len(split.train_images)
        rare_images, rare_labels = rare_digits(round(recipe.rare_digits * count), rng)
        other_images, other_labels = not_digits(round(recipe.not_digits * count), rng)
        split = replace(
            split,
            train_images=np.concatenate([split.train_images, rare_images, other_images]),
            train_labels=np.concatenate([split.train_labels, rare_labels, other_labels]),
        )
    if recipe.sort_images:
        split = _with_train(split, np.argsort(split.train_labels, kind="stable"))
    return split


def _with_train(split: Split, chosen: np.ndarray) -> Split:
    return replace(split, train_images=split.train_images[chosen], train_labels=split.train_labels[chosen])
