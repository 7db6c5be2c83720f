"""The counts: for the teacher, and for nobody else. What they are is looked at on a real server."""

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from webapp.server.counts_route import ROUTE, counts_route
from webapp.visitors import rights

PASSWORD = "correct horse"  # noqa: S105


@pytest.fixture
def phone(monkeypatch) -> TestClient:
    """A browser on another computer."""
    monkeypatch.setattr(rights, "_wrong", {})
    monkeypatch.delenv("TEACHER_PASSWORD", raising=False)
    return TestClient(Starlette(routes=[Route(ROUTE, counts_route)]), client=("192.168.1.7", 5000))


@pytest.mark.parametrize(
    "header", [{}, {"authorization": "Bearer"}, {"authorization": "Bearer x"}, {"host": "localhost"}]
)
def test_they_are_not_for_everybody(phone, monkeypatch, header):
    for password in ("", PASSWORD):
        monkeypatch.setenv("TEACHER_PASSWORD", password)
        answer = phone.get(ROUTE, headers=header)
        assert answer.status_code == 403 and "TEACHER_PASSWORD" in answer.text


def test_passwords_are_not_tried_without_end(phone, monkeypatch):
    monkeypatch.setenv("TEACHER_PASSWORD", PASSWORD)
    for guess in range(rights.TRIES):
        assert phone.get(ROUTE, headers={"authorization": f"Bearer {guess}"}).status_code == 403
    assert phone.get(ROUTE, headers={"authorization": f"Bearer {PASSWORD}"}).status_code == 429
