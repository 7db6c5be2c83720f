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
    left, right = st.columns([11, 9], gap="medium")
    with right:  # first: the chart frames what is chosen here
        cell = _chosen_cell()
        _cell_images(snapshot, reading, cell)
    with left, st.container(key="confusion"):
        figure = confusion_figure(
            reading.confusion,
            cell,
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


def _chosen_cell() -> Cell | None:
    """Show two widgets, for those who can't click in the chart; return the cell, None while one digit is not chosen.

    The widgets begin anew with what was clicked last. New ones, because a value that is set in the session can be
    lost: the page asks for news twice a second, and what is under way then still says what the widget held before.
    """
    chart = st.session_state.get(CHART_KEY)  # it comes from a browser
    value = chart.get("clicked") if isinstance(chart, Mapping) else None
    clicked: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
    true, read, count = clicked.get("y"), clicked.get("x"), clicked.get("count")
    if true not in DIGITS or read not in DIGITS:
        true = read = None
    with st.container(horizontal=True):
        true = st.selectbox(_("Digit"), DIGITS, true, key=f"confusion-true-{count}", placeholder="–")
        read = st.selectbox(_("read as"), DIGITS, read, key=f"confusion-read-{count}", placeholder="–")
    return None if true is None or read is None else (true, read)


def _cell_images(snapshot: Snapshot, reading: Reading, cell: Cell | None) -> None:
    """Show the images of a cell."""
    if cell is None:
        st.markdown(_("Click a number in the table, or choose two digits: the images appear here."))
        return
    true, read = cell
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
