"""What is handed out for a lesson: complete, safe to show, and the PDF files show the lessons as they are now."""

import re
from dataclasses import replace

import pytest

from webapp.i18n import LANGUAGES, texts_in
from webapp.lessons.handout import (
    KINDS,
    PRINTED,
    handout_address,
    handout_html,
    handout_markdown,
    handout_name,
    handout_pdf,
)
from webapp.lessons.lesson import read_lesson, shipped_lessons

LESSON = """
title: "Seeing <b>well</b>"
about: One sentence.
goals: [to see]
prepare: "A board, ![x](http://evil/x.png) <script>alert(1)</script> [y](javascript:alert(1))"
steps:
  - title: First
    minutes: 5
    open: "/lab?failure=zero-init"
    do: "1. Press\\n2. Look"
    ask: What?
    choices: [a, b]
    see: This.
  - {title: Second, minutes: 40, do: Talk.}
quiz:
  - {ask: Is it?, choices: [maybe, surely], right: 1, why: Because.}
tasks: [Draw a house.]
solutions: [It has a roof.]
"""


@pytest.fixture(scope="module")
def lesson():
    with texts_in("en"):
        return read_lesson(LESSON.encode(), "seeing", "en")


def test_the_worksheet_has_all_that_is_to_be_done_and_no_answers(lesson):
    with texts_in("en"):
        text = handout_markdown(lesson, "worksheet")
    for part in (
        "Your name: ____",
        "Date: ____",
        "1. First",
        "What?",
        "- A ☐ a",
        "What I saw",
        "Draw a house.",
        "Is it?",
    ):
        assert part in text
    assert "- B ☐ surely" in text and "Because" not in text and "This." not in text
    assert "It has a roof." not in text
    assert "\n___\n" in text  # a line to write on


def test_the_teachers_page_has_the_plan_with_minutes_links_and_answers(lesson):
    with texts_in("en"):
        text = handout_markdown(lesson, "teacher")
    for part in (
        "- to see",
        "(minutes 0 to 5)",
        "(minutes 5 to 45)",
        "**See** This.",
        "→ **B: surely**  \nBecause.",
        "Draw a house.\n\n→ It has a roof.",
        "(a / b)",
    ):
        assert part in text
    assert "[the link in step 1 of the lesson on the screen](/lesson?lesson=seeing&step=1&lang=en)" in text
    assert "**Do**\n\n1. Press" in text  # a list begins on a line of its own


@pytest.mark.parametrize("kind", KINDS)
def test_a_teachers_file_brings_no_html_and_no_script_onto_the_page(lesson, kind):
    with texts_in("en"):
        page = handout_html(lesson, kind)
    assert "<script" not in page and "<b>" not in page and 'javascript:alert(1)"' not in page
    assert "Seeing &lt;b&gt;well&lt;/b&gt;" in page


def test_its_address_and_its_name_say_which_one_it_is(lesson):
    with texts_in("zh"):
        assert handout_address(lesson, "worksheet", "pdf") == "/handout/seeing?kind=worksheet&format=pdf&lang=zh"
        assert handout_name(lesson, "teacher", "md") == "seeing-teacher-zh.md"


def test_a_lesson_that_was_not_printed_has_no_pdf(lesson):
    with texts_in("en"):
        assert handout_pdf(lesson, "worksheet") is None


CASES = [(language, kind) for language in LANGUAGES for kind in KINDS]


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_each_lesson_that_ships_has_a_pdf_that_shows_it_as_it_is_now(language, kind):
    with texts_in(language):
        old = [lesson.key for lesson in shipped_lessons() if handout_pdf(lesson, kind) is None]
        assert not old, f"`make handouts` prints them anew: {old}"
        for lesson in shipped_lessons():
            pdf = handout_pdf(lesson, kind) or b""
            assert pdf.startswith(b"%PDF-") and len(pdf) < 150_000
            assert b"/URI" not in pdf  # a link on paper leads nowhere
            assert kind == "teacher" or len(re.findall(rb"/Type /Page\b", pdf)) == 2


def test_no_pdf_lies_there_that_belongs_to_no_lesson():
    names = set()
    for language, kind in CASES:
        with texts_in(language):
            names |= {handout_name(lesson, kind, "pdf") for lesson in shipped_lessons()}
    assert {path.name for path in PRINTED.glob("*.pdf")} == names


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_no_markdown_is_left_on_the_printed_page(language, kind):
    """Such as asterisks that close nothing, since a character of Chinese follows."""
    with texts_in(language):
        for lesson in shipped_lessons():
            body = handout_html(lesson, kind).partition("<main>")[2]
            assert not re.findall(r".{20}(?:\*\*|`).{20}", body), lesson.key


def test_a_changed_lesson_gets_no_old_pdf():
    with texts_in("en"):
        first = shipped_lessons()[0]
        changed = replace(first, tasks=(*first.tasks, "One more."), solutions=())
        assert handout_pdf(first, "worksheet") is not None and handout_pdf(changed, "worksheet") is None
