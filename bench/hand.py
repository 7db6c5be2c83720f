"""Measure learning a hand: real pen strokes of one writer are learnt from, those that were left out are read.

    MNIST_DIR=… python -m bench.hand --strokes FILE [--weights FILE] [--writers N] [--plans]

Every digit is drawn once, by `strokes.draw_somewhere`, and goes through the steps of the preprocessing as a drawing on
the page does. Of each chosen writer the first digits, in random order, are the collection; what comes after the
largest collection is held out, alike for collections of every size.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click
import numpy as np
from PIL import Image

from bench.not_digits import not_digits
from bench.strokes import draw_somewhere, load_strokes
from mnist_core.data.dataset import Dataset, load_dataset
from mnist_core.imaging.preprocess import to_network_input
from mnist_core.network import DEFAULT_WEIGHTS, Network
from mnist_core.training.fine_tuning import DEFAULT_CONFIG, FineTuneConfig, FineTuneResult, fine_tune

SIZES = 5, 20
"""Digits in a collection."""
HELD_OUT = 10
"""A writer with fewer digits beyond the largest collection is left out."""
OTHERS = 2000
"""Digits of all writers who are not learnt from."""
NOT_DIGITS = 252
"""Drawings that are no digits; six rounds of all kinds."""
TURN = 40.0
"""Degrees."""
PLANS = (
    replace(DEFAULT_CONFIG, learning_rate=5e-5),
    DEFAULT_CONFIG,
    replace(DEFAULT_CONFIG, learning_rate=2e-4),
    replace(DEFAULT_CONFIG, learning_rate=4e-4),
    replace(DEFAULT_CONFIG, own_share=0.25),
    replace(DEFAULT_CONFIG, own_share=0.5),
    replace(DEFAULT_CONFIG, steps=50),
    replace(DEFAULT_CONFIG, steps=200),
)
"""What is tried with --plans."""
HEAD = (
    "| {} | learnt from | the collection | held out, same writer | other writers | test images: mean, worst | "
    "no digits refused | seconds |\n|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, eq=False)
class Digits:
    """Drawn digits as a network sees them: uint8 (N, 28, 28), and uint8 (N,)."""

    images: np.ndarray
    labels: np.ndarray

    def __getitem__(self, places: np.ndarray) -> "Digits":
        """Choose some."""
        return Digits(self.images[places], self.labels[places])


Change = Callable[[np.ndarray], np.ndarray]


def turned(images: np.ndarray) -> np.ndarray:
    """Turn digits as if the writer's paper lay askew."""
    return np.stack([np.asarray(Image.fromarray(image).rotate(TURN, Image.Resampling.BICUBIC)) for image in images])


def mirrored(images: np.ndarray) -> np.ndarray:
    """Swap left and right."""
    return images[:, :, ::-1].copy()


