"""What the page says of a drawing: the digits, how sure they are, what the network saw, and the ten probabilities."""

from collections.abc import Collection

import numpy as np

from mnist_core.recognizer import Recognition
from webapp.components.answer import Content
from webapp.components.data_uri import grey_address
from webapp.formats import share_in_words
from webapp.i18n import gettext as _

LEAST_SURE_FIRST = ("no digit", "unsure", "sure")
"""What is no digit may still have one large probability."""


def answer_content(
    read: list[Recognition], shown: Recognition | None, view: str | None = None, row_starts: Collection[int] = ()
) -> Content:
    """Put into words and pictures what was read.

    Args:
        read: the digits from left to right.
        shown: the one of them that the page is about; None if nothing is read.
        view: of the drawing, if it goes with the answer, see `Content`.
        row_starts: places of digits that begin another row; they stand apart from those before.
    """
    texts = [" " * (place in row_starts) + _text(recognition) for place, recognition in enumerate(read)]
    certainty = _certainty(read, shown)
    images = [recognition.image for recognition in read] or [np.zeros((28, 28))]
    probabilities = None if shown is None else shown.probabilities
    return {
        "digits": [(text, recognition.certainty != "sure") for text, recognition in zip(texts, read, strict=True)],
        "certainty": certainty,
        "spoken": _("Read {digits}, {certainty}").format(digits="".join(texts), certainty=certainty) if read else "",
        "lead": "" if shown is None else _lead(shown),
        "seen": [grey_address(image) for image in images],
        "probabilities": [] if probabilities is None else [round(float(p), 4) for p in probabilities],
        "view": view,
    }


def confidence(recognition: Recognition) -> float:
    """Return the largest of the ten probabilities; 0 where nothing was read."""
    return 0.0 if recognition.probabilities is None else float(recognition.probabilities.max())


def _text(recognition: Recognition) -> str:
    """Return a digit as it is shown, and a question mark where no digit is."""
    return "?" if recognition.certainty == "no digit" else str(recognition.digit)


def _lead(shown: Recognition) -> str:
    """Ask what the view that comes next answers."""
    return _("Why?") if shown.certainty == "no digit" else _("Why {digit}?").format(digit=shown.digit)


def _certainty(read: list[Recognition], shown: Recognition | None) -> str:
    """Describe how sure the answer is; of several digits, the one that the bars below show."""
    if shown is None or shown.probabilities is None:
        return ""
    best, second = np.argsort(shown.probabilities)[:-3:-1]
    texts = {
        "sure": _("{share} sure"),
        "unsure": _("not sure: {best} or {second}"),
        "no digit": _("this doesn't look like a digit"),
    }
    text = texts[shown.certainty].format(share=share_in_words(confidence(shown)), best=best, second=second)
    if len(read) == 1:
        return text
    return _("digit {place} of {count}: {text}").format(place=read.index(shown) + 1, count=len(read), text=text)


def digit_in_question(read: list[Recognition], place: int | None, count: int) -> Recognition | None:
    """Return the digit that the page is about: the one that was chosen, else the one that is least sure.

    Args:
        read: the digits from left to right.
        place: of the one that was chosen, counted from 0; None if none was.
        count: among how many it was chosen; of another number, the choice does not count.
    """
    if not read:
        return None
    if place is not None and count == len(read):
        return read[place]
    return min(read, key=lambda found: (LEAST_SURE_FIRST.index(found.certainty), confidence(found)))
