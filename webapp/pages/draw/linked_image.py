"""A test image of a data set in place of the pad, as a link asks for it."""

from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from mnist_core.errors import DataError
from mnist_core.imaging.preprocess import PreprocessOptions
from mnist_core.recognizer import Recognition, Recognizer
from webapp.components.data_uri import grey_address
from webapp.datasets import MNIST, data_name, dataset, is_offered
from webapp.formats import share_text
from webapp.i18n import error_text
from webapp.i18n import gettext as _
from webapp.pages.draw.answer import confidence


class LinkedImage(NamedTuple):
    """The test image that a link asks for.

    Attributes:
        place: counted from 0.
        pixels: uint8 (28, 28).
        label: the digit that it is.
        data_name: of the data set, in the visitor's language.
        images: how many test images the data set has.
    """

    place: int
    pixels: np.ndarray
    label: int
    data_name: str
    images: int


def linked_image() -> LinkedImage | None:
    """Return the test image that the URL asks for; None if it asks for none, or for one that is not there."""
    asked = st.query_params.get("test", "")
    data = st.query_params.get("data", MNIST)
    if not asked:
        return None
    try:
        # The link may come from anyone: no other folder than those on offer is looked at.
        if asked.isascii() and asked.isdecimal() and len(asked) < 8 and is_offered(data):
            found, place = dataset(data), int(asked)
            if place < len(found.test_images):
                name = data_name(found.name, found.synthetic)
                pixels, label = found.test_images[place], int(found.test_labels[place])
                return LinkedImage(place, pixels, label, name, len(found.test_images))
    except DataError as error:
        st.warning(error_text(error), icon=":material/warning:")
        return None
    st.warning(_("The link asks for a test image that is not on this computer."), icon=":material/warning:")
    return None


def show_image(reader: Recognizer | None, image: LinkedImage) -> list[Recognition]:
    """Show a test image in place of the pad, with what it is, and read it."""
    address = grey_address(image.pixels / 255)
    described = _("Test image {place:,} of {data}, labelled {label}").format(
        place=image.place + 1, data=image.data_name, label=image.label
    )
    st.html(f'<img class="board" alt="{escape(described)}" src="{address}" width="432" height="432">')
    st.caption(described, help=None if reader is None else _as_in_training(reader, image))
    return [] if reader is None else [reader.recognize(image.pixels)]


def show_place(place: int) -> None:
    """Show another test image of the data set that is shown, counted from 0."""
    st.query_params["test"] = str(place)


def leave_image() -> None:
    """Go back to the pad."""
    for name in ("test", "data"):
        st.query_params.pop(name, None)


def _as_in_training(reader: Recognizer, image: LinkedImage) -> str | None:
    """Return in words how a test image is read unprepared, unlike drawings; None if there is nothing on it."""
    plain = Recognizer(reader.network, PreprocessOptions(crop=False)).recognize(image.pixels)
    if plain.digit is None:
        return None
    text = _(
        "The answer is for the image as this page prepares every drawing. Read as it lies in the data set, as in "
        "training, the network reads **{digit}** ({share})."
    )
    return text.format(digit=plain.digit, share=share_text(confidence(plain)))
