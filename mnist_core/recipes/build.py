"""From a recipe to its network and its optimizer."""

from dataclasses import replace

import numpy as np

from mnist_core.nn.mlp import MLP, build_mlp
from mnist_core.nn.optimizers import OPTIMIZERS, AdamW, Optimizer
from mnist_core.recipes.recipe import SETTINGS, Recipe


def build_model(recipe: Recipe, rng: np.random.Generator, dtype: type[np.floating] = np.float32) -> MLP:
    """Build a recipe's network; see `build_mlp`."""
    return build_mlp(
        recipe.layer_sizes,
        recipe.activation,
        recipe.init,
        rng,
        dtype,
        biases=recipe.bias_init,
        batch_norm=recipe.batch_norm,
        dropout=recipe.dropout,
    )


def empty_model(recipe: Recipe, dtype: type[np.floating] = np.float32) -> MLP:
    """Build a recipe's network with zeros for weights, to be filled with those of another one."""
    rng = np.random.default_rng(recipe.seed)  # of its dropout: seeded, so that looks into layers repeat as well
    return build_model(replace(recipe, init="zeros", bias_init="zeros"), rng, dtype)


def build_optimizer(recipe: Recipe, model: MLP) -> Optimizer:
    """Build a recipe's optimizer for a network, from the settings that have an effect only with it."""
    kind = OPTIMIZERS[recipe.optimizer]
    names = (name for name, declared in SETTINGS.items() if "optimizer" in declared.only_with)
    settings = {name: getattr(recipe, name) for name in names if recipe.has_effect(name)}
    if kind is AdamW:
        settings["weight_count"] = model.weight_count
    return kind(model.flat_params, model.flat_grads, **settings)
