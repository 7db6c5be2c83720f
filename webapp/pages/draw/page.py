"""The drawing page: draw a digit or a number, and see at once what the network reads."""

import zlib
from typing import NamedTuple

import streamlit as st

from mnist_core.recognizer import Recognition, Recognizer
from webapp.components import drawing_pad as pad
from webapp.components.follow import announce, follow
from webapp.components.frame import page_title
from webapp.i18n import gettext as _
from webapp.networks.choice import chosen
from webapp.pages.draw import stages
from webapp.pages.draw.answer import answer, digit_in_question
from webapp.pages.draw.linked_image import answer_as_in_training, linked_image, show_image
from webapp.pages.draw.network_choice import chosen_recognizer, network_choice
from webapp.pages.draw.picture import CAMERA, PICTURE, REFUSAL, picture_pad
from webapp.pages.draw.tools import choose_input, erases, pen_slider, pen_width, tools
from webapp.pages.draw.views import show_view


class Drawn(NamedTuple):
    """What the page has read, for the view below the answer.

    Attributes:
        reader: the network that reads, with the steps that are switched on; None if it cannot be loaded.
        read: the digits from left to right.
        shown: the one that the page is about.
        asked: what the visitor had asked for by then, see `_asked`.
        number: changes with everything that is read.
    """

    reader: Recognizer | None
    read: list[Recognition]
    shown: Recognition | None
    asked: tuple[object, ...]
    number: int


@st.fragment
def pad_and_answer() -> None:
    """Show the pad and the answer beside it; a stroke runs this again, and nothing else until the pen rests."""
    image = linked_image()
    reader = chosen_recognizer()
    draws = image is None and st.session_state.get("input") != "picture"
    left, right = st.columns([6, 7], gap="large")
    if draws:
        read = _read_drawing(reader)
    else:
        with left:
            read = show_image(reader, image) if image is not None else _take_picture(reader)
    shown = digit_in_question(read)
    with right:
        answer(read, shown)
    if draws:
        with left:  # after the answer, which must not wait for it
            hint = _("Draw a digit or a whole number here")
            pad.pad(hint, pen_width(), erases())
            tools()
    # Below both, so that on a phone the answer follows the pad.
    left, right = st.columns([6, 7], gap="large")
    with left:
        if draws:
            pen_slider()
        elif image is not None and reader is not None and read:
            answer_as_in_training(reader, image)
    with right:
        network_choice()
    pictures = b"".join(recognition.image.tobytes() for recognition in read)
    number = zlib.crc32(pictures + repr((_asked(), None if shown is None else read.index(shown))).encode())
    st.session_state["drawn"] = Drawn(reader, read, shown, _asked(), number)
    announce(number, pad.is_down())


@st.fragment
def view() -> None:
    """Show the chosen view of the drawing, and which of several digits it is about."""
    drawn: Drawn = st.session_state["drawn"]
    heard = follow(drawn.number)
    # If the browser has heard of another answer than the last one, that was lost: what a run has not delivered at its
    # end, Streamlit drops if the next request comes right then.
    if drawn.asked != _asked() or heard not in (None, drawn.number):
        st.rerun()
    if drawn.reader is not None:
        show_view(drawn.reader, drawn.read, drawn.shown)


def _asked() -> tuple[object, ...]:
    """Return all that the answer's part of the page depends on.

    A view may change some of it. And a stroke, or a press of one of that part's own buttons, at the moment at which the
    view follows, can reach the server together with that, in a message that has only the view run: the browser collects
    what happens within a turn of its event loop, and sends it in the name of the fragment that came first.
    """
    mine = (st.session_state.get(key) for key in ("input", "tool", "kept_pen", "place", PICTURE, REFUSAL, CAMERA))
    return pad.version(), stages.chosen_steps(), chosen().key, *mine


def _read_drawing(reader: Recognizer | None) -> list[Recognition]:
    """Read what is on the pad."""
    ink = pad.current_ink()
    if reader is None or ink is None:
        return []
    found = [part.recognition for part in reader.recognize_number(ink, background=0)]
    return [recognition for recognition in found if recognition.digit is not None]


def _take_picture(reader: Recognizer | None) -> list[Recognition]:
    """Show a picture in place of the pad, and read it."""
    found = None if reader is None else picture_pad(reader)
    st.button(_("Draw yourself"), icon=":material/draw:", key="draw-yourself", on_click=choose_input, args=("pad",))
    return found or []


page_title(_("Draw a digit"), _("A neural network, written from scratch in NumPy, reads it as you draw."))
pad_and_answer()
view()
