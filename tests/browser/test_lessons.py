"""The lessons in a real browser: every step of all that ship, played as a student does, and what a projector shows.

The first lesson is played in every run, all of them in both languages by `make test-slow`.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LAPTOP, PHONE, NewPage, wait_for
from tests.browser.hand import press, wait_until_settled
from webapp.i18n import LANGUAGES, texts_in
from webapp.lessons.lesson import Lesson, Step, lesson_of, shipped_lessons

WAY_ON_IN_SIGHT = """() => {
  const next = document.querySelector('.st-key-lesson-next button');
  const row = document.querySelector('.st-key-lesson-ways')?.parentElement;
  return next?.getBoundingClientRect().bottom <= innerHeight && !getComputedStyle(row).backgroundColor.endsWith(', 0)');
}"""
"""JavaScript: whether the button that leads on is on the screen, and no text shines through its row."""


CALL_IN_ONE_ROW = """() => {
  const [go, away] = ['.call-go', '.call-away'].map((part) => document.querySelector(part).getBoundingClientRect());
  return Math.max(go.right, away.right) <= innerWidth && Math.abs(go.top - away.top) < 10;
}"""


def cases() -> list[object]:
    with texts_in("en"):
        keys = [lesson.key for lesson in shipped_lessons()]
    return [
        pytest.param(key, language, marks=[] if (key, language) == (keys[0], "en") else [pytest.mark.slow])
        for key in keys
        for language in LANGUAGES
    ]


def read(key: str, language: str) -> Lesson:
    with texts_in(language):
        lesson = lesson_of(key)
    assert lesson is not None
    return lesson


def plain(text: str) -> str:
    """Return the first line of a text without the marks of Markdown."""
    return re.sub(r"^([0-9]+\.|-) |[*`]", "", text.splitlines()[0]).strip()


def expect_title(page: Page, title: str) -> None:
    expect(page.locator(".title h1")).to_have_text(title)


def predict(page: Page, step: Step) -> None:
    """Say what is expected; only then what there is to see can be opened."""
    see = page.locator("[class*='st-key-see-'] button")
    expect(see).to_be_disabled()
    if step.choices:
        page.locator(".st-key-lesson-ask [role=radiogroup] label").first.click()
    else:
        page.locator(".st-key-lesson-ask input").fill("!")
        page.keyboard.press("Enter")
    expect(see).to_be_enabled()
    see.click()
    expect(page.locator(".st-key-lesson-see")).to_contain_text(plain(step.see)[:20])


def follow(page: Page, step: Step) -> None:
    """Open the page that the step sets up, see what must be there, and come back by the bar."""
    page.locator(".st-key-lesson-open a").click()
    wait_until_settled(page)
    for selector in step.shows:
        expect(page.locator(selector).first).to_be_visible()
    expect(page.locator(".stException, [data-testid='stAlertContentError']")).to_have_count(0)
    expect(page.locator("[data-testid='stAlertContentWarning']")).to_have_count(0)  # the link can be used
    page.locator(".st-key-lesson-bar a").click()


@pytest.mark.parametrize(("key", "language"), cases())
def test_every_step_does_what_it_says(key: str, language: str, address: str, new_page: NewPage) -> None:
    lesson, page = read(key, language), new_page()
    page.goto(f"{address}/lesson?lesson={key}&lang={language}")
    for step in lesson.steps:
        page.locator(".st-key-lesson-next button").click()
        expect_title(page, step.title)
        if step.open:
            follow(page, step)
            expect_title(page, step.title)
        if step.ask:
            predict(page, step)
        wait_until_settled(page)
    page.locator(".st-key-lesson-next button").click()
    expect(page.locator(".st-key-lesson-quiz [role=radiogroup]")).to_have_count(len(lesson.quiz))


@pytest.mark.slow
def test_a_phone_answers_the_quiz_and_the_projector_shows_it(address: str, new_page: NewPage) -> None:
    with texts_in("en"):
        lesson = shipped_lessons()[-1]
    phone, projector = new_page(**PHONE), new_page(**LAPTOP)
    projector.goto(f"{address}/lesson?lesson={lesson.key}&step={len(lesson.steps) + 1}&present=1")
    expect(projector.locator(".quiz-bars")).to_have_count(len(lesson.quiz))
    phone.goto(f"{address}/lesson?lesson={lesson.key}")
    groups = phone.locator(".st-key-lesson-quiz [role=radiogroup]")
    expect(groups).to_have_count(len(lesson.quiz))
    for number, question in enumerate(lesson.quiz):
        press(groups.nth(number).locator("label").nth(question.right), touch=True)
    press(phone.get_by_role("button", name="Hand in"), touch=True)
    expect(phone.get_by_text("Thank you!")).to_be_visible()
    assert phone.evaluate("document.querySelector('.stMain').scrollWidth <= innerWidth")
    expect(projector.locator(".quiz-bars").first).to_contain_text("100%")


@pytest.mark.slow
def test_the_timer_counts_down_and_survives_what_happens_to_the_page(address: str, new_page: NewPage) -> None:
    with texts_in("en"):
        lesson = shipped_lessons()[0]
    page = new_page()
    page.goto(f"{address}/lesson?lesson={lesson.key}&step=1&present=1")
    shown, buttons = page.locator(".lesson-timer output"), page.locator(".lesson-timer button")
    whole = f"{lesson.steps[0].minutes}:00"
    expect(shown).to_have_text(whole)
    buttons.first.click()
    expect(shown).not_to_have_text(whole)
    page.locator("[class*='st-key-see-'] button").click()  # the page is drawn anew
    wait_until_settled(page)
    expect(shown).not_to_have_text(whole)
    page.reload()
    expect(shown).to_have_text(re.compile(r"\d+:\d\d"))
    expect(shown).not_to_have_text(whole)
    buttons.first.click()  # pause
    paused = shown.inner_text()
    page.evaluate("window.asked = performance.now()")
    wait_for(page, "performance.now() - window.asked > 1200")
    assert shown.inner_text() == paused
    buttons.last.click()
    expect(shown).to_have_text(whole)
    page.locator(".st-key-lesson-next button").click()
    expect(shown).to_have_text(f"{lesson.steps[1].minutes}:00")  # another step has a time of its own


@pytest.mark.slow
def test_on_the_projector_the_way_on_is_in_sight_and_a_call_lies_in_one_row_on_a_phone(
    address: str, new_page: NewPage
) -> None:
    with texts_in("en"):
        lesson = shipped_lessons()[0]
    projector, phone = new_page(viewport={"width": 1920, "height": 1080}), new_page(**PHONE)
    projector.goto(f"{address}/lesson?lesson={lesson.key}&present=1")
    wait_for(projector, WAY_ON_IN_SIGHT)
    projector.goto(f"{address}/lesson?lesson={lesson.key}&step=3&present=1")
    projector.locator("[class*='st-key-see-'] button").click()
    expect(projector.locator(".st-key-lesson-see")).to_contain_text(plain(lesson.steps[2].see)[:20])
    wait_for(projector, WAY_ON_IN_SIGHT)
    projector.locator(".st-key-lesson-teacher").get_by_role("button", name="Everybody come here").click()
    phone.goto(f"{address}/train")
    expect(phone.locator(".call-bar")).to_be_visible()
    wait_for(phone, CALL_IN_ONE_ROW)
    projector.locator(".call-end").click()
    expect(projector.locator(".call-bar")).to_be_hidden()
    wait_until_settled(projector)  # the server knows, too: other tests are not called
