"""From pen to 28×28: the drawing's way into the network, and what is read when a stage is left out.

Every other way is read at once, together in one pass through the network, so the answer stands beside its switch before
anybody presses it.
"""

from dataclasses import replace
from html import escape
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import streamlit as st

from mnist_core.constants import SIDE
from mnist_core.imaging.naive_pipelines import NAIVE_PIPELINES
from mnist_core.imaging.preprocess import (
    BOX,
    DEFAULT_OPTIONS,
    PreprocessOptions,
    PreprocessTrace,
    fit_to_box,
    stages_of_ink,
)
from mnist_core.recognizer import Recognition, Recognizer
from webapp.components.answer_view import answer_view, switch
from webapp.components.data_uri import grey_address
from webapp.components.empty import nothing_drawn_html
from webapp.formats import share_text
from webapp.i18n import current_language
from webapp.i18n import gettext as _
from webapp.pages.draw.reading import SWITCHED, chosen_steps

MOST_SHOWN = 140
"""Larger pictures are shrunk to so many pixels before they are sent: a page shows them no larger."""

_ways: WeakKeyDictionary[Recognition, dict[str, str]] = WeakKeyDictionary()


class Card(NamedTuple):
    """A stage as it is shown.

    Attributes:
        name: of the stage, and of its card.
        picture: the drawing after it, HTML.
        line: what happens, and why.
        step: the field of `PreprocessOptions` that switches it; None for what is always done.
        skipped: whether the picture is only that of the stage before, and is dimmed.
    """

    name: str
    picture: str
    line: str
    step: str | None = None
    skipped: bool = False


def show(reader: Recognizer, read: Recognition | None) -> None:
    """Show the way of a drawing, stage by stage with switches, then the ways of other demos; see `show_view`.

    What is shown comes with the answer, see `way_html`.
    """
    _back_to_usual(reader.options)
    answer_view(_switch)


def way_html(reader: Recognizer, read: Recognition | None) -> str:
    """Return the way of a drawing as HTML, computed once for each language."""
    if read is None or read.digit is None:
        return nothing_drawn_html(_("Draw a digit: here you see all that happens to it on its way."))
    known = _ways.setdefault(read, {})
    language = current_language()
    if language not in known:
        known[language] = _way_html(reader, read)
    return known[language]


def _way_html(reader: Recognizer, read: Recognition) -> str:
    flipped = {step: stages_of_ink(read.stages.ink, flip(reader.options, step)) for step in SWITCHED}
    others = [replace(read.stages, centred=way(read.stages.ink)) for way in NAIVE_PIPELINES.values()]
    answers = reader.read_stages([*flipped.values(), *others])
    beside = dict(zip(SWITCHED, answers, strict=False))
    cards = "".join(
        _card_html(place, card, reader.options, read, beside)
        for place, card in enumerate(_cards(reader.options, read, flipped), start=1)
    )
    return f'<div class="st-key-stages-way">{cards}</div>{_other_ways_html(read, answers[len(SWITCHED) :])}'


def flip(steps: PreprocessOptions, step: str) -> PreprocessOptions:
    """Switch one step, a field of `PreprocessOptions`, the other way."""
    return replace(steps, **{step: not getattr(steps, step)})


def differs(one: Recognition, other: Recognition) -> bool:
    """Return whether two readings are different answers: another digit, or no digit in one of them."""
    no_digit = "no digit"
    return one.digit != other.digit or (one.certainty == no_digit) != (other.certainty == no_digit)


def answer(read: Recognition) -> str:
    """Describe a reading in a few words: "4 (81%)"."""
    if read.probabilities is None or read.certainty == "no digit":
        return _("no digit")
    share = float(read.probabilities.max())
    return f"{read.digit} ({share_text(share)})"


def _back_to_usual(steps: PreprocessOptions) -> None:
    """Show that the answer is for other steps than usual, and offer the way back; else keep the room."""
    with st.container(key="stages-usual", horizontal=True, vertical_alignment="center"):
        if steps == DEFAULT_OPTIONS:
            st.markdown(
                _("What is done to your drawing before the network sees it, and what would be read without each step.")
            )
        else:
            st.markdown(_("The answer above is for these steps."), width="content")
            st.button(
                _("All steps as usual"),
                icon=":material/restart_alt:",
                key="stages-reset",
                on_click=lambda: st.session_state.pop("stages_steps", None),
            )


