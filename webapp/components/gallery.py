"""A gallery of small images, each of which can be clicked; what changes is changed in place, without a blink."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from webapp.components.data_uri import strip_address
from webapp.components.register import component

_gallery = component("gallery", __file__, '<div class="gallery" role="group"></div>')


class Tile(NamedTuple):
    """One image of a gallery.

    Attributes:
        id: what `clicked_in` returns after a click on it.
        name: what it shows: its caption, or what appears under the pointer.
        link: where a click leads instead, relative to the app's address; all tiles of a gallery have one, or none.
    """

    id: int
    name: str
    link: str = ""


def gallery(
    images: np.ndarray,
    tiles: Sequence[Tile],
    label: str,
    key: str,
    width: str = "5rem",
    captions: bool = True,
    chosen: int | None = None,
) -> None:
    """Show images in as many columns as there is room for.

    Args:
        images: as for `strip_address`.
        tiles: one for each image.
        label: what the gallery shows, for those who hear the page.
        key: names the gallery on its page.
        width: of a tile at least, in CSS units.
        captions: whether the names stand below the images.
        chosen: the id of a tile that is framed.
    """
    data = {
        "strip": strip_address(images),
        "tiles": [tile._asdict() for tile in tiles],
        "label": label,
        "width": width,
        "captions": captions,
        "clear": images.ndim == 4,
        "chosen": chosen,
    }
    _gallery(key=key, data=data, on_clicked_change=lambda: None)


def clicked_in(key: str) -> int | None:
    """Return the id of the tile that has just been clicked, before its gallery is shown anew; None if none was."""
    value = st.session_state.get(key)
    clicked = value.get("clicked") if isinstance(value, Mapping) else None
    return clicked if isinstance(clicked, int) else None  # it comes from a browser
