"""Where a visitor is on the tour: kept in the session, and in the URL as `?tour=3`."""

from dataclasses import dataclass, replace

import streamlit as st

from mnist_core.imaging.preprocess import DEFAULT_OPTIONS
from webapp.components import drawing_pad as pad
from webapp.components.drawing_board import Board
from webapp.runs.shared import runs
from webapp.runs.snapshot import ACTIVE, Snapshot
from webapp.tour.cards import CARDS, Card, Seen

PARAMETER = "tour"
STEPS, VIEW = "stages_steps", "view"
"""Where the drawing page keeps which steps are switched on, and which view is open."""


@dataclass(frozen=True, eq=False)
class Progress:
    """A visitor's way through the tour.

    Attributes:
        place: of the card, counted from 0; after the last one it is `len(CARDS)`.
        entered: whether the pages have been prepared for the card.
        lacks: whether the card is about a seven, and none is drawn.
        first: what its page showed when it came.
        last: what its page showed when what the card asks for was done; None before.
        seven: the board with the first seven, for the cards about it.
        trained: the last run that was seen when it was over; "" before.
    """

    place: int
    entered: bool = False
    lacks: bool = False
    first: Seen | None = None
    last: Seen | None = None
    seven: Board | None = None
    trained: str = ""

    @property
    def card(self) -> Card | None:
        """The card that waits; None after the last one."""
        return CARDS[self.place] if self.place < len(CARDS) else None

    @property
    def done(self) -> bool:
        """Whether what the card asks for is done."""
        return self.last is not None


def progress() -> Progress | None:
    """Return where this visitor is; None where no tour is going on."""
    found: Progress | None = st.session_state.get(PARAMETER)
    return found


def go_to(place: int) -> None:
    """Go to the card at a place, on the page's next run."""
    before = progress() or Progress(0)
    st.session_state[PARAMETER] = replace(before, place=place, entered=False, lacks=False, first=None, last=None)


def leave() -> None:
    """End the tour; what a card has switched off is on again."""
    now = progress()
    if now is not None and now.card is not None and now.card.options != DEFAULT_OPTIONS:
        st.session_state[STEPS] = DEFAULT_OPTIONS
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
    if card.page == "draw":  # on the pad, not on a test image or a picture
        st.query_params.pop("test", None)
        st.session_state["input"] = "pad"
    else:
        _put_finished_run_away()
        if now.seven is not None:
            pad.put(now.seven)
    if card.clears:
        pad.clear()


def _put_finished_run_away() -> None:
    """Let the training page begin anew, with Start in sight; a run that is going on stays."""
    run = _open_run()
    if run is not None and run.state not in ACTIVE:
        st.query_params.pop("run", None)
        st.session_state.pop("run", None)


def is_training() -> bool:
    """Return whether the run of the training page goes on, or waits for its turn."""
    run = _open_run()
    return run is not None and run.state in ACTIVE


def _open_run() -> Snapshot | None:
    run_id = st.query_params.get("run") or st.session_state.get("run")
    return runs().snapshot(run_id, curves=False) if run_id else None


def watch(seen: Seen) -> None:
    """Look at what a page shows, and note it when the card that waits is done: last of all on a page."""
    now = progress()
    if now is None:
        return
    if seen.trained not in ("", now.trained):
        now = _note(replace(now, trained=seen.trained))
        if now.card is not None and now.card.own:
            st.rerun()  # the card leads to it
    card = now.card
    if card is None or card.page != seen.page or now.done:
        return
    if not now.entered:
        st.rerun()  # the tour was asked for within a part of the page, which cannot show it
    if now.first is None:
        if card.seven and card.page == "draw" and not seen.is_digit():
            _look_for_seven(now)
            return
        lacked, now = now.lacks, _note(replace(_with_seven(now, seen), first=seen, lacks=False))
        if lacked or card.numbers:
            st.rerun()  # the card says something else now
    if card.done(seen, now.first or seen):
        if now.place == 0:
            now = replace(now, seven=None)  # whoever begins anew has another one
        _note(replace(_with_seven(now, seen), last=seen))
        st.rerun()


def _note(now: Progress) -> Progress:
    st.session_state[PARAMETER] = now
    return now


def _with_seven(now: Progress, seen: Seen) -> Progress:
    """Note the first seven, if this is it; one that is a test image is on no board."""
    board = pad.history().present
    return replace(now, seven=board) if now.seven is None and seen.is_digit() and board.strokes else now


def _look_for_seven(now: Progress) -> None:
    """Put the seven, which the card is about, in place of what is drawn; if there is none, the card asks for one."""
    if now.lacks:
        return
    if now.seven is not None and now.seven.strokes != pad.history().present.strokes:
        pad.put(now.seven)
    else:
        _note(replace(now, lacks=True))
    st.rerun()
