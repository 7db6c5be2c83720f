"""When a card of the tour is done: real digits, really read."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnist_core.imaging.preprocess import DEFAULT_OPTIONS, PreprocessOptions
from mnist_core.network import DEFAULT_WEIGHTS
from mnist_core.recognizer import Recognition, Recognizer
from webapp.tour.cards import CARDS, DIGIT, Card, Seen

SEVEN = [(0.12, 0.02), (0.88, 0.0), (0.42, 1.0)]
ONE = [(0.55, 0.0), (0.45, 1.0)]
CROSS = [(0.0, 0.0), (1.0, 1.0), (0.5, 0.5), (1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.5, 0.0), (0.5, 1.0)]
NETWORK = Recognizer.load(DEFAULT_WEIGHTS).network
CORNER = (0.04, 0.04, 0.3)


def seen(
    line: list[tuple[float, float]],
    options: PreprocessOptions = DEFAULT_OPTIONS,
    square: tuple[float, float, float] = (0.25, 0.15, 0.65),
) -> Seen:
    """What the drawing page shows of a line, in a square: its left, its top, its size, as shares of the board."""
    left, top, size = square
    board = Image.new("L", (200, 200))
    points = [(200 * (left + size * x), 200 * (top + size * y)) for x, y in line]
    ImageDraw.Draw(board).line(points, fill=255, width=14, joint="curve")
    ink = np.asarray(board)

    def read(reader: Recognizer) -> list[Recognition]:
        return [part.recognition for part in reader.recognize_number(ink, background=0)]

    (found,) = read(Recognizer(NETWORK, options))
    return Seen("draw", found, lambda: read(Recognizer(NETWORK))[0])


EMPTY = Seen("draw")
DRAW, NUMBERS, CORNERED, WHY, FOOL, TRAIN, OWN = CARDS


def done(card: Card, now: Seen, first: Seen = EMPTY) -> bool:
    return card.done(now, first)


def test_the_first_card_waits_for_a_seven():
    assert not done(DRAW, EMPTY)
    assert not done(DRAW, seen(ONE))
    assert done(DRAW, seen(SEVEN))


def test_the_second_card_waits_for_other_ink():
    first = seen(SEVEN)
    assert not done(NUMBERS, seen(SEVEN), first)
    assert done(NUMBERS, seen([*SEVEN, (0.2, 0.5), (0.8, 0.5)]), first)


def test_the_third_card_waits_for_a_seven_that_is_read_as_something_else_without_help():
    assert not CORNERED.options.crop and not CORNERED.options.centre
    assert done(CORNERED, seen(SEVEN, CORNERED.options, CORNER))
    assert not done(CORNERED, seen(SEVEN, CORNERED.options))  # in the middle it is read all the same
    assert not done(CORNERED, seen(SEVEN, square=CORNER))  # and with help anywhere
    assert not done(CORNERED, seen(ONE, CORNERED.options, CORNER))  # this was no seven
    cornered = seen(SEVEN, CORNERED.options, CORNER)
    assert cornered.read is not None
    assert not done(CORNERED, replace(cornered, read=replace(cornered.read, digit=7, certainty="unsure")))


def test_the_fourth_card_waits_for_the_view_that_says_why():
    drawn = seen(SEVEN)
    assert not done(WHY, replace(drawn, view="stages"), drawn)
    assert not done(WHY, replace(EMPTY, view="why"))
    assert done(WHY, replace(drawn, view="why"), drawn)


def test_the_fifth_card_waits_for_something_that_is_not_read_surely():
    before = seen(SEVEN)
    assert not done(FOOL, seen(ONE), before)
    assert done(FOOL, seen(CROSS), before)
    assert not done(FOOL, seen(CROSS), seen(CROSS))  # it must be drawn for this


def test_the_sixth_card_waits_for_a_training_that_ends_while_it_is_there():
    assert not done(TRAIN, Seen("train"), Seen("train"))
    assert not done(TRAIN, Seen("train", trained="quick-1"), Seen("train", trained="quick-1"))
    assert done(TRAIN, Seen("train", trained="quick-2"), Seen("train", trained="quick-1"))


def test_the_last_card_waits_for_a_digit_that_an_own_network_reads():
    assert not done(OWN, seen(ONE))
    assert not done(OWN, replace(EMPTY, own=True))
    assert done(OWN, replace(seen(ONE), own=True))


def test_there_are_seven_cards_about_a_seven():
    assert len(CARDS) == DIGIT == 7


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.title)
def test_a_card_is_short_enough_for_a_phone(card):
    assert (
        max(len(card.text), len(card.meanwhile), len(card.way)) < 250
        and len(card.well) < 50
        and len(card.meaning) < 200
    )
