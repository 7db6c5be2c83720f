"""Digits written in ways that are rare in MNIST, drawn by code to be mixed into the training images.

Among them are crossed sevens, slashed zeros, ones with flag and foot, and nines with a hook.
"""

import numpy as np

from mnist_core.data.synthetic import ALLOGRAPHS, digit_path, picture

THICKEST_PEN = 3.0
"""Radius in pixels: on a screen, people draw small digits with a pen that MNIST's writers never had."""

# In the notation of `synthetic.ALLOGRAPHS`.
RARE_ALLOGRAPHS: dict[int, list[tuple[float, str]]] = {
    0: [
        (2, "30 00 09 69 60 20 / 60 09"),  # slashed
        (2, "40 20 02 07 29 59 77 72 50 30 / 90 09"),  # round, the slash reaching out
        (1, "30 00 09 69 60 20 / 52 17"),  # the slash inside
        (1, "30 00 09 69 60 20 / 11 68"),  # slashed the other way
        (2, "42 22 05 27 57 75 52 32 / 50 49"),  # slashed upright, reaching out
        (1, "42 12 07 67 62 32 / 50 29"),
        (2, "40 20 29 59 50 30 / 04 84"),  # crossed
        (1, "40 20 29 59 50 30 / 16 73"),
        (2, "52 40 20 00 09 69 60 30 52"),  # with a loop at the top
        (1, "31 12 05 39 67 63 20"),  # the ends apart
        (2, "02 40 80 85 39 08 05"),  # begun at the left
        (1, "12 20 60 76 58 19 07"),
        (1, "24 33 54 45 13 21 60 94 58 09"),  # wound from within
    ],
    1: [
        (2, "05 40 40 49"),  # with a long flag
        (3, "24 50 50 49"),
        (3, "13 40 40 39"),
        (3, "22 40 40 39"),  # with a short flag
        (2, "14 23 40 40 49"),
        (3, "15 60 60 49"),
        (2, "03 40 40 59"),
        (2, "04 31 50 50 49"),
        (1, "40 18 29 37"),  # with a curl at the foot
        (1, "40 28 39 58"),
        (2, "13 40 40 49 / 19 79"),  # with flag and foot
        (2, "22 40 40 49 49 / 09 89"),
        (1, "30 39 / 09 69"),  # with a foot alone
    ],
    2: [
        (2, "00 60 60 09 09 69"),  # like a Z
        (2, "02 10 50 63 09 09 79"),
        (2, "13 20 60 64 19 07 16 36 69 99"),
    ],
    3: [
        (2, "00 60 60 33 33 64 67 49 19 08"),
        (2, "01 20 60 63 24 64 68 39 08"),
        (1, "02 40 70 52 24 24 76 69 29 07"),
        (1, "00 50 50 23 23 64 64 09"),  # all corners
    ],
    4: [
        (3, "10 05 05 65 / 60 49"),  # open
        (2, "00 05 75 / 42 49"),
        (3, "50 05 05 85 / 52 59"),  # closed above the bar
        (2, "40 06 06 76 / 43 39"),
        (2, "10 05 15 65 / 50 49"),
        (1, "30 06 06 96 / 60 39"),
        (2, "70 30 04 06 26 86 / 63 59"),  # round
        (1, "00 05 55 50 50 59"),  # in one stroke
        (1, "30 07 07 77 53 49"),
    ],
    5: [
        (2, "20 14 14 54 67 39 08 / 30 90"),  # the hat last
        (3, "12 05 25 54 67 39 08 / 30 70"),  # the hat apart
        (2, "13 05 35 76 69 29 07 / 20 50"),
        (3, "12 14 44 66 68 39 08 / 30 60"),
        (3, "03 33 64 67 49 09 / 20 60"),
        (2, "14 24 65 57 39 18 / 11 51"),
        (2, "10 04 04 54 67 39 09 / 10 70"),
        (1, "60 10 10 04 04 64 69 09"),
        (1, "80 20 14 54 67 39 18 06 25"),  # curled up
    ],
    6: [
        (2, "10 06 29 58 65 34 06"),
        (2, "60 20 04 08 39 69 66 35 06"),
        (1, "50 05 09 59 55 05"),
        (2, "40 06 17 58 66 45 17"),  # the ring small
        (1, "30 06 09 59 74 54 28"),
        (1, "40 05 18 68 75 36 28 07"),
    ],
    7: [
        (4, "01 01 60 60 29 / 15 65"),  # crossed
        (3, "02 00 00 60 60 29 / 14 65"),  # crossed, with a hook
        (2, "01 01 70 70 44 39 / 24 84"),
        (2, "02 00 00 70 70 39"),  # with a hook
        (2, "00 60 60 54 39 / 25 75"),
    ],
    8: [
        (2, "30 11 13 34 53 51 30 / 34 15 18 39 58 55 34"),  # two rings
        (2, "70 30 11 44 67 39 07 34 61 50"),
        (2, "60 20 02 24 65 68 29 06 34 61"),  # open at the top
        (2, "60 40 22 34 57 49 18 06 35 62"),
        (1, "90 50 32 44 56 48 19 08 36 90"),  # small, with long ends
        (1, "51 30 12 44 57 39 18 26 55 62 51"),  # the lower ring small
        (2, "70 40 22 34 56 48 19 07 26 43"),
    ],
    9: [
        (2, "51 30 03 05 35 51 56 39 18 07"),  # with a hook
        (3, "61 30 02 05 45 61 60 67 49 19 07"),  # like a g
        (2, "52 20 02 24 52 51 56 38 08"),  # with a wide hook under a small head
        (2, "61 30 01 14 44 61 61 55 68 49 08"),  # the neck bent in
        (2, "60 20 02 04 34 61 60 77 59 29 08"),
        (1, "50 20 02 14 43 50 46 38 19 09"),  # the hook nearly a foot
        (1, "30 02 24 52 30 42 45 37 28"),  # a ring on a bent leg
        (3, "24 54 71 40 10 02 24 53 66 58 29"),  # the ring begun at the left, the leg bent like a 3
        (2, "34 62 60 30 01 03 24 44 57 48 29"),
        (2, "60 30 02 04 25 62 60 60 69"),  # with a straight leg
        (2, "50 20 02 14 43 50 / 60 69"),  # in two strokes
        (1, "50 20 02 14 43 50 50 39"),
    ],
}


def rare_digits(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw digits, two thirds of them in ways that are rare in MNIST.

    Args:
        count: number of digits.
        rng: source of all randomness: the same state gives the same digits.

    Returns:
        The images, uint8 (count, 28, 28), and the labels, uint8 (count,), in random order. Where 10 does not divide the
        count, some digits come once more than others.
    """
    labels = rng.permutation(np.arange(count) % 10).astype(np.uint8)
    tables = RARE_ALLOGRAPHS, RARE_ALLOGRAPHS, ALLOGRAPHS
    images = [picture(digit_path(tables[rng.integers(3)][int(label)], rng), rng, THICKEST_PEN) for label in labels]
    return np.array(images, np.uint8).reshape(count, 28, 28), labels
