"""The links to what can be handed out."""

from html import escape

import streamlit as st

from webapp.frame import presentation
from webapp.i18n import gettext as _
from webapp.lessons.handout import Kind, handout_address, handout_pdf
from webapp.lessons.lesson import Lesson
from webapp.visitors.rights import is_teacher


def handouts(lesson: Lesson) -> None:
    """Show a row of links for the worksheet, and for the teacher another one for the teacher's page."""
    if presentation.is_on():
        return
    kinds: dict[Kind, str] = {"worksheet": _("Worksheet")}
    if is_teacher():
        kinds["teacher"] = _("Teacher's page")
    rows = []
    for kind, name in kinds.items():
        forms = {"html": _("to print")}
        if handout_pdf(lesson, kind) is not None:
            forms["pdf"] = "PDF"
        if is_teacher():
            forms["md"] = _("to edit (Markdown)")
        links = "".join(
            f'<a href="{escape(handout_address(lesson, kind, form))}" target="_blank">{text}</a>'
            for form, text in forms.items()
        )
        rows.append(f"<p><b>{name}</b> {links}</p>")
    st.html(f'<div class="lesson-handouts">{"".join(rows)}</div>')
