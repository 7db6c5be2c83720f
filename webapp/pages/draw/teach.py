"""Teach it: keep drawings with what they are, let a copy of the network learn them, take them home or delete them."""

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import streamlit as st

from mnist_core.recognizer import Recognition, Recognizer
from webapp.components import drawing_pad as pad
from webapp.components.data_uri import grey_address
from webapp.components.drawing_board import Board
from webapp.components.gallery import Tile, clicked_in, gallery
from webapp.components.kept import kept
from webapp.components.save_file import save_file
from webapp.i18n import gettext as _
from webapp.networks.choice import HAND, choose, chosen
from webapp.pages.draw.answer import digit_in_question
from webapp.pages.draw.examples import example_of
from webapp.pages.draw.learning import base_of, learn, offer_learning, tried
from webapp.pages.draw.reading import read_drawing
from webapp.visitors.collection import (
    Drawing,
    counts_of,
    delete_drawing,
    delete_drawings,
    drawings_of,
    export,
    keep_drawing,
    relabel,
)
from webapp.visitors.folder import StorageError
from webapp.visitors.handwriting_networks import forget_hand, hand_of
from webapp.visitors.identity import forget_visitor, place_cookie, remember_visitor, visitor_id

DIGITS = range(10)
PER_PAGE = 40
"""Drawings that the gallery shows at a time: a page that follows the pen must stay light."""


def show(reader: Recognizer, read: Recognition | None) -> None:
    """Show the visitor's collection and what it has taught, or ask whether to keep one; see `show_view`."""
    place_cookie()
    visitor = visitor_id()
    if visitor is None:
        _say_that_all_is_deleted()
        _ask(read)
        return
    place, failure = st.empty(), st.session_state.get("teach_failure")
    if failure is not None:
        place.error(failure, icon=":material/error:")
    try:
        _show_collection(visitor, reader, read)
    except StorageError as error:
        place.error(str(error), icon=":material/error:")


def _show_collection(visitor: str, reader: Recognizer, read: Recognition | None) -> None:
    counts = counts_of(visitor)
    count = int(counts.sum())
    _say_what_it_was(visitor, reader, read)
    place = offer_learning(visitor, count)
    _collection(visitor, counts)
    _take_or_delete(visitor, count)
    learn(place, visitor, count)  # at the end, so that all the rest is there meanwhile


def _say_that_all_is_deleted() -> None:
    """Say so after the press: what a callback shows beside a fragment takes the place of the page's style sheet."""
    if st.session_state.pop("teach_deleted", False):
        st.toast(_("Everything is deleted."), icon=":material/check:")


def _ask(read: Recognition | None) -> None:
    """Show what teaching does, explain what would be kept, and ask."""
    st.html(_steps_html(read))
    st.markdown(
        _(
            "For that, your drawings and their labels are kept on the computer that this app runs on, and a cookie "
            "lets your browser find them again. No name is asked for. Other visitors don't see them; whoever looks "
            "after that computer could. You can delete everything at any time."
        )
    )
    st.button(
        _("Keep my drawings"), type="primary", icon=":material/school:", key="teach-agree", on_click=remember_visitor
    )


def _steps_html(read: Recognition | None) -> str:
    """Return the steps of teaching in pictures, as HTML: of the visitor's own drawing, if it is in doubt."""
    address, digit, other = None, 4, 9
    if read is not None and read.probabilities is not None and read.certainty != "sure":
        digit, other = np.argsort(read.probabilities)[:-3:-1].tolist()
        address = grey_address(read.image)
    elif found := example_of(digit):
        address = found["address"]
    drawing = "" if address is None else f'<img alt="" src="{address}">'
    steps = (
        (drawing, _("It reads {digit}").format(digit=digit)),
        (f"<b>{other}</b>", _("You say: {digit}").format(digit=other)),
        (f"{drawing}<b>{other}</b>", _("A copy of the network learns your handwriting")),
    )
    figures = "".join(f"<li><div>{picture}</div><p>{line}</p></li>" for picture, line in steps)
    title = _("Does it misread your handwriting? Teach it.")
    measured = _(
        "Measured with the handwriting of three people, turned by 40°: before, it read 80% of new digits; after 20 "
        "drawings, 89%. Where it reads your handwriting well already, there is little to gain."
    )
    return (
        f'<h2 class="teach-title">{title}</h2><ol class="teach-steps">{figures}</ol><p class="caption">{measured}</p>'
    )


def _say_what_it_was(visitor: str, reader: Recognizer, read: Recognition | None) -> None:
    """Show the ten digits, one of which the drawing is."""
    nothing = read is None or read.digit is None
    if nothing or read is None:
        text = _("Draw a digit, and say here what it is.")
    elif read.certainty == "no digit":
        text = _("It sees no digit here. What is it?")
    else:
        text = _("It read **{digit}**. What is it really?").format(digit=read.digit)
    st.markdown(text)
    # A new control for each drawing. One whose value is taken back here now and then stays pressed in the browser, when
    # a report of the pad overtakes that; to press the same digit for the next drawing would then only release it.
    key = f"teach-label-{st.session_state.get('teach_labelled', 0)}"
    with st.container(key="teach-label"):
        board = pad.history().present
        _choose_digit(key, disabled=nothing, on_change=_keep, args=(visitor, reader, read, board, key))
    with st.container(horizontal=True, vertical_alignment="center", key="teach-kept"):
        kept(st.toggle, _("Then clear the pad"), "teach-clear", True)
        if read is not None and not np.array_equal(read.image, st.session_state.get("teach_image", read.image)):
            _forget_last()  # what was said of it would seem to be about this one
        note, last = st.session_state.get("teach_note"), st.session_state.get("teach_last")
        if note:
            st.markdown(note, width="content")
        if last is not None:
            st.button(_("Undo"), type="tertiary", key="teach-undo", on_click=tried, args=(_take_back, visitor, last))


