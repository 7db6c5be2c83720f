"""What is done with a run from its row of actions, in a real run that is paused."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.webapp.pages.train.test_current_run import open_training
from tests.webapp.real_runs import wait_for, wait_until
from webapp.runs.job import Job


@pytest.fixture
def paused(page_runs, tiny_recipe, data_folder) -> str:
    run_id = page_runs.start(Job(tiny_recipe, str(data_folder), begins_paused=True))
    wait_for(page_runs, run_id, "paused")
    return run_id


def open_popover(run_id: str, name: str) -> AppTest:
    app = open_training(run=run_id)
    app.session_state[name] = True
    return app.run()


def keys(app: AppTest) -> set[str]:
    return {str(button.key) for button in app.button}


def test_a_fork_closes_the_popover_that_made_it(paused):
    app = open_popover(paused, "rewind")
    app.button(key="fork").click().run()
    assert not app.exception
    assert app.session_state["run"] != paused
    assert not app.session_state["rewind"] and "fork" not in keys(app)


def test_a_change_closes_the_popover_that_made_it(page_runs, paused):
    app = open_popover(paused, "change")
    app.number_input(key="change-rate").set_value(0.1).run()
    app.button(key="apply").click().run()
    assert not app.exception
    assert not app.session_state["change"] and "apply" not in keys(app)
    wait_until(page_runs, paused, lambda run: run.recipe.learning_rate == 0.1)
