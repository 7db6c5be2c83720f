"""Training as a stream of records: ask for the next one and one more step is taken; stop asking and it stops."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from mnist_core.data import Dataset, Split, split_validation
from mnist_core.errors import DivergedError
from mnist_core.losses import HEADS
from mnist_core.metrics import evaluate
from mnist_core.mlp import MLP, assemble_mlp, build_mlp
from mnist_core.normalization import normalize
from mnist_core.optimizers import SGD, Adam, Momentum, Optimizer
from mnist_core.recipes import Recipe
from mnist_core.records import EpochEnd, Record, StepEnd
from mnist_core.schedules import SCHEDULES


@dataclass(eq=False)
class Training:
    """Where a training stands: all that is needed to go on exactly from here.

    Attributes:
        recipe: the settings.
        model: the network that is being trained.
        optimizer: holds its own memory of earlier gradients.
        rng: shuffles the images.
        step: updates so far.
        epoch: whole epochs so far.
        order: int64 (N,), the order of the images in the epoch under way; None between epochs.
        batch: batches of that epoch that are done.
        loss_sum: sum of the losses of that epoch's images so far.
        correct: images of that epoch read correctly so far.
        best_loss: lowest validation loss so far, by at least `recipe.min_delta`.
        best_accuracy: the validation accuracy that came with it.
        best_params: copies of the parameters that reached it.
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
    best_loss: float = float("inf")
    best_accuracy: float = 0.0
    best_params: dict[str, np.ndarray] = field(default_factory=dict)
    epochs_without_improvement: int = 0

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or early stopping has ended the training."""
        patience = self.recipe.patience
        out_of_patience = patience is not None and self.epochs_without_improvement >= patience
        return self.epoch >= self.recipe.epochs or out_of_patience

    def best_model(self) -> MLP:
        """Build the network with the best weights so far; before the first epoch's end, the current ones."""
        best = self.best_params or self.model.params
        return assemble_mlp({name: param.copy() for name, param in best.items()}, self.recipe.activation)


def start_training(recipe: Recipe) -> Training:
    """Build a fresh network and optimizer; the same recipe gives the same bits.

    Args:
        recipe: the settings, with the seed.

    Returns:
        A training at step 0.
    """
    rng = np.random.default_rng(recipe.seed)
    model = build_mlp(recipe.layer_sizes, recipe.activation, recipe.init, rng)
    return Training(recipe, model, _build_optimizer(recipe, model), rng)


def split_for(recipe: Recipe, dataset: Dataset) -> Split:
    """Split off the validation images that a recipe asks for: seeded, and the same for equal recipes.

    Raises:
        DataError: if the data set is too small to be split.
    """
    images = len(dataset.train_images)
    return split_validation(dataset, max(1, round(images * recipe.validation_fraction)), recipe.seed)


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
    while not training.finished:
        began = time.perf_counter()
        if training.order is None:
            training.order = training.rng.permutation(images)
        for batch in range(training.batch, batches):
            chosen = training.order[batch * recipe.batch_size : (batch + 1) * recipe.batch_size]
            learning_rate = _learning_rate(training, training.step, batches)
            loss, accuracy = _update(training, split.train_images[chosen], split.train_labels[chosen], learning_rate)
            training.batch = batch + 1
            in_middle = training.batch in middle_validations
            measured = _validate(training, split, learning_rate) if in_middle else (None, None)
            handed_out = time.perf_counter()
            yield StepEnd(training.step, training.epoch + 1, loss, accuracy, learning_rate, *measured)
            began += time.perf_counter() - handed_out  # what the caller does, or a pause, is not the epoch's time
        yield _end_epoch(training, split, began)


def _update(training: Training, images: np.ndarray, labels: np.ndarray, learning_rate: float) -> tuple[float, float]:
    """Take one step; return the batch's loss and accuracy before it."""
    recipe, model = training.recipe, training.model
    x = normalize(images, recipe.normalization)  # (B, 784)
    with np.errstate(over="ignore", invalid="ignore"):  # a diverging training is reported below, once
        logits = model.forward(x, training=True)  # (B, 10)
        loss, grad = HEADS[recipe.head].loss(logits, labels)
        if not np.isfinite(loss):
            raise DivergedError(training.step + 1, learning_rate)
        model.backward_params(grad)
        grads = model.grads
        if recipe.l2:
            for name, param in model.params.items():
                if name.endswith(".W"):
                    grads[name] += recipe.l2 * param
        training.optimizer.update(grads, learning_rate)
    correct = int((logits.argmax(axis=1) == labels).sum())
    training.step += 1
    training.loss_sum += loss * len(labels)
    training.correct += correct
    return loss, correct / len(labels)


def _end_epoch(training: Training, split: Split, began: float) -> EpochEnd:
    """Validate, keep the weights if they are the best, and make ready for the next epoch."""
    images = len(split.train_images)
    # Of the last step, which a training resumed just after it no longer has at hand.
    learning_rate = _learning_rate(training, training.step - 1, training.recipe.steps_per_epoch(images))
    loss, accuracy = _validate(training, split, learning_rate)
    best = loss < training.best_loss - training.recipe.min_delta
    if best:
        training.best_loss, training.best_accuracy = loss, accuracy
        training.best_params = {name: param.copy() for name, param in training.model.params.items()}
        training.epochs_without_improvement = 0
    else:
        training.epochs_without_improvement += 1
    train_loss, train_accuracy = training.loss_sum / images, training.correct / images
    training.epoch += 1
    training.order, training.batch, training.loss_sum, training.correct = None, 0, 0.0, 0
    seconds = time.perf_counter() - began
    return EpochEnd(training.epoch, training.step, train_loss, train_accuracy, loss, accuracy, best, seconds)


def _validate(training: Training, split: Split, learning_rate: float) -> tuple[float, float]:
    recipe = training.recipe
    with np.errstate(over="ignore", invalid="ignore"):
        result = evaluate(
            training.model,
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
        progress = training.epoch / recipe.epochs
    else:
        progress = steps_before / (batches * recipe.epochs)
    return recipe.learning_rate * SCHEDULES[recipe.schedule](progress)


def _build_optimizer(recipe: Recipe, model: MLP) -> Optimizer:
    if recipe.optimizer == "adam":
        return Adam(model.params, recipe.beta1, recipe.beta2, recipe.eps)
    if recipe.optimizer == "momentum":
        return Momentum(model.params, recipe.momentum)
    return SGD(model.params)
