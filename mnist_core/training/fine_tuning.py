"""Learning one person's hand: a copy of a trained network learns on, from a few drawings that somebody has labelled.

Trained on those alone, a network forgets: what it had learnt from 60,000 images lies in the same weights (McCloskey and
Cohen 1989, Catastrophic interference in connectionist networks, doi:10.1016/S0079-7421(08)60536-8). So most images of
every batch come from what it was trained on before: it rehearses (Robins 1995, Catastrophic forgetting, rehearsal and
pseudorehearsal, doi:10.1080/09540099550039318).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from mnist_core.constants import CLASSES, SIDE
from mnist_core.data.dataset import Dataset, Split
from mnist_core.network import Network
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.loop import train_from
from mnist_core.training.records import StepEnd
from mnist_core.training.split import make_split
from mnist_core.training.state import init_state


@dataclass(frozen=True)
class FineTuneConfig:
    """How a hand is learnt; larger shares and rates learn more of an odd hand, and forget more (`bench/RESULTS.md`).

    Attributes:
        steps: updates, ≥ 1.
        batch_size: images per update, ≥ 2.
        own_share: in (0, 1), the person's own images among all those looked at, at most.
        repeats: how often one of the person's images is looked at, at most: with few of them, more are rehearsed.
        learning_rate: of Adam at the first step; it falls to 0 along half a cosine.
    """

    steps: int = 100
    batch_size: int = 100
    own_share: float = 0.1
    repeats: int = 200
    learning_rate: float = 1e-4

    @property
    def images(self) -> int:
        """How many images are looked at in all."""
        return self.steps * self.batch_size


DEFAULT_CONFIG = FineTuneConfig()


@dataclass(frozen=True)
class Progress:
    """How far the learning is.

    Attributes:
        step: updates so far, from 1.
        steps: updates in all.
        loss: mean loss of that step's images, before the update.
    """

    step: int
    steps: int
    loss: float


@dataclass(frozen=True)
class Scores:
    """How well a network reads.

    Attributes:
        own: share of the collection that is read correctly, in [0, 1].
        test: the same for the data set's test images.
    """

    own: float
    test: float


@dataclass(frozen=True, eq=False)
class FineTuneResult:
    """A fine-tuned network, and how well it and the one before read.

    Attributes:
        network: the one that has learnt on; the one before is as it was.
        before: how well that one read.
        after: how well the new one reads. The collection is what it has just learnt, so `own` flatters it; how well
            it reads the person's next drawings, the next drawings will show.
    """

    network: Network
    before: Scores
    after: Scores


def fine_tune(
    network: Network,
    images: np.ndarray,
    labels: np.ndarray,
    data: Dataset,
    seed: int = 0,
    config: FineTuneConfig = DEFAULT_CONFIG,
) -> Iterator[Progress | FineTuneResult]:
    """Fine-tune a copy of a network on a person's drawings, while it rehearses a data set.

    What is rehearsed is made as the network's recipe makes its training images: with digits in rare ways and drawings
    that are no digits, if it had those. Temperature and thresholds are taken over as they are.

    Args:
        network: the network to begin with, not changed.
        images: uint8 (N, 28, 28), N ≥ 1, the drawings as the network saw them.
        labels: uint8 (N,), what they are, 0 to 9.
        data: what to rehearse, and to measure on what is forgotten.
        seed: of everything random: the same arguments give the same bits.
        config: how.

    Returns:
        An iterator of `Progress` after every step and one `FineTuneResult` at the end. Nothing is changed before that.

    Raises:
        ValueError: at once, if the collection is empty, its arrays are not of these shapes and dtypes, or a label is
            above 9.
        DivergedError: while iterating, if the loss is no longer a finite number.
    """
    if len(images) == 0:
        raise ValueError("the collection is empty, expected at least one drawing with its label")
    expected = {"images": (images, (len(images), SIDE, SIDE)), "labels": (labels, (len(images),))}
    for name, (array, shape) in expected.items():
        if array.shape != shape or array.dtype != np.uint8:
            raise ValueError(
                f"found {name} of the shape {array.shape} and type {array.dtype}, expected uint8 and the shape {shape}"
            )
    if labels.max() >= CLASSES:
        raise ValueError(f"found the label {labels.max()}, expected 0 to {CLASSES - 1}")
    return _fine_tune(network, images, labels, data, seed, config)


def _fine_tune(
    network: Network, images: np.ndarray, labels: np.ndarray, data: Dataset, seed: int, config: FineTuneConfig
) -> Iterator[Progress | FineTuneResult]:
    same_data = network.data_fingerprint == data.fingerprint
    before = _scores(network, images, labels, data, network.test_accuracy if same_data else None)
    recipe = _recipe(network.recipe, config, seed)
    state = init_state(recipe, begin_with=network.model)
    for record in train_from(state, _split(recipe, images, labels, data, config)):
        if isinstance(record, StepEnd):
            yield Progress(record.step, config.steps, record.loss)
    learnt = replace(network, model=state.current_model(), validation_accuracy=None, test_accuracy=None)
    after = _scores(learnt, images, labels, data)
    if same_data:  # else it would be taken for that of the data set which the network was trained on
        learnt = replace(learnt, test_accuracy=after.test)
    yield FineTuneResult(learnt, before, after)


def _recipe(recipe: Recipe, config: FineTuneConfig, seed: int) -> Recipe:
    """Build the same network as a recipe, and rehearse the same images, but learn as planned."""
    as_ever = Recipe(recipe.name, recipe.source)
    learning = ("beta1", "beta2", "eps", "warmup", "clip_norm", "label_smoothing", "l1", "l2", "ema_decay", "patience")
    return replace(
        recipe,
        **{name: getattr(as_ever, name) for name in learning},
        optimizer="adam",
        learning_rate=config.learning_rate,
        schedule="cosine",
        schedule_unit="step",
        batch_size=config.batch_size,
        epochs=1,
        shuffle=True,
        train_images=ceil(config.images / (1 + recipe.rare_digits + recipe.not_digits)),
        sort_images=False,
        seed=seed,
        validation_fraction=0.0,
    )


def _split(recipe: Recipe, images: np.ndarray, labels: np.ndarray, data: Dataset, config: FineTuneConfig) -> Split:
    """Put the person's own images, each many times, beside those to rehearse: as many as the plan wants in all."""
    own = min(round(config.images * config.own_share), config.repeats * len(images))
    split = make_split(recipe, data)
    rng = np.random.default_rng((recipe.seed, 3))  # its own, as are those of `make_split`
    mine = np.resize(rng.permutation(len(images)), own)
    rehearsed = np.resize(rng.permutation(len(split.train_images)), config.images - own)
    return replace(
        split,
        train_images=np.concatenate([images[mine], split.train_images[rehearsed]]),
        train_labels=np.concatenate([labels[mine], split.train_labels[rehearsed]]),
    )


def _scores(
    network: Network, images: np.ndarray, labels: np.ndarray, data: Dataset, test: float | None = None
) -> Scores:
    """Read the collection and, unless that is known, the test images."""
    if test is None:
        test = network.score(data.test_images, data.test_labels)
    return Scores(network.score(images, labels), test)
