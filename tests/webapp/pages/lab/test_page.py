"""The failure lab's page without a browser: choose, let it fail, apply the remedy, read what was seen."""

import dataclasses
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.paths import ROOT
from tests.webapp.real_runs import train_job
from webapp.pages.lab.failures import FAILURES, Failure
from webapp.runs import shared as resources
from webapp.runs.job import Job

FEW_IMAGES = FAILURES[-1]
ZERO_INIT = FAILURES[0]


@pytest.fixture(autouse=True)
def without_mnist(tmp_path, monkeypatch) -> None:
    """A computer without MNIST."""
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr("mnist_core.data.dataset.cache_folder", lambda: tmp_path / "empty")
    monkeypatch.setattr("mnist_core.data.dataset.LOCAL_FOLDER", tmp_path / "empty")


def open_lab(language: str = "en", **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "webapp/pages/menu.py"), default_timeout=30)
    app.query_params["lang"] = language
    app.run()
    app.switch_page("lab/page.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def both_runs(folder: Path, failure: Failure, data_folder: Path) -> dict[str, str]:
    """A failure and its remedy, trained to the end on a few hundred digits, as the URL names them."""
    ids = {"fail": "lab-fail", "mend": "lab-mend"}
    for part, recipe in (("fail", failure.recipe), ("mend", failure.remedy)):
        train_job(folder / ids[part], Job(recipe, str(data_folder)))
    return ids


def texts(app: AppTest) -> str:
    elements = (*app.markdown, *app.caption)
    return " ".join([*(element.value for element in elements), *(html.proto.body for html in app.get("html"))])


@pytest.mark.parametrize(
    ("language", "title", "expectation"), [("en", "Failure lab", "ln 10"), ("zh", "失败实验室", "ln 10")]
)
def test_the_lab_opens_with_what_to_expect_and_one_button_to_press(page_runs, language, title, expectation):
    app = open_lab(language)
    assert title in texts(app)
    assert expectation in texts(app)
    assert not app.button(key="let-it-fail").disabled
    assert app.button(key="apply-the-remedy").disabled


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.key)
def test_every_failure_has_its_link_and_its_two_settings(page_runs, failure, language):
    app = open_lab(language, failure=failure.key)
    assert app.session_state["lab-failure"] == failure.key
    cards = [html.proto.body for html in app.get("html") if html.proto.body.startswith('<div class="lab-card"')]
    assert len(set(cards)) == 2


def test_an_unknown_failure_in_the_url_opens_the_first(page_runs):
    app = open_lab(failure="../../etc/passwd")
    assert app.query_params["failure"] == "zero-init"


@pytest.mark.slow
def test_two_clicks_start_the_failure_and_its_remedy(page_runs):
    app = open_lab(failure="large-learning-rate")
    assert "MNIST is not on this computer" in texts(app)
    app.button(key="let-it-fail").click().run()
    assert not app.exception
    assert app.button(key="let-it-fail").disabled
    failed = page_runs.snapshot(app.query_params["fail"])
    assert failed.job == Job(FAILURES[1].recipe, "synthetic")
    assert failed.name == "Learning rate far too large: failure"
    app.button(key="apply-the-remedy").click().run()
    assert not app.exception
    assert app.button(key="apply-the-remedy").disabled
    assert page_runs.snapshot(app.query_params["mend"]).job == Job(FAILURES[1].remedy, "synthetic")
    assert "Why it fails" in texts(app)

    app.pills(key="lab-failure").set_value("zero-init").run()
    assert "fail" not in app.query_params
    assert not app.button(key="let-it-fail").disabled
    app.pills(key="lab-failure").set_value("large-learning-rate").run()
    assert app.query_params["fail"] == failed.id  # still known
    app.switch_page("draw/page.py").run()
    app.switch_page("lab/page.py").run()
    assert app.query_params["failure"] == "large-learning-rate"
    assert app.query_params["fail"] == failed.id


