"""The game "you against the network": who reads more of ten test images?"""

from urllib.parse import urlencode

import numpy as np
import streamlit as st

from mnist_core.errors import DataError, WeightsError
from webapp.components.data_uri import grey_address
from webapp.components.gallery import Tile, gallery
from webapp.components.turn import fragment
from webapp.datasets import SYNTHETIC, default_data
from webapp.formats import share_text
from webapp.i18n import error_text
from webapp.i18n import gettext as _
from webapp.networks.choice import chosen, reader_of
from webapp.networks.evaluation import MAX_WORK, cached_reading
from webapp.pages.play.both_games import go_on, mark, question, say_counted, score, take_part
from webapp.pages.play.games import Duel

KEY = "play_duel"


@fragment
def duel() -> None:
    """Show the game where it stands: before it, an image with or without its verdict, or the result."""
    game: Duel | None = st.session_state.get(KEY)
    if game is None:
        _begin()
    elif game.over:
        _result(game)
    else:
        _turn(game)


def _start() -> None:
    data = default_data()
    try:
        reading = cached_reading(chosen().path, data, MAX_WORK)
    except (DataError, WeightsError) as error:
        st.session_state["play_error"] = error_text(error)
        return
    st.session_state[KEY] = Duel.begin(reading, data, np.random.default_rng())


def _begin() -> None:
    if default_data() == SYNTHETIC:
        st.info(_("MNIST is not on this computer: the images are digits drawn by code."), icon=":material/info:")
    if "play_error" in st.session_state:
        st.error(st.session_state.pop("play_error"), icon=":material/error:")
    st.markdown(
        _(
            "Ten test images, which no training has seen: who reads more of them, you or the network? Half of them are "
            "among the 2% that it finds hardest: ordinary images it reads nearly always."
        )
    )
    take_part()
    if reader_of(chosen()) is not None:
        st.button(_("Start"), icon=":material/play_arrow:", key="play-start", type="primary", on_click=_start)


def _turn(game: Duel) -> None:
    """Ask for an image; once it is answered, show both answers and the label."""
    question(game, _("Which digit is it?"))
    left, right = st.columns([6, 7], gap="large")
    with left:
        described = _("A test image")
        st.html(f'<img class="play-image" alt="{described}" src="{grey_address(game.images[game.place] / 255)}">')
    with right:
        with st.container(key="play-digits"):
            for digit in range(10):
                st.button(
                    str(digit),
                    key=f"play-digit-{digit}",
                    shortcut=str(digit),
                    disabled=game.judged,
                    on_click=game.take_answer,
                    args=(digit,),
                    width="stretch",
                )
        role = ' role="alert"' if game.judged else ""
        st.html(f'<div class="play-answers"{role}>{_answers(game)}</div>')
        label = _("See the result") if game.complete else _("Next image")
        st.button(
            label,
            key="play-next",
            type="primary",
            shortcut="Enter",
            disabled=not game.judged,
            on_click=go_on,
            args=(game, "duel"),
            width="stretch",
        )


def _answers(game: Duel) -> str:
    """Return both answers and the label as HTML; nothing before the visitor's answer."""
    if not game.judged:
        return ""
    found = game.rounds[-1]
    share = share_text(game.sure[game.place])
    answers = ((_("You"), found.answer, ""), (_("Network"), found.read, f" <small>({share})</small>"))
    shown = "".join(
        f"<span>{who} <strong>{digit}</strong> {mark(digit == found.asked)}{detail}</span>"
        for who, digit, detail in answers
    )
    label = _("It is labelled {digit}.").format(digit=found.asked)
    return f"{shown}<small>{label}</small>"


def _result(game: Duel) -> None:
    human, network = game.human_score, game.network_score
    winner = _("You win!") if human > network else _("The network wins.") if network > human else _("A draw.")
    score(_("You {human}, network {network}").format(human=human, network=network), winner, game.watch.seconds)
    signs = {True: "✓", False: "✗"}
    tiles = [
        Tile(
            place,
            _("{digit}: you {answer} {right}\nnetwork {read} {correct}").format(
                digit=found.asked,
                answer=found.answer,
                right=signs[found.answer == found.asked],
                read=found.read,
                correct=signs[found.read == found.asked],
            ),
            "./?" + urlencode({"test": place, "data": game.data}),
        )
        for place, found in zip(game.places, game.rounds, strict=True)
    ]
    gallery(game.images, tiles, _("Test images"), "play-images", "max(5rem, 100% / 10 - 0.5rem)")
    st.caption(_("Press an image to see how the network reads it."))
    say_counted(game)
    st.button(_("Play again"), icon=":material/replay:", key="play-again", type="primary", on_click=_start)
