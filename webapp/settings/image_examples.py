"""Examples of the images that a training makes for itself: distorted ones, rare digits, and what is no digit.

All are drawn by code, so they need no data set, and each picture is made once for all visitors.
"""

import numpy as np
import streamlit as st
from PIL import Image

from mnist_core.data.augmentation import Distortion
from mnist_core.data.non_digits import not_digits
from mnist_core.data.rare_digits import rare_digits
from mnist_core.data.synthetic import synthetic_digits
from webapp.components.data_uri import picture_address

COLUMNS = 9
SHOWN_DIGITS = (2, 4, 7)
SEED = 9
"""Of the examples; with another strength, the same distortions are stronger or weaker."""
RARE_SEED = 22
"""One whose few digits show several of the rare ways."""
GAP = 2
"""Pixels of MNIST's size between two images."""
ORIGINAL_GAP = 4
"""Pixels more between an original and its distorted copies."""
ENLARGED = 4
"""Each pixel is drawn as so many by so many: the browser scales down, and no pixel becomes wider than the next."""


@st.cache_data(show_spinner=False, max_entries=64)
def distorted_digits(strength: float) -> str:
    """Draw a row for each of a few digits: as it is, then distorted copies.

    Args:
        strength: of the distortions, as in a recipe.
    """
    drawn, labels = synthetic_digits(10, np.random.default_rng(SEED))  # each digit once
    originals = drawn[np.argsort(labels)[list(SHOWN_DIGITS)]]
    copies = np.repeat(originals, COLUMNS - 1, axis=0)  # (rows · copies, 28, 28)
    distorted = np.empty((len(copies), 28 * 28))
    Distortion(strength).distort(copies.reshape(distorted.shape), np.random.default_rng(SEED), distorted)
    rows = distorted.round().astype(np.uint8).reshape(len(originals), -1, 28, 28)
    return _sheet(np.concatenate([originals[:, None], rows], axis=1), ORIGINAL_GAP)


@st.cache_data(show_spinner=False)
def rare_ways() -> str:
    """Draw a row of digits as `rare_digits` adds them."""
    images, labels = rare_digits(COLUMNS, np.random.default_rng(RARE_SEED))
    return _sheet(images[np.argsort(labels)][None])


@st.cache_data(show_spinner=False)
def no_digits() -> str:
    """Draw a row of what `not_digits` adds."""
    images, _ = not_digits(COLUMNS, np.random.default_rng(SEED))
    return _sheet(images[None])


def show(picture: str, described: str) -> None:
    """Show a picture of examples as wide as its place, with a text for those who can't see it.

    Args:
        picture: the attributes of the `img`, as the functions above return them.
        described: what it shows.
    """
    st.html(f'<img class="examples" alt="{described}" {picture}>')


def _sheet(images: np.ndarray, first_gap: int = 0) -> str:
    """Put images, uint8 (rows, columns, 28, 28), side by side; between them the page shows.

    Args:
        images: what to show.
        first_gap: pixels that the first column stands further apart.

    Returns:
        The attributes of an `img`: its size in pixels, and the address of a PNG with all its content. With its size
        in the page, the room is there before the picture is: nothing jumps.
    """
    rows, columns, height, width = images.shape
    sheet = np.zeros((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP + first_gap, 2), np.uint8)
    for row, column in np.ndindex(rows, columns):
        top, left = row * (height + GAP), column * (width + GAP) + first_gap * (column > 0)
        sheet[top : top + height, left : left + width, 0] = images[row, column]
        sheet[top : top + height, left : left + width, 1] = 255  # opaque
    picture = Image.fromarray(sheet.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1), "LA")
    return f'width="{picture.width}" height="{picture.height}" src="{picture_address(picture)}"'
