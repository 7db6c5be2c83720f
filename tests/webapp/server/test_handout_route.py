"""The handouts' route: which form of which handout it gives to whom."""

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from webapp.i18n import texts_in
from webapp.lessons.handout import ROUTE
from webapp.lessons.lesson import shipped_lessons
from webapp.server.handout_route import handout_route
from webapp.server.security_headers import SecurityHeaders, content_security_policy


def browser(address: str) -> TestClient:
    app = SecurityHeaders(Starlette(routes=[Route(ROUTE, handout_route)]), content_security_policy())
    return TestClient(app, base_url="http://localhost", client=(address, 5000))


@pytest.fixture
def teacher(monkeypatch) -> TestClient:
    """The browser of who sits at the computer that runs the app."""
    monkeypatch.delenv("TEACHER_PASSWORD", raising=False)
    monkeypatch.setattr("webapp.visitors.rights._proxy_seen.is_set", lambda: False)
    return browser("127.0.0.1")


def address(**query: str) -> str:
    with texts_in("en"):
        key = shipped_lessons()[0].key
    return f"/handout/{key}?{'&'.join(f'{name}={value}' for name, value in query.items())}"


def test_a_page_to_print_in_the_language_that_is_asked_for(teacher):
    for language, line in (("en", "Predict, then look"), ("zh", "先猜，再看")):
        answer = teacher.get(address(lang=language))
        assert answer.status_code == 200 and line in answer.text and f'<html lang="{language}">' in answer.text
        assert answer.headers["content-type"].startswith("text/html")
        assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "Predict, then look" in teacher.get(address(lang="xx")).text


@pytest.mark.parametrize("kind", ["worksheet", "teacher"])
def test_files_to_keep(teacher, kind):
    pdf = teacher.get(address(kind=kind, format="pdf", lang="zh"))
    assert pdf.content.startswith(b"%PDF-") and pdf.headers["content-type"] == "application/pdf"
    markdown = teacher.get(address(kind=kind, format="md", lang="zh"))
    assert markdown.text.startswith("# ") and "attachment" in markdown.headers["content-disposition"]
    assert f"-{kind}-zh.md" in markdown.headers["content-disposition"]


def test_the_teachers_page_is_for_the_teacher_alone(teacher, monkeypatch):
    assert "Answers to the questions" in teacher.get(address(kind="teacher")).text
    phone = browser("192.168.1.7")
    assert phone.get(address(kind="teacher")).status_code == 403
    assert phone.get(address(kind="worksheet")).status_code == 200
    monkeypatch.setenv("TEACHER_PASSWORD", "secret")
    assert teacher.get(address(kind="teacher")).status_code == 403


@pytest.mark.parametrize("query", ["kind=x", "format=exe", "kind=worksheet&format="])
def test_there_is_nothing_else(teacher, query):
    assert teacher.get(f"{address().rstrip('?')}?{query}").status_code == 404


@pytest.mark.parametrize("key", ["nothing", "..%2f..%2fetc", "%00", "a" * 5000])
def test_a_lesson_that_is_not_there(teacher, key):
    assert teacher.get(f"/handout/{key}").status_code == 404


def test_a_teachers_own_lesson_has_no_pdf_but_can_be_printed(teacher, monkeypatch, tmp_path):
    monkeypatch.setenv("LESSONS_DIR", str(tmp_path))
    (tmp_path / "课.yaml").write_text("title: Ours\nsteps: [{title: a, minutes: 5, do: b}]", encoding="utf-8")
    assert "Ours" in teacher.get("/handout/课").text
    assert teacher.get("/handout/课?format=pdf").status_code == 404
    assert "%E8%AF%BE-worksheet-en.md" in teacher.get("/handout/课?format=md").headers["content-disposition"]
