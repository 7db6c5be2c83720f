"""The hidden units that a drawing lights up, the picture that each looks for, and the arithmetic of any one of them."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from mnist_core.explain.units import (
    Arithmetic,
    UnitLayer,
    arithmetic,
    contributions,
    input_gradients,
    parts_of_sums,
    round_to_sum,
    unit_layers,
)
from mnist_core.recognizer import Recognition, Recognizer
from webapp.charts.signs import LOWERS, RAISES, signs_legend
from webapp.charts.weight_images import round_scale, weight_pictures
from webapp.components.data_uri import strip_address
from webapp.components.empty import nothing_drawn
from webapp.components.gallery import clicked_in
from webapp.components.kept import kept_choice, values
from webapp.components.register import component
from webapp.formats import decimal_number, in_a_row, signed_number
from webapp.i18n import gettext as _
from webapp.pages.draw.neurons.sums import after_the_sum, decimals_of, shares, sum_of_pixels, sum_of_units

SHOWN = 24
"""Units of a hidden layer: two rows on a wide page."""
LAYER_KEY, ORDER_KEY, UNITS_KEY, KEPT_KEY = "neurons.layer", "neurons.order", "neurons.units", "neurons.kept"
_FIGURE = '<figure><canvas class="{}" width="28" height="28"></canvas><i></i><figcaption></figcaption></figure>'
_component = component(
    "neurons",
    __file__,
    '<div class="neurons"><div class="units" role="group"></div><p class="line"></p><h2></h2>'
    '<div class="product" role="group" tabindex="0" hidden>'
    f"{_FIGURE.format('ink')}<b>×</b>{_FIGURE.format('weights')}<b>=</b>{_FIGURE.format('products')}</div>"
    '<p class="pixel"></p></div>',
)


def show(reader: Recognizer, read: Recognition | None) -> None:
    """Show the units of a layer, the strongest first, and the arithmetic of one of them; see `show_view`."""
    if read is None or read.digit is None or read.probabilities is None:
        nothing_drawn(
            _("Draw a digit: here you will see which units of the network light up, and all that they calculate.")
        )
        return
    network = reader.network
    layers = unit_layers(network, read.image)
    place, order = _choices(len(layers) - 1)
    layer, is_output = layers[place], place == len(layers) - 1
    by_pull = order == "pull" and not is_output
    levels = contributions(layers, place, read.digit) if by_pull else read.probabilities if is_output else layer.y
    unit = _chosen_unit(place, levels)
    units = np.arange(len(levels)) if is_output else strongest(levels, unit)
    pictures = input_gradients(layers, place, units)
    names = [_name(index, is_output) for index in units.tolist()]
    written = "{:.1%}".format if is_output else signed_number if by_pull else decimal_number
    values = [written(level) for level in levels[units].tolist()]
    rows = zip(units.tolist(), names, values, levels[units].tolist(), _lines(layer, units, names), strict=True)
    worked = arithmetic(layer, unit)
    st.html(_explanation(place, is_output, order, read.digit))
    data = {
        "label": _("Units"),
        "strip": strip_address(weight_pictures(pictures, round_scale(pictures))),
        "tiles": [dict(zip(("id", "name", "value", "level", "line"), row, strict=True)) for row in rows],
        "chosen": unit,
        "title": _title(unit, place, is_output),
        "product": _product(worked) if place == 0 else None,
    }
    _component(key=UNITS_KEY, data=data, on_clicked_change=lambda: None)
    html = sum_of_pixels(worked) if place == 0 else sum_of_units(worked, place)
    html += after_the_sum(worked, None if is_output else network.recipe.activation)
    if is_output:
        html += shares(network, layer.y, unit)
    note = _("Calculated with all digits and rounded at the end, so that every sum is right as it stands here.")
    st.html(f'<div class="neuron-sum">{html}<p class="note">{note}</p></div>')


def _choices(last: int) -> tuple[int, str]:
    """Show the choices of a layer and an order; both outlive a look at another view, and another network."""
    # The network before may have had more layers.
    st.session_state[LAYER_KEY] = min(st.session_state.get(LAYER_KEY, values().get(LAYER_KEY, 0)), last)
    layers = {place: _("Layer {layer}").format(layer=place + 1) for place in range(last)} | {last: _("Output")}
    orders = {"lit": _("Lit up most"), "pull": _("Moved the answer most")}
    with st.container(horizontal=True, gap="medium", key="neurons-choices"):
        layer = kept_choice(_("Layer"), LAYER_KEY, layers, wrap=True)
        return layer, kept_choice(_("Order of the units"), ORDER_KEY, orders, disabled=layer == last)


def _chosen_unit(place: int, levels: np.ndarray) -> int:
    """Return the unit that was clicked in this layer; before the first click, the strongest one."""
    chosen: dict[int, int] = st.session_state.setdefault(KEPT_KEY, {})
    clicked = clicked_in(UNITS_KEY)
    if clicked is not None:
        chosen[place] = clicked
    unit = chosen.get(place, -1)
    return unit if 0 <= unit < len(levels) else int(np.abs(levels).argmax())


def strongest(levels: np.ndarray, unit: int) -> np.ndarray:
    """Choose the units that are shown, strongest first; the chosen one always is among them."""
    order = np.argsort(-np.abs(levels), kind="stable")[:SHOWN]
    if unit not in order:
        order[-1] = unit
    return order


def _lines(layer: UnitLayer, units: np.ndarray, names: Sequence[str]) -> list[str]:
    """Write each unit's arithmetic on one line."""
    text = _("{name}: products {positive} and {negative}, bias {bias}, sum {z}, output {output}")
    lines = []
    for name, parts, y in zip(names, parts_of_sums(layer, units).tolist(), layer.y[units].tolist(), strict=True):
        decimals = decimals_of(parts)
        (positive, negative, bias), z = round_to_sum(parts, decimals)
        numbers = {"positive": positive, "negative": negative, "bias": bias}
        signed = {key: signed_number(value, decimals) for key, value in numbers.items()}
        lines.append(
            text.format(name=name, z=decimal_number(z, decimals), output=decimal_number(y, decimals), **signed)
        )
    return lines


