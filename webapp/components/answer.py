"""The answer beside the pad: the digits read, how sure that is, what the network saw, and ten bars.

It is told its content by the page, and by `drawing_pad.js`, which asks the server for it while the pen moves.
"""

from typing import TypedDict

from webapp.components.register import component

_BAR = (
    '<div class="bar" role="listitem">'
    '<span>{}</span><div class="track"><div class="fill"></div></div><span class="value"></span></div>'
)
_HTML = f"""<div class="answer">
  <div class="answer-read">
    <div class="st-key-digit"><div class="digit" aria-live="polite"></div><p class="certainty"></p></div>
    <figure><div class="st-key-seen"><div class="seen"></div></div><figcaption class="caption"></figcaption></figure>
  </div>
  <div class="st-key-probabilities"><div class="bars" role="list">{"".join(map(_BAR.format, range(10)))}</div></div>
</div>"""
_answer = component("answer", __file__, _HTML)


class Content(TypedDict):
    """What the answer shows.

    Attributes:
        digits: from left to right, each with whether it is in doubt.
        certainty: how sure that is, in words.
        seen: addresses of the 28×28 pictures, one for each digit.
        probabilities: ten of them, of the digit that the answer is about, in [0, 1]; empty where nothing is read.
        view: HTML of our own making for `answer_view`; None to leave there what is shown.
    """

    digits: list[tuple[str, bool]]
    certainty: str
    seen: list[str]
    probabilities: list[float]
    view: str | None


def answer(content: Content, about: str, seen_label: str, bars_label: str) -> None:
    """Show an answer; at most one per page.

    Args:
        content: what it shows.
        about: names the drawing that the pad was last given, and all else that the answer depends on. As long as it
            stays, answers that the pad has asked for since are newer than `content`.
        seen_label: the words below the 28×28 pictures.
        bars_label: what the bars show, for those who hear the page.
    """
    data = {"content": content, "about": about, "seen_label": seen_label, "bars_label": bars_label}
    _answer(key="answer", data=data)
