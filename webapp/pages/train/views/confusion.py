"""The confusion matrix: how often each digit is read as each other one, and the images of a cell."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from webapp.charts.confusion import DIGITS, Cell, confusion_figure
from webapp.components.live_chart import live_chart
from webapp.i18n import gettext as _
from webapp.networks.evaluation import Reading, describe_reading, present_reading
from webapp.pages.train.views.mistakes import percent, show_images
from webapp.runs.snapshot import Snapshot

SHOWN = 12
HEIGHT = 390
"""In CSS pixels."""


CHART_KEY = "confusion-chart"


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
            _("On the diagonal: what is read correctly. The stronger the orange, the more often that mistake is made.")
        )
    with right:
        _cell_images(snapshot, reading, choice)


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
    """Offer the choice of a cell without the chart, too, and show its images."""
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
