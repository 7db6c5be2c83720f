"""What the first layer looks for: the weights of its units as pictures."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

from mnist_core.errors import WeightsError
from mnist_core.network import Network
from webapp.charts.weight_images import round_scale, weight_pictures
from webapp.components.gallery import Tile, clicked_in, gallery
from webapp.formats import in_a_row, short_number
from webapp.i18n import error_text
from webapp.i18n import gettext as _
from webapp.networks.file_cache import FileCache
from webapp.runs.snapshot import Snapshot

SHOWN = 64
"""Units; always the first ones: which are the largest changes while the network learns, and pictures would jump."""

MAX_BYTES = 10_000_000
"""Of the first layers that are kept, half a megabyte each."""
GALLERY_KEY, UNIT_KEY = "weights", "weights.unit"


class FirstLayer(NamedTuple):
    """The weights of a network's first layer.

    Attributes:
        weights: float32 (U, 28, 28), of at most `SHOWN` units.
        biases: float32 (U,).
        units: how many units the layer has.
        hidden: whether these are hidden units; else they are the ten digits.
        scale: from which weight on the colour is full.
        pictures: uint8 (U, 28, 28, 4), the weights in colours, see `weight_pictures`.
    """

    weights: np.ndarray
    biases: np.ndarray
    units: int
    hidden: bool
    scale: float
    pictures: np.ndarray


_layers: FileCache[FirstLayer] = FileCache(MAX_BYTES, lambda layer: layer.weights.nbytes + layer.pictures.nbytes)


def show(snapshot: Snapshot) -> None:
    """Show this tab of a run."""
    path = snapshot.weights
    if path is None:
        st.info(_("The network is not there yet: this appears a few seconds after the training has begun."))
        return
    try:
        layer = _layers.get(path, partial(_first_layer, path))
    except WeightsError as error:
        st.error(error_text(error), icon=":material/error:")
        return
    clicked = clicked_in(GALLERY_KEY)
    if clicked is not None:
        st.session_state[UNIT_KEY] = clicked
    unit = min(max(st.session_state.get(UNIT_KEY, 0), 0), len(layer.pictures) - 1)
    names = [_unit_name(layer, index) for index in range(len(layer.pictures))]
    tiles = [Tile(index, name) for index, name in enumerate(names)]
    width = "max(2.3rem, 100% / 16 - 0.25rem)" if layer.hidden else "max(3.6rem, 10% - 0.5rem)"
    gallery(layer.pictures, tiles, _("Weights of the first layer"), GALLERY_KEY, width, not layer.hidden, unit)
    st.caption(_scale_text(layer))
    with st.container(horizontal=True, vertical_alignment="center", key="one-unit"):
        with st.container(width=180):
            larger = [Tile(unit, names[unit])]
            gallery(layer.pictures[[unit]], larger, _("The chosen one, larger"), "weights-unit", "8rem", captions=False)
        with st.container(width="stretch"):
            low, high = layer.weights[unit].min(), layer.weights[unit].max()
            text = _("**{name}** has weights from {low} to {high}, and the bias {bias}. Click another one.")
            numbers = {"low": low, "high": high, "bias": layer.biases[unit]}
            st.markdown(_explanation(layer))
            st.markdown(
                text.format(name=names[unit], **{name: short_number(number, 2) for name, number in numbers.items()})
            )


def _explanation(layer: FirstLayer) -> str:
    if layer.hidden:
        return _(
            "Every unit of the first layer has a weight for each of the 28 × 28 pixels: its picture. Ink on "
            ":orange[**orange**] excites the unit, ink on :blue[**blue**] holds it back. At the start the weights are "
            "drawn at random: noise. With training, strokes, arcs and blobs appear: what the unit looks for. Near the "
            "border there is hardly ever ink, so there is nothing to learn, and the noise stays."
        )
    return _(
        "Without a hidden layer each digit has one weight for every pixel: a template. Ink on :orange[**orange**] "
        "speaks for the digit, ink on :blue[**blue**] against it: a zero has blue in the middle, where a zero has no "
        "ink. All ways to write a digit share one template, so it is a blurred compromise."
    )


def _unit_name(layer: FirstLayer, index: int) -> str:
    return (_("Unit {number}") if layer.hidden else _("Digit {number}")).format(number=index + layer.hidden)


def _scale_text(layer: FirstLayer) -> str:
    text = _("All pictures have the same scale: at weights of ±{scale:g} the colour is full.").format(scale=layer.scale)
    if layer.units > len(layer.weights):
        shown = _("These are the first {shown} of {units:,} units.").format(shown=len(layer.weights), units=layer.units)
        return in_a_row(shown, text)
    return text


def _first_layer(path: Path) -> FirstLayer:
    network = Network.load(path)
    W, b = network.model.params["0.W"], network.model.params["0.b"]
    weights = W[:, :SHOWN].T.reshape(-1, 28, 28).copy()  # not a view, which would keep the whole network
    hidden, scale = bool(network.recipe.hidden_sizes), round_scale(weights)
    return FirstLayer(weights, b[:SHOWN].copy(), len(b), hidden, scale, weight_pictures(weights, scale))
