"""The hidden units that a drawing lights up, the picture that each looks for, and the arithmetic of any one of them."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
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
from mnist_core.network import Network
from mnist_core.nn.activations import sigmoid
from mnist_core.nn.losses import HEADS
from mnist_core.recognizer import Recognition, Recognizer
from webapp.charts.weight_images import round_scale, weight_pictures
from webapp.components.data_uri import strip_address
from webapp.components.gallery import clicked_in
from webapp.i18n import gettext as _

SHOWN = 24
"""Units of a hidden layer: two rows on a wide page."""
LISTED = 12
"""Products of a deeper unit that are written out; the others are added up."""
LAYER_KEY, ORDER_KEY, UNITS_KEY, KEPT_KEY = "neurons.layer", "neurons.order", "neurons.units", "neurons.kept"
ORDERS = ("lit", "pull")
FORMULAS = {
    "relu": "max({v}, 0)",
    "leaky-relu": "max({v}, 0.01 · {factor})",
    "sigmoid": "1 / (1 + e<sup>−{factor}</sup>)",
    "tanh": "tanh({v})",
    "silu": "{v} / (1 + e<sup>−{factor}</sup>)",
    "gelu": "{v} · σ(1.596 · ({v} + 0.0447 · {factor}<sup>3</sup>))",
}
"""Of a letter or a number, which as a factor stands in brackets if it is negative."""

_component = st.components.v2.component(
    "neurons",
    html='<div class="neurons"><div class="units" role="group"></div><p class="line"></p><h4></h4>'
    '<div class="product" role="group" tabindex="0"></div><p class="pixel"></p></div>',
    css=Path(__file__).with_name("neurons.css").read_text(encoding="utf-8"),
    js=Path(__file__).with_name("neurons.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def show(reader: Recognizer, read: Recognition | None) -> None:
    """Show this view of a drawing.

    Args:
        reader: the chosen network.
        read: what it read; None while nothing is drawn.
    """
    if read is None or read.digit is None or read.probabilities is None:
        text = _("Draw a digit: here you will see which units of the network light up, and all that they calculate.")
        st.html(f'<p class="neurons-empty">{text}</p>')
        return
    network = reader.network
    layers = unit_layers(network, read.image)
    place, order = _choices(layers)
    layer, is_output = layers[place], place == len(layers) - 1
    by_pull = order == "pull" and not is_output
    levels = contributions(layers, place, read.digit) if by_pull else read.probabilities if is_output else layer.y
    unit = _chosen_unit(place, levels)
    units = np.arange(len(levels)) if is_output else _strongest(levels, unit)
    pictures = input_gradients(layers, place, units)
    names = [_name(index, is_output) for index in units.tolist()]
    written = _percent if is_output else _signed if by_pull else _plain
    values = [written(level) for level in levels[units].tolist()]
    rows = zip(units.tolist(), names, values, levels[units].tolist(), _lines(layer, units, names), strict=True)
    worked = arithmetic(layer, unit)
    st.caption(_explanation(place, is_output, order, read.digit))
    data = {
        "label": _("Units"),
        "strip": strip_address(weight_pictures(pictures, round_scale(pictures))),
        "tiles": [dict(zip(("id", "name", "value", "level", "line"), row, strict=True)) for row in rows],
        "chosen": unit,
        "title": _title(unit, place, is_output),
        "product": _product(worked) if place == 0 else None,
    }
    _component(key=UNITS_KEY, data=data, on_clicked_change=lambda: None)
    html = _sum_of_pixels(worked) if place == 0 else _sum_of_units(worked, place)
    html += _after_the_sum(worked, None if is_output else network.recipe.activation)
    if is_output:
        html += _shares(network, layer.y, unit)
    note = _("Calculated with all digits and rounded at the end, so that every sum is right as it stands here.")
    st.html(f'<div class="neuron-sum">{html}<p class="note">{note}</p></div>')


def _choices(layers: Sequence[UnitLayer]) -> tuple[int, str]:
    """Show the choices of a layer and an order; both outlive a look at another view, and another network."""
    kept: dict[str, Any] = st.session_state.setdefault(KEPT_KEY, {"layer": 0, "order": ORDERS[0], "units": {}})
    last = len(layers) - 1
    st.session_state[LAYER_KEY] = min(st.session_state.get(LAYER_KEY, kept["layer"]), last)
    st.session_state.setdefault(ORDER_KEY, kept["order"])
    names = [_("Layer {layer}").format(layer=place + 1) for place in range(last)] + [_("Output")]
    orders = {"lit": _("Lit up most"), "pull": _("Moved the answer most")}
    with st.container(horizontal=True, gap="medium", key="neurons-choices"):
        layer = st.segmented_control(
            _("Layer"),
            range(last + 1),
            required=True,
            format_func=names.__getitem__,
            key=LAYER_KEY,
            label_visibility="collapsed",
            wrap=True,
        )
        order = st.segmented_control(
            _("Order of the units"),
            ORDERS,
            required=True,
            format_func=orders.__getitem__,
            key=ORDER_KEY,
            label_visibility="collapsed",
            disabled=layer == last,
        )
    if layer is not None and order is not None:
        kept["layer"], kept["order"] = layer, order
    return kept["layer"], kept["order"]


def _chosen_unit(place: int, levels: np.ndarray) -> int:
    """Give the unit that was clicked in this layer; before the first click, the strongest one."""
    chosen: dict[int, int] = st.session_state[KEPT_KEY]["units"]
    clicked = clicked_in(UNITS_KEY)
    if clicked is not None:
        chosen[place] = clicked
    unit = chosen.get(place, -1)
    return unit if 0 <= unit < len(levels) else int(np.abs(levels).argmax())


def _strongest(levels: np.ndarray, unit: int) -> np.ndarray:
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
        decimals = _decimals(parts)
        (positive, negative, bias), z = round_to_sum(parts, decimals)
        numbers = {"positive": positive, "negative": negative, "bias": bias}
        signed = {key: _signed(value, decimals) for key, value in numbers.items()}
        lines.append(text.format(name=name, z=_plain(z, decimals), output=_plain(y, decimals), **signed))
    return lines


def _explanation(place: int, is_output: bool, order: str, digit: int) -> str:
    if place == 0:
        looks = _(
            "Each picture shows the weights of a unit: ink on :orange[**orange**] excites it, ink on :blue[**blue**] "
            "holds it back."
        )
    else:
        looks = _(
            "A deeper unit has no weights for pixels. Its picture is its slope for this drawing: more ink on "
            ":orange[**orange**] would excite it, on :blue[**blue**] hold it back."
        )
    if is_output:
        bars = _("The bar is the probability of the digit.")
    elif order == "pull":
        bars = _("The bar says how far the unit moved the {digit}: its output times the slope of that logit.")
    else:
        bars = _("The bar says how strongly the unit lit up: its output.")
    return f"{looks} {bars.format(digit=digit)}"


def _product(worked: Arithmetic) -> dict[str, Any]:
    """Give the browser the numbers behind the three pictures."""
    return {
        "inputs": base64.b64encode(worked.inputs.astype("<f4").tobytes()).decode("ascii"),
        "weights": base64.b64encode(worked.weights.astype("<f4").tobytes()).decode("ascii"),
        "names": [_("what the network sees"), _("the weights of the unit"), _("their products, pixel by pixel")],
        "label": _("Point at a pixel, or use the arrow keys."),
        "text": _("Row {row}, column {column}: {input} × {weight} = {product}"),
    }


def _sum_of_pixels(worked: Arithmetic) -> str:
    """Add up a unit of the first layer: its positive products, its negative ones, its bias."""
    is_positive = worked.products > 0
    parts = [worked.products[is_positive].sum(), worked.products[~is_positive].sum(), worked.bias]
    names = [
        _("{count} positive products").format(count=np.count_nonzero(is_positive)),
        _("{count} negative products").format(count=np.count_nonzero(worked.products < 0)),
        _("bias"),
    ]
    return _addition(names, [float(part) for part in parts])


def _sum_of_units(worked: Arithmetic, place: int) -> str:
    """Add up a deeper unit: its largest products one by one, all others together, its bias."""
    listed, others = worked.order[:LISTED], worked.order[LISTED:]
    text = _("unit {number} of layer {layer}: {input} × {weight}")
    names = [
        text.format(
            number=index + 1,
            layer=place,
            input=_short(worked.inputs[index]),
            weight=_factor(worked.weights[index]),
        )
        for index in listed.tolist()
    ]
    parts = worked.products[listed].tolist()
    if len(others):
        names.append(_("and {count} others").format(count=len(others)))
        parts.append(float(worked.products[others].sum()))
    return _addition([*names, _("bias")], [*parts, worked.bias])


def _addition(names: Sequence[str], parts: Sequence[float]) -> str:
    """Write a sum as a table with a bar for every term; the last line is z."""
    decimals = _decimals(parts)
    rounded, z = round_to_sum(parts, decimals)
    longest = max(*(abs(part) for part in parts), 1e-12)
    rows = [
        f'<tr><th>{escape(name)}</th><td>{_signed(value, decimals)}</td><td class="bar">'
        f'<i class="{"negative" if value < 0 else ""}" style="width: {100 * abs(value) / longest:.1f}%"></i></td></tr>'
        for name, value in zip(names, rounded, strict=True)
    ]
    total = _("sum")
    rows.append(f'<tr class="total"><th>{total} <i>z</i></th><td>{_plain(z, decimals)}</td><td></td></tr>')
    return f"<table>{''.join(rows)}</table>"


def _after_the_sum(worked: Arithmetic, activation: str | None) -> str:
    """Write what becomes of the sum: batch norm where there is one, then the activation."""
    lines = []
    z, y = _short(worked.z), _short(worked.y)
    found = worked.normalization
    if found is not None:
        scaled = f"{_short(found.gamma)} · ({z} − {_factor(found.mean)}) / {_short(found.deviation)}"
        numbers = f"{scaled} + {_factor(found.beta)} = <b>{_short(found.v)}</b>"
        name = _("batch norm")
        lines.append(f"{name}: <i>v</i> = γ (<i>z</i> − μ) / σ + β = {numbers}")
    if activation is None:
        lines.append(_("The last layer has no activation: its sums are the logits."))
    else:
        letter, value = ("<i>z</i>", worked.z) if found is None else ("<i>v</i>", found.v)
        formula = FORMULAS[activation].format(v=letter, factor=letter)
        filled = FORMULAS[activation].format(v=_short(value), factor=_factor(value))
        name = _("output")
        lines.append(f"{name}: <i>y</i> = f({letter}) = {formula} = {filled} = <b>{y}</b>")
    return "".join(f"<p>{line}</p>" for line in lines)


def _shares(network: Network, logits: np.ndarray, unit: int) -> str:
    """Show how ten logits become ten probabilities, with all numbers."""
    temperature, head = network.temperature, network.recipe.head
    scaled = logits.astype(np.float64) / temperature
    probabilities = HEADS[head].probabilities(scaled[None])[0]
    if head == "softmax":
        symbol = "e<sup>z/T − m</sup>"
        powers = np.exp(scaled - scaled.max())
        text = _(
            "From logits to probabilities (softmax): each logit is divided by the temperature T = {temperature}, which "
            "makes the network as sure as it is right; then e is raised to that power, and each share of the sum is a "
            "probability. m, the largest z/T, is taken off first: it changes no share, and no power gets too large."
        )
    else:
        symbol = "σ(z/T)"
        powers = sigmoid(scaled)
        text = _(
            "From logits to probabilities: each logit is divided by the temperature T = {temperature}, and the sigmoid "
            "σ answers for each digit by itself; each share of the sum of the ten is a probability."
        )
    shown, total = round_to_sum(powers.tolist(), 4)
    rows = "".join(
        f'<tr class="{"chosen" if digit == unit else ""}"><th>{digit}</th><td>{_plain(float(logits[digit]))}</td>'
        f"<td>{_plain(float(scaled[digit]))}</td><td>{shown[digit]:.4f}</td><td>{_percent(probabilities[digit])}</td></tr>"
        for digit in range(len(logits))
    )
    head_row = "".join(f"<th>{name}</th>" for name in (_("digit"), "z", "z/T", symbol, _("share")))
    sum_name = _("sum")
    total_row = f'<tr class="total"><th>{sum_name}</th><td></td><td></td><td>{total:.4f}</td><td>100%</td></tr>'
    words = text.format(temperature=_short(temperature))
    return f'<p>{words}</p><table class="shares"><tr>{head_row}</tr>{rows}{total_row}</table>'


def _name(unit: int, is_output: bool) -> str:
    return _("Digit {number}").format(number=unit) if is_output else _("Unit {number}").format(number=unit + 1)


def _title(unit: int, place: int, is_output: bool) -> str:
    if is_output:
        return _("The whole arithmetic of digit {number} in the output").format(number=unit)
    return _("The whole arithmetic of unit {number} in layer {layer}").format(number=unit + 1, layer=place + 1)


def _decimals(parts: Sequence[float]) -> int:
    """Choose as many decimals as three digits of the largest term need, at least two and at most six."""
    return int(np.clip(2 - np.floor(np.log10(max(*(abs(part) for part in parts), 1e-12))), 2, 6))


def _plain(value: float, decimals: int = 2) -> str:
    """Give a number with a real minus sign, and none before a zero."""
    return f"{value:z,.{decimals}f}".replace("-", "−", 1)


def _signed(value: float, decimals: int = 2) -> str:
    return ("+" if value > 0 else "") + _plain(value, decimals)


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _short(value: float) -> str:
    """Give a number with three digits."""
    return f"{value:.3g}".replace("-", "−", 1)


def _factor(value: float) -> str:
    """Give a number as it stands behind a sign: in brackets if it is negative."""
    return f"({_short(value)})" if value < 0 else _short(value)
