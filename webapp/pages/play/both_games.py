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
    clock = _("{seconds} s").format(seconds=f'<i class="play-clock" style="{begin}{paused}"></i>')
    st.html(
        f'<div class="play-question"><h2>{text}</h2><span>{place}<span class="play-time">{clock}</span></span></div>'
    )


def score(text: str, detail: str, seconds: float) -> None:
    """Show in large letters what came out, beside it what that means, and the time it took."""
    details = filter(None, (detail, _("{seconds} s").format(seconds=round(seconds))))
    st.html(f'<div class="play-score"><h2>{text}</h2>{"".join(f"<span>{part}</span>" for part in details)}</div>')


def mark(right: bool) -> str:
    """Return a tick or a cross, coloured and with a word for those who hear the page, as HTML."""
    kind, word, sign = ("right", _("right"), "✓") if right else ("wrong", _("wrong"), "✗")
    return f'<b class="play-{kind}" role="img" aria-label="{word}">{sign}</b>'


def take_part() -> None:
    """Show, before a game, that it is counted; whoever doesn't want that can switch it off."""
    st.session_state.setdefault("play_counted", st.session_state.get("play_counted_kept", True))
    st.caption(
        _(
            "When you finish, the game counts for the class: your answers, your time and what you drew stay on this "
            "server, without your name, and everyone in the class can see them."
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
