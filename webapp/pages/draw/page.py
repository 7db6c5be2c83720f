"""The drawing page: draw a digit or a number, and see at once what the network reads."""

import streamlit as st

from mnist_core.recognizer import Recognition, Recognizer
from webapp.components import drawing_pad as pad
from webapp.components.address import address_of
from webapp.components.answer import LEAD, TOUR, answer
from webapp.components.scroll_to import scroll_to
from webapp.components.turn import fragment
from webapp.frame.page_title import page_title
from webapp.i18n import gettext as _
from webapp.networks.choice import Choice, chosen, reader_of
from webapp.pages.draw.answer import answer_content, digit_in_question
from webapp.pages.draw.examples import examples, show_example
from webapp.pages.draw.linked_image import LinkedImage, linked_image, show_image
from webapp.pages.draw.picture import picture_pad, row_starts
from webapp.pages.draw.read_route import ROUTE
from webapp.pages.draw.reading import adopt_linked_steps, read_drawing, wanted
from webapp.pages.draw.stages import way_html
from webapp.pages.draw.tools import erases, image_tools, pen_width, picture_tools, tools
from webapp.pages.draw.views import NEXT, choose_view, goes_with_answer, open_view, show_view
from webapp.tour.cards import Seen
from webapp.tour.progress import go_to, progress, watch


@fragment(patient=pad.has_news)
def pad_answer_and_view() -> None:
    """Show the pad, the answer and a view of both; this runs again when the pen has rested.

    Where each of the three stands is the style sheet's business.
    """
    choice = chosen()
    wish = wanted(choice.key)
    ask = address_of(f"{ROUTE}?{wish.to_query()}")
    network = reader_of(choice)
    reader = None if network is None else Recognizer(network.network, wish.steps)
    image = linked_image()
    takes_picture = image is None and st.session_state.get("input") == "picture"
    draws = image is None and not takes_picture
    with st.container(key="draw"):
        with st.container(key="draw-pad"):
            read = _input(choice, reader, image, takes_picture, ask)
        shown = digit_in_question(read, wish.place, wish.count)
        view = way_html(reader, shown) if reader is not None and goes_with_answer() else None
        with st.container(key="draw-answer"):
            answer(
                answer_content(read, shown, view, row_starts() if takes_picture else ()),
                pad.about_now(ask) if draws else "",
                {
                    "seen_label": _("What the network sees"),
                    "bars_label": _("Probability of each digit"),
                    "invitation": _("Draw a digit, or try one:"),
                    "examples": examples() if draws and not read else [],
                    "tour": "" if progress() or st.context.is_embedded else _("Take the tour"),
                    "reader": "" if choice.key == "default" else _("Network: {name}").format(name=choice.name),
                    "leads": open_view() != NEXT and not st.context.is_embedded,
                },
                _pressed,
            )
        if reader is not None and not st.context.is_embedded:
            with st.container(key="draw-view"):
                show_view(reader, read, shown)
    watch(_seen(choice, reader, read))


def _seen(choice: Choice, reader: Recognizer | None, read: list[Recognition]) -> Seen:
    """Return what the page shows, for the tour."""

    def usual() -> Recognition | None:
        helped = None if reader is None else Recognizer(reader.network)
        found = read_drawing(helped, pad.current_png())
        return found[0] if len(found) == 1 else None

    return Seen("draw", read[0] if len(read) == 1 else None, usual, open_view(), choice.key != "default")


def _input(
    choice: Choice, reader: Recognizer | None, image: LinkedImage | None, takes_picture: bool, ask: str
) -> list[Recognition]:
    """Show the pad, or what is there in its place, with its tools, and read it."""
    if image is not None:
        read = show_image(reader, image)
        image_tools(choice, image)
    elif takes_picture:
        read = [] if reader is None else picture_pad(reader) or []
        picture_tools(choice)
    else:
        pad.pad(_("Draw a digit or a whole number here"), pen_width(), erases(), ask, goes_with_answer())
        tools(choice)
        read = read_drawing(reader, pad.current_png())
    return read


def _pressed(what: object) -> None:
    """Do what was pressed in the answer."""
    if what == LEAD:
        choose_view(NEXT)
    elif what == TOUR:
        go_to(0)
    elif isinstance(what, int):
        show_example(what)


page_title(_("Draw a digit"), _("A neural network, written from scratch in NumPy, reads it as you draw."))
adopt_linked_steps()
scroll_to(".st-key-top", "once", "to-the-page")  # whoever comes from far down on another page
pad_answer_and_view()
