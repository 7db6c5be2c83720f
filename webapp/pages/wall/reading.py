"""What the network reads on the pad of this page, in one line that follows the pen."""

from urllib.parse import urlencode

from mnist_core.recognizer import Recognition
from webapp.components import drawing_pad as pad
from webapp.components.address import address_of
from webapp.components.register import component
from webapp.formats import share_in_words
from webapp.i18n import current_language
from webapp.i18n import gettext as _

READ = "/api/read"
"""Answers while the pen moves; `pages/draw/read_route.py` has it, and no page imports another."""

_HTML = '<p class="wall-reading"><b></b><span></span></p><p class="wall-spoken" role="status"></p>'
_reading = component("wall_reading", __file__, _HTML)


def ask_of(network: str) -> str:
    """Return where the pad asks what a network reads, given by its key."""
    return address_of(f"{READ}?{urlencode({'network': network, 'lang': current_language()})}")


def confidence(read: Recognition) -> float:
    """Return the largest of the ten probabilities; 0 where nothing was read."""
    return 0.0 if read.probabilities is None else float(read.probabilities.max())


def reading(read: Recognition | None, ask: str) -> None:
    """Show what was read.

    Args:
        read: the drawing as it was when the page's script ran; None while nothing is drawn.
        ask: where the pad asks, see `ask_of`.
    """
    if read is None or read.digit is None:
        digits, certainty = "", ""
    elif read.certainty == "no digit":
        digits, certainty = "?", _("this doesn't look like a digit")
    else:
        digits, certainty = f"{read.digit}", _("{share} sure").format(share=share_in_words(confidence(read)))
    _reading(key="wall-reading", data={"digits": digits, "certainty": certainty, "about": pad.about_now(ask)})
