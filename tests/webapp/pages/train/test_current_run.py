"""Starting a run from the training page: what the server has no room for is said in words."""

import errno
import os
import tempfile

import pytest
from streamlit.testing.v1 import AppTest

from tests.paths import ROOT
from tests.webapp.written_runs import write_run
from webapp.runs import room


def open_training(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "webapp/pages/menu.py"), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    app.switch_page("train/page.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("button", ["start", "start-paused"])
@pytest.mark.parametrize("trouble", ["full", "fills up", "read-only"])
def test_what_cannot_be_started_is_said_and_leaves_nothing(page_runs, monkeypatch, tmp_path, language, button, trouble):
    app = open_training(lang=language)
    number = errno.EROFS if trouble == "read-only" else errno.ENOSPC

    def fail(*_args: object, **_options: object) -> None:
        raise OSError(number, os.strerror(number))

    if trouble == "full":
        monkeypatch.setattr(room, "MIN_FREE", 10**18)
    else:
        monkeypatch.setattr(tempfile, "mkstemp", fail)
    app.button(key=button).click().run()
    assert not app.exception
    assert len(app.error) == 1
    if language == "en":
        assert ("cannot write" if trouble == "read-only" else "disk is full") in app.error[0].value
    assert page_runs.all() == [] and not list(tmp_path.glob("runs/*"))


def test_the_link_that_once_froze_all_pages_is_refused_in_words(page_runs):
    app = open_training(recipe="quick", epochs="500000", train_images="1", batch_size="1")
    if not app.button(key="start").disabled:
        app.button(key="start").click().run()
    assert not app.exception
    assert any("500,000 epochs" in error.value for error in app.error)
    assert page_runs.all() == []


def says_that_it_is_gone(app: AppTest) -> bool:
    assert not app.exception
    assert "Nothing is training yet" in [heading.value for heading in app.header]
    assert "run" not in app.query_params
    return any("was deleted" in warning.value for warning in app.warning)


def test_a_run_that_is_deleted_while_it_is_shown_is_said_to_be_gone_until_the_next_one(page_runs, tmp_path):
    write_run(tmp_path / "runs", "shown")
    write_run(tmp_path / "runs", "other")
    app = open_training(run="shown")
    assert not app.warning
    assert page_runs.delete("shown")
    assert says_that_it_is_gone(app.run())
    assert says_that_it_is_gone(app.run())
    app.query_params["run"] = "other"
    assert not app.run().warning


def test_who_has_no_run_yet_is_led_to_the_newest_that_are_finished(page_runs, tmp_path):
    assert not open_training().caption[-1].value.startswith("Or look")
    for age, run_id in enumerate(("going-1", "quick-a", "quick-b", "quick-c", "quick-d")):
        write_run(tmp_path / "runs", run_id, test_accuracy=None if run_id == "going-1" else 0.97, age=age)
    app = open_training()
    links = [link.proto for link in app.get("page_link") if "run=" in link.proto.query_string]
    assert [link.query_string for link in links] == ["run=quick-a", "run=quick-b", "run=quick-c"]
    assert links[0].label == "quick · a: 97.00% on the test images"


def test_a_link_to_a_run_that_is_not_there_says_so(page_runs):
    assert says_that_it_is_gone(open_training(run="not-there"))
    assert not says_that_it_is_gone(open_training())
