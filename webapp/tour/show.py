"""The card of the tour, above whatever page is open."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.navigation.page import StreamlitPage

from webapp.i18n import gettext
from webapp.i18n import gettext as _
from webapp.networks.choice import chosen
from webapp.tour.cards import CARDS, Card, Seen
from webapp.tour.guide import guide
from webapp.tour.progress import Progress, go_to, is_training, leave, progress

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
    with st.container(key="tour"):
        if now.card is None:
            _end()
        else:
            _card(now, now.card, pages, here)


def _card(now: Progress, card: Card, pages: Mapping[str, StreamlitPage], here: StreamlitPage) -> None:
    page = pages[card.page]
    _head(_("Tour {place} of {count}").format(place=now.place + 1, count=len(CARDS)), gettext(card.title))
    own = card.own and chosen().key != "default"
    waits_here = here is page and (own or not card.own)
    run = st.session_state.get("run", "") if card.page == "train" and waits_here else ""
    if now.done or run:
        guide(f"{now.place} {now.done} {run}", card.shows, comes=False, said=gettext(card.well) if now.done else "")
    else:
        part = ".st-key-draw" if here is pages["draw"] else ".st-key-top"
        guide(f"{now.place} {waits_here} {now.lacks}", part, comes=True)
    if card.numbers and now.first is not None and waits_here:
        st.html(_numbers(now.first, now.last))
    if now.done:
        st.html(f'<p class="tour-well">✓ {escape(gettext(card.well))}</p>')
        st.markdown(gettext(card.meaning))
    elif now.lacks and waits_here:
        st.markdown(_("First draw a **7**: this card is about it."))
    elif run and is_training():
        st.markdown(gettext(card.meanwhile))
    else:
        st.markdown(gettext(card.text if waits_here else card.way or card.text))
    with st.container(horizontal=True, vertical_alignment="center", key="tour-steer"):
        back = now.place - 1
        st.button(_("Back"), key="tour-back", type="tertiary", disabled=back < 0, on_click=go_to, args=(back,))
        if now.done:
            st.button(_("Next"), key="tour-next", type="primary", on_click=go_to, args=(now.place + 1,))
            return
        st.button(_("Skip"), key="tour-skip", type="tertiary", on_click=go_to, args=(now.place + 1,))
        if not waits_here:
            _way(now, card, page, own)


def _way(now: Progress, card: Card, page: StreamlitPage, own: bool) -> None:
    """Show what leads to where a card waits; `own`: whether a network of the visitor's reads already."""
    if card.own and not own and not now.trained:
        st.button(_("Train one first"), key="tour-train", type="primary", on_click=go_to, args=(now.place - 1,))
        return
    if card.page == "train":
        label, query = _("To the training page"), {"tab": "your-digit"}
    elif card.own and not own:
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
        st.button(_("Once more"), key="tour-again", type="tertiary", on_click=go_to, args=(0,))
        st.button(_("Done"), key="tour-done", type="primary", on_click=leave)


def _head(where: str, title: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="tour-head"):
        text = f'<h2 class="tour-title" tabindex="-1"><small>{escape(where)}</small>{escape(title)}</h2>'
        st.html(text, width="stretch")
        st.button(_("Leave the tour"), icon=":material/close:", key="tour-leave", type="tertiary", on_click=leave)


def excerpt(image: np.ndarray, before: np.ndarray | None = None) -> np.ndarray:
    """Choose the most varied piece of an image, or the one that has changed most: float (8, 8) of (28, 28)."""
    window = EXCERPT, EXCERPT
    changes = np.lib.stride_tricks.sliding_window_view(image if before is None else image - before, window)
    top, left = np.unravel_index(changes.std(axis=(2, 3)).argmax(), changes.shape[:2])
    return image[top : top + EXCERPT, left : left + EXCERPT]


def _numbers(first: Seen, last: Seen | None) -> str:
    """Write pixels as a table of numbers on their own grey: at first, or where they are other ones at last."""
    if first.read is None:
        return ""
    image = first.read.image
    piece = excerpt(image) if last is None or last.read is None else excerpt(last.read.image, image)
    rows = "".join(
        "<tr>" + "".join(f'<td style="--grey: {100 * value:.0f}%">{value:.1f}</td>' for value in row) + "</tr>"
        for row in piece.tolist()
    )
    return f'<table class="tour-numbers">{rows}</table>'
