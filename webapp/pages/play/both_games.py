"""What both games show alike: the question with its place and the time, verdicts, and whether the class counts it."""

import secrets

import streamlit as st

from webapp.i18n import gettext as _
from webapp.pages.play.games import Game
from webapp.visitors.class_results import Kind, add_game
from webapp.visitors.folder import StorageError


def question(game: Game, text: str) -> None:
    """Show a question in large letters, which one it is, and the time that has gone by.

    The clock counts in the browser (see style.css), so it costs no run of the page.
    """
    place = _("{place} of {count}").format(place=game.place + 1, count=len(game.questions))
    begin = f"animation-delay: {-game.watch.seconds:.1f}s"
    paused = "; animation-play-state: paused" if game.judged else ""
    st.html(
        f'<div class="play-question"><strong>{text}</strong>'
        f'<span>{place}<i class="play-clock" style="{begin}{paused}"></i></span></div>'
    )


def mark(right: bool) -> str:
    """Return a tick or a cross, coloured, as HTML."""
    return f'<b class="{"play-right" if right else "play-wrong"}">{"✓" if right else "✗"}</b>'


def take_part() -> None:
    """Show, before a game, that it is counted; whoever doesn't want that can switch it off."""
    st.session_state.setdefault("play_counted", st.session_state.get("play_counted_kept", True))
    st.caption(
        _(
            "A finished game counts for the class: on this server, without a name, the answers, the time and the ten "
            "drawings are kept, and everyone in the class can see them."
        )
    )
    st.toggle(
        _("Count my games for the class"),
        key="play_counted",
        on_change=lambda: st.session_state.update(play_counted_kept=st.session_state["play_counted"]),
    )


def go_on(game: Game, kind: Kind) -> None:
    """Leave a verdict; the finished game is counted, if the visitor takes part."""
    game.go_on()
    if not game.over or game.counted:
        return
    game.counted = "no"
    if st.session_state.get("play_counted_kept", True):
        # Tells the browsers of a class apart, and is forgotten with the session.
        player = st.session_state.setdefault("play_player", secrets.token_hex(8))
        try:
            add_game(kind, player, game.watch.seconds, game.rounds)
            game.counted = "yes"
        except StorageError:
            game.counted = "failed"


def say_counted(game: Game) -> None:
    """Show whether the class has the game."""
    texts = {
        "yes": _("This game counts for the class."),
        "no": _("This game is not counted for the class."),
        "failed": _("This game could not be counted for the class: the server cannot write its file of results."),
    }
    st.caption(texts[game.counted])
