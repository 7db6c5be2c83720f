"""Read the curves of a training as an expert does: what is going on, the most important first.

The thresholds were set with some sixty trainings on MNIST, good ones and spoiled ones: each lies well between the two.
They hardly depend on the settings beyond what the loss means, so they also hold for settings that nobody has tried yet.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from mnist_core.constants import CLASSES
from mnist_core.nn.losses import HEADS
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.layer_statistics import LayerRecord, LayerStatistics
from mnist_core.training.records import EpochEnd

# How a training as a whole is going.
DIVERGED = "diverged"
EXPLODES = "explodes"
SORTED = "sorted"
NOT_SHUFFLED = "not shuffled"
STUCK = "stuck"
CHANCE_ACCURACY = "chance accuracy"
RISES = "rises"
OSCILLATES = "oscillates"
BAD_START = "bad start"
SLOW = "slow"
MEMORIZED = "memorized"
OVERFITTING = "overfitting"
UNDERFITTING = "underfitting"
PLATEAU = "plateau"
LAST_PLATEAU = "plateau on a schedule"
TOO_EARLY = "too early"
LEARNS_FAST = "learns fast"
IMPROVING = "improving"
LEARNS = "learns"
STILL_IMPROVING = "still improving"
STOPPED_EARLY = "stopped early"
FINISHED_WELL = "finished well"
# What is going on in a layer.
NOT_FINITE = "not finite"
ZERO_WEIGHTS = "zero weights"
DEAD = "dead"
SATURATED = "saturated"
EXPLODING_GRADIENTS = "exploding gradients"
VANISHING_GRADIENTS = "vanishing gradients"
HEALTHY_LAYER = "healthy layer"

PROBLEMS = frozenset(
    {DIVERGED, EXPLODES, SORTED, NOT_SHUFFLED, STUCK, CHANCE_ACCURACY, RISES, OSCILLATES, BAD_START, SLOW, MEMORIZED}
    | {OVERFITTING, UNDERFITTING, NOT_FINITE, ZERO_WEIGHTS, DEAD, SATURATED, EXPLODING_GRADIENTS, VANISHING_GRADIENTS}
)
"""Kinds of findings that call for another setting; the others are good or neutral."""

WINDOW_IMAGES = 3200
"""Images over whose steps "now" is averaged, which removes the noise of single batches."""
WINDOW_STEPS = 20
"""At least this many steps are averaged, however large the batches."""
EARLY_IMAGES = 2 * WINDOW_IMAGES
EARLY_EPOCHS = 10
"""No finding before this many images or epochs: a good network needs them to get going."""
CHANCE_BAND = 0.02
"""A loss this close to that of guessing, as a share of it, counts as guessing; untrained networks are 5% above."""
STILL = 0.005
"""A loss that has fallen by less than this share of the guessing loss since halfway hasn't moved."""
UNMOVED = 0.1
"""A loss whose means all lie within this share of the guessing loss has hardly moved at all."""
NEAR_CHANCE = 0.2
"""Below this accuracy a network of ten classes has learned hardly anything; guessing gives 0.1."""
EXPLODED = 1.5
"""Multiple of the loss of guessing, and of the first loss, that only a network that was thrown off course has."""
START_LIMIT = 1.7
"""Multiple of the loss of logits that are all 0. Well-initialized networks start below 1.4; weights of standard
deviation 1 or pixels from 0 to 255 make a network confident and wrong: 1.8 to a million."""
RISE = 0.25
"""A loss above its own minimum by this share of the guessing loss is more than noise: good trainings stay below 0.1."""
JUMP_IMAGES = 64
"""Smaller steps are grouped up to this many images, or single images would seem to jump."""
JUMP_WINDOW = 50
JUMP = 0.105
"""Mean change from one group of 64 images to the next, as a share of the guessing loss. Good trainings stay below 0.1
after their first hundred steps, most below 0.07; learning rates five times too large give 0.11 to 0.4."""
SLOW_STEPS = 300
SLOW_IMAGES = 20_000
SLOW_LOSS = 0.6
"""After this many steps and images, a good training is far below this share of the loss of guessing."""
SHUFFLE_GAP = 0.3
"""The accuracy on the latest batches exceeds that of validation by so much only if they show few classes."""
PERFECT = 0.995
"""Training accuracy at which nothing is left to learn."""
MEMORIZED_GAP = 0.05
"""Training minus validation accuracy; on all of MNIST it stays below 0.025 even after perfect training."""
RISING_EPOCHS = 3
RISING_LOSS = 1.05
"""Multiple of the lowest validation loss, this many epochs after it: single epochs vary by less."""
FALLING_LOSS = 0.9
"""Meanwhile the training loss has fallen to this share: what tells overfitting from a training gone bad."""
LOW_ACCURACY = 0.9
"""An accuracy below this is poor on MNIST: a network without hidden layers reaches 0.92."""
PLATEAU_EPOCHS = 3
PLATEAU_LOSS = 0.97
"""No plateau if the mean loss of the last epochs is below this share of that of as many before them."""
IMPROVED = 0.98
"""The last epoch was a clear improvement if its loss is below this share of the best before."""
FAST_LOSS = 0.5
"""A network whose loss falls below this share of the guessing loss in its first epoch learns fast."""
DEAD_SHARE = 2 / 3
"""Healthy, sparse layers of ReLUs have up to 0.5 silent units; with learning rates too large, 0.75 to 1 die."""
SATURATED_SHARE = 0.75
"""Good tanh networks have up to 0.6; pixels from 0 to 255 or weights of standard deviation 1 give 0.8 to 1."""
EXPLODING_RMS = 1.0
"""Root mean square of a layer's gradient; healthy ones are between 1e-5 and 0.1."""
VANISHING_SHARE = 0.01
"""Share of the last layer's root mean square; healthy first layers have 0.04 to 3, behind eight sigmoids 1e-5."""
VANISHING_RMS = 1e-9
"""Below this, a gradient is practically 0, whatever the last layer's is."""


