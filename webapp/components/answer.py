"""The answer to a drawing: the digits read, how sure that is, what the network saw, and ten bars.

It is told its content by the page, and by `drawing_pad.js`, which asks the server for it while the pen moves. The style
sheet knows two looks: a card with ten bars, and a strip as high as two lines, which stays in sight on a phone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

import streamlit as st

from webapp.components.register import component

KEY = "answer"
LEAD, TOUR = "lead", "tour"
"""What was pressed, if it was the way to the view that comes next, or to the tour."""

_BAR = (
    '<div class="bar" role="listitem">'
    '<span>{}</span><div class="track"><div class="fill"></div></div><span class="value"></span></div>'
)
_HTML = f"""<div class="answer">
  <div class="answer-read">
    <div class="st-key-digit"><div class="digit"></div><p class="certainty"></p></div>
    <button type="button" class="lead"></button>
    <figure><div class="st-key-seen"><div class="seen"></div></div><figcaption class="caption"></figcaption></figure>
    <div class="st-key-probabilities"><div class="bars" role="list">{"".join(map(_BAR.format, range(10)))}</div></div>
  </div>
  <div class="examples" role="group"><p></p><button type="button" class="tour"></button><div></div></div>
  <p class="reader"></p>
  <p class="spoken" role="status"></p>
</div>"""
_answer = component("answer", __file__, _HTML)


class Content(TypedDict):
    """What the answer shows.

    Attributes:
        digits: from left to right, each with whether it is in doubt.
        certainty: how sure that is, in words.
        spoken: all of it in words, for those who hear the page.
        lead: words on the way to the view that explains the answer; "" where there is nothing to explain.
        seen: addresses of the 28×28 pictures, one for each digit.
        probabilities: ten of them, of the digit that the answer is about, in [0, 1]; empty where nothing is read.
        view: HTML of our own making for `answer_view`; None to leave there what is shown.
    """

    digits: list[tuple[str, bool]]
    certainty: str
    spoken: str
    lead: str
    seen: list[str]
    probabilities: list[float]
    view: str | None


class Example(TypedDict):
    """A picture that can be pressed while nothing is drawn.

    Attributes:
        address: of the picture.
        name: what it shows, in words.
    """

    address: str
    name: str


class Setting(TypedDict):
    """What stands around the answer, whatever is drawn.

    Attributes:
        seen_label: the words below the 28×28 pictures.
        bars_label: what the bars show, for those who hear the page.
        invitation: to draw, or to press one of the examples.
        examples: shown while nothing is drawn; none for an empty answer in their place.
        tour: words on the way to the tour, beside the examples; "" for none.
        reader: which network reads, in words; "" if that goes without saying.
        leads: whether the way to the view that explains is shown.
    """

    seen_label: str
    bars_label: str
    invitation: str
    examples: Sequence[Example]
    tour: str
    reader: str
    leads: bool


def answer(content: Content, about: str, setting: Setting, on_press: Callable[[object], None]) -> None:
    """Show an answer; at most one per page.

    Args:
        content: what it shows.
        about: names the drawing that the pad was last given, and all else that the answer depends on. As long as it
            stays, answers that the pad has asked for since are newer than `content`.
        setting: what stands around it.
        on_press: is called before the page runs again with what was pressed: `LEAD`, or the place of an example. It
            comes from a browser, so it may be anything.
    """

    def pressed() -> None:
        value = st.session_state[KEY]
        if isinstance(value, Mapping):
            on_press(value.get("pressed"))

    _answer(key=KEY, data={"content": content, "about": about, **setting}, on_pressed_change=pressed)
