"""What a gradient check says: a verdict for each parameter array, and both numbers against each other."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from mnist_core.nn.gradient_check import NOISE, GradientCheck
from webapp.charts.curve import Figure, fixed_axis, rounded

AGREE_COLOUR, DIFFER_COLOUR = "#059669", "#ef4444"
"""With a cross beside the dots for those who can't tell red from green."""
RIGHT = 1e-7
"""A smaller relative error is right, in float64."""
CLOSE = 1e-4
"""A smaller one is what bends between the two places of measurement: pixels up to 255 make a small move a large one."""
KINKED = ("relu", "leaky-relu")
"""Activations whose slope jumps."""
MAX_KINKS = 0.9
"""Share of the entries that are not 0, at most, that kinks may disturb: with batch normalization, one unit that stands
at its kink disturbs half of the layers before it. An error disturbs them all."""

Verdict = Literal["right", "tiny", "kink", "close", "wrong"]


def verdict(check: GradientCheck, activation: str) -> Verdict:
    """Judge one parameter array.

    Args:
        check: both gradients of its sampled entries.
        activation: of the network's hidden layers, a key of `ACTIVATIONS`.

    Returns:
        "right"; "tiny": all differences are below what rounding of the loss allows to measure; "kink": some entries
        differ, in a network whose activation has a kink, which a unit may cross while a weight is moved; "close":
        all differ slightly; "wrong".
    """
    if check.relative_error < RIGHT:
        return "right"
    if np.linalg.norm(check.analytic - check.numeric) < NOISE:
        return "tiny"
    if check.relative_error < CLOSE:
        return "close"
    differ, alive = int(differing(check).sum()), np.count_nonzero(check.numeric)
    return "kink" if activation in KINKED and differ <= MAX_KINKS * alive else "wrong"


def differing(check: GradientCheck) -> np.ndarray:
    """Return which entries differ by more than they may: bool (S,)."""
    difference = np.abs(check.analytic - check.numeric)
    size = np.linalg.norm(check.analytic) + np.linalg.norm(check.numeric)
    return difference > max(RIGHT * float(size), NOISE)


def slopes_figure(checks: Mapping[str, GradientCheck], names: dict[str, str]) -> Figure:
    """Draw the backpropagated slopes against the measured ones; right ones lie on the diagonal.

    Both axes are logarithmic, as slopes span many orders of magnitude; the sign is left out, and so are slopes of
    exactly 0, such as those of pixels that are always black.

    Args:
        checks: each parameter array's check, under its translated name.
        names: translated names under the keys "backpropagation", "measured", "agree" and "differ".
    """
    analytic = np.concatenate([np.abs(check.analytic) for check in checks.values()])
    numeric = np.concatenate([np.abs(check.numeric) for check in checks.values()])
    apart = np.concatenate([differing(check) for check in checks.values()])
    labels = np.repeat(list(checks), [len(check.analytic) for check in checks.values()])
    shown = (analytic > 0) & (numeric > 0)
    low, high = _range(np.concatenate([analytic[shown], numeric[shown]]))
    diagonal = {"x": [low, high], "y": [low, high], "mode": "lines", "showlegend": False, "hoverinfo": "skip"}
    data: list[Figure] = [{"type": "scatter", **diagonal, "line": {"color": "rgba(128,128,128,0.6)", "width": 1}}]
    for name, colour, symbol, size, chosen in (
        (names["agree"], AGREE_COLOUR, "circle", 7, shown & ~apart),
        (names["differ"], DIFFER_COLOUR, "x", 11, shown & apart),
    ):
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": rounded(numeric[chosen]),
                "y": rounded(analytic[chosen]),
                "text": labels[chosen].tolist(),
                "marker": {"color": colour, "symbol": symbol, "size": size, "opacity": 0.6},
                "hovertemplate": "%{text}<br>%{y:.5g}<br>%{x:.5g}<extra></extra>",
            }
        )
    ends = [float(np.log10(low)), float(np.log10(high))]
    axis = {"type": "log", "exponentformat": "power", "nticks": 6, "range": ends}
    layout = {
        "margin": {"l": 62, "r": 16, "t": 34, "b": 44},
        "xaxis": fixed_axis(names["measured"], **axis),
        "yaxis": fixed_axis(names["backpropagation"], **axis),
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"},
        "hovermode": "closest",
    }
    return {"data": data, "layout": layout}


def _range(values: np.ndarray) -> tuple[float, float]:
    """Where both axes begin and end: a little beyond the values, above what is only rounding."""
    if not len(values):
        return 1e-6, 1.0
    low = max(float(values.min()), NOISE)
    return low / 2, max(float(values.max()), low) * 2
