"""The answer beside the pad: what was read, how sure that is, what the network saw, and the ten probabilities."""

import math

import numpy as np
import streamlit as st

from mnist_core.recognizer import Recognition
from webapp.components.bars import probability_bars
from webapp.components.data_uri import grey_address
from webapp.formats import share_in_words
from webapp.i18n import gettext as _

LEAST_SURE_FIRST = ("no digit", "unsure", "sure")
"""What is no digit may still have one large probability."""
SMALLEST_FROM = 6
"""From so many digits on they are shown as small as they get."""


def answer(read: list[Recognition], shown: Recognition | None) -> None:
    """Show what was read, how sure that is, what the network saw, and the ten probabilities."""
    with st.container(horizontal=True, vertical_alignment="center", gap="large"):
        with st.container(key="digit", width="stretch"):
            digits = "".join(_digit_html(recognition) for recognition in read)
            size = f"digits-{min(len(read), SMALLEST_FROM)}"
            st.html(
                f'<div class="digit {size if read else "none"}" aria-live="polite">{digits or "—"}</div>'
                f'<p class="certainty">{_certainty(read, shown)}</p>'
            )
        with st.container(width="content", gap="small"):
            caption = _("What the network sees")
            with st.container(key="seen"):
                images = [recognition.image for recognition in read] or [np.zeros((28, 28))]
                columns = math.ceil(math.sqrt(len(images)))
                pictures = "".join(f'<img alt="{caption}" src="{grey_address(image)}">' for image in images)
                st.html(f'<div class="seen" style="--columns: {columns}">{pictures}</div>')
            st.html(f'<p class="caption">{caption}</p>')
    with st.container(key="probabilities"):
        probabilities = None if shown is None else shown.probabilities
        probability_bars(probabilities, _("Probability of each digit"), key="bars")


def confidence(recognition: Recognition) -> float:
    """Return the largest of the ten probabilities; 0 where nothing was read."""
    return 0.0 if recognition.probabilities is None else float(recognition.probabilities.max())


def _digit_html(recognition: Recognition) -> str:
    """Return a digit as HTML: paler when it is not sure, a question mark where no digit is."""
    if recognition.certainty == "sure":
        return f"<span>{recognition.digit}</span>"
    text = "?" if recognition.certainty == "no digit" else str(recognition.digit)
    return f'<span class="doubtful">{text}</span>'


def _certainty(read: list[Recognition], shown: Recognition | None) -> str:
    """Describe how sure the answer is; of several digits, the one that the bars below show."""
    if shown is None or shown.probabilities is None:
        return "&nbsp;"  # keeps its line
    best, second = np.argsort(shown.probabilities)[:-3:-1]
    texts = {
        "sure": _("{share} sure"),
        "unsure": _("not sure: {best} or {second}"),
        "no digit": _("this doesn't look like a digit"),
    }
    text = texts[shown.certainty].format(share=share_in_words(confidence(shown)), best=best, second=second)
    if len(read) == 1:
        return text
    return _("digit {place} of {count}: {text}").format(place=read.index(shown) + 1, count=len(read), text=text)


def digit_in_question(read: list[Recognition]) -> Recognition | None:
    """Return the digit that the page is about: the one that the visitor chose, else the one that is least sure."""
    if not read:
        return None
    place, count = st.session_state.get("place", (None, 0))  # chosen among so many digits
    if place is not None and count == len(read):
        return read[place]
    return min(read, key=lambda found: (LEAST_SURE_FIRST.index(found.certainty), confidence(found)))
