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

    Attributes:
        page: on which it waits: "draw" or "train".
        title: says it in a few words.
        text: what to do, and each new term explained once; Markdown.
        done: tells whether it is done, from what the page shows now and what it showed when the card came.
        well: what was to be seen, said once it is done.
        options: how the drawing is brought to 28×28 from here on.
        view: which view of the drawing is open at first; "" for the one that is.
        clears: whether it begins with an empty pad.
        seven: whether it is about the first seven, which is brought back if it is gone.
        numbers: whether it shows a piece of the first drawing as numbers.
    """

    page: str
    title: str
    text: str
    done: Callable[[Seen, Seen], bool]
    well: str
    options: PreprocessOptions = DEFAULT_OPTIONS
    view: str = ""
    clears: bool = False
    seven: bool = False
    numbers: bool = False


def _is_new(now: Seen, first: Seen) -> bool:
    """Return whether something else is drawn than when the card came."""
    return now.read is not None and (first.read is None or now.read.image.tobytes() != first.read.image.tobytes())


def _fails(now: Seen, first: Seen) -> bool:
    """Return whether what is a seven with all help is none without."""
    if not _is_new(now, first) or now.is_digit():
        return False
    usual = now.usual()
    return usual is not None and usual.digit == DIGIT


CARDS = (
    Card(
        page="draw",
        title=N_("Draw a 7"),
        text=N_(
            "Draw a **7** into the black square, with the mouse or a finger. A **neural network** reads while you "
            "draw: the large digit is its answer, and the ten bars say how probable it finds each digit."
        ),
        done=lambda now, _first: now.is_digit(),
        well=N_("It has read your 7."),
        view="stages",
        clears=True,
    ),
    Card(
        page="draw",
        title=N_("This is all it sees: 784 numbers"),
        text=N_(
            "Your drawing becomes a picture of 28 × 28 = 784 small squares, the **pixels**. Each is a number, from "
            "0 for black to 1 for white. The network gets these numbers and nothing else. **Add a stroke**, and watch "
            "the small picture beside the answer."
        ),
        done=_is_new,
        seven=True,
        numbers=True,
        well=N_("More ink, other numbers."),
    ),
    Card(
        page="draw",
        title=N_("Into the corner"),
        text=N_(
            "So far your drawing was helped: cut out, made as large as all others, put in the middle. This help is "
            "off now. Draw a **small 7 into the upper left corner**."
        ),
        done=_fails,
        well=N_(
            "It fails. For the network, a 7 in the corner is 784 quite different numbers: nobody has told it that a"
            " 7 stays a 7 wherever it stands."
        ),
        options=PreprocessOptions(crop=False, centre=False),
        view="stages",
        clears=True,
    ),
    Card(
        page="draw",
        title=N_("What spoke for the 7?"),
        text=N_(
            "The help is back, and it reads your 7 again. Press **Why?** and look at the coloured ink: orange "
            "raises the score of the 7, blue lowers it. So it decides: pixel by pixel, it adds up **evidence** for "
            "each digit."
        ),
        done=lambda now, _first: now.view == "why" and now.read is not None,
        well=N_("Orange raises, blue lowers: that holds on all pages."),
        view="stages",
        seven=True,
    ),
    Card(
        page="draw",
        title=N_("Fool it"),
        text=N_(
            "Clear the pad and trick the network: draw something that makes it unsure, or that it takes for no "
            "digit. A letter? Half a 4 and half a 9?"
        ),
        done=lambda now, first: _is_new(now, first) and now.read is not None and now.read.certainty != "sure",
        well=N_("Fooled! It knows the ten digits that it was shown, and nothing else in the world."),
    ),
    Card(
        page="train",
        title=N_("A new network only guesses"),
        text=N_(
            "All that a network knows is in its **weights**. A new one has random weights, and guesses. Press "
            "**Start**: it looks at 60,000 digits and changes its weights a little at each step. Once through all "
            "of them is an **epoch**. Below *Your digit* you see how each epoch reads your own 7."
        ),
        done=lambda now, first: now.trained not in ("", first.trained),
        seven=True,
        well=N_("It has learned to read, in seconds, from examples alone."),
    ),
    Card(
        page="draw",
        title=N_("Draw with your own network"),
        text=N_(
            "Press **Draw with it**, and draw any digit. The network that reads it is the one that you have trained."
        ),
        done=lambda now, first: now.own and _is_new(now, first),
        well=N_("That was your own network."),
    ),
)
