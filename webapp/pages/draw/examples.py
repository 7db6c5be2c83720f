"""Test images to try, for those who don't draw: five in place of an empty answer, or any by chance.

Which one is shown stands in the URL, as in a link to it: see `linked_image`.
"""

import numpy as np
import streamlit as st

from mnist_core.errors import DataError
from webapp.components.answer import Example
from webapp.components.data_uri import grey_address
from webapp.datasets import MNIST, dataset, default_data
from webapp.i18n import gettext as _

COUNT = 5


def examples() -> list[Example]:
    """Return test images of `COUNT` different digits; none where the data cannot be read."""
    return [
        {"address": address, "name": _("Try this {digit}").format(digit=label)} for _place, label, address in _first()
    ]


def example_of(digit: int) -> Example | None:
    """Return the one of `examples` that is a digit; None if none is."""
    return next(
        (example for example, (_place, label, _address) in zip(examples(), _first(), strict=True) if label == digit),
        None,
    )


def show_example(number: int) -> None:
    """Show one of `examples`, counted from 0, in place of the pad."""
    found = _first()
    if 0 <= number < len(found):
        _show(found[number][0])


def show_any_example() -> None:
    """Show a test image by chance."""
    try:
        count = len(dataset(default_data()).test_images)
    except DataError:
        count = 1  # the page says then what is wrong with the data
    _show(any_place(count))


def any_place(count: int, other_than: int = -1) -> int:
    """Return a random place of so many, counted from 0, other than the one that is shown now."""
    place = int(np.random.default_rng().integers(count))
    return (place + 1) % count if place == other_than else place


def _show(place: int) -> None:
    data = default_data()
    st.query_params["test"] = str(place)
    if data == MNIST:
        st.query_params.pop("data", None)
    else:
        st.query_params["data"] = data


def _first() -> list[tuple[int, int, str]]:
    try:
        return _first_of(default_data())
    except DataError:
        return []


@st.cache_data(show_spinner=False)
def _first_of(data: str) -> list[tuple[int, int, str]]:
    """Return the first test images of different digits: their places, labels and addresses.

    In turn: whoever stepped out of it here would hold the cache's lock, for which the next one waits with the turn.
    """
    found = dataset(data)
    _labels, places = np.unique(found.test_labels, return_index=True)
    return [
        (place, int(found.test_labels[place]), grey_address(found.test_images[place] / 255))
        for place in sorted(places.tolist())[:COUNT]
    ]
