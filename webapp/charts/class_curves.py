"""The trainings of a whole class in one figure: the best and those that are going stand out, all others are grey."""

import html
from collections.abc import Sequence
from typing import Literal

from webapp.charts.comparison import Curve, accuracy_axis
from webapp.charts.curve import Figure, fixed_axis, rounded

Kind = Literal["over", "going", "best"]

LOOKS: dict[Kind, Figure] = {
    "over": {"color": "rgba(128, 128, 128, 0.85)", "width": 2},
    "going": {"color": "#3b82f6", "width": 2.5},
    "best": {"color": "#ea580c", "width": 4},
}
"""In the order in which they are drawn: the best lies on top."""


def class_figure(curves: Sequence[tuple[Kind, Curve]], x_title: str, y_title: str) -> Figure:
    """Draw accuracies over the epochs; whoever points at a curve reads whose it is.

    The axis belongs to the better half: what fails stays below the chart, and would else make all others one line.

    Args:
        curves: each with what it is; empty ones are left out.
        x_title: translated name of the horizontal axis.
        y_title: translated name of the vertical axis.
    """
    drawn = [(kind, curve) for kind, curve in curves if len(curve.x)]
    better = sorted((curve for _kind, curve in drawn), key=lambda curve: -curve.y[-1])[: (len(drawn) + 1) // 2]
    drawn.sort(key=lambda line: list(LOOKS).index(line[0]))
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": html.escape(curve.name),  # Plotly reads tags in names
                "x": rounded(curve.x),
                "y": rounded(curve.y),
                "line": LOOKS[kind],
                "marker": {"size": LOOKS[kind]["width"] + 3},
                "hovertemplate": "%{fullData.name}<br>%{y:.2%}<extra></extra>",
            }
            for kind, curve in drawn
        ],
        "layout": {
            "margin": {"l": 62, "r": 12, "t": 12, "b": 40},
            "showlegend": False,
            # Space between the axis and its figures, as the two zeros would touch.
            "xaxis": fixed_axis(x_title, rangemode="tozero", ticks="outside", tickcolor="rgba(0, 0, 0, 0)"),
            "yaxis": fixed_axis(y_title, **accuracy_axis(better)),
            "hovermode": "closest",
        },
    }