def _explanation(place: int, is_output: bool, order: str, digit: int) -> str:
    """Return as HTML what pictures, colours and bars mean."""
    if place == 0:
        looks = _("Each picture shows the weights of a unit, one for every pixel.")
        legend = signs_legend(_("ink here excites the unit"), _("ink here holds it back"))
    else:
        looks = _("A deeper unit has no weights for pixels. Its picture is its slope for this drawing.")
        legend = signs_legend(_("more ink here would excite it"), _("more ink here would hold it back"))
    if is_output:
        bars = _("The bar is the probability of the digit.")
    elif order == "pull":
        bars = _("The bar says how far the unit moved the {digit}: its output times the slope of that logit.")
    else:
        bars = _("The bar says how strongly the unit lit up: its output.")
    return f'<p class="caption">{in_a_row(looks, bars.format(digit=digit))}</p>{legend}'


def _product(worked: Arithmetic) -> dict[str, Any]:
    """Return the numbers behind the three pictures, for the browser."""
    return {
        "inputs": base64.b64encode(worked.inputs.astype("<f4").tobytes()).decode("ascii"),
        "weights": base64.b64encode(worked.weights.astype("<f4").tobytes()).decode("ascii"),
        "names": [_("what the network sees"), _("the weights of the unit"), _("their products, pixel by pixel")],
        "colours": [LOWERS, RAISES],
        "label": _("Point at a pixel, or use the arrow keys."),
        "text": _("Row {row}, column {column}: {input} × {weight} = {product}"),
    }


def _name(unit: int, is_output: bool) -> str:
    return _("Digit {number}").format(number=unit) if is_output else _("Unit {number}").format(number=unit + 1)


def _title(unit: int, place: int, is_output: bool) -> str:
    if is_output:
        return _("The whole arithmetic of digit {number} in the output").format(number=unit)
    return _("The whole arithmetic of unit {number} in layer {layer}").format(number=unit + 1, layer=place + 1)
