"""The card of the tour, above whatever page is open."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.navigation.page import StreamlitPage

from webapp.components.scroll_to import scroll_to
from webapp.i18n import gettext
from webapp.i18n import gettext as _
from webapp.tour.cards import CARDS, Card
from webapp.tour.progress import Progress, go_to, leave, progress

STYLE = Path(__file__).with_name("style.css")
EXCERPT = 8
"""Pixels in a row of the piece of the drawing whose numbers are shown."""


def show(pages: Mapping[str, StreamlitPage], here: StreamlitPage) -> None:
    """Show the card that waits, if a tour is going on.

    Args:
        pages: those that cards wait on, by the cards' names for them.
        here: the page that is open.
    """
    now = progress()
    if now is None:
        return
    st.html(STYLE)
    scroll_to(".st-key-top", str(now.place), "to-the-card")
    with st.container(key="tour"):
        card = now.card
        if card is None:
            _end()
        else:
            _card(now, card, pages[card.page], here)


def _card(now: Progress, card: Card, page: StreamlitPage, here: StreamlitPage) -> None:
    _head(_("Tour {place} of {count}").format(place=now.place + 1, count=len(CARDS)), gettext(card.title))
    if card.numbers and now.image is not None:
        st.html(_numbers(excerpt(now.image)))
    st.markdown(gettext(card.text))
    if now.done:
        st.html(f'<p class="tour-well">✓ {escape(gettext(card.well))}</p>')
    with st.container(horizontal=True, vertical_alignment="center", key="tour-steer"):
        if now.done:
            st.button(_("Next"), key="tour-next", type="primary", on_click=go_to, args=(now.place + 1,))
        elif here is not page:
            _way(now, card, page)
        back = now.place - 1
        st.button(_("Back"), key="tour-back", type="tertiary", disabled=back < 0, on_click=go_to, args=(back,))
        if not now.done:
            st.button(_("Skip"), key="tour-skip", type="tertiary", on_click=go_to, args=(now.place + 1,))


def _way(now: Progress, card: Card, page: StreamlitPage) -> None:
    """Show the link to the page on which a card waits."""
    if card.page == "train":
        label, query = _("To the training page"), {"tab": "your-digit"}
    elif now.trained and card is CARDS[-1]:
        label, query = _("Draw with it"), {"network": now.trained}
    else:
        label, query = _("To the drawing page"), {}
    st.page_link(page, label=label, icon=":material/arrow_forward:", query_params=query)


def _end() -> None:
    _head(_("Tour"), _("That was the tour"))
    st.markdown(
        _(
            "You have drawn, looked inside, fooled a network, and trained one of your own. Nothing of it is hidden: "
            "all that a network does stands on the page **Code**."
        )
    )
    with st.container(horizontal=True, key="tour-steer"):
        st.button(_("Done"), key="tour-done", type="primary", on_click=leave)
        st.button(_("Once more"), key="tour-again", type="tertiary", on_click=go_to, args=(0,))


def _head(where: str, title: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="tour-head"):
        st.html(f'<h2 class="tour-title"><small>{escape(where)}</small>{escape(title)}</h2>', width="stretch")
        st.button(_("Leave the tour"), icon=":material/close:", key="tour-leave", type="tertiary", on_click=leave)


def excerpt(image: np.ndarray) -> np.ndarray:
    """Choose the most varied piece of an image: float (8, 8) of (28, 28)."""
    pieces = np.lib.stride_tricks.sliding_window_view(image, (EXCERPT, EXCERPT))
    top, left = np.unravel_index(pieces.std(axis=(2, 3)).argmax(), pieces.shape[:2])
    return pieces[top, left]


def _numbers(piece: np.ndarray) -> str:
    """Write pixels as a table of numbers on their own grey."""
    rows = "".join(
        "<tr>" + "".join(f'<td style="--grey: {100 * value:.0f}%">{value:.1f}</td>' for value in row) + "</tr>"
        for row in piece.tolist()
    )
    return f'<table class="tour-numbers">{rows}</table>'