def _cards(steps: PreprocessOptions, read: Recognition, flipped: dict[str, PreprocessTrace]) -> list[Card]:
    """Put together what is shown of each stage; `flipped` are the stages with one step the other way."""
    stages = read.stages
    leaning = flipped["slant"].evened if steps.slant else stages.evened
    return [
        Card(_("your ink"), _frame(stages.ink), _("Grey values from 0 (paper) to 1 (ink), whatever the colours were.")),
        Card(
            _("cut out"),
            _frame(stages.crop),
            _("The smallest rectangle with all the ink: where you drew, and how large, no longer matters."),
            "crop",
            not steps.crop,
        ),
        Card(
            _("strokes evened"),
            _frame(leaning),
            _("As wide as in MNIST, whatever the pen: its writers all had much the same one."),
            "stroke_width",
            not (steps.crop and steps.stroke_width),
        ),
        Card(
            _("set upright"),
            _frame(stages.evened),
            _("Strong slant is removed. Usually off: training with distorted images works just as well."),
            "slant",
            not (steps.crop and steps.slant),
        ),
        Card(
            _("scaled"),
            _frame(stages.fitted),
            _("The longer side becomes 20 pixels, the edges soft greys, as was done for MNIST.")
            if steps.crop
            else _("All of it shrunk to 28 pixels: nothing was cut out."),
        ),
        Card(
            _("centred"),
            _field(read.image, marked=steps.crop),
            _("The box of 20 is moved in 28×28 until the ink's centre of mass (dot) is at the cross, as in MNIST."),
            "centre",
        ),
    ]


def _card_html(
    place: int, card: Card, steps: PreprocessOptions, read: Recognition, beside: dict[str, Recognition]
) -> str:
    """Return a stage as HTML; with a switch, what would be read if it were pressed."""
    switched = ""
    if card.step is not None:
        on: bool = getattr(steps, card.step)
        counts = steps.crop or card.step == "crop"  # without the crop, the others aren't taken either
        text = _("without it: {answer}") if on else _("with it: {answer}")
        other = beside[card.step]
        changed = " differs" if counts and differs(read, other) else ""
        shown = escape(text.format(answer=answer(other))) if counts else "&nbsp;"
        switched = switch(card.step, card.name, on, not counts) + f'<p class="stages-answer{changed}">{shown}</p>'
    skipped = " skipped" if card.skipped else ""
    return (
        f'<div class="st-key-stages-card-{place}"><div class="stages-card{skipped}">{card.picture}<div>'
        f"<strong>{place}. {card.name}</strong><p>{card.line}</p></div></div>{switched}</div>"
    )


def _switch(step: str) -> None:
    if step in SWITCHED:
        st.session_state["stages_steps"] = flip(chosen_steps(), step)


def _other_ways_html(read: Recognition, answers: list[Recognition]) -> str:
    """Return the drawing as other demos would hand it to the network, with what it reads from that, as HTML."""
    texts = {
        "whole_shrunk": (_("whole canvas shrunk"), _("Small and off the middle, in pale lines.")),
        "pixels_picked": (_("single pixels picked"), _("No soft edges; thin strokes tear.")),
        "stretched": (_("stretched"), _("Fills all 28×28: a 1 becomes a block.")),
        "top_left": (_("upper left corner"), _("The right size, but not centred.")),
        "not_inverted": (_("black on white"), _("Not inverted: all empty pixels are 1.")),
    }
    figures = [_figure(_("as above"), _("With the steps that are switched on."), read, read)]
    figures += [_figure(*texts[name], other, read) for name, other in zip(NAIVE_PIPELINES, answers, strict=True)]
    title = _("The same drawing as other demos would show it")
    return f'<h2 class="stages-title">{title}</h2><div class="stages-others">{"".join(figures)}</div>'


def _figure(name: str, line: str, other: Recognition, read: Recognition) -> str:
    """Return a way of bringing the drawing to 28×28, and what was read that way, as HTML."""
    changed = " differs" if differs(read, other) else ""
    words = escape(_("reads {answer}").format(answer=answer(other)))
    return (
        f"<figure>{_frame(other.image)}<figcaption><strong>{name}</strong><p>{line}</p>"
        f'<p class="stages-answer{changed}">{words}</p></figcaption></figure>'
    )


def _frame(picture: np.ndarray, marks: str = "") -> str:
    """Return a picture, float32 (h, w) in [0, 1], as HTML in a square; `marks` lie on top."""
    if max(picture.shape) > MOST_SHOWN:
        picture = fit_to_box(picture, MOST_SHOWN)
    return f'<div class="stages-frame"><img alt="" src="{grey_address(picture)}">{marks}</div>'


def _field(image: np.ndarray, marked: bool) -> str:
    """Return the network's input with the box that the digit was scaled into, the centre, and the centre of mass."""
    if not marked:
        return _frame(image)
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    # The box of 20 around the scaled picture; a picture that is slimmer than the box stands in its middle.
    top, left = (float(ink[0] + ink[-1] + 1 - BOX) / 2 for ink in (rows, columns))
    weights = image / image.sum()
    row, column = (float(weights.sum(axis=axis) @ np.arange(SIDE)) + 0.5 for axis in (1, 0))
    middle = SIDE // 2 + 0.5  # see `centre_mass`
    return _frame(
        image,
        f'<i class="box" style="{_at(top, left)}; width: {BOX / SIDE:.2%}; height: {BOX / SIDE:.2%}"></i>'
        f'<i class="cross" style="{_at(middle, middle)}"></i><i class="mass" style="{_at(row, column)}"></i>',
    )


def _at(row: float, column: float) -> str:
    """Return a place in the field of 28 pixels as CSS."""
    return f"top: {row / SIDE:.2%}; left: {column / SIDE:.2%}"