def _choose_digit(key: str, **options: Any) -> None:
    """Show the ten digits in a row; `options` go to `st.segmented_control`."""
    st.segmented_control(_("What it is"), DIGITS, key=key, label_visibility="collapsed", width="stretch", **options)


def _keep(visitor: str, reader: Recognizer, read: Recognition | None, board: Board, key: str) -> None:
    """Keep what was read on a board, or on the one that came along with the press."""
    label = st.session_state[key]
    st.session_state["teach_labelled"] = st.session_state.get("teach_labelled", 0) + 1
    png = pad.current_png()
    if pad.history().present is not board:
        read = digit_in_question(read_drawing(reader, png), *st.session_state.get("place", (None, 0)))
    if label not in DIGITS or read is None or read.digit is None:
        return
    digit = None if read.certainty == "no digit" else read.digit
    st.session_state["teach_image"] = read.image
    try:
        last = keep_drawing(visitor, read.image, read.stages.crop, label, digit)
    except StorageError as error:
        st.session_state.update(teach_note=str(error), teach_last=None)
        return
    st.session_state.update(teach_note=_("Kept as **{label}**.").format(label=label), teach_last=last)
    if st.session_state.get("teach-clear"):
        pad.clear()


def _take_back(visitor: str, last: int) -> None:
    delete_drawing(visitor, last)
    st.session_state.update(teach_note=_("Taken back."), teach_last=None)


def _forget_last() -> None:
    for key in ("teach_note", "teach_last", "teach_image"):
        st.session_state.pop(key, None)


def _collection(visitor: str, counts: np.ndarray) -> None:
    """Show the drawings, the newest first; one that is clicked can be labelled anew or deleted."""
    total = int(counts.sum())
    cells = "".join(
        f'<span class="{"" if count else "none"}"><b>{digit}</b> ×{count}</span>' for digit, count in enumerate(counts)
    )
    title = _("Your collection: {count}").format(count=total)
    st.html(f'<div class="teach-counts"><p>{title}</p><div>{cells}</div></div>')
    pages = math.ceil(total / PER_PAGE)
    page = st.pagination(pages, key="teach-page") if pages > 1 else 1
    shown = drawings_of(visitor, (min(page, pages) - 1) * PER_PAGE, PER_PAGE) if total else []
    if not shown:
        st.caption(_("The drawings that you keep appear here."))
        return
    clicked = clicked_in("teach-gallery")
    if clicked is not None:
        st.session_state["teach_picked"] = None if clicked == st.session_state.get("teach_picked") else clicked
    picked = next((drawing for drawing in shown if drawing.id == st.session_state.get("teach_picked")), None)
    gallery(
        np.stack([drawing.image for drawing in shown]),
        [Tile(drawing.id, str(drawing.label)) for drawing in shown],
        _("Your collection"),
        "teach-gallery",
        "3rem",
        chosen=None if picked is None else picked.id,
    )
    if picked is None:
        st.caption(_("Click a drawing to change its label or to delete it."))
        return
    _one(visitor, picked)


def _one(visitor: str, drawing: Drawing) -> None:
    """Show what can be done with the drawing that is picked."""
    read = _("no digit") if drawing.read is None else drawing.read
    st.markdown(_("You said **{label}**, it had read **{read}**. It is:").format(label=drawing.label, read=read))
    key = f"teach-relabel-{drawing.id}"
    _choose_digit(
        key,
        default=drawing.label,
        required=True,
        on_change=lambda: tried(relabel, visitor, drawing.id, st.session_state[key]),
    )
    st.button(
        _("Delete this drawing"),
        icon=":material/delete:",
        key="teach-delete",
        on_click=tried,
        args=(delete_drawing, visitor, drawing.id),
    )


def _take_or_delete(visitor: str, count: int) -> None:
    """Show how the collection is taken home, and how all of it is deleted."""
    with st.container(horizontal=True, key="teach-leave"):
        st.button(
            _("Download all (ZIP)"),
            icon=":material/download:",
            key="teach-take",
            disabled=not count,
            on_click=lambda: st.session_state.update(teach_take=True),  # outlives a run that the page breaks off
        )
        with st.popover(_("Delete everything"), icon=":material/delete_forever:", key="teach-delete-all"):
            st.markdown(
                _(
                    "This deletes all your drawings ({count}), the network that learnt them, and the cookie. It can't "
                    "be undone."
                ).format(count=count)
            )
            st.button(
                _("Delete everything now"),
                type="primary",
                key="teach-delete-now",
                on_click=tried,
                args=(_delete_all, visitor),
            )
    today = datetime.now(UTC).date()
    taken = st.session_state.pop("teach_take", False)
    save_file(export(visitor) if taken and count else None, f"my-digits-{today}.zip", "teach-file")


def _delete_all(visitor: str) -> None:
    if chosen().key == HAND:
        choose(base_of(hand_of(visitor)).key)
    forget_hand(visitor)
    delete_drawings(visitor)
    forget_visitor()
    _forget_last()
    for key in ("teach_picked", "teach_learning"):
        st.session_state.pop(key, None)
    st.session_state["teach_deleted"] = True
