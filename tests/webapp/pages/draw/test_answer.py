"""What the page says of a drawing, in words, for the eye and for those who hear it."""

import numpy as np
import pytest

from mnist_core.imaging.preprocess import to_network_input
from mnist_core.recognizer import Certainty, Recognition
from webapp.i18n import texts_in
from webapp.pages.draw.answer import answer_content


def reading(digit: int, share: float, certainty: Certainty, second: int) -> Recognition:
    probabilities = np.zeros(10)
    probabilities[digit], probabilities[second] = share, 1 - share
    image = np.zeros((28, 28), np.float32)
    stages = to_network_input(np.zeros((28, 28), np.uint8))
    return Recognition(digit, certainty, probabilities, 1.0, image, stages)


SURE, UNSURE = reading(9, 0.78, "sure", 4), reading(3, 0.6, "unsure", 8)
NO_DIGIT = reading(7, 0.9, "no digit", 1)


@pytest.mark.parametrize(
    ("read", "shown", "spoken", "lead"),
    [
        ([], None, "", ""),
        ([SURE], SURE, "Read 9, 78% sure", "Why 9?"),
        ([UNSURE], UNSURE, "Read 3, not sure: 3 or 8", "Why 3?"),
        ([NO_DIGIT], NO_DIGIT, "Read ?, this doesn't look like a digit", "Why?"),
        ([SURE, UNSURE], UNSURE, "Read 93, digit 2 of 2: not sure: 3 or 8", "Why 3?"),
    ],
)
def test_an_answer_is_spoken_and_leads_on(read, shown, spoken, lead):
    with texts_in("en"):
        content = answer_content(read, shown)
    assert content["spoken"] == spoken
    assert content["lead"] == lead


def test_it_is_spoken_in_the_visitors_language():
    with texts_in("zh"):
        content = answer_content([SURE], SURE)
    assert content["spoken"].startswith("认成 9，78%")
    assert content["lead"] == "为什么是 9？"


def test_rows_of_digits_stand_apart():
    with texts_in("en"):
        content = answer_content([SURE, SURE, UNSURE, SURE], SURE, row_starts=[2])
    assert content["digits"] == [("9", False), ("9", False), (" 3", True), ("9", False)]
    assert content["spoken"].startswith("Read 99 39, ")
