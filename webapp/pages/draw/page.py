"""The drawing page: draw a digit or a number, and see at once what the network reads."""

import streamlit as st

from mnist_core.recognizer import Recognition, Recognizer
from webapp.components import drawing_pad as pad
from webapp.components.address import address_of
from webapp.components.answer import answer
from webapp.frame.page_title import page_title
from webapp.components.turn import fragment
from webapp.i18n import gettext as _
from webapp.networks.choice import chosen, reader_of
from webapp.pages.draw.answer import answer_content, digit_in_question
from webapp.pages.draw.linked_image import answer_as_in_training, linked_image, show_image
from webapp.pages.draw.network_choice import network_choice
from webapp.pages.draw.picture import picture_pad
from webapp.pages.draw.read_route import ROUTE
from webapp.pages.draw.reading import read_drawing, wanted
from webapp.pages.draw.stages import way_html
from webapp.pages.draw.tools import choose_input, erases, pen_slider, pen_width, tools
from webapp.pages.draw.views import goes_with_answer, show_view


@fragment(patient=pad.has_news)
def pad_answer_and_view() -> None:
    """Show the pad, the answer beside it and the view below; this runs again when the pen has rested."""
    choice = chosen()
    wish = wanted(choice.key)
    ask = address_of(f"{ROUTE}?{wish.to_query()}")
    network = reader_of(choice)
    reader = None if network is None else Recognizer(network.network, wish.steps)
    image = linked_image()
    draws = image is None and st.session_state.get("input") != "picture"
    left, right = st.columns([6, 7], gap="large")
    with left:
        if draws:
            pad.pad(_("Draw a digit or a whole number here"), pen_width(), erases(), ask, goes_with_answer())
            tools()
            read = read_drawing(reader, pad.current_png())
        else:
            read = show_image(reader, image) if image is not None else _take_picture(reader)
    shown = digit_in_question(read, wish.place, wish.count)
    with right:
        about = pad.about_now(ask) if draws else ""
        view = way_html(reader, shown) if reader is not None and goes_with_answer() else None
        answer(answer_content(read, shown, view), about, _("What the network sees"), _("Probability of each digit"))
    # Below both, so that on a phone the answer follows the pad.
    left, right = st.columns([6, 7], gap="large")
    with left:
        if draws:
            pen_slider()
        elif image is not None and reader is not None and read:
            answer_as_in_training(reader, image)
    with right:
        network_choice(choice)
    if reader is not None:
        show_view(reader, read, shown)


def _take_picture(reader: Recognizer | None) -> list[Recognition]:
    """Show a picture in place of the pad, and read it."""
    found = None if reader is None else picture_pad(reader)
    st.button(_("Draw yourself"), icon=":material/draw:", key="draw-yourself", on_click=choose_input, args=("pad",))
    return found or []


page_title(_("Draw a digit"), _("A neural network, written from scratch in NumPy, reads it as you draw."))
pad_answer_and_view()
