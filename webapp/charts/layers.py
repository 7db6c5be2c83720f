"""From what went on inside the layers to figures: pure functions, without Streamlit and without a browser."""

from collections.abc import Sequence

import numpy as np

from mnist_core.training.layer_statistics import LayerRecord
from webapp.charts.curve import Figure, Names, epoch_layout

LOG_TICKS = 6
"""About so many labels stand on the logarithmic axis."""
BAND_COLOUR = "59, 130, 246"
"""Red, green and blue of the outputs; see-through, it fits light and dark."""


def outputs_figure(
    records: Sequence[LayerRecord], layer: int, steps_per_epoch: int, last_epoch: int, names: Names
) -> Figure:
    """Draw how the outputs of a layer are spread, over the epochs: bands of 5-95% and 25-75%, and the median.

    Args:
        records: in order.
        layer: which layer, from 0.
        steps_per_epoch: updates in an epoch.
        last_epoch: where the time axis ends.
        names: translated texts under the keys "most", "half", "median", "epoch" and "outputs".
    """
    x = [record.step / steps_per_epoch for record in records]
    lowest, lower, median, upper, highest = ([record.layers[layer].outputs[i] for record in records] for i in range(5))
    edge = {"x": x, "line": {"width": 0, "color": f"rgb({BAND_COLOUR})"}}
    silent = {**edge, "showlegend": False, "hoverinfo": "skip"}
    wide = {"fill": "tonexty", "fillcolor": f"rgba({BAND_COLOUR}, 0.18)", "hoverinfo": "skip"}
    narrow = {"fill": "tonexty", "fillcolor": f"rgba({BAND_COLOUR}, 0.35)", "hoverinfo": "skip"}
    line = {"x": x, "line": {"width": 2.5, "color": f"rgb({BAND_COLOUR})"}, "hovertemplate": "%{y:.3g}"}
    curves: list[Figure] = [
        {**silent, "y": lowest},
        {**edge, **wide, "y": highest, "name": names["most"]},
        {**silent, "y": lower},
        {**edge, **narrow, "y": upper, "name": names["half"]},
        {**line, "y": median, "name": names["median"]},
    ]
    return _figure(curves, names, names["outputs"], last_epoch, {})


def gradients_figure(
    records: Sequence[LayerRecord], steps_per_epoch: int, last_epoch: int, names: Names, layer_names: Sequence[str]
) -> Figure:
    """Draw the root mean square of every layer's gradient over the epochs, on a logarithmic axis.

    Args:
        records: in order.
        steps_per_epoch: updates in an epoch.
        last_epoch: where the time axis ends.
        names: translated texts under the keys "epoch" and "gradient".
        layer_names: of all layers, from input to output.

    Returns:
        A figure in which a gradient of 0, which has no logarithm, leaves a gap.
    """
    x = [record.step / steps_per_epoch for record in records]
    curves: list[Figure] = [
        {
            "x": x,
            "y": [record.layers[i].gradient_rms or None for record in records],
            "name": name,
            "line": {"width": 2.5, "color": _colour(i, len(layer_names))},
            "hovertemplate": "%{y:.2e}",
        }
        for i, name in enumerate(layer_names)
    ]
    sizes = np.log10([size for curve in curves for size in curve["y"] if size is not None] or [1.0])
    dtick = max(1, round(np.ptp(sizes) / LOG_TICKS))  # whole powers of ten: digits between them would overlap
    return _figure(
        curves, names, names["gradient"], last_epoch, {"type": "log", "dtick": dtick, "exponentformat": "power"}
    )


def _colour(layer: int, layers: int) -> str:
    """From green at the input to pink at the output, all of a lightness that can be seen on black and on white.

    Neither end is blue or orange: the size of a gradient has no sign.
    """
    return f"hsl({160 + 170 * layer / max(layers - 1, 1):.0f}, 65%, 45%)"


def _figure(curves: list[Figure], names: Names, title: str, last_epoch: int, yaxis: Figure) -> Figure:
    return {
        "data": [{"type": "scatter", "mode": "lines", **curve} for curve in curves],
        "layout": epoch_layout(names, title, last_epoch, yaxis, l=64),
    }
