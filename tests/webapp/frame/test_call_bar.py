"""Everybody come here: only the teacher calls and ends a call, whatever a browser reports."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.paths import ROOT
from tests.webapp.components.events import data_of, send_event
from webapp.frame import call_bar as module
from webapp.visitors import classroom
from webapp.visitors.classroom import call, current_call


@pytest.fixture(autouse=True)
def server(tmp_path, monkeypatch):
    """Nobody calls yet; the page is opened on the computer of the app, without a password."""
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path))
    monkeypatch.delenv("TEACHER_PASSWORD", raising=False)
    monkeypatch.setattr(classroom, "_known", classroom._Known())
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", None)
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.headers", {"host": "localhost:8501"})
    monkeypatch.chdir(ROOT)
    return tmp_path


@pytest.fixture
def phone(monkeypatch):
    """The page is opened on another computer."""
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "192.168.1.7")


def page() -> None:
    """Show the bar and a button; it runs as a script of its own."""
    from webapp.frame.call_bar import call_bar, call_button

    call_bar({"/train": "Train"})
    call_button("/train?recipe=quick")


def open_page() -> AppTest:
    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    return app


def test_the_teacher_calls_and_the_bar_knows_that_it_is_the_own_call():
    app = open_page()
    assert app.button[0].label == "Everybody come here"
    app.button[0].click().run()
    made = current_call()
    assert made is not None and made.address == "/train?recipe=quick"
    assert data_of(app, "call")["made"] == made.number
    send_event(app, "call", "ended", made.number)
    assert current_call() is None


def test_others_have_no_button(phone):
    assert not open_page().button


@pytest.mark.parametrize("teaches", [True, False])
def test_only_the_teacher_ends_a_call(monkeypatch, teaches):
    monkeypatch.setattr(classroom, "browser", lambda: "teacher")
    monkeypatch.setattr(module, "is_teacher", lambda: teaches)
    call("/lab")
    module._end()
    assert (current_call() is None) == teaches


def test_a_file_that_cannot_be_used_breaks_no_page(server):
    (server / "classroom.sqlite").write_bytes(b"no database" * 100)
    app = open_page()
    app.button[0].click().run()
    assert not app.exception and "classroom.sqlite" in app.error[0].value
