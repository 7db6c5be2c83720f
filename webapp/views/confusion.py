"""The confusion matrix: how often each digit is read as each other one, and the images of a cell."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from webapp.evaluations import Reading, describe_reading, present_reading
from webapp.live_chart import live_chart
from webapp.runs import Snapshot
from webapp.texts import gettext as _
from webapp.views.mistakes import percent, show_images

SHOWN = 12
HEIGHT = 390
"""In CSS pixels."""
DIGITS = list(range(10))
FAINTEST = 0.15
"""How strong the colour of the rarest mistake is, in [0, 1]: it must be told from none."""
CHART_KEY = "confusion-chart"

Cell = tuple[int, int]
"""The true digit, and what it is read as."""


def show(snapshot: Snapshot) -> None:
    """Show this tab of a run."""
    reading = present_reading(snapshot)
    if reading is None:
        return
    describe_reading(reading)
    choice = _Choice(st.session_state.get(CHART_KEY))
    left, right = st.columns([11, 9], gap="medium")
    with left, st.container(key="confusion"):
        figure = confusion_figure(
            reading.confusion,
            choice.cell,
            {
                "true": _("what it is"),
                "read": _("what the network reads"),
                "cell": _("{digit} read as {read}: {count:,} of {total:,} ({share:.1%})"),
            },
        )
        live_chart(figure, _("Confusion matrix"), CHART_KEY, HEIGHT, clickable=True)
        st.caption(
            _("On the diagonal what is read correctly. The stronger the orange, the more often this mistake is made.")
        )
    with right:
        _cell_images(snapshot, reading, choice)


def confusion_figure(confusion: np.ndarray, chosen: Cell | None, names: dict[str, str]) -> dict[str, Any]:
    """Draw a confusion matrix in which mistakes stand out, though right answers are hundreds of times as frequent.

    Args:
        confusion: int (10, 10), see `confusion_matrix`.
        chosen: the cell that is framed.
        names: translated texts under the keys "true", "read" (of the axes) and "cell" (with the fields digit, read,
            count, total and share).

    Returns:
        A figure as Plotly understands it. Colours are translucent, so they suit a light and a dark page.
    """
    totals = np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    about = [
        [
            names["cell"].format(
                digit=i, read=j, count=confusion[i, j], total=totals[i, 0], share=confusion[i, j] / totals[i, 0]
            )
            for j in DIGITS
        ]
        for i in DIGITS
    ]
    heatmap = {
        "type": "heatmap",
        "x": DIGITS,
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
    axis = {"dtick": 1, "showgrid": False, "zeroline": False, "fixedrange": True, "constrain": "domain", "ticks": ""}
    frame = {"type": "rect", "line": {"color": "#3b82f6", "width": 3}}
    layout = {
        "margin": {"l": 44, "r": 4, "t": 44, "b": 4},
        "xaxis": {**axis, "title": {"text": names["read"]}, "side": "top", "range": [-0.5, 9.5]},
        "yaxis": {
            **axis,
            "title": {"text": names["true"]},
            "range": [9.5, -0.5],
            "scaleanchor": "x",
            "constraintoward": "top",
        },
        "shapes": []
        if chosen is None
        else [
            {**frame, "x0": chosen[1] - 0.5, "x1": chosen[1] + 0.5, "y0": chosen[0] - 0.5, "y1": chosen[0] + 0.5},
        ],
        "hovermode": "closest",
    }
    return {"data": [heatmap], "layout": layout}


def mistake_strengths(confusion: np.ndarray) -> np.ndarray:
    """Say how strongly each cell of a confusion matrix is coloured.

    The share s of a digit's images is shown on a logarithmic scale from a thousandth to a tenth, (log₁₀ s + 3) / 2: so
    rare mistakes are told apart as well as frequent ones, and colours mean the same in every run.

    Args:
        confusion: int (10, 10).

    Returns:
        float (10, 10): −1 on the diagonal, 0 where no image is, else in [FAINTEST, 1].
    """
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    strengths = np.clip((np.log10(np.maximum(shares, 1e-9)) + 3) / 2, FAINTEST, 1)
    strengths[confusion == 0] = 0
    np.fill_diagonal(strengths, -1)
    return strengths


class _Choice:
    """Which cell is chosen: by the last click, and by two widgets that begin anew with what was clicked.

    New widgets, because a value that is set in the session can be lost: the page asks for news twice a second, and
    what is under way then still says what the widget held before.

    Args:
        chart: the chart's value, which comes from a browser.
    """

    def __init__(self, chart: object) -> None:
        value = chart.get("clicked") if isinstance(chart, Mapping) else None
        clicked: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        self.clicked: tuple[Any, Any] = clicked.get("y"), clicked.get("x")
        if not all(digit in DIGITS for digit in self.clicked):
            self.clicked = None, None
        self.keys = f"confusion-true-{clicked.get('count')}", f"confusion-read-{clicked.get('count')}"

    @property
    def cell(self) -> Cell | None:
        """The cell; None as long as one of the digits is not chosen."""
        true, read = (st.session_state.get(key, digit) for key, digit in zip(self.keys, self.clicked, strict=True))
        return None if true is None or read is None else (true, read)

    def show(self) -> None:
        """Show the two widgets, for those who can't click in the chart."""
        with st.container(horizontal=True):
            for label, key, digit in zip((_("Digit"), _("read as")), self.keys, self.clicked, strict=True):
                st.selectbox(label, DIGITS, digit, key=key, placeholder="–")


def _cell_images(snapshot: Snapshot, reading: Reading, choice: _Choice) -> None:
    """Let the visitor choose a cell without the chart, too, and show its images."""
    choice.show()
    if choice.cell is None:
        st.markdown(_("Click a number in the table, or choose two digits: the images appear here."))
        return
    true, read = choice.cell
    rows = np.flatnonzero((reading.labels == true) & (reading.digits == read))
    texts = {
        0: _("No image of {true} is read as {read}."),
        1: _("One image of {true} is read as {read}."),
    }
    text = texts.get(len(rows), _("{count:,} images of {true} are read as {read}."))
    st.markdown(text.format(true=true, read=read, count=len(rows)))
    if not len(rows):
        return
    sureness = reading.probabilities[rows, read]
    if true == read:
        order, words = np.argsort(sureness, kind="stable"), _("The least sure ones:")
    else:
        order, words = np.argsort(-sureness, kind="stable"), _("The surest ones:")
    if len(rows) > SHOWN:
        st.caption(words)
    rows = rows[order[:SHOWN]]
    show_images(snapshot, reading, rows, [percent(reading, row) for row in rows.tolist()], "confusion-images")
