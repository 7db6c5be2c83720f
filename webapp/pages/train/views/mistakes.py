"""The worst mistakes: test images that the network reads wrongly, and is most sure of."""

from collections.abc import Sequence
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from webapp.components.gallery import Tile, gallery
from webapp.formats import share_text
from webapp.i18n import gettext as _
from webapp.networks.evaluation import Reading, describe_reading, present_reading
from webapp.runs.snapshot import Snapshot

SHOWN = 24


def show(snapshot: Snapshot) -> None:
    """Show this tab of a run."""
    reading = present_reading(snapshot)
    if reading is None:
        return
    describe_reading(reading)
    rows = reading.mistakes[:SHOWN]
    if not len(rows):
        st.info(_("There is no mistake to show: every image was read correctly."))
        return
    st.markdown(_("Here the network is surest, and wrong. Would you do better? Click one to see how it is read."))
    names = [
        _("{digit}, read as {read}\n({share})").format(
            digit=reading.labels[row], read=reading.digits[row], share=percent(reading, row)
        )
        for row in rows.tolist()
    ]
    show_images(snapshot, reading, rows, names, "mistakes")


def percent(reading: Reading, row: int) -> str:
    """Return how sure the network is of what it read in an image."""
    return share_text(float(reading.probabilities[row].max()))


def show_images(snapshot: Snapshot, reading: Reading, rows: np.ndarray, names: Sequence[str], key: str) -> None:
    """Show test images; a click on one opens it on the drawing page, where this run's network reads it.

    Args:
        snapshot: the run.
        reading: what its network read.
        rows: integer (M,), which of the reading's images are shown; M ≥ 1.
        names: the captions.
        key: names the gallery on its page.
    """
    tiles = [
        Tile(place, name, "./?" + urlencode({"test": place, "data": snapshot.job.data, "network": snapshot.id}))
        for place, name in zip(reading.places[rows].tolist(), names, strict=True)
    ]
    gallery(reading.images[rows], tiles, _("Test images"), key, "max(5rem, 100% / 8 - 0.5rem)")
