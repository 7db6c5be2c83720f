"""The arithmetic of one unit, written out as HTML: its sum, its activation, and the ten probabilities of the output."""

from collections.abc import Sequence
from html import escape

import numpy as np

from mnist_core.explain.units import Arithmetic, round_to_sum
from mnist_core.network import Network
from mnist_core.nn.activations import sigmoid
from mnist_core.nn.losses import HEADS
from webapp.formats import decimal_number, short_number, signed_number
from webapp.i18n import gettext as _

LISTED = 12
"""Products of a deeper unit that are written out; the others are added up."""
FORMULAS = {
    "relu": "max({v}, 0)",
    "leaky-relu": "max({v}, 0.01 · {factor})",
    "sigmoid": "1 / (1 + e<sup>−{factor}</sup>)",
    "tanh": "tanh({v})",
    "silu": "{v} / (1 + e<sup>−{factor}</sup>)",
    "gelu": "{v} · σ(1.596 · ({v} + 0.0447 · {factor}<sup>3</sup>))",
}
"""Of a letter or a number, which as a factor stands in brackets if it is negative."""


def sum_of_pixels(worked: Arithmetic) -> str:
    """Add up a unit of the first layer: its positive products, its negative ones, its bias."""
    is_positive = worked.products > 0
    parts = [worked.products[is_positive].sum(), worked.products[~is_positive].sum(), worked.bias]
    names = [
        _("{count} positive products").format(count=np.count_nonzero(is_positive)),
        _("{count} negative products").format(count=np.count_nonzero(worked.products < 0)),
        _("bias"),
    ]
    return addition(names, [float(part) for part in parts])


def sum_of_units(worked: Arithmetic, place: int) -> str:
    """Add up a deeper unit: its largest products one by one, all others together, its bias."""
    listed, others = worked.order[:LISTED], worked.order[LISTED:]
    text = _("unit {number} of layer {layer}: {input} × {weight}")
    names = [
        text.format(
            number=index + 1,
            layer=place,
            input=short_number(worked.inputs[index]),
            weight=_factor(worked.weights[index]),
        )
        for index in listed.tolist()
    ]
    parts = worked.products[listed].tolist()
    if len(others):
        names.append(_("and {count} others").format(count=len(others)))
        parts.append(float(worked.products[others].sum()))
    return addition([*names, _("bias")], [*parts, worked.bias])


def addition(names: Sequence[str], parts: Sequence[float]) -> str:
    """Write a sum as a table with a bar for every term; the last line is z."""
    decimals = decimals_of(parts)
    rounded, z = round_to_sum(parts, decimals)
    longest = max(*(abs(part) for part in parts), 1e-12)
    rows = [
        f'<tr><th scope="row">{escape(name)}</th><td>{signed_number(value, decimals)}</td><td class="bar">'
        f'<i class="{"negative" if value < 0 else ""}" style="width: {100 * abs(value) / longest:.1f}%"></i></td></tr>'
        for name, value in zip(names, rounded, strict=True)
    ]
    total = _("sum")
    rows.append(
        f'<tr class="total"><th scope="row">{total} <i>z</i></th><td>{decimal_number(z, decimals)}</td><td></td></tr>'
    )
    return f"<table>{''.join(rows)}</table>"


def after_the_sum(worked: Arithmetic, activation: str | None) -> str:
    """Write what becomes of the sum: batch norm where there is one, then the activation."""
    lines = []
    z, y = short_number(worked.z), short_number(worked.y)
    found = worked.normalization
    if found is not None:
        scaled = f"{short_number(found.gamma)} · ({z} − {_factor(found.mean)}) / {short_number(found.deviation)}"
        numbers = f"{scaled} + {_factor(found.beta)} = <b>{short_number(found.v)}</b>"
        name = _("batch norm")
        lines.append(f"{name}: <i>v</i> = γ (<i>z</i> − μ) / σ + β = {numbers}")
    if activation is None:
        lines.append(_("The last layer has no activation: its sums are the logits."))
    else:
        letter, value = ("<i>z</i>", worked.z) if found is None else ("<i>v</i>", found.v)
        formula = FORMULAS[activation].format(v=letter, factor=letter)
        filled = FORMULAS[activation].format(v=short_number(value), factor=_factor(value))
        name = _("output")
        lines.append(f"{name}: <i>y</i> = f({letter}) = {formula} = {filled} = <b>{y}</b>")
    return "".join(f"<p>{line}</p>" for line in lines)


def shares(network: Network, logits: np.ndarray, unit: int) -> str:
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
        f'<tr class="{"chosen" if digit == unit else ""}"><th scope="row">{digit}</th>'
        f"<td>{decimal_number(float(logits[digit]))}</td><td>{decimal_number(float(scaled[digit]))}</td>"
        f"<td>{shown[digit]:.4f}</td><td>{probabilities[digit]:.1%}</td></tr>"
        for digit in range(len(logits))
    )
    head_row = "".join(f'<th scope="col">{name}</th>' for name in (_("digit"), "z", "z/T", symbol, _("share")))
    sum_name = _("sum")
    total_row = (
        f'<tr class="total"><th scope="row">{sum_name}</th><td></td><td></td><td>{total:.4f}</td><td>100%</td></tr>'
    )
    words = text.format(temperature=short_number(temperature))
    return f'<p>{words}</p><table class="shares"><tr>{head_row}</tr>{rows}{total_row}</table>'


def decimals_of(parts: Sequence[float]) -> int:
    """Choose as many decimals as three digits of the largest term need, at least two and at most six."""
    return int(np.clip(2 - np.floor(np.log10(max(*(abs(part) for part in parts), 1e-12))), 2, 6))


def _factor(value: float) -> str:
    """Return a number as it stands behind a sign: in brackets if it is negative."""
    return f"({short_number(value)})" if value < 0 else short_number(value)
