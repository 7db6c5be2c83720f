"""The views of a drawing, one of which is shown: each explains, or takes in, the drawing in its own way."""

import streamlit as st

from mnist_core.recognizer import Recognition, Recognizer
from webapp.i18n import gettext as _
from webapp.pages.draw import stages, teach, why
from webapp.pages.draw.neurons import view as neurons
from webapp.pages.draw.walk import view as walk

VIEWS = ("stages", "why", "neurons", "walk", "teach")
NEXT = "why"
"""The view that the answer leads to."""


def goes_with_answer() -> bool:
    """Return whether the chosen view comes with the answer, as soon as the pen rests."""
    return open_view() == VIEWS[0]


def open_view() -> str:
    """Return which of `VIEWS` is chosen."""
    view: str = st.session_state.get("view") or _first_view()
    return view


def choose_view(view: str) -> None:
    """Choose one of `VIEWS`, before the page runs."""
    st.session_state["view"] = view


def _first_view() -> str:
    asked = st.query_params.get("view") or st.session_state.get("kept_view")
    return asked if asked in VIEWS else VIEWS[0]


def show_view(reader: Recognizer, read: list[Recognition], shown: Recognition | None) -> None:
    """Show the chosen view, and which of several digits it is about.

    Args:
        reader: the network that reads, with the steps that are switched on.
        read: the digits from left to right.
        shown: the one of them that the view is about, which it calls `read`; None while nothing is drawn.
    """
    names = (_("From pen to 28×28"), _("Why?"), _("Neurons"), _("Step by step"), _("Teach it"))
    shows = (stages.show, why.show, neurons.show, walk.show, teach.show)
    views = {view: (name, show) for view, name, show in zip(VIEWS, names, shows, strict=True)}
    with st.container(horizontal=True, vertical_alignment="center", key="views"):
        first = _first_view()
        chosen_view = st.segmented_control(
            _("What to look at"),
            list(views),
            default=first,
            required=True,
            format_func=lambda name: views[name][0],
            key="view",
            label_visibility="collapsed",
        )
        if len(read) > 1 and shown is not None:
            st.session_state["digit-choice"] = read.index(shown)
            st.segmented_control(
                _("Which digit"),
                list(range(len(read))),
                required=True,
                format_func=lambda place: f"{place + 1}: {read[place].digit}",
                key="digit-choice",
                on_change=lambda: st.session_state.update(place=(st.session_state["digit-choice"], len(read))),
                label_visibility="collapsed",
            )
    if chosen_view != st.query_params.get("view", st.session_state.get("kept_view")):
        st.session_state["kept_view"] = st.query_params["view"] = chosen_view
    with st.container(key="view-body"):
        views[chosen_view][1](reader, shown)
