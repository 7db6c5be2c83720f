"""Where a visitor is on the tour: kept in the session, and in the URL as `?tour=3`."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from webapp.components import drawing_pad as pad
from webapp.components.drawing_board import Board
from webapp.tour.cards import CARDS, Card, Seen

PARAMETER = "tour"
STEPS, VIEW = "stages_steps", "view"
"""Where the drawing page keeps which steps are switched on, and which view is open."""


@dataclass(frozen=True, eq=False)
class Progress:
    """A visitor's way through the tour.

    Attributes:
        place: of the card, counted from 0; after the last one it is `len(CARDS)`.
        done: whether what the card asks for is done.
        entered: whether the pages have been prepared for the card.
        first: what its page showed when it came.
        seven: the board with the first seven, for the training page.
        image: float (28, 28), what the network saw of it.
        trained: the run that was trained on the way; "" before.
    """

    place: int
    done: bool = False
    entered: bool = False
    first: Seen | None = None
    seven: Board | None = None
    image: np.ndarray | None = None
    trained: str = ""

    @property
    def card(self) -> Card | None:
        """The card that waits; None after the last one."""
        return CARDS[self.place] if self.place < len(CARDS) else None


def progress() -> Progress | None:
    """Return where this visitor is; None where no tour is going on."""
    found: Progress | None = st.session_state.get(PARAMETER)
    return found


def go_to(place: int) -> None:
    """Go to the card at a place, on the page's next run."""
    before = progress() or Progress(0)
    st.session_state[PARAMETER] = replace(before, place=place, done=False, entered=False, first=None)


def leave() -> None:
    """End the tour."""
    st.session_state[PARAMETER] = None


def use_url() -> None:
    """Adopt what a link asks for, prepare the pages for a card that has just come, and note it in the URL."""
    asked = st.query_params.get(PARAMETER, "")
    if PARAMETER not in st.session_state and asked.isascii() and asked.isdecimal() and len(asked) < 3:
        go_to(min(max(int(asked), 1), len(CARDS)) - 1)
    now = progress()
    if now is None:
        st.query_params.pop(PARAMETER, None)
        return
    if not now.entered:
        _enter(now)
    if now.card is None:
        st.query_params.pop(PARAMETER, None)
    else:
        st.query_params[PARAMETER] = str(now.place + 1)


def _enter(now: Progress) -> None:
    st.session_state[PARAMETER] = replace(now, entered=True)
    card = now.card
    if card is None:
        return
    st.session_state[STEPS] = card.options
    if card.view:
        st.session_state[VIEW] = card.view
        st.query_params[VIEW] = card.view
    if card.clears:
        pad.clear()
    elif card.seven and now.seven is not None and (card.page == "train" or not pad.history().present.strokes):
        pad.put(now.seven)


def watch(seen: Seen) -> None:
    """Look at what a page shows, and note it when the card that waits is done: last of all on a page."""
    now = progress()
    card = None if now is None else now.card
    if now is None or card is None or card.page != seen.page or now.done:
        return
    if not now.entered:
        st.rerun()  # the tour was asked for within a part of the page, which cannot show it
    if now.first is None:
        now = st.session_state[PARAMETER] = replace(now, first=seen)
    if not card.done(seen, now.first or seen):
        return
    if now.place == 0 and seen.read is not None:
        now = replace(now, seven=pad.history().present, image=seen.read.image)
    st.session_state[PARAMETER] = replace(now, done=True, trained=seen.trained or now.trained)
    st.rerun()
