"""From a recipe to its network and its optimizer."""

from dataclasses import replace

import numpy as np

from mnist_core.nn.mlp import MLP, build_mlp
from mnist_core.nn.optimizers import SGD, AdaGrad, Adam, AdamW, Momentum, Nesterov, Optimizer, RMSprop
from mnist_core.recipes.recipe import Recipe


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
    """Build a recipe's optimizer for a network."""
    arrays = (model.flat_params, model.flat_grads)
    match recipe.optimizer:
        case "momentum":
            return Momentum(*arrays, recipe.momentum)
        case "nesterov":
            return Nesterov(*arrays, recipe.momentum)
        case "adagrad":
            return AdaGrad(*arrays, recipe.eps)
        case "rmsprop":
            return RMSprop(*arrays, recipe.beta2, recipe.eps)
        case "adam":
            return Adam(*arrays, recipe.beta1, recipe.beta2, recipe.eps)
        case "adamw":
            betas = (recipe.beta1, recipe.beta2)
            return AdamW(*arrays, *betas, recipe.eps, recipe.weight_decay, model.weight_count)
        case _:
            return SGD(*arrays)
