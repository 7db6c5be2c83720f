"""The two games as such: whose turn it is, what counts, how long it takes. Without Streamlit."""

import time
from dataclasses import dataclass, field

import numpy as np

from mnist_core.recognizer import Recognition
from webapp.networks.evaluation import Reading
from webapp.visitors.class_results import Round

QUESTIONS = 10
HARD = QUESTIONS // 2
"""Images of a duel that are drawn from those which the network reads least surely."""
HARD_SHARE = 0.02
"""Which part of the test images these are."""


@dataclass
class Watch:
    """Measures, from now on, the time in which the visitor draws or looks, without that of looking at the verdicts.

    Attributes:
        before: seconds until it was last stopped.
        since: when it was started, by `time.monotonic`; None while it stands.
    """

    before: float = 0.0
    since: float | None = field(default_factory=lambda: time.monotonic())

    def start(self) -> None:
        """Start again after a stop."""
        self.since = time.monotonic()

    def stop(self) -> None:
        """Stop; it may have stopped already."""
        self.before, self.since = self.seconds, None

    @property
    def seconds(self) -> float:
        """All time so far."""
        return self.before + (0.0 if self.since is None else time.monotonic() - self.since)


@dataclass
class Game:
    """What both games have in common: after each answer comes a verdict, after the last verdict the result.

    Attributes:
        questions: the ten digits, in the order in which they are asked.
        rounds: the answers so far; while a verdict is shown, its answer is the last.
        watch: runs while the visitor is to answer.
        over: whether the result is shown.
        counted: whether the class has the finished game: "yes", "no" if the visitor didn't want it, "failed".
    """

    questions: tuple[int, ...]
    rounds: list[Round] = field(default_factory=list)
    watch: Watch = field(default_factory=Watch)
    over: bool = False
    counted: str = ""

    @property
    def judged(self) -> bool:
        """Whether the verdict on the last answer is shown."""
        return bool(self.rounds) and self.watch.since is None

    @property
    def place(self) -> int:
        """Which question it is about, counted from 0."""
        return len(self.rounds) - self.judged

    @property
    def asked(self) -> int:
        """The digit that it is about."""
        return self.questions[self.place]

    @property
    def complete(self) -> bool:
        """Whether all has been answered."""
        return len(self.rounds) == len(self.questions)

    @property
    def network_score(self) -> int:
        """How many digits the network has read."""
        return sum(found.read == found.asked for found in self.rounds)

    @property
    def human_score(self) -> int:
        """How many digits the visitor has read; in a game of drawing, none."""
        return sum(found.answer == found.asked for found in self.rounds)

    def go_on(self) -> None:
        """Leave a verdict for the next question, or for the result; a second click on that is ignored."""
        if self.complete:
            self.over = True
        elif self.judged:
            self.watch.start()

    def _take(self, found: Round) -> None:
        self.watch.stop()
        self.rounds.append(found)


class DrawGame(Game):
    """Draw what is asked: each digit once, in random order."""

    @classmethod
    def begin(cls, rng: np.random.Generator) -> "DrawGame":
        """Begin a game; `rng` decides on the order."""
        return cls(tuple(rng.permutation(QUESTIONS).tolist()))

    def judge(self, read: Recognition) -> None:
        """Accept a drawing as the answer; what looks like no digit counts as not read. A second one is ignored."""
        if not self.judged:
            digit = None if read.certainty == "no digit" else read.digit
            self._take(Round(self.asked, digit, image=(read.image * 255).round().astype(np.uint8)))


@dataclass
class Duel(Game):
    """The visitor against the network: ten test images.

    Attributes:
        images: uint8 (10, 28, 28).
        read: what the network reads in each.
        sure: the probability that it gives that, in [0, 1].
        places: which of the data set's test images they are, counted from 0.
        data: names the data set, as `load_dataset` takes it.
    """

    images: np.ndarray = field(default_factory=lambda: np.empty((0, 28, 28), np.uint8))
    read: tuple[int, ...] = ()
    sure: tuple[float, ...] = ()
    places: tuple[int, ...] = ()
    data: str = ""

    @classmethod
    def begin(cls, reading: Reading, data: str, rng: np.random.Generator) -> "Duel":
        """Begin a game; `rng` draws the images from those of `reading`, which are from `data`, see `duel_rows`."""
        rows = duel_rows(reading, rng)
        return cls(
            tuple(reading.labels[rows].tolist()),
            images=reading.images[rows],
            read=tuple(reading.digits[rows].tolist()),
            sure=tuple(reading.probabilities[rows].max(axis=1).tolist()),
            places=tuple(reading.places[rows].tolist()),
            data=data,
        )

    def take_answer(self, digit: int) -> None:
        """Accept the visitor's answer; a second one to the same image is ignored."""
        if not self.judged:
            self._take(Round(self.asked, self.read[self.place], digit))


def duel_rows(reading: Reading, rng: np.random.Generator) -> np.ndarray:
    """Draw the images of a duel: half from those that the network reads least surely, half from all others.

    Args:
        reading: what the network reads in at least ten images.
        rng: decides.

    Returns:
        integer (10,), different rows of the reading, in random order.
    """
    count = len(reading.labels)
    least_sure = np.argsort(reading.probabilities.max(axis=1), kind="stable")
    hard = rng.choice(least_sure[: max(HARD, round(HARD_SHARE * count))], HARD, replace=False)
    others = rng.choice(np.setdiff1d(np.arange(count), hard), QUESTIONS - HARD, replace=False)
    return rng.permutation(np.concatenate([hard, others]))
