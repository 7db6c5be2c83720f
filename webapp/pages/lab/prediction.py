"""What will happen? A guess before an experiment, and what is said of it afterwards."""

import html

import streamlit as st

from webapp.components.kept import kept, values
from webapp.i18n import gettext
from webapp.i18n import gettext as _
from webapp.pages.lab.experiment import Pair
from webapp.pages.lab.failures import Failure


def prediction(failure: Failure, pair: Pair) -> None:
    """Ask for a guess; once the experiment is started, say what was guessed, and in the end what happened.

    The guess stands in the URL: it is still there after a reload.
    """
    key, answers = f"guess-{failure.key}", [gettext(guess) for guess in failure.guesses]
    asked = st.query_params.get("guess")
    guess: int | None = values().setdefault(key, int(asked) if asked in ("0", "1", "2") else None)
    if not pair:
        options = {"options": [0, 1, 2], "format_func": answers.__getitem__}
        guess = kept(st.radio, _("What will happen?"), key, None, **options)
    if guess is not None and asked != str(guess):
        st.query_params["guess"] = str(guess)
    if pair:
        st.html(f'<p class="prediction">{_comment(failure, pair, guess)}</p>')
        return
    with st.expander(_("Give it away")):
        st.caption(gettext(failure.expect))


def _comment(failure: Failure, pair: Pair, guess: int | None) -> str:
    """Return in HTML what was guessed, and what happened, which only a run that went to its end has shown."""
    guessed = "" if guess is None else _("You guessed: {guess}").format(guess=gettext(failure.guesses[guess]))
    if "fail" not in pair or pair["fail"].state not in ("finished", "failed"):
        return html.escape(guessed or _("Watch what happens."))
    if guess == failure.right:
        right = _("Right!")
        return f"{html.escape(guessed)} <b>{right}</b>"
    happened = _("What happened: {answer}").format(answer=gettext(failure.guesses[failure.right]))
    return "<br>".join(html.escape(line) for line in (guessed, happened) if line)
