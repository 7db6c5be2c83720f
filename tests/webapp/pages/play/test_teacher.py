"""What only the teacher can do: a new class, after a look at what it deletes; and how one becomes the teacher."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.paths import ROOT
from tests.webapp.written_runs import write_run
from webapp.datasets import class_folder
from webapp.runs.job import Job
from webapp.runs.registry import Runs
from webapp.runs.shared import runs
from webapp.visitors import rights
from webapp.visitors.class_results import Round, add_game, class_results
from webapp.visitors.classroom import at_step, be_at, call, current_call
from webapp.visitors.collection import count_all, keep_drawing
from webapp.visitors.handwriting_networks import all_hands
from webapp.visitors.quiz import count_answers, hand_in
from webapp.visitors.wall import TEACHER, count_hidden, hide, latest, send, write_dataset

PASSWORD = "correct horse"  # noqa: S105
STICK = np.pad(np.ones((20, 4)), ((4, 4), (12, 12)))


@pytest.fixture(autouse=True)
def class_that_was(tmp_path, monkeypatch):
    """A class has played, trained and drawn."""
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path / "visitors"))
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.chdir(ROOT)
    add_game("duel", "b", 20.0, [Round(4, 9, 4)])
    send("a" * 64, STICK, 1, 1, 0.9)
    hide(send("b" * 64, STICK, 1, 1, 0.9), TEACHER)
    write_dataset()
    hand_in("overfitting", "before", "a", [1, 2])
    be_at("overfitting", 3)
    call("/wall")
    write_run(tmp_path / "runs", "finished")
    write_run(tmp_path / "runs", "interrupted", test_accuracy=None)
    for visitor in ("1" * 32, "2" * 32):
        keep_drawing(visitor, STICK, STICK, 1, 1)
    hands = tmp_path / "visitors" / "hands"
    hands.mkdir()
    (hands / "x.npz").touch()
    yield
    runs().close()


@pytest.fixture
def phone(monkeypatch):
    """The page is opened on another computer, and a password is set."""
    monkeypatch.setenv("TEACHER_PASSWORD", PASSWORD)
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "192.168.1.7")
    monkeypatch.setattr(rights, "_wrong", {})


def page() -> None:
    """Show the teacher's part; it runs as a script of its own."""
    from webapp.pages.play.teacher import teacher

    teacher()


def open_part() -> AppTest:
    app = AppTest.from_function(page, default_timeout=30)
    app.session_state["teacher"] = True
    return app.run()


def kept() -> tuple[int, int, int]:
    """Runs, drawings that visitors keep, networks that learnt a hand."""
    return len(runs().all()), count_all(), len(all_hands())


def results() -> list[object]:
    """Whatever a class has left as results: games, the wall, hidden drawings, a data set, answers, steps, a call."""
    found = [class_results().duels, len(latest(10)), count_hidden(), class_folder().exists(), count_answers()]
    return [*found, at_step("overfitting"), current_call()]


def keys(app: AppTest) -> set[str | None]:
    return {element.key for element in (*app.button, *app.checkbox)}


@pytest.mark.parametrize(
    ("ticked", "left"),
    [
        ([], (2, 2, 1)),
        (["runs"], (0, 2, 1)),
        (["collections"], (2, 0, 0)),
        (["runs", "collections"], (0, 0, 0)),
    ],
)
def test_a_new_class_deletes_the_results_what_is_ticked_and_nothing_else(ticked, left):
    app = open_part()
    about = [box.label for box in app.checkbox if box.key != "play-saved"]
    assert [text.split(": ")[1].split(",")[0] for text in about] == ["2", "2"]
    (goes,) = (text.value for text in app.markdown if text.value.startswith("This goes:"))
    assert [line.split(": ")[1].split()[0].strip(",") for line in goes.splitlines()[1:]] == ["1", "2", "1", "who"]
    assert app.button(key="play-empty").label == "Clear results and begin with a new class"
    assert kept() == (2, 2, 1) and all(results())
    for heap in ticked:
        app.checkbox(key=f"empty-{heap}").check().run()
    assert app.button(key="play-empty").disabled  # one press alone deletes nothing
    app.checkbox(key="play-saved").check().run()
    app.button(key="play-empty").click().run()
    assert not app.exception and "a new class can begin" in app.success[0].value and not app.warning
    assert kept() == left and not any(results())
    assert not any(box.value for box in app.checkbox)  # nothing more is deleted by another press
    assert app.button(key="play-empty").disabled


def test_what_another_server_trains_stays_and_that_is_said(tmp_path, tiny_recipe, data_folder):
    other = Runs(tmp_path / "runs", at_once=0)
    other.start(Job(tiny_recipe, str(data_folder)))
    app = open_part()
    app.checkbox(key="empty-runs").check()
    app.checkbox(key="play-saved").check().run()
    app.button(key="play-empty").click().run()
    assert "another server" in app.warning[0].value and app.warning[0].value.endswith(": 1")
    other.close()


def test_without_a_password_another_computer_sees_where_it_can_be_done(monkeypatch):
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "192.168.1.7")
    app = open_part()
    assert not keys(app)
    assert "http://localhost:8501" in app.markdown[0].value and "TEACHER_PASSWORD" in app.markdown[0].value


def test_with_a_password_the_computer_of_the_app_needs_it_too(monkeypatch):
    monkeypatch.setenv("TEACHER_PASSWORD", PASSWORD)
    assert "play-empty" not in keys(open_part())


def enter(app: AppTest, password: str) -> AppTest:
    app.text_input[0].set_value(password)
    app.button[0].click().run()
    assert not app.exception
    return app


def test_the_password_unlocks_it_for_this_browser_until_it_is_locked_again(phone):
    app = enter(open_part(), "wrong horse")
    assert "not the password" in app.error[0].value and "play-empty" not in keys(app)
    app = enter(app, PASSWORD)
    assert "play-empty" in keys(app)
    assert "play-empty" not in keys(open_part())  # another browser
    app.button(key="teacher-lock").click().run()
    assert "play-empty" not in keys(app)


def test_after_ten_wrong_passwords_the_right_one_does_not_help_for_a_minute(phone, monkeypatch):
    app = open_part()
    for guess in range(rights.TRIES):
        enter(app, f"{guess}")
    assert "not the password" in app.error[0].value
    app = enter(app, PASSWORD)
    assert "wait a minute" in app.error[0].value and "play-empty" not in keys(app)
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "192.168.1.8")  # not from elsewhere
    assert "play-empty" in keys(enter(open_part(), PASSWORD))


def test_after_a_minute_passwords_are_heard_again(phone, monkeypatch):
    monkeypatch.setattr(rights, "TRIES_SECONDS", 0.0)
    app = open_part()
    for guess in range(rights.TRIES + 1):
        enter(app, f"{guess}")
    assert "play-empty" in keys(enter(app, PASSWORD))
