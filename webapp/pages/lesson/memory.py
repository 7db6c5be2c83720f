"""What a visitor has said and seen at the steps of a lesson: the session holds it, and the address, for a reload."""

import re

import streamlit as st

from webapp.components.kept import values
from webapp.lessons.lesson import Lesson, Step

REMEMBERED = "guess"
"""In the address, the number of each step that was predicted with the prediction ("2.0": the first choice), and the
number alone of each step whose answer was opened. The code to join leaves it out."""
MAX_PREDICTION = 200
"""Characters."""


def step_name(lesson: Lesson, place: int) -> str:
    """Name a step among all steps of all lessons."""
    return f"{lesson.key}-{place}"


def expected_key(name: str) -> str:
    """Return the key under which the session has what is expected at a step, by the step's name."""
    return f"expect-{name}"


def seen_key(name: str) -> str:
    """Return the key under which the session has whether a step's answer was opened, by the step's name."""
    return f"seen-{name}"


def recall(lesson: Lesson) -> None:
    """Read from the address what the session does not know."""
    for part in st.query_params.get_all(REMEMBERED):
        found = re.fullmatch(r"([0-9]{1,3})(?:\.(.+))?", part)
        place = int(found[1]) if found else 0
        if found is None or not 1 <= place <= len(lesson.steps):
            continue
        name = step_name(lesson, place)
        if found[2] is None:
            values().setdefault(seen_key(name), True)
        else:
            values().setdefault(expected_key(name), _read(lesson.steps[place - 1], found[2][:MAX_PREDICTION]))


def note(lesson: Lesson) -> None:
    """Write into the address what was said and seen so far."""
    parts = []
    for place in range(1, len(lesson.steps) + 1):
        name = step_name(lesson, place)
        expected = values().get(expected_key(name))
        if expected not in (None, ""):
            parts.append(f"{place}.{expected}")
        if values().get(seen_key(name)):
            parts.append(str(place))
    if parts != st.query_params.get_all(REMEMBERED):
        st.query_params[REMEMBERED] = parts


def _read(step: Step, text: str) -> int | str | None:
    """Read what is expected at a step; None if that is none of its choices."""
    if not step.choices:
        return text
    return int(text) if text in map(str, range(len(step.choices))) else None
