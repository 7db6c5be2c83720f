"""How far the lesson is, the way back and on, and for the teacher who is where."""

from collections.abc import Mapping
from contextlib import suppress

import streamlit as st

from webapp.components.turn import fragment
from webapp.i18n import gettext as _
from webapp.lessons.lesson import Lesson
from webapp.pages.lesson.place import PRESSED, go, leave
from webapp.visitors.classroom import at_step
from webapp.visitors.folder import StorageError
from webapp.visitors.rights import is_teacher

POLL_SECONDS = 4.0


def progress(lesson: Lesson, place: int) -> None:
    """Show a dot for each place, and the buttons that lead to the one before and the one after."""
    last = len(lesson.steps) + 1
    with st.container(horizontal=True, vertical_alignment="center", key="lesson-ways"):
        if place:
            back = _("Back") if place > 1 else _("Beginning")
            st.button(back, key="lesson-back", icon=":material/arrow_back:", on_click=go, args=(lesson.key, place - 1))
        else:
            st.button(_("All lessons"), key="lesson-leave", icon=":material/apps:", on_click=leave)
        if is_teacher():
            fragment(_places, run_every=POLL_SECONDS)(lesson, place)
        else:
            _dots(place, last, {})
        if place < last:
            label = _("Next") if 0 < place < last - 1 else _("Begin") if place == 0 else _("Finish")
            st.button(
                label,
                key="lesson-next",
                type="primary",
                icon=":material/arrow_forward:",
                icon_position="right",
                on_click=go,
                args=(lesson.key, place + 1),
            )
        else:
            st.button(_("All lessons"), key="lesson-leave", icon=":material/apps:", on_click=leave)


def _places(lesson: Lesson, place: int) -> None:
    """Show the dots with how many are where; runs again by itself."""
    counts: dict[int, int] = {}
    with suppress(StorageError):  # the dots lead through the lesson all the same
        counts = at_step(lesson.key)
    _dots(place, len(lesson.steps) + 1, counts)
    if st.session_state.get(PRESSED):
        st.rerun()


def _dots(place: int, last: int, counts: Mapping[int, int]) -> None:
    """Show a dot for each place.

    Args:
        place: where this visitor is.
        last: the last place.
        counts: how many of the class are where.
    """
    here = _("Step {step} of {steps}").format(step=place, steps=last - 1)
    label = {0: _("At the beginning"), last: _("At the end")}.get(place, here)
    dots = []
    for dot in range(last + 1):
        state = "here" if dot == place else "done" if dot < place else ""
        name = {0: "▶\ufe0e", last: "✓"}.get(dot, str(dot))
        count = f"<small>{counts[dot]}</small>" if counts.get(dot) else ""
        dots.append(f'<li class="{state}"><span>{name}</span>{count}</li>')
    total = sum(counts.values())
    who = _("In this lesson: {count}").format(count=total)
    below = f'<p class="caption">{who}</p>' if total else ""
    st.html(f'<ol class="lesson-dots" aria-label="{label}">{"".join(dots)}</ol>{below}')
