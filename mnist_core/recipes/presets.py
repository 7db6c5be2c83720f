"""The recipes with a name: our own, and those of five tutorials."""

import dataclasses
from typing import Any

from mnist_core.recipes.recipe import SETTINGS, Recipe

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
    source="this project: the most accurate network within a minute",
    hidden_sizes=(512, 128),
    optimizer="momentum",
    learning_rate=0.1,
    schedule="cosine",
    batch_size=64,
    epochs=30,
    l2=5e-4,
    validation_fraction=0.05,
)


HANDWRITING = Recipe(
    name="handwriting",
    source="this project: the network that ships as weights/default.npz, for real handwriting",
    hidden_sizes=(1024, 768, 512),
    optimizer="adam",
    learning_rate=0.001,
    schedule="cosine",
    warmup=0.02,
    batch_size=256,
    epochs=60,
    distortion=1.0,
    rare_digits=0.6,
    not_digits=0.08,
    validation_fraction=0.0,
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


TANH_ONLINE = Recipe(
    name="tanh-online",
    source="tutorial: NumPy MLP with tanh, sigmoid outputs, one image a step",
    normalization="min-max",
    hidden_sizes=(32,),
    activation="tanh",
    head="sigmoid",
    init="xavier",
    learning_rate=0.001,
    schedule="step",
    schedule_drops=(0.02,),  # after step 1,000 of 50,000
    schedule_factor=0.999,
    batch_size=1,
    epochs=1,
    shuffle=False,
    seed=2,
    validation="last",
    validation_fraction=1 / 6,
)


SIGMOID_FULL_BATCH = Recipe(
    name="sigmoid-full-batch",
    source="tutorial: NumPy MLP with sigmoid, all images in every step; as in its code",
    normalization="raw",
    hidden_sizes=(10,),
    activation="sigmoid",
    init="small-normal",
    learning_rate=0.04,
    batch_size=60_000,
    epochs=2400,
    shuffle=False,
    seed=1,
    validation_fraction=0.0,
)


SIGMOID_FULL_BATCH_TEXT = dataclasses.replace(
    SIGMOID_FULL_BATCH,
    name="sigmoid-full-batch-text",
    source="tutorial: NumPy MLP with sigmoid, all images in every step; as in its text",
    hidden_sizes=(40,),
    learning_rate=0.4,
)


DROPOUT_MLP_SGD = Recipe(
    name="dropout-mlp-sgd",
    source="tutorial: PyTorch MLP with dropout, trained by SGD",
    hidden_sizes=(128, 256),
    dropout=0.5,
    init="uniform-fan-in",
    bias_init="uniform-fan-in",
    learning_rate=0.001,
    batch_size=64,
    epochs=25,
    validation="last",
    validation_fraction=1 / 6,
)


DROPOUT_MLP_ADAM = dataclasses.replace(
    DROPOUT_MLP_SGD,
    name="dropout-mlp-adam",
    source="tutorial: PyTorch MLP with dropout, trained by Adam",
    optimizer="adam",
)


WIDE_ADAM = Recipe(
    name="wide-adam",
    source="tutorial: TensorFlow MLP with 512 units and Adam",
    hidden_sizes=(512,),
    init="standard-normal",
    bias_init="standard-normal",
    optimizer="adam",
    learning_rate=0.001,
    eps=1e-7,
    batch_size=100,
    epochs=5,
    validation_fraction=0.0,
)


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        QUICK,
        ACCURATE,
        HANDWRITING,
        TANH_ONLINE,
        SIGMOID_FULL_BATCH,
        SIGMOID_FULL_BATCH_TEXT,
        DROPOUT_MLP_SGD,
        DROPOUT_MLP_ADAM,
        CLASSIC_RELU,
        WIDE_ADAM,
    )
}


def changes(recipe: Recipe) -> dict[str, Any]:
    """Return the settings that have an effect and differ from the shipped recipe of that name, with their values.

    Returns:
        {"epochs": 3}, in the order of the declarations; empty for a recipe whose name none that ships has.
    """
    shipped = RECIPES.get(recipe.name, recipe)
    return {
        name: getattr(recipe, name)
        for name in SETTINGS
        if recipe.has_effect(name) and getattr(recipe, name) != getattr(shipped, name)
    }