@dataclass(frozen=True)
class Finding:
    """One thing that the numbers of a training show.

    Attributes:
        kind: one of the constants of this module.
        numbers: the figures that its sentence needs, by name.
    """

    kind: str
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_problem(self) -> bool:
        """Whether a setting should be changed."""
        return self.kind in PROBLEMS


def zero_loss(head: str) -> float:
    """Compute the loss of logits that are all 0: ln K for softmax; K ln 2 or K / 8 for sigmoids, each one half.

    Args:
        head: a key of `HEADS`.
    """
    return float(HEADS[head].loss(np.zeros((1, CLASSES)), np.zeros(1, np.intp))[0])


def chance_loss(head: str) -> float:
    """Compute the loss of guessing: the lowest that the same answer to all images can have.

    With softmax every class gets 1/K: −log(1/K) = ln K, with label smoothing as well. With sigmoids each gets p = 1/K:
    the binary cross-entropies add up to −ln p − (K − 1) ln(1 − p), the squared errors to ½ (1 − p)² + ½ (K − 1) p².
    The logits z = ln(p / (1 − p)) = −ln(K − 1) give both; softmax takes any that are equal.

    Args:
        head: a key of `HEADS`.
    """
    logits = np.full((1, CLASSES), -math.log(CLASSES - 1))
    return float(HEADS[head].loss(logits, np.zeros(1, np.intp))[0])


def diagnose(
    recipe: Recipe,
    steps_per_epoch: int,
    loss: np.ndarray,
    accuracy: np.ndarray,
    epochs: Sequence[EpochEnd],
    layers: Sequence[LayerRecord] = (),
    *,
    over: bool = False,
    diverged: bool = False,
) -> list[Finding]:
    """Return what a training's numbers show so far.

    Args:
        recipe: the settings.
        steps_per_epoch: updates in an epoch.
        loss: float (N,), of every step so far.
        accuracy: float (N,), in [0, 1], of every step so far.
        epochs: the record of every epoch so far.
        layers: records of a few steps, in order; only the last one matters.
        over: whether the training has ended or was stopped.
        diverged: whether it ended because the loss became infinite or NaN.

    Returns:
        At least one finding, the most important first.
    """
    if diverged:
        return [Finding(DIVERGED, {"step": len(loss) + 1}), *_inside(layers)]
    if not len(loss):
        return [Finding(TOO_EARLY, {"steps": 0})]
    curves = _Curves(recipe, steps_per_epoch, loss, accuracy, epochs)
    if curves.too_early:
        return [Finding(TOO_EARLY, {"steps": len(loss)})]
    found = _over_steps(curves, _inside(layers))
    found += _over_epochs(curves, over, learns=not found)
    if found:
        return found
    numbers = {"first": curves.start, "loss": curves.now, "accuracy": curves.accuracy_now, "steps": len(loss)}
    fast = not epochs and curves.now < FAST_LOSS * curves.chance
    return [Finding(LEARNS_FAST if fast else LEARNS, numbers)]


