"""Who may steer a run on the training page: whoever started it, and the teacher; others look on and train their own."""

import dataclasses

import pytest
from streamlit.testing.v1 import AppTest

from tests.paths import ROOT
from tests.webapp.real_runs import wait_for
from webapp.runs.job import Job
from webapp.runs.room import MAX_EPOCHS, MAX_OWN_GOING, Starter
from webapp.visitors.identity import owner_of

ANNA, BEN = "a" * 32, "b" * 32
STEERING = {"resume", "step", "epoch", "stop"}


@pytest.fixture
def annas(page_runs, tiny_recipe, data_folder) -> str:
    """A paused run of Anna's, looked at from other computers than the server's."""
    run_id = page_runs.start(Job(tiny_recipe, str(data_folder), begins_paused=True), "", Starter(owner_of(ANNA), True))
    wait_for(page_runs, run_id, "paused")
    return run_id


def open_run(run_id: str, browser: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "webapp/pages/menu.py"), default_timeout=30)
    app.session_state["browser_id"] = browser
    app.run()
    app.switch_page("train/page.py")
    app.query_params["run"] = run_id
    app.run()
    assert not app.exception
    return app


def keys(app: AppTest) -> set[str]:
    return {str(button.key) for button in app.button}


def explained(app: AppTest) -> bool:
    return any("or the teacher, can pause or stop it" in caption.value for caption in app.caption)


def test_whoever_started_a_run_steers_it_and_nobody_else_does(page_runs, annas, monkeypatch):
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "192.168.1.7")
    app = open_run(annas, ANNA)
    assert keys(app) >= STEERING and not explained(app)
    app.button(key="stop").click().run()
    wait_for(page_runs, annas, "stopped")


def test_others_see_it_and_cannot_steer_it_but_run_it_again(page_runs, annas, monkeypatch):
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "192.168.1.8")
    app = open_run(annas, BEN)
    assert not keys(app) & STEERING and explained(app)
    page_runs.stop(annas)
    wait_for(page_runs, annas, "stopped")
    app = open_run(annas, BEN)
    app.button(key="again").click().run()
    again = page_runs.snapshot(app.session_state["run"])
    assert again.id != annas and again.owner == owner_of(BEN)
    assert not explained(app)


def test_a_button_of_before_the_right_was_gone_does_nothing_more(page_runs, annas, monkeypatch):
    app = open_run(annas, BEN)  # on the teacher's computer
    assert keys(app) >= STEERING
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "192.168.1.8")
    app.button(key="stop").click().run()
    assert page_runs.snapshot(annas).state == "paused" and not keys(app) & STEERING


def test_the_teacher_steers_every_run(annas):
    assert keys(open_run(annas, BEN)) >= STEERING


def test_one_visitor_takes_a_few_places_and_is_told_so_then(page_runs, annas, monkeypatch):
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "192.168.1.7")
    job = page_runs.snapshot(annas).job
    job = dataclasses.replace(job, begins_paused=False, recipe=dataclasses.replace(job.recipe, epochs=MAX_EPOCHS))
    for _ in range(MAX_OWN_GOING - 1):
        page_runs.start(job, "", Starter(owner_of(ANNA), True))
    before = len(page_runs.all())
    app = open_run(annas, ANNA)
    app.button(key="start").click().run()
    assert any("trainings of yours are going" in error.value for error in app.error)
    assert len(page_runs.all()) == before
