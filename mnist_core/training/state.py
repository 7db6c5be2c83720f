"""Where a training stands: everything that is needed to go on exactly from here."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mnist_core.errors import RecipeError
from mnist_core.nn.mlp import MLP
from mnist_core.nn.optimizers import Optimizer
from mnist_core.nn.schedules import Schedule, build_schedule
from mnist_core.recipes.build import build_model, build_optimizer, empty_model
from mnist_core.recipes.recipe import MUTABLE_FIELDS, Recipe


@dataclass(eq=False)
class TrainingState:
    """Where a training stands: all that is needed to go on exactly from here.

    Attributes:
        recipe: the settings.
        model: the network that is being trained.
        optimizer: holds its own memory of earlier gradients.
        rng: shuffles the images, distorts them and draws the masks of dropout.
        step: updates so far.
        epoch: whole epochs so far.
        order: int64 (N,), the order of the images in the epoch under way; None between epochs.
        batch: batches of that epoch that are done.
        loss_sum: sum of the losses of that epoch's images so far.
        correct: digits of that epoch read correctly so far; drawings that are no digits don't count.
        average: the average of `model.flat` over the steps, if the recipe wants one.
        best_loss: lowest validation loss so far, by at least `recipe.min_delta`.
        best_accuracy: the validation accuracy that came with it.
        best: a copy of the network's numbers, as in `MLP.flat`, that reached it.
        epochs_without_improvement: epochs since then.
    """

    recipe: Recipe
    model: MLP
    optimizer: Optimizer
    rng: np.random.Generator
    step: int = 0
    epoch: int = 0
    order: np.ndarray | None = None
    batch: int = 0
    loss_sum: float = 0.0
    correct: int = 0
    average: np.ndarray | None = None
    best_loss: float = float("inf")
    best_accuracy: float = 0.0
    best: np.ndarray | None = None
    epochs_without_improvement: int = 0

    @cached_property
    def schedule(self) -> Schedule:
        """The recipe's schedule of the learning rate."""
        recipe = self.recipe
        return build_schedule(recipe.schedule, recipe.schedule_drops, recipe.schedule_factor, recipe.warmup)

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or early stopping has ended the training."""
        patience = self.recipe.patience
        out_of_patience = patience is not None and self.epochs_without_improvement >= patience
        return self.epoch >= self.recipe.epochs or out_of_patience

    @property
    def current(self) -> np.ndarray:
        """The network's numbers as they would be used now, as in `MLP.flat`: the average, if there is one."""
        return self.model.flat if self.average is None else self.average

    def current_model(self) -> MLP:
        """Build the network as it would be used now."""
        return self._model_of(self.current)

    def best_model(self) -> MLP:
        """Build the network with the best weights so far; without a validation yet, the current ones."""
        return self.current_model() if self.best is None else self._model_of(self.best)

    def _model_of(self, numbers: np.ndarray) -> MLP:
        model = empty_model(self.recipe, self.model.flat.dtype.type)
        model.flat[...] = numbers
        return model


def init_state(recipe: Recipe, dtype: type[np.floating] = np.float32, begin_with: MLP | None = None) -> TrainingState:
    """Build a network and optimizer; the same recipe gives the same bits.

    Args:
        recipe: the settings, with the seed.
        dtype: of all that is calculated; float64 to compare with other programs digit by digit.
        begin_with: a trained network with the recipe's layers, whose numbers are taken over; without it, the network
            begins with random weights.

    Returns:
        A training at step 0.

    Raises:
        RecipeError: if that network has other layers than the recipe.
    """
    rng = np.random.default_rng(recipe.seed)
    model = build_model(recipe, rng, dtype)
    if begin_with is not None:
        found, expected = (
            {name: array.shape for name, array in network.arrays.items()} for network in (begin_with, model)
        )
        if found != expected:
            raise RecipeError(
                f"the network to begin with has arrays of the shapes {found}, the recipe's has {expected}: begin with "
                f"one of the same layers"
            )
        model.load(begin_with.arrays)
    average = model.flat.copy() if recipe.ema_decay else None
    return TrainingState(recipe, model, build_optimizer(recipe, model), rng, average=average)


def reconfigure(state: TrainingState, recipe: Recipe) -> None:
    """Change the settings of a training under way: those of `MUTABLE_FIELDS`.

    Its step, weights, random state and the optimizer's memory stay.

    Args:
        state: as it stands at a record; changed in place.
        recipe: the settings from now on.

    Raises:
        RecipeError: if that recipe differs in anything but `MUTABLE_FIELDS`; nothing is changed then.
    """
    before = state.recipe
    kept = {name: getattr(before, name) for name in MUTABLE_FIELDS}
    if replace(recipe, **kept) != before:
        raise RecipeError(
            f"found other settings changed than {', '.join(MUTABLE_FIELDS)}: a training under way can't take them "
            f"over; start a new one"
        )
    # Dropout is a layer of its own, so it may come or go; the order of the numbers in `flat` doesn't know of it.
    unfilled = replace(recipe, init="zeros", bias_init="zeros")
    model = build_model(unfilled, state.rng, state.model.flat.dtype.type)
    model.flat[...] = state.model.flat
    optimizer = build_optimizer(recipe, model)
    optimizer.step_count = state.step
    for name, memory in optimizer.state.items():
        memory[...] = state.optimizer.state[name]
    state.recipe, state.model, state.optimizer = recipe, model, optimizer
