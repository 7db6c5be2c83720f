"""The loop of training: batch after batch, epoch after epoch, from wherever a training stands."""

import time
from collections.abc import Iterator

import numpy as np

from mnist_core.constants import OUTLIER_LABEL
from mnist_core.data.batches import Batches
from mnist_core.data.dataset import Split
from mnist_core.errors import DivergedError
from mnist_core.network import Network
from mnist_core.nn.losses import loss_function
from mnist_core.nn.training_step import take_step, update_average
from mnist_core.training.records import EpochEnd, Record, StepEnd
from mnist_core.training.state import TrainingState

MICRO_BATCH = 1000
"""Images that are worked through at once. A larger batch goes through the network in parts, and the gradients
add up to those of the whole: 60,000 images as float32 would take 188 MB, and they would not stay in the cache."""


def train_from(state: TrainingState, split: Split, validations_per_epoch: int = 1) -> Iterator[Record]:
    """Train on, one record after the other, until the recipe's end.

    The parameters are whole whenever a record is handed out: the training can be saved, or left, at any of them.

    Args:
        state: where to begin; changed in place.
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
    if state.order is not None and len(state.order) != len(split.train_images):
        raise ValueError(
            f"found {len(split.train_images)} training images, expected the {len(state.order)} that the epoch "
            f"under way began with"
        )
    if validations_per_epoch < 1:
        raise ValueError(f"validations_per_epoch is {validations_per_epoch}, expected at least 1")
    return _train(state, split, validations_per_epoch)


def _train(state: TrainingState, split: Split, validations_per_epoch: int) -> Iterator[Record]:
    recipe = state.recipe
    images = len(split.train_images)
    batches = recipe.steps_per_epoch(images)
    middle_validations = {batches * i // validations_per_epoch for i in range(1, validations_per_epoch)}
    # Batch norm needs the statistics of a whole batch.
    size = recipe.batch_size if recipe.batch_norm else min(recipe.batch_size, MICRO_BATCH)
    inputs = Batches(
        split.train_images,
        recipe.normalization,
        state.model.flat.dtype,
        min(size, images),
        recipe.distortion,
        state.rng,
        recipe.input_noise,
    )
    while not state.finished:
        began = time.perf_counter()
        if state.order is None:
            state.order = state.rng.permutation(images) if recipe.shuffle else np.arange(images)
        for batch in range(state.batch, batches):
            begin, end = batch * recipe.batch_size, min((batch + 1) * recipe.batch_size, images)
            learning_rate = learning_rate_at(state, state.step, batches)
            loss, accuracy = _update(state, inputs, split.train_labels, begin, end, learning_rate)
            state.batch = batch + 1
            in_middle = state.batch in middle_validations
            measured = _validate(state, split, learning_rate) if in_middle else (None, None)
            handed_out = time.perf_counter()
            yield StepEnd(state.step, state.epoch + 1, loss, accuracy, learning_rate, *measured)
            began += time.perf_counter() - handed_out  # what the caller does, or a pause, is not the epoch's time
        yield end_epoch(state, split, began)


def _update(
    state: TrainingState, inputs: Batches, labels: np.ndarray, begin: int, end: int, learning_rate: float
) -> tuple[float, float]:
    """Do one step with the images from begin to end of the order; return their loss and accuracy before it."""
    recipe, model = state.recipe, state.model
    places = [slice(start, min(start + inputs.size, end)) for start in range(begin, end, inputs.size)]
    chosen = [state.order[place] if recipe.shuffle and state.order is not None else place for place in places]
    loss, correct = take_step(
        model,
        state.optimizer,
        loss_function(recipe.head, recipe.label_smoothing),
        learning_rate,
        ((inputs.gather(some), labels[some]) for some in chosen),
        end - begin,
        l1=recipe.l1,
        l2=recipe.l2,
        clip_norm=recipe.clip_norm,
    )
    if state.average is not None:
        update_average(state.average, model.flat, recipe.ema_decay)
    state.step += 1
    state.loss_sum += loss * (end - begin)
    state.correct += correct
    digits = sum(int((labels[some] != OUTLIER_LABEL).sum()) for some in chosen)
    return loss, correct / max(digits, 1)


def end_epoch(state: TrainingState, split: Split, began: float) -> EpochEnd:
    """Validate, keep the weights if they are the best, and make ready for the next epoch."""
    images = len(split.train_images)
    # Of the last step, which a training resumed just after it no longer has at hand.
    learning_rate = learning_rate_at(state, state.step - 1, state.recipe.steps_per_epoch(images))
    loss, accuracy = _validate(state, split, learning_rate)
    best = loss is not None and loss < state.best_loss - state.recipe.min_delta
    if loss is not None and accuracy is not None and best:
        state.best_loss, state.best_accuracy = loss, accuracy
        state.best = state.current.copy()
        state.epochs_without_improvement = 0
    else:
        state.epochs_without_improvement += 1
    digits = int((split.train_labels != OUTLIER_LABEL).sum())
    train_loss, train_accuracy = state.loss_sum / images, state.correct / max(digits, 1)
    state.epoch += 1
    state.order, state.batch, state.loss_sum, state.correct = None, 0, 0.0, 0
    seconds = time.perf_counter() - began
    return EpochEnd(state.epoch, state.step, train_loss, train_accuracy, loss, accuracy, best, seconds)


def _validate(state: TrainingState, split: Split, learning_rate: float) -> tuple[float, float] | tuple[None, None]:
    """Read the validation images as the network would be used now; None without any."""
    if not len(split.validation_images):
        return None, None
    network = Network(state.model if state.average is None else state.current_model(), state.recipe)
    with np.errstate(over="ignore", invalid="ignore"):
        result = network.evaluate(split.validation_images, split.validation_labels)
    if not np.isfinite(result.loss):
        raise DivergedError(state.step, learning_rate)
    return result.loss, result.accuracy


def learning_rate_at(state: TrainingState, steps_before: int, batches: int) -> float:
    """Return the learning rate after so many steps, with so many batches in an epoch."""
    recipe = state.recipe
    if recipe.schedule_unit == "epoch":
        return recipe.learning_rate * state.schedule(state.epoch, recipe.epochs)
    return recipe.learning_rate * state.schedule(steps_before, batches * recipe.epochs)