def test_a_third_run_waits_and_says_so(page_runs, monkeypatch, data_folder):
    monkeypatch.setenv("RUNS_AT_ONCE", "1")
    waiting = resources.runs()
    waiting.start(Job(dataclasses.replace(FEW_IMAGES.recipe, epochs=5000), str(data_folder)))
    try:
        app = open_lab()
        app.button(key="let-it-fail").click().run()
        assert "place 1" in texts(app)
    finally:
        waiting.close()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "With zeros the loss ended at"), ("zh", "权重全为零：损失最后是")]
)
def test_a_link_to_two_finished_runs_says_what_was_seen(page_runs, tmp_path, data_folder, language, words):
    ids = both_runs(tmp_path / "runs", ZERO_INIT, data_folder)
    app = open_lab(language, failure="zero-init", **ids)
    assert words in texts(app)
    accuracies = [page_runs.snapshot(run_id).records.epochs[-1].validation_accuracy for run_id in ids.values()]
    assert all(f"{accuracy:.1%}" in texts(app) for accuracy in accuracies)
    assert accuracies[0] < accuracies[1]


def guess(app: AppTest, place: int) -> AppTest:
    radio = app.radio(key=f"guess-{app.session_state['lab-failure']}")
    assert radio.label == "What will happen?"
    return radio.set_value(place).run()


def said_of_the_guess(app: AppTest) -> str:
    (found,) = (html.proto.body for html in app.get("html") if 'class="prediction"' in html.proto.body)
    return found


def test_a_guess_outlives_other_pages_and_experiments_and_starting_needs_none(page_runs):
    app = open_lab(failure="raw-pixels")
    assert app.radio[0].value is None and not app.button(key="let-it-fail").disabled
    guess(app, 1)
    app.pills(key="lab-failure").set_value("zero-init").run()
    assert app.radio[0].value is None
    app.switch_page("draw/page.py").run()
    app.switch_page("lab/page.py").run()
    app.pills(key="lab-failure").set_value("raw-pixels").run()
    assert app.radio[0].value == 1


def test_a_guess_outlives_a_reload(page_runs):
    app = guess(open_lab(failure="raw-pixels"), 1)
    assert app.query_params["guess"] == "1"
    app = open_lab(failure="raw-pixels", guess="1")
    assert app.radio[0].value == 1
    app.pills(key="lab-failure").set_value("zero-init").run()
    assert app.radio[0].value is None and "guess" not in app.query_params
    for hostile in ("3", "-1", "x", ""):
        assert open_lab(failure="raw-pixels", guess=hostile).radio[0].value is None


@pytest.mark.parametrize("place", [None, 0, ZERO_INIT.right])
def test_what_was_guessed_is_answered_when_it_has_happened(page_runs, tmp_path, data_folder, place):
    ids = both_runs(tmp_path / "runs", ZERO_INIT, data_folder)
    app = open_lab(failure="zero-init")
    if place is not None:
        guess(app, place)
    app.query_params["fail"] = ids["fail"]
    app.run()
    assert not app.radio
    said = said_of_the_guess(app)
    assert ("Right!" in said) == (place == ZERO_INIT.right)
    assert ("What happened" in said) == (place != ZERO_INIT.right)
    assert ("You guessed" in said) == (place is not None)
    assert ZERO_INIT.guesses[ZERO_INIT.right] in said


def test_while_it_goes_the_answer_is_not_given_away(page_runs, monkeypatch, data_folder):
    monkeypatch.setenv("MNIST_DIR", str(data_folder))
    app = open_lab(failure="zero-init")
    guess(app, 0)
    app.button(key="let-it-fail").click().run()
    said = said_of_the_guess(app)
    assert ZERO_INIT.guesses[0] in said and ZERO_INIT.guesses[ZERO_INIT.right] not in said


def test_again_begins_anew_with_another_seed_when_both_runs_are_over(page_runs, tmp_path, data_folder):
    ids = both_runs(tmp_path / "runs", FEW_IMAGES, data_folder)
    offered = [button.key for button in open_lab(failure="few-images", fail=ids["fail"]).button]
    assert "apply-the-remedy" in offered and "again" not in offered  # the remedy comes first
    app = open_lab(failure="few-images", **ids)
    app.button(key="again").click().run()
    assert not app.exception
    assert "mend" not in app.query_params
    job = page_runs.snapshot(app.query_params["fail"]).job
    assert job == Job(dataclasses.replace(FEW_IMAGES.recipe, seed=1), str(data_folder))
    app.button(key="apply-the-remedy").click().run()
    assert page_runs.snapshot(app.query_params["mend"]).job.recipe.seed == 1


def test_a_run_of_something_else_in_the_url_is_not_taken_for_the_failure(page_runs, tiny_recipe, data_folder):
    other = page_runs.start(Job(tiny_recipe, str(data_folder)))
    app = open_lab(failure="zero-init", fail=other)
    assert "fail" not in app.query_params
    assert not app.button(key="let-it-fail").disabled