def layer_finding(layers: Sequence[LayerStatistics], index: int) -> Finding:
    """Return the most important finding about one layer.

    Args:
        layers: all layers of the network, from input to output.
        index: the layer's, from 0.

    Returns:
        A finding of a layer's kind, with the layer's number counted from 1.
    """
    layer, last = layers[index], layers[-1]
    numbers: dict[str, float] = {"layer": index + 1, "layers": len(layers)}
    if layer.gradient_rms is None or last.gradient_rms is None or layer.weight_rms is None or None in layer.outputs:
        return Finding(NOT_FINITE, numbers)
    if layer.weight_rms == 0:
        return Finding(ZERO_WEIGHTS, numbers)
    if layer.dead > DEAD_SHARE:
        return Finding(DEAD, {**numbers, "share": layer.dead})
    if layer.saturated > SATURATED_SHARE:
        return Finding(SATURATED, {**numbers, "share": layer.saturated})
    numbers["rms"], numbers["last"] = layer.gradient_rms, last.gradient_rms
    if layer.gradient_rms > EXPLODING_RMS:
        return Finding(EXPLODING_GRADIENTS, numbers)
    if layer.gradient_rms < max(VANISHING_SHARE * last.gradient_rms, VANISHING_RMS):
        return Finding(VANISHING_GRADIENTS, numbers)
    return Finding(HEALTHY_LAYER, numbers)


