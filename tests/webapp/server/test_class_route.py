"""What open pages ask: the call, who has come, and that this says nothing to strangers and costs little."""

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from webapp.frame.call_bar import ROUTE as ASKED
from webapp.server.class_route import MAX_NUMBER, ROUTE, class_route, read_number
from webapp.visitors import classroom
from webapp.visitors.classroom import call, end_call
from webapp.visitors.folder import changes_of
from webapp.visitors.identity import BROWSER_COOKIE, owner_of

TEACHER, PHONE = "a" * 32, "b" * 32


@pytest.fixture(autouse=True)
def server(tmp_path, monkeypatch):
    """A server that has just started; the teacher's browser is the one that calls."""
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path))
    monkeypatch.setattr(classroom, "_known", classroom._Known())
    monkeypatch.setattr(classroom, "browser", lambda: owner_of(TEACHER))
    return tmp_path


def ask(cookie: str | None, came: object = "") -> dict[str, object]:
    client = TestClient(Starlette(routes=[Route(ROUTE, class_route)]))
    headers = {"cookie": f"{BROWSER_COOKIE}={cookie}"} if cookie else {}
    answer = client.get(ROUTE, params={"came": str(came)}, headers=headers)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    found: dict[str, object] = answer.json()
    return found


def test_pages_ask_where_the_server_answers():
    assert ASKED == ROUTE


def test_without_a_call_there_is_nothing():
    assert ask(PHONE) == ask(None) == {}


def test_everybody_hears_the_call_and_the_caller_who_has_come():
    call("/wall")
    heard = ask(PHONE)
    assert heard["address"] == "/wall" and set(heard) == {"number", "address"}
    assert ask(TEACHER) == {**heard, "come": 0, "present": 1}
    assert ask(PHONE, heard["number"]) == heard
    assert ask(TEACHER) == {**heard, "come": 1, "present": 1}
    end_call()
    assert ask(PHONE, heard["number"]) == {}


def test_what_is_no_cookie_is_nobody(server):
    for cookie in ("", "x", "A" * 32, "a" * 33):
        ask(cookie)
    assert not changes_of("classroom.sqlite")


@pytest.mark.parametrize("text", ["", "-1", "1.5", "x", "٣", "9" * 10, "9" * 5000, str(MAX_NUMBER + 1), " 1"])
def test_what_is_no_number_of_a_call_is_none(text):
    assert read_number(text) == 0
    ask(PHONE, text)


def test_a_file_that_cannot_be_used_ends_no_page(server):
    (server / "classroom.sqlite").write_bytes(b"no database" * 100)
    client = TestClient(Starlette(routes=[Route(ROUTE, class_route)]))
    assert client.get(ROUTE, headers={"cookie": f"{BROWSER_COOKIE}={PHONE}"}).status_code == 503
