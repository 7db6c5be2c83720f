"""What the curves of all charts share: smoothing, thinning out, rounding, and a time axis that counts epochs."""

from collections.abc import Iterable
from typing import Any

import numpy as np

MAX_POINTS = 400
"""Points of a curve that are sent to the browser: more cannot be told apart, and each update would cost more."""
SMOOTHING_IMAGES = 3200
"""A smoothed point is the mean of about this many images: 50 steps of 64, or 3,200 steps of a single one."""
HIGH_LOSS = 20.0
"""A network that knows nothing has a loss of 2.3. One that was above this needs a logarithmic axis, or all that it
learns would be a flat line at the bottom."""

AXIS_ENDS = (20, 50, 100, 200, 500, 1000, 2000)
"""Epochs at which the time axis of a long run may end for a while."""

Figure = dict[str, Any]
"""A figure, or a part of one, as Plotly understands it."""
Names = dict[str, str]
"""Translated texts under the keys "training", "validation", "best", "epoch", "loss", "accuracy"."""


def moving_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Average every value with those before it.

    Args:
        values: float (N,).
        window: how many values, with itself; fewer at the beginning.

    Returns:
        float (N,).
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)


def thin_out(values: np.ndarray) -> np.ndarray:
    """Choose which points of a long curve are drawn: evenly spread, always with the newest.

    While a curve grows, the points that are drawn stay the same, and every other one goes when they become too many:
    with others at every update the curve would flicker.

    Args:
        values: (N,), the curve; only its length counts.

    Returns:
        integer (at most MAX_POINTS,), indices in order.
    """
    count = len(values)
    apart = 1
    while -(-count // apart) > MAX_POINTS:
        apart *= 2
    chosen = np.arange(apart - 1, count, apart)
    return chosen if count % apart == 0 else np.append(chosen, count - 1)


def later_half(values: np.ndarray) -> np.ndarray:
    """Return the part of a curve that an axis of accuracies always shows: where it begins, it may be far below."""
    return values[len(values) // 2 :]


def smoothing_steps(batch_size: int) -> int:
    """Return how many steps a smoothed point is the mean of."""
    return max(1, round(SMOOTHING_IMAGES / batch_size))


def axis_end(epochs: float, last_epoch: int) -> int:
    """Return where the time axis ends: at the last epoch, or before it as long as a long run would be a mere stripe."""
    return next((end for end in AXIS_ENDS if epochs <= end <= last_epoch / 2), last_epoch)


def fixed_axis(title: str, **options: Any) -> Figure:
    """Return an axis that cannot be zoomed, without a line at 0.

    Args:
        title: its translated name.
        options: what else Plotly is told of it.
    """
    return {"title": {"text": title}, "zeroline": False, "fixedrange": True, **options}


def epoch_layout(names: Names, title: str, last_epoch: int, yaxis: Figure, **margin: int) -> Figure:
    """Return the layout of a figure whose time axis counts epochs.

    Args:
        names: translated texts, "epoch" among them.
        title: translated name of the vertical axis.
        last_epoch: where the time axis ends.
        yaxis: what else Plotly is told of the vertical axis.
        margin: where it is not the usual one, in CSS pixels: "l", "r", "t" or "b".
    """
    hover_title = {"text": names["epoch"] + " %{x:.2f}"}
    return {
        "margin": {"l": 52, "r": 12, "t": 34, "b": 40, **margin},
        "xaxis": fixed_axis(names["epoch"], range=[0, last_epoch], unifiedhovertitle=hover_title),
        "yaxis": fixed_axis(title, **yaxis),
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
            "font": {"size": 12},
        },
        "hovermode": "x unified",
        "uirevision": "kept",  # hidden curves stay hidden at the next update
    }


def rounded(values: Iterable[float]) -> list[float]:
    """Shorten numbers for the way to the browser; five digits are more than a screen can show."""
    return [float(f"{value:.5g}") for value in values]