class _Curves:
    """A training's numbers and the means that several rules need."""

    def __init__(
        self, recipe: Recipe, steps_per_epoch: int, loss: np.ndarray, accuracy: np.ndarray, epochs: Sequence[EpochEnd]
    ) -> None:
        self.recipe, self.loss, self.epochs = recipe, loss, epochs
        self.chance = chance_loss(recipe.head)
        self.steps = len(loss)
        # Roughly: the last batch of an epoch may be smaller, and the data set may be smaller than a batch.
        self.images = self.steps * recipe.batch_size
        self.too_early = self.steps < WINDOW_STEPS or (
            self.images < EARLY_IMAGES and self.steps < EARLY_EPOCHS * steps_per_epoch
        )
        window = min(max(WINDOW_STEPS, round(WINDOW_IMAGES / recipe.batch_size)), max(1, self.steps // 2))
        blocks = loss[self.steps % window :].reshape(-1, window).mean(axis=1)
        self.now, self.lowest, self.highest = float(blocks[-1]), float(blocks.min()), float(blocks.max())
        self.falls = float(blocks[(len(blocks) - 1) // 2]) - self.now > STILL * self.chance
        self.start = float(loss[: max(1, round(JUMP_IMAGES / recipe.batch_size))].mean())
        self.accuracy_now = float(accuracy[-window:].mean())


def _over_steps(curves: _Curves, inside: list[Finding]) -> list[Finding]:
    """Check the steps: is anything learned, and steadily? If not, what happens in a layer may be the reason."""
    loss, chance, start = curves.now, curves.chance, curves.start
    numbers = {"loss": loss, "chance": chance, "accuracy": curves.accuracy_now, "steps": curves.steps, "first": start}
    last = curves.epochs[-1] if curves.epochs else None
    validation = None if last is None else last.validation_accuracy
    if last is None and curves.recipe.sort_images and not curves.recipe.shuffle:
        return [Finding(SORTED, numbers)]
    if last is not None and validation is not None and not curves.recipe.shuffle:
        train = max(curves.accuracy_now, last.train_accuracy)
        if train > validation + SHUFFLE_GAP:
            return [Finding(NOT_SHUFFLED, {"train": train, "validation": validation})]
    reads_badly = max(curves.accuracy_now, validation or 0.0) < LOW_ACCURACY
    reasons = inside if reads_badly else []
    bad_start = start > START_LIMIT * zero_loss(curves.recipe.head)
    if bad_start and (reads_badly or loss > chance):
        reasons = [*reasons, Finding(BAD_START, numbers)]
    if loss > EXPLODED * max(chance, start):
        return [Finding(EXPLODES, numbers), *reasons]
    waited = curves.steps >= SLOW_STEPS and curves.images >= SLOW_IMAGES
    guesses = curves.accuracy_now < NEAR_CHANCE
    if guesses and (not curves.falls or (reasons and loss > (1 - CHANCE_BAND) * chance)):
        if abs(loss - chance) < CHANCE_BAND * chance:
            return [Finding(STUCK, numbers), *reasons]
        if reasons or curves.highest - curves.lowest > UNMOVED * chance:
            return [Finding(CHANCE_ACCURACY, numbers), *reasons]
    if guesses and not waited and curves.highest - curves.lowest < UNMOVED * chance:
        return [Finding(TOO_EARLY, numbers)]
    if loss - curves.lowest > RISE * chance and loss > EXPLODED * curves.lowest:
        return [Finding(RISES, {**numbers, "lowest": curves.lowest}), *reasons]
    if loss < EXPLODED * chance and not bad_start and _jumps(curves) > JUMP:
        return [Finding(OSCILLATES, numbers), *reasons]
    if reasons or not waited or loss < SLOW_LOSS * chance:
        return reasons
    return [Finding(SLOW, numbers)]


def _jumps(curves: _Curves) -> float:
    """Compute how far the loss jumps up and down between groups of images, as a share of the guessing loss."""
    size = max(1, round(JUMP_IMAGES / curves.recipe.batch_size))
    groups = min(JUMP_WINDOW, curves.steps // size // 2)
    if groups < 2:
        return 0.0
    means = curves.loss[-groups * size :].reshape(groups, size).mean(axis=1)
    # Rises count twice and falls not at all: a steady fall is no jump.
    return 2 * float(np.maximum(np.diff(means), 0).mean()) / curves.chance


def _inside(layers: Sequence[LayerRecord]) -> list[Finding]:
    """Return the problem of the first layer that has one: those behind it suffer from it."""
    states = layers[-1].layers if layers else ()
    problems = (finding for finding in (layer_finding(states, i) for i in range(len(states))) if finding.is_problem)
    return [*islice(problems, 1)]


def _over_epochs(curves: _Curves, over: bool, learns: bool) -> list[Finding]:
    """Check whole epochs: training against validation, and whether more of them would help."""
    epochs = curves.epochs
    if not epochs:
        return []
    last = epochs[-1]
    validated = [epoch for epoch in epochs if epoch.validation_loss is not None]
    best = min(validated or epochs, key=_measured)
    found: list[Finding] = []
    if last.validation_loss is not None and last.validation_accuracy is not None and learns:
        numbers = {
            "epochs": last.epoch - best.epoch,
            "best": best.epoch,
            "train": last.train_accuracy,
            "validation": last.validation_accuracy,
        }
        if last.train_accuracy >= PERFECT and last.train_accuracy - last.validation_accuracy > MEMORIZED_GAP:
            found.append(Finding(MEMORIZED, numbers))
        elif (
            last.epoch - best.epoch >= RISING_EPOCHS
            and last.validation_loss > RISING_LOSS * (best.validation_loss or 0.0)
            and last.train_loss < FALLING_LOSS * best.train_loss
        ):
            found.append(Finding(OVERFITTING, numbers))
    reached = max(last.train_accuracy, last.validation_accuracy or 0.0, curves.accuracy_now)
    improved = len(epochs) > 1 and _measured(last) < IMPROVED * min(_measured(epoch) for epoch in epochs[:-1])
    if not found and learns and _is_flat(epochs) and last.train_accuracy < PERFECT:
        kind = PLATEAU if curves.recipe.schedule == "constant" else LAST_PLATEAU
        found.append(Finding(kind, {"epochs": 2 * PLATEAU_EPOCHS, "loss": last.train_loss}))
    if over:
        found += _at_the_end(curves, best, reached, improved, healthy=learns and not any(f.is_problem for f in found))
    elif improved and not found and learns:
        found.append(Finding(IMPROVING, {"epoch": last.epoch, "loss": _measured(last)}))
    return found


def _at_the_end(curves: _Curves, best: EpochEnd, reached: float, improved: bool, healthy: bool) -> list[Finding]:
    last, recipe = curves.epochs[-1], curves.recipe
    accuracy = best.train_accuracy if best.validation_accuracy is None else best.validation_accuracy
    numbers = {"epochs": last.epoch, "best": best.epoch, "accuracy": accuracy}
    found: list[Finding] = []
    if healthy and improved:
        found.append(Finding(STILL_IMPROVING, numbers))
    elif healthy and reached >= LOW_ACCURACY:
        found.append(Finding(FINISHED_WELL, numbers))
    elif healthy and (last.validation_accuracy is not None or not recipe.has_harder_training):
        validation = last.train_accuracy if last.validation_accuracy is None else last.validation_accuracy
        found.append(Finding(UNDERFITTING, {"train": last.train_accuracy, "validation": validation}))
    if recipe.patience is not None and last.epoch < recipe.epochs and last.epoch - best.epoch >= recipe.patience:
        found.append(Finding(STOPPED_EARLY, {"epochs": last.epoch - best.epoch, "best": best.epoch}))
    return found


def _measured(epoch: EpochEnd) -> float:
    """Return the validation loss, or the training loss if nothing was validated."""
    return epoch.train_loss if epoch.validation_loss is None else epoch.validation_loss


def _is_flat(epochs: Sequence[EpochEnd]) -> bool:
    """Return whether the losses of the last epochs are no lower than those of as many before them."""
    if len(epochs) < 2 * PLATEAU_EPOCHS:
        return False
    older, newer = epochs[-2 * PLATEAU_EPOCHS : -PLATEAU_EPOCHS], epochs[-PLATEAU_EPOCHS:]
    train = np.mean([epoch.train_loss for epoch in newer]) > PLATEAU_LOSS * np.mean([e.train_loss for e in older])
    lowest = min(_measured(epoch) for epoch in newer) > PLATEAU_LOSS * min(_measured(epoch) for epoch in older)
    return bool(train and lowest)
