"""Training as a stream of records: ask for the next one and one more step is taken; stop asking and it stops."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mnist_core.batches import Batches
from mnist_core.data import Dataset, Split, split_validation
from mnist_core.errors import DivergedError, RecipeError
from mnist_core.extras import not_digits, rare_digits
from mnist_core.losses import NO_CLASS, loss_function
from mnist_core.metrics import evaluate
from mnist_core.mlp import MLP, build_mlp
from mnist_core.optimizers import SGD, AdaGrad, Adam, AdamW, Momentum, Nesterov, Optimizer, RMSprop
from mnist_core.recipes import Recipe
from mnist_core.records import EpochEnd, Record, StepEnd
from mnist_core.schedules import Schedule, build_schedule

PIECE = 1000
"""Images that are worked through at once. A larger batch goes through the network piece by piece, and the gradients
add up to those of the whole: 60,000 images as float32 would take 188 MB, and they would not stay in the cache."""
CHANGEABLE = ("learning_rate", "momentum", "dropout", "epochs")
"""The settings that may change while a training is under way."""


@dataclass(eq=False)
class Training:
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


def start_training(recipe: Recipe, dtype: type[np.floating] = np.float32, begin_with: MLP | None = None) -> Training:
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
    return Training(recipe, model, build_optimizer(recipe, model), rng, average=average)


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


def change_settings(training: Training, recipe: Recipe) -> None:
    """Let a training go on with another learning rate, momentum, dropout, or number of epochs.

    Its step, weights, random state and the optimizer's memory stay.

    Args:
        training: as it stands at a record; changed in place.
        recipe: the settings from now on.

    Raises:
        RecipeError: if that recipe differs in anything but `CHANGEABLE`; nothing is changed then.
    """
    before = training.recipe
    kept = {name: getattr(before, name) for name in CHANGEABLE}
    if replace(recipe, **kept) != before:
        raise RecipeError(
            f"found other settings changed than {', '.join(CHANGEABLE)}: a training under way can't take them over; "
            f"start a new one"
        )
    # Dropout is a layer of its own, so it may come or go; the order of the numbers in `flat` doesn't know of it.
    unfilled = replace(recipe, init="zeros", bias_init="zeros")
    model = build_model(unfilled, training.rng, training.model.flat.dtype.type)
    model.flat[...] = training.model.flat
    optimizer = build_optimizer(recipe, model)
    optimizer.step = training.step
    for name, memory in optimizer.state.items():
        memory[...] = training.optimizer.state[name]
    training.recipe, training.model, training.optimizer = recipe, model, optimizer


def split_for(recipe: Recipe, dataset: Dataset) -> Split:
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


def train(training: Training, split: Split, validations_per_epoch: int = 1) -> Iterator[Record]:
    """Train on, one record after the other, until the recipe's end.

    The parameters are whole whenever a record is handed out: the training can be saved, or left, at any of them.

    Args:
        training: where to begin; changed in place.
        split: training and validation images, uint8.
        validations_per_epoch: how often the validation images are read within an epoch, evenly spaced; the last
            time is the epoch's end. More than 1 gives livelier curves and changes nothing else.

    Returns:
        An iterator of `StepEnd` after every update and `EpochEnd` after every epoch.

    Raises:
        ValueError: at once, if the training set is empty or not the one that an epoch under way began with, or if
            validations_per_epoch is below 1.
        DivergedError: while iterating, if the loss of a batch or of the validation images is not a finite number.
    """
    if len(split.train_images) == 0:
        raise ValueError("found no training images, expected at least one")
    if training.order is not None and len(training.order) != len(split.train_images):
        raise ValueError(
            f"found {len(split.train_images)} training images, expected the {len(training.order)} that the epoch "
            f"under way began with"
        )
    if validations_per_epoch < 1:
        raise ValueError(f"validations_per_epoch is {validations_per_epoch}, expected at least 1")
    return _train(training, split, validations_per_epoch)


def _train(training: Training, split: Split, validations_per_epoch: int) -> Iterator[Record]:
    recipe = training.recipe
    images = len(split.train_images)
    batches = recipe.steps_per_epoch(images)
    middle_validations = {batches * i // validations_per_epoch for i in range(1, validations_per_epoch)} - {
        0,
        batches,
    }
    if not len(split.validation_images):
        middle_validations.clear()
    # Batch norm needs the statistics of a whole batch.
    size = recipe.batch_size if recipe.batch_norm else min(recipe.batch_size, PIECE)
    inputs = Batches(
        split.train_images,
        recipe.normalization,
        training.model.flat.dtype,
        min(size, images),
        recipe.distortion,
        training.rng,
    )
    while not training.finished:
        began = time.perf_counter()
        if training.order is None:
            training.order = training.rng.permutation(images) if recipe.shuffle else np.arange(images)
        for batch in range(training.batch, batches):
            begin, end = batch * recipe.batch_size, min((batch + 1) * recipe.batch_size, images)
            learning_rate = _learning_rate(training, training.step, batches)
            loss, accuracy = _update(training, inputs, split.train_labels, begin, end, learning_rate)
            training.batch = batch + 1
            in_middle = training.batch in middle_validations
            measured = _validate(training, split, learning_rate) if in_middle else (None, None)
            handed_out = time.perf_counter()
            yield StepEnd(training.step, training.epoch + 1, loss, accuracy, learning_rate, *measured)
            began += time.perf_counter() - handed_out  # what the caller does, or a pause, is not the epoch's time
        yield _end_epoch(training, split, began)


def _update(
    training: Training, inputs: Batches, labels: np.ndarray, begin: int, end: int, learning_rate: float
) -> tuple[float, float]:
    """Take one step with the images from begin to end of the order; return their loss and accuracy before it."""
    recipe, model = training.recipe, training.model
    with np.errstate(over="ignore", invalid="ignore"):  # a diverging training is reported below, once
        loss, correct, digits = _gradient(training, inputs, labels, begin, end)
        if not np.isfinite(loss):
            raise DivergedError(training.step + 1, learning_rate)
        weights, grads = model.flat[: model.weight_count], model.flat_grads
        if recipe.l1:
            grads[: model.weight_count] += recipe.l1 * np.sign(weights)
        if recipe.l2:
            grads[: model.weight_count] += recipe.l2 * weights
        if recipe.clip_norm is not None:
            norm = float(np.dot(grads, grads)) ** 0.5
            if norm > recipe.clip_norm:
                grads *= recipe.clip_norm / norm
        training.optimizer.update(learning_rate)
        if training.average is not None:
            training.average += (1 - recipe.ema_decay) * (model.flat - training.average)
    training.step += 1
    training.loss_sum += loss * (end - begin)
    training.correct += correct
    return loss, correct / max(digits, 1)


def _gradient(training: Training, inputs: Batches, labels: np.ndarray, begin: int, end: int) -> tuple[float, int, int]:
    """Leave the gradient of a batch's mean loss in the model; return that loss, digits read correctly, and digits."""
    recipe, model = training.recipe, training.model
    loss_of = loss_function(recipe.head, recipe.label_smoothing)
    total = np.zeros_like(model.flat_grads) if end - begin > inputs.size else None
    loss, correct, digits = 0.0, 0, 0
    for start in range(begin, end, inputs.size):
        part = slice(start, min(start + inputs.size, end))
        chosen = training.order[part] if recipe.shuffle and training.order is not None else part
        part_labels = labels[chosen]
        logits = model.forward(inputs.gather(chosen), training=True)  # (B, 10)
        part_loss, grad = loss_of(logits, part_labels)
        share = len(part_labels) / (end - begin)
        loss += share * part_loss
        correct += int((logits.argmax(axis=1) == part_labels).sum())
        digits += int((part_labels != NO_CLASS).sum())
        model.backward_params(grad)
        if total is not None:
            total += share * model.flat_grads
    if total is not None:
        model.flat_grads[...] = total
    return loss, correct, digits


