"""The page to play on: draw what is asked, read against the network, and see what the class has played."""

import streamlit as st

from webapp.components.frame import page_title
from webapp.i18n import gettext as _
from webapp.pages.play.class_view import class_view, new_class
from webapp.pages.play.draw_game import draw_game
from webapp.pages.play.duel import duel


def open_game(names: dict[str, str]) -> str:
    """Show the choice of a game, or of the class: the one in the URL is open, else the last one of this session."""
    if "play_open" not in st.session_state:
        asked = st.query_params.get("game") or st.session_state.get("play_last")
        st.session_state["play_open"] = asked if asked in names else next(iter(names))
    game = str(
        st.segmented_control(
            _("Games"),
            list(names),
            required=True,
            format_func=names.__getitem__,
            key="play_open",
            label_visibility="collapsed",
        )
    )
    st.session_state["play_last"] = st.query_params["game"] = game
    return game


page_title(_("Test yourself"), _("Can the network read you? And do you read better than it?"))
game = open_game({"draw": _("Draw it"), "duel": _("Beat the network"), "class": _("The class")})
if game == "draw":
    draw_game()
elif game == "duel":
    duel()
else:
    class_view()
    new_class()
