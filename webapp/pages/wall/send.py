"""Draw a digit, say with one press what was meant, and it is on the wall."""

import streamlit as st

from mnist_core.recognizer import Recognition, Recognizer
from webapp.components import drawing_pad as pad
from webapp.components.kept import kept
from webapp.i18n import gettext as _
from webapp.networks.choice import choices, reader_of
from webapp.pages.wall.reading import ask_of, confidence, reading
from webapp.visitors.folder import StorageError
from webapp.visitors.identity import browser
from webapp.visitors.wall import MAX_NAME, has_sent, send, take_back

DIGITS = range(10)


def sending() -> None:
    """Show the pad, what is read there, and the ten digits, one of which was meant.

    The same network reads for all: that which ships. Else figures of the class would mix several.
    """
    default = choices()[0]
    reader = reader_of(default)
    if reader is None:
        return
    ask = ask_of(default.key)
    pad.pad(_("Draw one digit here. Everybody in the class will see what you send."), pad.DEFAULT_PEN, ask=ask)
    with st.container(horizontal=True, vertical_alignment="center", key="wall-tools"):
        reading(_read(reader), ask)
        for label, key, icon, move, off in (
            (_("Undo"), "undo", ":material/undo:", pad.undo, not pad.history().past),
            (_("Clear"), "clear", ":material/delete:", pad.clear, not pad.history().present.strokes),
        ):
            st.button(label, icon=icon, key=key, on_click=move, disabled=off, width="content")
    _what_was_meant(reader)
    _name()


def _read(reader: Recognizer) -> Recognition | None:
    ink = pad.current_ink()
    return None if ink is None else reader.recognize(ink)


def _what_was_meant(reader: Recognizer) -> None:
    """Show the ten digits; the one that is pressed goes to the wall with the drawing."""
    # A new control for each drawing: the same digit can be pressed for the next one.
    key = f"wall-label-{st.session_state.get('wall_sent_count', 0)}"
    label = _("What did you mean? One press sends it to the wall.")
    with st.container(key="wall-label"):
        st.segmented_control(
            label,
            DIGITS,
            key=key,
            width="stretch",
            on_change=_send,
            args=(reader, key),
        )
    with st.container(horizontal=True, vertical_alignment="center", key="wall-sent"):
        if not _is_kept(st.session_state.get("wall_last")):
            st.session_state.update(wall_note=None, wall_last=None)
        note, last = st.session_state.get("wall_note"), st.session_state.get("wall_last")
        if note:
            st.markdown(note, width="content")
        if last is not None:
            st.button(_("Take it back"), type="tertiary", icon=":material/undo:", key="wall-back", on_click=_take_back)


def _is_kept(last: int | None) -> bool:
    """Return whether what was sent last is still there: not if a new class has begun since."""
    try:
        return last is None or has_sent(browser(), last)
    except StorageError:  # the wall says so
        return True


def _send(reader: Recognizer, key: str) -> None:
    label, read = st.session_state[key], _read(reader)
    st.session_state["wall_sent_count"] = st.session_state.get("wall_sent_count", 0) + 1
    if read is None or read.digit is None:
        st.session_state.update(wall_note=_("Draw a digit first."), wall_last=None)
    if label not in DIGITS or read is None or read.digit is None:
        return
    digit = None if read.certainty == "no digit" else read.digit
    name = str(st.session_state.get("wall-name", ""))  # as it came with this press
    try:
        last = send(browser(), read.image, label, digit, confidence(read), name)
    except StorageError as error:
        st.session_state.update(wall_note=str(error), wall_last=None)
        return
    st.session_state.update(wall_note=_sent(label, digit), wall_last=last)
    pad.clear()


def _sent(label: int, read: int | None) -> str:
    if read is None:
        return _("Sent ✓ You meant {label}; the network saw no digit.").format(label=label)
    return _("Sent ✓ You meant {label}, it read {read}.").format(label=label, read=read)


def _take_back() -> None:
    """Delete what was sent last, and put it back on the pad, unless something else is drawn there by now."""
    last = st.session_state.pop("wall_last", None)
    if last is None:
        return
    try:
        take_back(browser(), last)
    except StorageError as error:
        st.session_state["wall_note"] = str(error)
        return
    st.session_state["wall_note"] = _("Taken back: it is deleted.")
    if not pad.history().present.strokes:
        pad.undo()


def _name() -> None:
    """Show who will see what is sent, and ask for a name, which nobody needs to give."""
    st.caption(
        _(
            "What you send stays on this server until the teacher begins with a new class. You and the teacher can "
            "hide it: press it on the wall."
        )
    )
    kept(st.text_input, _("Name on the wall (not needed; a nickname will do)"), "wall-name", "", max_chars=MAX_NAME)