def _end_epoch(training: Training, split: Split, began: float) -> EpochEnd:
    """Validate, keep the weights if they are the best, and make ready for the next epoch."""
    images = len(split.train_images)
    # Of the last step, which a training resumed just after it no longer has at hand.
    learning_rate = _learning_rate(training, training.step - 1, training.recipe.steps_per_epoch(images))
    loss, accuracy = _validate(training, split, learning_rate)
    best = loss is not None and loss < training.best_loss - training.recipe.min_delta
    if loss is not None and accuracy is not None and best:
        training.best_loss, training.best_accuracy = loss, accuracy
        training.best = training.current.copy()
        training.epochs_without_improvement = 0
    else:
        training.epochs_without_improvement += 1
    digits = int((split.train_labels != NO_CLASS).sum())
    train_loss, train_accuracy = training.loss_sum / images, training.correct / max(digits, 1)
    training.epoch += 1
    training.order, training.batch, training.loss_sum, training.correct = None, 0, 0.0, 0
    seconds = time.perf_counter() - began
    return EpochEnd(training.epoch, training.step, train_loss, train_accuracy, loss, accuracy, best, seconds)


def _validate(training: Training, split: Split, learning_rate: float) -> tuple[float, float] | tuple[None, None]:
    """Read the validation images as the network would be used now; without any, give None."""
    if not len(split.validation_images):
        return None, None
    recipe = training.recipe
    model = training.model if training.average is None else training.current_model()
    with np.errstate(over="ignore", invalid="ignore"):
        result = evaluate(
            model,
            recipe.head,
            recipe.normalization,
            split.validation_images,
            split.validation_labels,
        )
    if not np.isfinite(result.loss):
        raise DivergedError(training.step, learning_rate)
    return result.loss, result.accuracy


def _learning_rate(training: Training, steps_before: int, batches: int) -> float:
    recipe = training.recipe
    if recipe.schedule_unit == "epoch":
        return recipe.learning_rate * training.schedule(training.epoch, recipe.epochs)
    return recipe.learning_rate * training.schedule(steps_before, batches * recipe.epochs)
