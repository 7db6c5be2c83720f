"""The confusion matrix as a figure in which mistakes stand out."""

import numpy as np

from webapp.charts.curve import Figure, fixed_axis

DIGITS = list(range(10))


FAINTEST = 0.15
"""How strong the colour of the rarest mistake is, in [0, 1]: it must be told from none."""


Cell = tuple[int, int]
"""The true digit, and what it is read as."""


def confusion_figure(confusion: np.ndarray, chosen: Cell | None, names: dict[str, str]) -> Figure:
    """Draw a confusion matrix in which mistakes stand out, though right answers are hundreds of times as frequent.

    Args:
        confusion: int (10, 10), see `confusion_matrix`; or (10, 11), with what was read as no digit in the end.
        chosen: the cell that is framed.
        names: translated texts under the keys "true", "read" (of the axes) and "cell" (with the fields digit, read,
            count, total and share); with eleven columns also "none", the name of the last.

    Returns:
        A figure as Plotly understands it. Colours are translucent, so they suit a light and a dark page.
    """
    totals = np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    columns = list(range(confusion.shape[1]))
    read_as = [str(j) if j in DIGITS else names["none"] for j in columns]
    about = [
        [
            names["cell"].format(
                digit=i,
                read=read_as[j],
                count=confusion[i, j],
                total=totals[i, 0],
                share=confusion[i, j] / totals[i, 0],
            )
            for j in columns
        ]
        for i in DIGITS
    ]
    heatmap = {
        "type": "heatmap",
        "x": columns,
        "y": DIGITS,
        "z": mistake_strengths(confusion).round(3).tolist(),
        "zmin": -1,
        "zmax": 1,
        "colorscale": [
            [0, "rgba(128,128,128,0.22)"],
            [0.49, "rgba(128,128,128,0.22)"],
            [0.5, "rgba(249,115,22,0)"],
            [1, "rgba(249,115,22,0.85)"],
        ],
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "text": [[str(count) if count else "" for count in row] for row in confusion.tolist()],
        "texttemplate": "%{text}",
        "textfont": {"size": 12},
        "hovertext": about,
        "hoverinfo": "text",
    }
    axis = {"dtick": 1, "showgrid": False, "constrain": "domain", "ticks": ""}
    frame = {"type": "rect", "line": {"color": "#3b82f6", "width": 3}}
    layout = {
        "margin": {"l": 44, "r": 4, "t": 44, "b": 4},
        "xaxis": fixed_axis(
            names["read"], **axis, side="top", range=[-0.5, columns[-1] + 0.5], tickvals=columns, ticktext=read_as
        ),
        "yaxis": fixed_axis(names["true"], **axis, range=[9.5, -0.5], scaleanchor="x", constraintoward="top"),
        "shapes": []
        if chosen is None
        else [
            {**frame, "x0": chosen[1] - 0.5, "x1": chosen[1] + 0.5, "y0": chosen[0] - 0.5, "y1": chosen[0] + 0.5},
        ],
        "hovermode": "closest",
    }
    return {"data": [heatmap], "layout": layout}


def mistake_strengths(confusion: np.ndarray) -> np.ndarray:
    """Compute how strongly each cell of a confusion matrix is coloured.

    The share s of a digit's images is shown on a logarithmic scale from a thousandth to a tenth, (log₁₀ s + 3) / 2: so
    rare mistakes are told apart as well as frequent ones, and colours mean the same in every run.

    Args:
        confusion: int (10, K).

    Returns:
        float (10, K): −1 on the diagonal, 0 where no image is, else in [FAINTEST, 1].
    """
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    strengths = np.clip((np.log10(np.maximum(shares, 1e-9)) + 3) / 2, FAINTEST, 1)
    strengths[confusion == 0] = 0
    np.fill_diagonal(strengths, -1)
    return strengths
