"""Who is the teacher: only who sits at the computer that runs the app, or who knows the password."""

import socket

import pytest

from tests.webapp.written_runs import write_run
from webapp.runs.registry import Runs
from webapp.visitors import rights
from webapp.visitors.rights import FORWARDED, TRIES, TooManyTriesError, is_local, is_password, teaches

HERE = {"host": "localhost:8501"}


@pytest.fixture(autouse=True)
def fresh_server(monkeypatch):
    """Nobody has tried anything yet."""
    rights._proxy_seen.clear()
    monkeypatch.setattr(rights, "_wrong", {})
    monkeypatch.delenv("TEACHER_PASSWORD", raising=False)
    yield
    rights._proxy_seen.clear()


@pytest.mark.parametrize("address", [None, "127.0.0.1", "127.0.1.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8501", "localhost.:8501", "0.0.0.0:8501", "[::]:8501", "127.0.0.1:8501", "[::1]:8501"],
)
def test_who_sits_at_this_computer_is_local(address, host):
    assert is_local(address, {"host": host})


@pytest.mark.parametrize("address", ["192.168.1.7", "10.0.0.1", "::ffff:192.168.1.7", "fe80::1", "nonsense", "8.8.8.8"])
def test_another_computer_is_not_whatever_it_says(address):
    assert not is_local(address, HERE)


@pytest.mark.parametrize(
    "host", ["", "evil.example", "192.168.1.5:8501", "localhost.evil.example", "[", "a@localhost:x["]
)
def test_another_name_than_this_computers_own_is_not_local(host):
    assert not is_local(None, {"host": host})


@pytest.mark.parametrize("name", FORWARDED)
def test_what_a_proxy_has_forwarded_is_not_local(name):
    assert not is_local("127.0.0.1", {**HERE, name: "127.0.0.1"})


def test_once_a_proxy_without_forwarding_headers_has_shown_itself_nobody_is_local():
    assert is_local(None, HERE)
    assert not is_local(None, {"host": "192.168.1.5"})  # what visitors type is passed on
    assert not is_local(None, HERE)  # a liar's request through the same proxy looks like this


def test_this_computers_own_name_shows_no_proxy():
    assert not is_local("127.0.1.1", {"host": f"{socket.gethostname()}:8501"})
    assert is_local(None, HERE)


def test_with_a_password_only_that_makes_a_teacher(monkeypatch):
    assert teaches(None, None, HERE)
    monkeypatch.setenv("TEACHER_PASSWORD", "secret")
    assert not teaches(None, None, HERE) and not teaches("a" * 64, None, HERE)


def test_no_password_is_no_password(monkeypatch):
    assert not is_password("", None)
    monkeypatch.setenv("TEACHER_PASSWORD", "")
    assert not is_password("", None)


def test_tries_are_counted_for_each_address_and_memory_is_bounded(monkeypatch):
    monkeypatch.setenv("TEACHER_PASSWORD", "geheim ü")
    for _ in range(TRIES):
        assert not is_password("x", "10.0.0.1")
    with pytest.raises(TooManyTriesError):
        is_password("geheim ü", "10.0.0.1")
    assert is_password("geheim ü", "10.0.0.2")
    for number in range(2 * rights.MAX_ADDRESSES):
        is_password("x", f"fe80::{number:x}")
    assert len(rights._wrong) <= rights.MAX_ADDRESSES


def test_a_run_that_nobody_owns_is_nobodys_to_steer(tmp_path, monkeypatch):
    write_run(tmp_path, "old")
    run = Runs(tmp_path, 0).snapshot("old")
    assert run is not None
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "192.168.1.7")
    assert not rights.may_steer(run)
