"""What the class has played, for the projector."""

from typing import Any

import numpy as np
import streamlit as st

from webapp.components.empty import nothing_yet
from webapp.components.gallery import Tile, gallery
from webapp.components.live_chart import live_chart
from webapp.components.turn import fragment
from webapp.i18n import gettext as _
from webapp.visitors.class_results import ClassResults, class_results
from webapp.visitors.folder import StorageError

POLL_SECONDS = 2.0
COLOUR = "#3b82f6"


@fragment(run_every=POLL_SECONDS)
def class_view() -> None:
    """Show the class's results; what others finish appears by itself."""
    try:
        results = class_results()
    except StorageError as error:
        st.error(str(error), icon=":material/error:")
        return
    if not results.draw_games + results.duels:
        nothing_yet(
            "no-games",
            _("No game has been finished yet"),
            _("Play one of the two. What you and the others finish appears here by itself."),
        )
        return
    _figures(results)
    if results.draw_games:
        _drawings(results)


def _figures(results: ClassResults) -> None:
    drawn, read = sum(results.asked), sum(results.read)
    games = results.draw_games + results.duels
    players = _("games, by one player") if games > 1 else _("game, by one player")
    if results.players > 1:
        players = _("games, by {count} players").format(count=results.players)
    figures = [(f"{games}", players)]
    if drawn:
        text = _("the network read {read} of {drawn} drawings").format(read=read, drawn=drawn)
        figures.append((f"{read / drawn:.0%}", text))
    if results.human is not None and results.network is not None:
        text = _("right out of ten on average: you all against the network")
        figures.append((f"{results.human:.1f} : {results.network:.1f}", text))
    if results.draw_seconds is not None:
        figures.append((_("{seconds} s").format(seconds=round(results.draw_seconds)), _("for ten drawings on average")))
    shown = "".join(f"<div><strong>{number}</strong><span>{text}</span></div>" for number, text in figures)
    st.html(f'<div class="play-figures">{shown}</div>')


def _drawings(results: ClassResults) -> None:
    label = _("How many drawings of each digit were read")
    st.html(f'<h2 class="play-heading">{label}</h2>')
    live_chart(share_figure(results.asked, results.read), label, "play-shares", height=220)
    if results.misread:
        st.html('<h2 class="play-heading">' + _("Misread, the newest first") + "</h2>")
        tiles = [
            Tile(
                place,
                _("{asked}, no digit seen").format(asked=found.asked)
                if found.read is None
                else _("{asked}, read as {read}").format(asked=found.asked, read=found.read),
            )
            for place, found in enumerate(results.misread)
        ]
        images = np.stack([found.image for found in results.misread if found.image is not None])
        gallery(images, tiles, _("Misread drawings"), "play-misread", "max(5.5rem, 100% / 12 - 0.5rem)")


def share_figure(asked: tuple[int, ...], read: tuple[int, ...]) -> dict[str, Any]:
    """Draw a bar for each digit: the share of its drawings that were read.

    Args:
        asked: for each digit, how often it was drawn; one that was never drawn has no bar.
        read: for each digit, how many of those were read as it.

    Returns:
        A figure as Plotly understands it.
    """
    digits = [digit for digit in range(10) if asked[digit]]
    bars = {
        "type": "bar",
        "x": digits,
        "y": [round(read[digit] / asked[digit], 4) for digit in digits],
        "text": [f"{read[digit]}/{asked[digit]}" for digit in digits],
        "textposition": "outside",
        "textangle": 0,
        "cliponaxis": False,
        "marker": {"color": COLOUR},
        "hovertemplate": "%{x}: %{y:.0%}<extra></extra>",
    }
    layout = {
        "margin": {"l": 46, "r": 8, "t": 24, "b": 28},
        "xaxis": {"range": [-0.6, 9.6], "dtick": 1, "fixedrange": True, "zeroline": False},
        "yaxis": {"range": [0, 1.08], "tickvals": [0, 0.5, 1], "tickformat": ".0%", "fixedrange": True},
        "uirevision": "kept",
        "showlegend": False,
    }
    return {"data": [bars], "layout": layout}
