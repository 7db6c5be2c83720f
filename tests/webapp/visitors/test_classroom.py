"""Where the class is: steps, a call, who has come, and what is not written down again and again."""

import sqlite3
import time
from contextlib import closing

import pytest

from webapp.visitors import classroom
from webapp.visitors.classroom import (
    CALL_SECONDS,
    MAX_ADDRESS,
    NOTED_EVERY,
    PRESENT_SECONDS,
    at_step,
    be_at,
    call,
    come,
    current_call,
    empty_classroom,
    end_call,
    heard,
    is_own_address,
)
from webapp.visitors.folder import changes_of


@pytest.fixture(autouse=True)
def server(tmp_path, monkeypatch):
    """A server that has just started."""
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path))
    monkeypatch.setattr(classroom, "_known", classroom._Known())
    return tmp_path


@pytest.fixture
def as_browser(monkeypatch):
    """Be one browser or another."""
    return lambda name: monkeypatch.setattr(classroom, "browser", lambda: name)


@pytest.fixture
def later(monkeypatch):
    """Let time pass."""
    passed = {"seconds": 0.0}
    wall_clock, clock = time.time, time.monotonic
    monkeypatch.setattr(time, "time", lambda: wall_clock() + passed["seconds"])
    monkeypatch.setattr(time, "monotonic", lambda: clock() + passed["seconds"])

    def pass_by(seconds: float) -> None:
        passed["seconds"] += seconds

    return pass_by


def test_everybody_is_at_the_step_where_they_were_last(as_browser):
    for name, step in (("anna", 1), ("ben", 3), ("cleo", 3), ("anna", 3), ("cleo", 4)):
        as_browser(name)
        be_at("overfitting", step)
    as_browser("dora")
    be_at("what-a-neuron-does", 1)
    assert at_step("overfitting") == {3: 2, 4: 1}
    assert at_step("what-a-neuron-does") == {1: 1}
    assert at_step("another") == {}


def test_who_is_not_heard_of_is_gone_but_an_open_page_is_heard_of(as_browser, later):
    for name in ("anna", "ben"):
        as_browser(name)
        be_at("overfitting", 1)
    later(PRESENT_SECONDS - 10)
    heard("ben", 0)
    later(20)
    assert at_step("overfitting") == {1: 1}


def test_what_is_known_is_written_down_once_a_minute(as_browser, later):
    as_browser("anna")
    be_at("overfitting", 1)
    heard("anna", 0)
    count = changes_of("classroom.sqlite")
    for _run in range(20):
        be_at("overfitting", 1)
        heard("anna", 0)
    assert changes_of("classroom.sqlite") == count
    later(NOTED_EVERY)
    be_at("overfitting", 1)
    heard("anna", 0)
    assert changes_of("classroom.sqlite") == count + 2


def test_made_up_visitors_take_no_more_than_their_room(monkeypatch):
    monkeypatch.setattr(classroom, "MAX_VISITORS", 20)
    for number in range(100):
        heard(f"made up {number}", 0)
    assert len(classroom._known.noted) <= 40
    call("/wall")
    made = current_call()
    assert made is not None and come(made) == (0, 20)


def test_a_call_is_heard_of_until_it_ends(as_browser, later):
    assert current_call() is None
    as_browser("teacher")
    call("/train?recipe=quick&data=class")
    made = current_call()
    assert made is not None and (made.address, made.caller) == ("/train?recipe=quick&data=class", "teacher")
    call("/wall")
    again = current_call()
    assert again is not None and again.address == "/wall" and again.number != made.number
    end_call()
    assert current_call() is None
    call("/wall")
    later(CALL_SECONDS + 1)
    assert current_call() is None  # the next class is not called


def test_a_call_is_looked_up_once_for_all_who_ask(as_browser, monkeypatch):
    as_browser("teacher")
    call("/wall")
    assert current_call() == current_call() is not None
    monkeypatch.setattr(classroom, "_opened", None)
    assert current_call() is not None


def test_those_who_have_come_are_counted_without_the_caller(as_browser, later):
    as_browser("teacher")
    call("/wall")
    made = current_call()
    assert made is not None
    heard("teacher", 0)
    for name in ("anna", "ben", "cleo"):
        heard(name, 0)
    heard("anna", made.number)
    heard("ben", made.number + 1)  # an older one
    assert come(made) == (1, 3)
    later(2 * NOTED_EVERY + 1)
    heard("anna", made.number)
    assert come(made) == (1, 1)


def test_another_server_with_the_same_folder_knows_the_call(as_browser, server):
    as_browser("teacher")
    assert current_call() is None
    call("/wall")
    assert current_call() is not None
    with closing(sqlite3.connect(server / "classroom.sqlite")) as other, other:
        other.execute("UPDATE calls SET address = '/lab'")
    made = current_call()
    assert made is not None and made.address == "/lab"


@pytest.mark.parametrize(
    "address", ["/", "/wall", "/lesson?lesson=how-a-computer-sees&step=3", "/train?hidden_sizes=128,64&x=%E4"]
)
def test_addresses_of_this_server_are_taken(address):
    assert is_own_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "wall",
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/a b",
        "/a\n",
        "/a\\b",
        "/<b>",
        "/#x",
        "/" + "x" * MAX_ADDRESS,
    ],
)
def test_other_addresses_are_refused(address, as_browser):
    as_browser("teacher")
    assert not is_own_address(address)
    with pytest.raises(ValueError, match="expected an address of this app"):
        call(address)
    assert current_call() is None


def test_a_new_class_begins_without_call_and_steps(as_browser):
    as_browser("anna")
    be_at("overfitting", 1)
    call("/wall")
    empty_classroom()
    assert current_call() is None and at_step("overfitting") == {}
    be_at("overfitting", 1)  # at once, not in a minute
    assert at_step("overfitting") == {1: 1}
