"""What can be handed out for a lesson: a worksheet for students and a page for the teacher, to print or to edit.

Both are written as Markdown, which a teacher can change in any editor. The page for the printer is the same Markdown
with a look of its own, and its PDF, for the lessons that ship, is that page as Chromium prints it (`make handouts`):
fonts for Chinese are on the computer that prints, and need not be in the app.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

from markdown_it import MarkdownIt

from webapp.components.address import address_of
from webapp.formats import named
from webapp.i18n import current_language, texts_in
from webapp.i18n import gettext as _
from webapp.lessons.lesson import SHIPPED, Lesson

ROUTE = "/handout/{lesson}"
"""Where they are: with `kind`, `format` ("html", "pdf" or "md") and `lang`."""
PRINTED = SHIPPED / "handouts"
STYLE = Path(__file__).with_suffix(".css")
Kind = Literal["worksheet", "teacher"]
KINDS: tuple[Kind, ...] = ("worksheet", "teacher")
FORMATS = ("html", "pdf", "md")
MANY_STEPS = 7
"""With so many, a worksheet has less room for each, or it would have more than two pages."""
LINE = "\n___\n"
"""To write on: in Markdown a horizontal rule, on paper a line with room above it, and below a task a box."""


def handout_address(lesson: Lesson, kind: Kind, form: str) -> str:
    """Return the address of a handout in the visitor's language, as a page of this server asks for it."""
    query = urlencode({"kind": kind, "format": form, "lang": current_language()})
    return f"{address_of('/handout/')}{quote(lesson.key)}?{query}"


def handout_name(lesson: Lesson, kind: Kind, form: str) -> str:
    """Return the name of its file, in the visitor's language."""
    return f"{lesson.key}-{kind}-{current_language()}.{form}"


def handout_markdown(lesson: Lesson, kind: Kind) -> str:
    """Write a handout as Markdown, in the visitor's language."""
    return _worksheet(lesson) if kind == "worksheet" else _teachers_page(lesson)


def handout_html(lesson: Lesson, kind: Kind) -> str:
    """Write a handout as a page for the printer, in the visitor's language: black on white, and without scripts."""
    body = MarkdownIt("commonmark", {"html": False}).render(handout_markdown(lesson, kind))
    hint = _("To print this page, or to save it as PDF, press Ctrl+P (⌘P on a Mac).")
    return (
        f'<!doctype html><html lang="{current_language()}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(lesson.title)}</title><style>{STYLE.read_text(encoding='utf-8')}</style></head>"
        f'<body class="{kind}"><p class="hint">{hint}</p><main>{body}</main></body></html>'
    )


def handout_pdf(lesson: Lesson, kind: Kind) -> bytes | None:
    """Return the PDF of a handout; None if none was printed of the lesson as it is now."""
    name = handout_name(lesson, kind, "pdf")
    if _printed().get(name) != fingerprint(lesson, kind):
        return None
    try:
        return (PRINTED / name).read_bytes()
    except OSError:
        return None


def fingerprint(lesson: Lesson, kind: Kind) -> str:
    """Return what tells whether a PDF shows the lesson as it is now."""
    return _fingerprint(lesson, kind, current_language())


@lru_cache(maxsize=128)
def _fingerprint(lesson: Lesson, kind: Kind, language: str) -> str:
    with texts_in(language):
        return hashlib.sha256(handout_html(lesson, kind).encode()).hexdigest()


@cache
def _printed() -> dict[str, str]:
    """Return the fingerprints of the pages that the PDF files show."""
    path = PRINTED / "printed.json"
    return json.loads(path.read_bytes()) if path.exists() else {}


def _worksheet(lesson: Lesson) -> str:
    name, date, saw = _("Your name"), _("Date"), _("What I saw")
    second = LINE if len(lesson.steps) < MANY_STEPS else ""
    parts = [
        f"# {lesson.title}",
        f"{named(name, '_' * 36)}   {named(date, '_' * 16)}",
        _heading(_("Predict, then look")),
    ]
    for number, step in enumerate(lesson.steps, 1):
        parts += [f"### {number}. {step.title}", step.ask or step.do]
        parts += [_boxes(step.choices) if step.choices else LINE, f"*{saw}*\n{LINE}{second}"]
    if lesson.tasks:
        parts.append(_heading(_("Tasks")))
        parts += [f"**{number}.** {task}\n{LINE}" for number, task in enumerate(lesson.tasks, 1)]
    if lesson.quiz:
        parts.append(_heading(_("Questions")))
        for number, question in enumerate(lesson.quiz, 1):
            parts.append(f"**{number}.** {question.ask}\n\n{_boxes(question.choices)}")
    return "\n\n".join(parts) + "\n"


def _teachers_page(lesson: Lesson) -> str:
    about, length = _("For the teacher"), _("{minutes} minutes").format(minutes=lesson.minutes)
    parts = [f"# {lesson.title}", f"*{about}* · {length}", lesson.about]
    if lesson.goals:
        parts += [_heading(_("Goals")), "\n".join(f"- {goal}" for goal in lesson.goals)]
    if lesson.prepare:
        parts += [_heading(_("What you need")), lesson.prepare]
    parts.append(_heading(_("Plan")))
    begin = 0
    for number, step in enumerate(lesson.steps, 1):
        parts += _planned(lesson, number, begin)
        begin += step.minutes
    if lesson.quiz:
        parts.append(_heading(_("Answers to the questions")))
        for number, question in enumerate(lesson.quiz, 1):
            answer = f"{chr(65 + question.right)}: {question.choices[question.right]}"
            parts.append(f"**{number}.** {question.ask}\n\n→ **{answer}**  \n{question.why}")
    if lesson.solutions:
        parts.append(_heading(_("Answers to the tasks")))
        for number, (task, solution) in enumerate(zip(lesson.tasks, lesson.solutions, strict=True), 1):
            parts.append(f"**{number}.** {task}\n\n→ {solution}")
    return "\n\n".join(parts) + "\n"


def _heading(text: str) -> str:
    return f"## {text}"


def _planned(lesson: Lesson, number: int, begin: int) -> list[str]:
    step = lesson.steps[number - 1]
    minutes = _("minutes {begin} to {end}").format(begin=begin, end=begin + step.minutes)
    parts = [f"### {number}. {step.title} ({minutes})"]
    if step.ask:
        choices = f" ({' / '.join(step.choices)})" if step.choices else ""
        parts.append(_labelled(_("Ask"), f"{step.ask}{choices}"))
    parts.append(_labelled(_("Do"), step.do))
    if step.open:
        there = _("the link in step {step} of the lesson on the screen").format(step=number)
        parts.append(_labelled(_("Page to open"), f"[{there}]({_link(lesson, number)})"))
    if step.see:
        parts.append(_labelled(_("See"), step.see))
    return parts


def _labelled(label: str, text: str) -> str:
    """Put a label before a text; a list after it begins on a line of its own, or it would be none."""
    gap = "\n\n" if re.match("([0-9]+[.)]|[-*+]) ", text) else " "
    return f"**{label}**{gap}{text}"


def _link(lesson: Lesson, step: int) -> str:
    query = urlencode({"lesson": lesson.key, "step": step, "lang": current_language()})
    return f"{address_of('/lesson')}?{query}"


def _boxes(choices: Sequence[str]) -> str:
    return "\n".join(f"- {chr(65 + number)} ☐ {choice}" for number, choice in enumerate(choices))
