"""Ten probabilities over time as a ribbon: one band for each digit, as wide as it is probable."""

from collections.abc import Sequence

import numpy as np

from webapp.charts.curve import Figure, axis_end, fixed_axis, rounded

COLOURS = (
    "37, 99, 235",
    "234, 88, 12",
    "5, 150, 105",
    "147, 51, 234",
    "220, 38, 38",
    "8, 145, 178",
    "202, 138, 4",
    "219, 39, 119",
    "101, 163, 13",
    "100, 116, 139",
)
"""Of the digits from 0 to 9, red, green and blue. Half transparent, they carry the text of either theme."""
WIDE_ENOUGH = 0.08
"""A band from this probability on has room for its digit's number."""
ALMOST_WIDEST = 0.95
"""The number stands at the newest place where its band is, up to this share, as wide as anywhere."""


def ribbon_figure(epochs: Sequence[float], probabilities: np.ndarray, end: int, names: dict[str, str]) -> Figure:
    """Draw what a network said of one picture while it learned.

    Args:
        epochs: (R,), in rising order: after how many epochs the picture was read; R ≥ 1.
        probabilities: float (R, 10), of each reading, rows that sum to 1.
        end: the last epoch of the training; a long axis ends before it as long as the ribbon would be a mere stripe.
        names: translated names under the keys "epoch" and "probability".
    """
    end = axis_end(epochs[-1], end)
    x = rounded(epochs)
    if len(x) == 1:  # an area needs two points
        x.append(x[0] + 0.02 * max(end - x[0], 1))
        probabilities = probabilities.repeat(2, axis=0)
    tops = probabilities.cumsum(axis=1)  # (R, 10)
    bands = [
        {
            "type": "scatter",
            "mode": "lines",
            "stackgroup": "probabilities",
            "name": str(digit),
            "x": x,
            "y": [round(float(p), 4) for p in probabilities[:, digit]],
            "line": {"width": 1, "color": f"rgb({colour})"},
            "fillcolor": f"rgba({colour}, 0.5)",
            "hovertemplate": "%{y:.1%}",
        }
        for digit, colour in enumerate(COLOURS)
    ]
    numbers = [
        _number(digit, x, probabilities[:, digit], tops[:, digit])
        for digit in range(len(COLOURS))
        if probabilities[:, digit].max() >= WIDE_ENOUGH
    ]
    layout = {
        "margin": {"l": 52, "r": 16, "t": 10, "b": 40},
        "xaxis": fixed_axis(
            names["epoch"],
            range=[x[0], max(end, x[-1])],
            unifiedhovertitle={"text": names["epoch"] + " %{x:.1f}"},
        ),
        "yaxis": fixed_axis(names["probability"], range=[0, 1], tickformat=".0%"),
        "annotations": numbers,
        "showlegend": False,
        "hovermode": "x unified",
    }
    return {"data": bands, "layout": layout}


def settled_since(digits: Sequence[int]) -> int:
    """Find from which reading on, counted from 0, the answer has been what it is now.

    Args:
        digits: the answer of each reading, in order; at least one.
    """
    return max((i + 1 for i, digit in enumerate(digits) if digit != digits[-1]), default=0)


def _number(digit: int, x: Sequence[float], width: np.ndarray, top: np.ndarray) -> Figure:
    """Write a digit's number into its band, where that is about widest."""
    place = int(np.flatnonzero(width >= ALMOST_WIDEST * width.max())[-1])
    side = "left" if place == 0 else "right" if place == len(x) - 1 else "center"
    middle = float(top[place] - width[place] / 2)
    return {
        "text": f"<b>{digit}</b>",
        "x": x[place],
        "y": round(middle, 4),
        "xanchor": side,
        "showarrow": False,
        "font": {"size": 16},
    }
