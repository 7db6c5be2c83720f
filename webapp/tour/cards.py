"""The cards of the tour: what each asks for, and how it is known to be done."""

from collections.abc import Callable
from dataclasses import dataclass

from mnist_core.imaging.preprocess import DEFAULT_OPTIONS, PreprocessOptions
from mnist_core.recognizer import Recognition
from webapp.i18n import N_

DIGIT = 7
"""The digit that the tour is about: it looks much the same in all handwritings."""


@dataclass(frozen=True)
class Seen:
    """What a page shows.

    Attributes:
        page: "draw" or "train".
        read: the digit that is drawn, if it is one alone.
        usual: reads the same drawing with all help; None if nothing is drawn.
        view: which view of the drawing is open.
        own: whether a network reads that a visitor of this server has trained.
        trained: the training that is over and has left a network; "" for none.
    """

    page: str
    read: Recognition | None = None
    usual: Callable[[], Recognition | None] = lambda: None
    view: str = ""
    own: bool = False
    trained: str = ""

    def is_digit(self, digit: int = DIGIT) -> bool:
        """Return whether a digit is read, and surely."""
        return self.read is not None and self.read.digit == digit and self.read.certainty == "sure"


@dataclass(frozen=True)
class Card:
    """A card; its texts are English: whoever shows them calls `gettext`.

    What it explains comes when it is needed: before, what the visitor has to know for it; after, what it means.

    Attributes:
        page: on which it waits: "draw" or "train".
        title: says it in a few words.
        text: what to do, and each new term explained once; Markdown.
        done: tells whether it is done, from what the page shows now and what it showed when the card came.
        well: what was to be seen, said once it is done.
        meaning: what that means, in place of `text` once it is done; Markdown.
        meanwhile: said in place of `text` while the training goes on, or waits for its turn; Markdown.
        way: said in place of `text` as long as the visitor is not where the card waits; "" for the same.
        shows: CSS selector of what there is to be seen once it is done.
        options: how the drawing is brought to 28×28 from here on.
        view: which view of the drawing is open at first; "" for the one that is.
        clears: whether it begins with an empty pad.
        seven: whether it is about the first seven, which is brought back if it is gone.
        numbers: whether it shows a piece of the drawing as numbers.
        own: whether it waits for a network that the visitor has trained.
    """

    page: str
    title: str
    text: str
    done: Callable[[Seen, Seen], bool]
    well: str
    meaning: str
    meanwhile: str = ""
    way: str = ""
    shows: str = ""
    options: PreprocessOptions = DEFAULT_OPTIONS
    view: str = ""
    clears: bool = False
    seven: bool = False
    numbers: bool = False
    own: bool = False


def _is_new(now: Seen, first: Seen) -> bool:
    """Return whether something else is drawn than when the card came."""
    return now.read is not None and (first.read is None or now.read.image.tobytes() != first.read.image.tobytes())


def _fails(now: Seen, first: Seen) -> bool:
    """Return whether what is a seven with all help is none without, not even an unsure one."""
    if now.read is None or not _is_new(now, first):
        return False
    if now.read.digit == DIGIT and now.read.certainty != "no digit":
        return False
    usual = now.usual()
    return usual is not None and usual.digit == DIGIT


CARDS = (
    Card(
        page="draw",
        title=N_("Draw a 7"),
        text=N_(
            "Draw a **7** into the black square, with a finger or the mouse. While you draw, a **neural network** "
            "reads: a program that has learned from examples. If it reads something else, press **Clear** and try "
            "again."
        ),
        done=lambda now, _first: now.is_digit(),
        well=N_("It has read your 7."),
        meaning=N_("The large digit is its answer. The ten bars say how probable it finds each of the ten digits."),
        view="stages",
        clears=True,
    ),
    Card(
        page="draw",
        title=N_("This is all it sees: 784 numbers"),
        text=N_(
            "**Add a stroke**, and watch the small picture beside the answer. It has 28 × 28 = 784 squares, the "
            "**pixels**. Each is a number, from 0 for black to 1 for white: above are some of yours."
        ),
        done=_is_new,
        well=N_("More ink, other numbers."),
        meaning=N_("The network gets these 784 numbers, and nothing else."),
        seven=True,
        numbers=True,
    ),
    Card(
        page="draw",
        title=N_("Into the corner"),
        text=N_(
            "So far your drawing was helped: cut out, made as large as all others, put in the middle. This help is "
            "off now. Draw a **small 7 into the upper left corner**. If it still reads a 7, press **Clear** and draw "
            "a smaller one."
        ),
        done=_fails,
        well=N_("It fails."),
        meaning=N_(
            "For the network, a 7 in the corner is 784 quite different numbers: nobody has told it that a 7 stays a "
            "7 wherever it stands."
        ),
        options=PreprocessOptions(crop=False, centre=False),
        view="stages",
        clears=True,
    ),
    Card(
        page="draw",
        title=N_("What spoke for the 7?"),
        text=N_(
            "The help is back, and it reads your 7 again. Which ink made it say 7? Press **Why?** and look at the "
            "colours."
        ),
        done=lambda now, _first: now.view == "why" and now.read is not None,
        well=N_("Here are its reasons."),
        meaning=N_(
            "Orange ink raises the score of the 7, blue ink lowers it: so it is on all pages. Pixel by pixel, the "
            "network adds up **evidence** for each digit, and the digit with the most wins."
        ),
        shows=".why-pictures + .signs",
        view="stages",
        seven=True,
    ),
    Card(
        page="draw",
        title=N_("Fool it"),
        text=N_(
            "Press **Clear**, and draw something that is no digit, or half one digit and half another, until it is no "
            "longer sure. A letter? Half a 4 and half a 9?"
        ),
        done=lambda now, first: _is_new(now, first) and now.read is not None and now.read.certainty != "sure",
        well=N_("Now it is no longer sure."),
        meaning=N_("It knows the ten digits that it was shown, and nothing else in the world."),
    ),
    Card(
        page="train",
        title=N_("A new network only guesses"),
        way=N_(
            "All that a network knows is in its **weights**: numbers that say how much each pixel counts. A new "
            "network has random weights, so it only guesses. Train one, and see how it learns to read your 7."
        ),
        text=N_(
            "Press **Start**, and watch **Your digit**: there you see how the network reads your own 7 while it learns."
        ),
        meanwhile=N_(
            "The network looks at tens of thousands of digits, and changes its weights a little at each **step**. Once "
            "through all of them is an **epoch**. If others train as well, yours waits for its turn, and begins by "
            "itself."
        ),
        done=lambda now, first: now.trained not in ("", first.trained),
        well=N_("It has learned to read, from examples alone."),
        meaning=N_(
            "Nobody has told it what a 7 looks like: it has changed its weights until most of its answers were right."
        ),
        shows=".st-key-own-digit",
        seven=True,
    ),
    Card(
        page="draw",
        title=N_("Draw with your own network"),
        way=N_("So far, a network has read that was trained before you came. Now let your own one read."),
        text=N_("The network that reads now is the one that you have trained. Press **Clear**, and draw any digit."),
        done=lambda now, first: now.own and _is_new(now, first),
        well=N_("That was your own network."),
        meaning=N_("You have made a program that reads, and nobody has written into it how to do that."),
        own=True,
    ),
)
