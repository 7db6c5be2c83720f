"""The game "draw what is asked": ten digits, one after the other; the network says what it reads when they are done."""

import numpy as np
import streamlit as st

from mnist_core.recognizer import Recognizer
from webapp.components import drawing_pad as pad
from webapp.components.data_uri import grey_address
from webapp.components.turn import fragment
from webapp.i18n import gettext as _
from webapp.networks.choice import chosen, reader_of
from webapp.pages.play.both_games import go_on, mark, question, say_counted, score, take_part
from webapp.pages.play.games import DrawGame
from webapp.visitors.class_results import Round

KEY = "play_draw"


@fragment
def draw_game() -> None:
    """Show the game where it stands: before it, a question, a verdict, or the result."""
    reader = reader_of(chosen())
    if reader is None:
        return
    game: DrawGame | None = st.session_state.get(KEY)
    if game is None:
        _begin()
    elif game.over:
        _result(game)
    else:
        _turn(game, reader)


def _start() -> None:
    st.session_state[KEY] = DrawGame.begin(np.random.default_rng())
    pad.clear()


def _begin() -> None:
    st.markdown(
        _(
            "Draw each of the ten digits once, in the order in which you are asked. What the network reads stays "
            "hidden until you press **Done**. Your time is measured, but there is no limit."
        )
    )
    take_part()
    st.button(_("Start"), icon=":material/play_arrow:", key="play-start", type="primary", on_click=_start)


def _turn(game: DrawGame, reader: Recognizer) -> None:
    """Ask for a digit; once it is done, show the verdict beside it."""
    text = _("Draw the digit {digit}").format(digit=game.asked)
    question(game, text)
    left, right = st.columns([6, 7], gap="large")
    with left:
        pad.pad(text, pad.DEFAULT_PEN)
        with st.container(horizontal=True, key="play-tools"):
            off = game.judged
            st.button(
                _("Undo"), icon=":material/undo:", key="undo", on_click=pad.undo, disabled=off or not pad.history().past
            )
            st.button(_("Clear"), icon=":material/delete:", key="clear", on_click=pad.clear, disabled=off)
            if game.judged:
                label = _("See the result") if game.complete else _("Next digit")
                st.button(label, key="play-next", type="primary", on_click=_next, args=(game,), width="stretch")
            else:
                st.button(
                    _("Done"),
                    key="play-done",
                    type="primary",
                    on_click=_judge,
                    args=(game, reader),
                    disabled=not pad.history().present.strokes,
                    width="stretch",
                )
    with right, st.container(key="play-verdict"):
        if game.judged:
            _verdict(game.rounds[-1])


def _judge(game: DrawGame, reader: Recognizer) -> None:
    ink = pad.current_ink()
    if ink is not None:
        game.judge(reader.recognize(ink))


def _next(game: DrawGame) -> None:
    go_on(game, "draw")
    pad.clear()


def _verdict(found: Round) -> None:
    right = found.read == found.asked
    said = (
        _("The network sees no digit there")
        if found.read is None
        else _("The network reads {digit}").format(digit=found.read)
    )
    picture = "" if found.image is None else grey_address(found.image / 255)
    caption = _("What the network saw")
    st.html(
        f'<div class="play-said" role="alert"><strong>{mark(right)} {said}</strong>'
        f'<figure><img alt="{caption}" src="{picture}"><figcaption>{caption}</figcaption></figure></div>'
    )
    # The drawing is still on the board, and the drawing page has the same board.
    st.page_link("draw/page.py", label=_("Show me why"), icon=":material/search:")


def _result(game: DrawGame) -> None:
    text = _("The network read {score} of {count}").format(score=game.network_score, count=len(game.rounds))
    score(text, "", game.watch.seconds)
    shown = "".join(
        f'<figure><img alt="" src="{grey_address(found.image / 255)}">'
        f"<figcaption>{found.asked} {mark(found.read == found.asked)} {_misreading(found)}</figcaption></figure>"
        for found in game.rounds
        if found.image is not None
    )
    st.html(f'<div class="play-strip">{shown}</div>')
    say_counted(game)
    st.button(_("Play again"), icon=":material/replay:", key="play-again", type="primary", on_click=_start)


def _misreading(found: Round) -> str:
    if found.read == found.asked:
        return ""
    return _("no digit") if found.read is None else _("read as {digit}").format(digit=found.read)
