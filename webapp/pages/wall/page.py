"""The class's wall: what all draw, what each meant, and how the network reads them together."""

import streamlit as st

from webapp.components import drawing_pad as pad
from webapp.components.kept import linked_choice
from webapp.components.live_chart import live_chart, live_words
from webapp.components.turn import fragment
from webapp.frame import presentation
from webapp.frame.call_bar import call_button
from webapp.frame.page_title import page_title
from webapp.i18n import gettext as _
from webapp.pages.wall.curves import curves
from webapp.pages.wall.figures import accuracy_html, confusion, count_html
from webapp.pages.wall.networks import networks
from webapp.pages.wall.send import sending
from webapp.pages.wall.tiles import source, tiles, what_is_hidden
from webapp.pages.wall.training import training
from webapp.visitors.folder import StorageError
from webapp.visitors.wall import class_drawings

HEIGHT = 390
"""Of the confusion matrix, in CSS pixels."""


@fragment(patient=pad.has_news)
def pad_and_wall() -> None:
    """Show the pad beside the wall; on a projector the wall alone. Where they stand is the style sheet's business."""
    with st.container(key="wall"):
        if not presentation.is_on():
            with st.container(key="wall-send"):
                sending()
        with st.container(key="wall-shown"):
            try:
                with st.container(horizontal=True, vertical_alignment="center", key="wall-top"):
                    live_words(accuracy_html(class_drawings()), "wall-accuracy", source())
                    what_is_hidden()
                tiles()
            except StorageError as error:
                st.error(str(error), icon=":material/error:")


@fragment
def the_class() -> None:
    """Show what can be learnt from the wall."""
    st.html('<h2 class="wall-heading">' + _("What the wall tells") + "</h2>")
    views = {
        "confusion": _("Mix-ups"),
        "networks": _("Whose handwriting?"),
        "train": _("Train on it"),
        "curves": _("The class's curves"),
    }
    view = linked_choice(_("What the wall tells"), "wall_view", views, "show", wrap=False)
    try:
        if view == "confusion":
            _confusion()
        elif view == "networks":
            networks()
        elif view == "curves":
            curves()
        else:
            training()
    except StorageError as error:
        st.error(str(error), icon=":material/error:")


def _is_named() -> bool:
    """Return whether a link has named one of the views below the wall; what is chosen there later moves nothing."""
    if "wall_view" not in st.session_state:
        st.session_state["wall_named"] = st.query_params.get("show") in ("networks", "train", "curves")
    return bool(st.session_state["wall_named"])


def _other_view() -> None:
    """Let a projector show the class's curves, or the wall alone again: it has no other way from one to the other."""
    label = _("The wall alone") if _is_named() else _("The class's curves")
    st.button(label, icon=":material/cast:", key="wall-other", on_click=_show_other, width="content")


def _show_other() -> None:
    st.session_state["wall_named"] = not st.session_state["wall_named"]
    st.session_state.setdefault("wall_view", "curves")


def _confusion() -> None:
    drawings = class_drawings()
    left, right = st.columns([11, 9], gap="medium")
    with left:
        live_chart(confusion(drawings), _("Confusion matrix"), "wall-confusion", HEIGHT, source=source())
        st.caption(
            _("On the diagonal: what is read correctly. The stronger the orange, the more often that mistake is made.")
        )
    with right:
        live_words(count_html(drawings), "wall-counts", source())


with st.container(horizontal=True, vertical_alignment="center", key="wall-head"):
    page_title(_("The class's wall"), _("Draw a digit and send it: how well does the network read all of you?"))
    if presentation.is_on():
        _other_view()
    call_button("/wall")
if _is_named():
    the_class()
    pad_and_wall()
else:
    pad_and_wall()
    if presentation.is_on():
        st.query_params.pop("show", None)  # of what was chosen before: a reload shows the wall alone as well
    else:
        the_class()