class Bench:
    """The drawings, and the network before it learns."""

    def __init__(self, strokes: Path, network: Network, data: Dataset) -> None:
        self.network, self.data = network, data
        found, rng = load_strokes(strokes), np.random.default_rng(0)
        self.digits = Digits(_seen([draw_somewhere(digit, rng) for digit in found.digits]), found.labels)
        self.writers = found.writers
        self.no_digits = _seen(not_digits(NOT_DIGITS, rng)[0])

    def choose(self, count: int) -> tuple[list[int], list[int]]:
        """Return the writers who are read worst, and of the others those with most digits; equally many of each."""
        found, digits = np.unique(self.writers, return_counts=True)
        many = dict(zip(found.tolist(), digits.tolist(), strict=True))
        enough = [writer for writer in many if many[writer] >= max(SIZES) + HELD_OUT]
        hard = sorted(enough, key=lambda writer: self.accuracy(self.network, self.digits[self.writers == writer]))
        most = sorted(set(enough) - set(hard[:count]), key=lambda writer: -many[writer])
        return hard[:count], most[:count]

    def accuracy(self, network: Network, digits: Digits) -> float:
        """Return the share of digits read correctly."""
        return network.score(digits.images, digits.labels)

    def refused(self, network: Network) -> float:
        """Return the share of the drawings that are not digits which are recognized as such."""
        logits = network.logits(self.no_digits)
        limit = -np.inf if network.ood_threshold is None else network.ood_threshold
        return float((np.logaddexp.reduce(logits, axis=1) < limit).mean())

    def rows(
        self, name: str, writers: list[int], sizes: tuple[int, ...], plan: FineTuneConfig, change: Change
    ) -> Iterator[str]:
        """Fine-tune the network on each writer; return a row of the table for every size of collection."""
        rng = np.random.default_rng(1)
        left = np.flatnonzero(~np.isin(self.writers, writers))
        others = self.digits[rng.choice(left, min(OTHERS, len(left)), replace=False)]
        hands = [self.digits[rng.permutation(np.flatnonzero(self.writers == writer))] for writer in writers]
        hands = [replace(hand, images=change(hand.images)) for hand in hands]
        for size in sizes:
            found = np.array([self._learn(hand, size, others, plan) for hand in hands])  # (writers, 10)
            own, own_now, held, held_now, other, other_now, refused, refused_now = 100 * found[:, :8].mean(axis=0)
            lost = 100 * found[:, 8]
            yield (
                f"| {name} | {size} | {own:.1f} → {own_now:.1f}% | {held:.1f} → {held_now:.1f}% | "
                f"{other:.2f} → {other_now:.2f}% | {lost.mean():+.2f}, {lost.min():+.2f} | "
                f"{refused:.1f} → {refused_now:.1f}% | {np.median(found[:, 9]):.1f} |"
            )

    def _learn(self, hand: Digits, size: int, others: Digits, plan: FineTuneConfig) -> tuple[float, ...]:
        places = np.arange(len(hand.labels))
        own, held_out = hand[places[:size]], hand[places[max(SIZES) :]]
        began = time.perf_counter()
        *_, lesson = fine_tune(self.network, own.images, own.labels, self.data, config=plan)
        seconds = time.perf_counter() - began
        assert isinstance(lesson, FineTuneResult)
        before, after = self.network, lesson.network
        return (
            *(lesson.before.own, lesson.after.own),
            *(self.accuracy(before, held_out), self.accuracy(after, held_out)),
            *(self.accuracy(before, others), self.accuracy(after, others)),
            *(self.refused(before), self.refused(after)),
            lesson.after.test - lesson.before.test,
            seconds,
        )


def _seen(drawings: list[np.ndarray]) -> np.ndarray:
    images = np.stack([to_network_input(drawing).centred for drawing in drawings])
    return np.rint(images * 255).astype(np.uint8)


def _name(plan: FineTuneConfig) -> str:
    """Name a plan by what is other than in the one that is used."""
    other = [f"{name} {value:g}" for name, value in asdict(plan).items() if value != asdict(DEFAULT_CONFIG)[name]]
    return ", ".join(other) or "as it is used"


@click.command()
@click.option("--strokes", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--weights",
    default=DEFAULT_WEIGHTS,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A network.",
)
@click.option("--writers", default=12, show_default=True, help="How many of each kind.")
@click.option("--plans", is_flag=True, help="Compare plans instead, with the writers who are read worst.")
def main(strokes: Path, weights: Path, writers: int, plans: bool) -> None:
    """Print a table in Markdown; every percentage is a mean over the writers."""
    bench = Bench(strokes, Network.load(weights), load_dataset("mnist"))
    hard, most = bench.choose(writers)
    if plans:
        click.echo(HEAD.format("plan"))
        for plan in PLANS:
            for row in bench.rows(_name(plan), hard, (max(SIZES),), plan, np.copy):
                click.echo(row)
        return
    click.echo(HEAD.format("hands"))
    few = most[: (writers + 2) // 3]
    for name, whose, sizes, change in (
        (f"{len(hard)} read worst", hard, SIZES, np.copy),
        (f"{len(most)} with most digits", most, SIZES, np.copy),
        (f"{len(few)} of these, turned by {TURN:g}°", few, SIZES[-1:], turned),
        (f"{len(few)} of these, mirrored", few, SIZES[-1:], mirrored),
    ):
        for row in bench.rows(name, whose, sizes, DEFAULT_CONFIG, change):
            click.echo(row)


if __name__ == "__main__":
    main()
