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
        recipe.input_noise,
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
        digits += int((part_labels != OUTLIER_LABEL).sum())
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


def _learning_rate(training: Training, steps_before: int, batches: int) -> float:
    recipe = training.recipe
    if recipe.schedule_unit == "epoch":
        return recipe.learning_rate * training.schedule(training.epoch, recipe.epochs)
    return recipe.learning_rate * training.schedule(steps_before, batches * recipe.epochs)
