"""Training as a stream of records: ask for the next one and one more step is taken; stop asking and it stops."""

import time
from collections.abc import Iterator

import numpy as np

from mnist_core.constants import OUTLIER_LABEL
from mnist_core.data.batches import Batches
from mnist_core.data.dataset import Split
from mnist_core.errors import DivergedError
from mnist_core.nn.losses import loss_function
from mnist_core.nn.metrics import evaluate
from mnist_core.nn.training_step import take_step, update_average
from mnist_core.training.records import EpochEnd, Record, StepEnd
from mnist_core.training.state import Training

PIECE = 1000
"""Images that are worked through at once. A larger batch goes through the network piece by piece, and the gradients
add up to those of the whole: 60,000 images as float32 would take 188 MB, and they would not stay in the cache."""


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
            learning_rate = learning_rate_at(training, training.step, batches)
            loss, accuracy = update(training, inputs, split.train_labels, begin, end, learning_rate)
            training.batch = batch + 1
            in_middle = training.batch in middle_validations
            measured = _validate(training, split, learning_rate) if in_middle else (None, None)
            handed_out = time.perf_counter()
            yield StepEnd(training.step, training.epoch + 1, loss, accuracy, learning_rate, *measured)
            began += time.perf_counter() - handed_out  # what the caller does, or a pause, is not the epoch's time
        yield end_epoch(training, split, began)


def update(
    training: Training, inputs: Batches, labels: np.ndarray, begin: int, end: int, learning_rate: float
) -> tuple[float, float]:
    """Take one step with the images from begin to end of the order; return their loss and accuracy before it."""
    recipe, model = training.recipe, training.model
    places = [slice(start, min(start + inputs.size, end)) for start in range(begin, end, inputs.size)]
    chosen = [training.order[place] if recipe.shuffle and training.order is not None else place for place in places]
    loss, correct = take_step(
        model,
        training.optimizer,
        loss_function(recipe.head, recipe.label_smoothing),
        learning_rate,
        ((inputs.gather(some), labels[some]) for some in chosen),
        end - begin,
        l1=recipe.l1,
        l2=recipe.l2,
        clip_norm=recipe.clip_norm,
    )
    if training.average is not None:
        update_average(training.average, model.flat, recipe.ema_decay)
    training.step += 1
    training.loss_sum += loss * (end - begin)
    training.correct += correct
    digits = sum(int((labels[some] != OUTLIER_LABEL).sum()) for some in chosen)
    return loss, correct / max(digits, 1)


def end_epoch(training: Training, split: Split, began: float) -> EpochEnd:
    """Validate, keep the weights if they are the best, and make ready for the next epoch."""
    images = len(split.train_images)
    # Of the last step, which a training resumed just after it no longer has at hand.
    learning_rate = learning_rate_at(training, training.step - 1, training.recipe.steps_per_epoch(images))
    loss, accuracy = _validate(training, split, learning_rate)
    best = loss is not None and loss < training.best_loss - training.recipe.min_delta
    if loss is not None and accuracy is not None and best:
        training.best_loss, training.best_accuracy = loss, accuracy
        training.best = training.current.copy()
        training.epochs_without_improvement = 0
    else:
        training.epochs_without_improvement += 1
    digits = int((split.train_labels != OUTLIER_LABEL).sum())
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


def learning_rate_at(training: Training, steps_before: int, batches: int) -> float:
    """Return the learning rate after so many steps, with so many batches in an epoch."""
    recipe = training.recipe
    if recipe.schedule_unit == "epoch":
        return recipe.learning_rate * training.schedule(training.epoch, recipe.epochs)
    return recipe.learning_rate * training.schedule(steps_before, batches * recipe.epochs)
