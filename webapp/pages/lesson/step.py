"""One step of a lesson: predict, try it out, and see why."""

from html import escape

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from webapp.components.kept import kept, values
from webapp.components.turn import fragment
from webapp.frame import presentation
from webapp.frame.call_bar import call_button
from webapp.frame.page_title import page_title
from webapp.i18n import gettext as _
from webapp.lessons.lesson import Lesson, Step
from webapp.pages.lesson.head import head
from webapp.pages.lesson.memory import MAX_PREDICTION, expected_key, note, recall, seen_key, step_name
from webapp.pages.lesson.place import PRESSED, address_in
from webapp.pages.lesson.present import present_button
from webapp.pages.lesson.timer import timer
from webapp.visitors.rights import is_teacher


def step(lesson: Lesson, place: int) -> None:
    """Show a step in its three parts, large on a projector."""
    part, name = lesson.steps[place - 1], step_name(lesson, place)
    about = _("Step {step} of {steps}").format(step=place, steps=len(lesson.steps))
    minutes = _("{minutes} min").format(minutes=part.minutes)
    page_title(escape(part.title), f"{escape(lesson.title)} · {about} · {minutes}")
    if presentation.is_on() or is_teacher():
        with st.container(horizontal=True, vertical_alignment="center", key="lesson-teacher"):
            if presentation.is_on():
                timer(part.minutes, name)
            present_button()
            if is_teacher():
                call_button(address_in(lesson.key, place))
    recall(lesson)
    fragment(_parts)(lesson, part, name)


def _parts(lesson: Lesson, part: Step, name: str) -> None:
    """Show what to predict, what to do, and, once that is done, what there is to see."""
    st.session_state.pop(PRESSED, None)
    *before, place = st.columns(2 if part.ask else 1, gap="medium")
    for column in before:
        with column, st.container(border=True, height="stretch", key="lesson-ask"):
            head(_("Predict first"))
            st.markdown(part.ask)
            if presentation.is_on():
                st.markdown("  \n".join(f"{chr(65 + number)}. {text}" for number, text in enumerate(part.choices)))
            else:
                _prediction(part, name)
    with place, st.container(border=True, height="stretch", key="lesson-do"):
        head(_("Try it out"))
        st.markdown(part.do)
        if part.open:
            _way(part)
    if part.see:
        with st.container(border=True, key="lesson-see"):
            head(_("What there is to see"))
            _see(part, name)
    note(lesson)


def _prediction(part: Step, name: str) -> None:
    """Ask what the visitor expects."""
    key = expected_key(name)
    if part.choices:
        kept(
            st.radio,
            part.ask,
            key,
            None,
            options=list(range(len(part.choices))),
            format_func=lambda number: part.choices[number],
            label_visibility="collapsed",
        )
    else:
        label = _("What do you expect?")
        kept(st.text_input, label, key, "", max_chars=MAX_PREDICTION, label_visibility="collapsed", placeholder=label)


def _expected(part: Step, name: str) -> str | None:
    """Return what the visitor has predicted."""
    found = values().get(expected_key(name))
    if not part.choices:
        return str(found) if found else None
    return part.choices[found] if isinstance(found, int) and found < len(part.choices) else None


def _way(part: Step) -> None:
    """Show the link that opens the page with everything set; the session comes along."""
    context = get_script_run_ctx()
    pages = context.pages_manager.get_pages().values() if context else ()
    page = next((page for page in pages if page.get("url_pathname") == part.path), None)
    if page is None:
        st.warning(_("This app has no page {path}.").format(path=f"`/{part.path}`"), icon=":material/warning:")
        return
    with st.container(key="lesson-open"):
        st.page_link(
            page["script_path"],
            label=_("Open “{page}”").format(page=page["page_name"]),
            icon=":material/open_in_browser:",
            query_params=part.query,
            width="stretch",
        )


def _see(part: Step, name: str) -> None:
    """Show what there is to see; before, whoever has looked can say so."""
    seen, expected = seen_key(name), _expected(part, name)
    if values().get(seen):
        if expected is not None and not presentation.is_on():
            said = _("You expected: {text}").format(text=escape(expected))
            st.html(f'<p class="lesson-expected">{said}</p>')
        st.markdown(part.see)
        return
    is_early = bool(part.ask) and expected is None and not presentation.is_on()
    if is_early:
        st.caption(_("This opens when you have said what you expect, and have looked."))
    st.button(
        _("Show it") if presentation.is_on() else _("I have seen it"),
        key=f"see-{name}",
        icon=":material/visibility:",
        disabled=is_early,
        on_click=_look,
        args=(seen,),
    )


def _look(seen: str) -> None:
    values()[seen] = True
    st.session_state[PRESSED] = True
