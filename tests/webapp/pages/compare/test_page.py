"""The page that compares runs, without a browser: its list, its choice in the URL, names, and deletion."""

import dataclasses
import errno
import math
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.paths import ROOT
from tests.webapp.written_runs import RECIPE, write_run
from webapp.pages.compare.places import MAX_COMPARED
from webapp.runs import shared as resources
from webapp.runs.folder import Label
from webapp.runs.job import Job
from webapp.runs.registry import Runs
from webapp.visitors.identity import owner_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the runs that the page sees."""
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.chdir(ROOT)
    st.cache_resource.clear()
    yield tmp_path / "runs"
    resources.runs().close()
    st.cache_resource.clear()


BROWSER = "b" * 32


def open_page(runs: str = "", **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "webapp/pages/menu.py"), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.session_state["browser_id"] = BROWSER
    app.run()
    app.switch_page("compare/page.py")
    if runs:
        app.query_params["runs"] = runs
    app.run()
    assert not app.exception
    return app


def listed(app: AppTest) -> list[str]:
    """The ids of the runs in the list, in its order."""
    keys = [str(box.key) for box in app.checkbox]
    return [key.removeprefix("compare-") for key in keys if key.startswith("compare-")]


def chosen(app: AppTest) -> str:
    return "".join(app.query_params.get("runs", ""))


def html_of(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def open_menu(app: AppTest, run_id: str) -> None:
    app.session_state[f"menu-{run_id}"] = True
    app.run()


@pytest.mark.parametrize(("language", "line"), [("en", "There are no runs yet"), ("zh", "还没有任何训练")])
def test_without_runs_the_page_says_so_and_leads_to_the_training(folder, language, line):
    app = open_page(lang=language)
    assert [heading.value for heading in app.header] == [line]
    assert any(link.proto.page == "train" for link in app.get("page_link"))


@pytest.mark.parametrize(("language", "title"), [("en", "Compare runs"), ("zh", "比较训练")])
def test_runs_are_listed_newest_first_and_own_ones_marked(folder, language, title):
    write_run(folder, "older", age=100).write_label(Label(owner=owner_of(BROWSER)))
    write_run(folder, "newer", age=10)
    app = open_page(lang=language)
    assert title in html_of(app)
    assert listed(app) == ["newer", "older"]
    rows = [element.proto.body for element in app.get("html") if 'class="run"' in element.proto.body]
    marked = ["mine" in row or "我的" in row for row in rows]
    assert marked == [False, True]
    assert not chosen(app)


def test_ticked_runs_stand_side_by_side_and_keep_their_places(folder):
    for age, run_id in enumerate("abc"):
        write_run(folder, run_id, dataclasses.replace(RECIPE, batch_size=10 + age), age=age)
    app = open_page()
    for run_id in "ab":
        app.checkbox(key=f"compare-{run_id}").check().run()
    assert chosen(app) == "a,b"
    assert "Batch size" in html_of(app)
    app.checkbox(key="compare-a").uncheck().run()
    assert chosen(app) == ",b"
    app.checkbox(key="compare-c").check().run()
    assert chosen(app) == "c,b"
    app.button(key="untick").click().run()
    assert not chosen(app)
    assert [heading.value for heading in app.header] == ["Nothing is compared yet"]
    assert not app.exception


def test_a_click_that_still_carries_the_old_url_loses_nothing(folder):
    for run_id in "abc":
        write_run(folder, run_id)
    app = open_page()
    app.checkbox(key="compare-a").check().run()
    app.checkbox(key="compare-b").check().run()
    app.query_params["runs"] = "a"
    app.checkbox(key="compare-c").check().run()
    assert chosen(app) == "a,b,c"


def test_a_link_chooses_and_what_is_unknown_in_it_is_ignored(folder):
    for run_id in "ab":
        write_run(folder, run_id)
    app = open_page("nobody,b,../../etc/passwd,b,a,,")
    assert chosen(app) == ",b,,,a"
    assert [box.value for box in app.checkbox if str(box.key).startswith("compare-")] == [True, True]


def test_a_link_that_names_thousands_of_runs_is_answered_at_once(folder):
    for number in range(MAX_COMPARED + 5):
        write_run(folder, f"r{number}")
    ids = [f"r{number}" for number in range(MAX_COMPARED + 5)]
    app = open_page()
    app.query_params["runs"] = ",".join([*ids, *(f"nobody-{number}" for number in range(20_000))])
    began = time.monotonic()
    app.session_state["compared-at"] = -math.inf
    app.run()
    assert time.monotonic() - began < 3
    assert chosen(app) == ",".join(ids[:MAX_COMPARED])
    app.checkbox(key="compare-r34").check().run()
    assert not app.exception
    assert chosen(app) == ",".join(ids[:MAX_COMPARED]) and not app.checkbox(key="compare-r34").value
    app.checkbox(key="compare-r34").uncheck().run()


def test_torn_lines_of_a_full_disk_are_no_error(folder):
    torn = write_run(folder, "torn").records
    lines = torn.read_text().splitlines()
    torn.write_text("\n".join([*lines[:2], lines[2][:20] + lines[3], "null", *lines[3:]]) + "\n")
    app = open_page("torn")
    assert "Finished" in html_of(app) and "Interrupted" not in html_of(app)


def test_what_cannot_be_written_is_said(folder, monkeypatch):
    write_run(folder, "a")
    app = open_page()
    open_menu(app, "a")

    def read_only(*_args: object, **_options: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(tempfile, "mkstemp", read_only)
    app.text_input(key="name-a").set_value("new name")
    app.button(key="save-a").click().run()
    assert not app.exception
    assert [error.value for error in app.error] == [
        "The server cannot write into the folder of its trainings (Read-only file system)."
    ]
    app.run()
    assert not app.error


def test_the_choice_outlives_a_visit_to_another_page(folder):
    write_run(folder, "a")
    app = open_page("a")
    app.switch_page("draw/page.py").run()
    app.query_params.pop("runs")
    app.switch_page("compare/page.py").run()
    assert chosen(app) == "a"


def test_sorting_and_own_runs_only(folder):
    write_run(folder, "a", accuracy=0.8, age=0).write_label(Label(owner=owner_of(BROWSER)))
    write_run(folder, "b", accuracy=0.9, age=1)
    app = open_page()
    assert listed(app) == ["a", "b"]
    app.button_group(key="compare-order").set_value("accuracy").run()
    assert listed(app) == ["b", "a"]
    app.button_group(key="compare-owner").set_value("mine").run()
    assert listed(app) == ["a"]


def test_own_runs_only_survives_a_reload(folder):
    write_run(folder, "a").write_label(Label(owner=owner_of(BROWSER)))
    write_run(folder, "b")
    app = open_page("a,b")
    assert set(listed(app)) == {"a", "b"}  # a link from before
    app.button_group(key="compare-owner").set_value("mine").run()
    assert chosen(app) == "a,b"
    again = open_page(**{name: "".join(values) for name, values in app.query_params.items()})
    assert listed(again) == ["a"]


@pytest.mark.parametrize("order", ["newest", "size"])
def test_a_long_list_comes_in_parts(folder, order):
    for age in range(45):
        write_run(folder, f"run-{age:02d}", age=age)
    app = open_page()
    app.button_group(key="compare-order").set_value(order).run()
    for count in (20, 40, 45):
        assert listed(app) == [f"run-{age:02d}" for age in range(count)]
        if count < 45:
            app.button(key="show-more").click().run()
    assert "show-more" not in [button.key for button in app.button]


def test_the_curves_are_those_that_were_asked_for(folder):
    write_run(folder, "a")
    write_run(folder, "b", dataclasses.replace(RECIPE, validation_fraction=0.0), accuracy=None)
    app = open_page("a,b")
    assert "there is no such curve: quick · b" in html_of(app)
    app.button_group(key="compare-part").set_value("training").run()
    assert "no such curve" not in html_of(app)
    app.button_group(key="compare-axis").set_value("seconds").run()
    app.toggle(key="compare-log").set_value(True).run()
    assert not app.exception


def test_a_run_is_named_and_described(folder):
    write_run(folder, "a")
    app = open_page("a")
    open_menu(app, "a")
    app.text_input(key="name-a").set_value("**x** <i>" + "y" * 90)
    app.text_area(key="note-a").set_value("n" * 600)
    app.button(key="save-a").click().run()
    assert not app.exception
    snapshot = resources.runs().snapshot("a")
    assert snapshot is not None
    assert snapshot.name == "**x** <i>" + "y" * 51
    assert len(snapshot.note) == 500
    assert "**x** &lt;i&gt;" in html_of(app) and "<i>y" not in html_of(app)
    assert not any("**x**" in element.value for element in (*app.markdown, *app.caption))
    assert "save-a" not in [button.key for button in app.button]  # the menu is closed


def test_a_run_is_deleted_at_the_second_click(folder):
    write_run(folder, "a")
    write_run(folder, "b")
    app = open_page("a,b")
    open_menu(app, "a")
    app.button(key="delete-a").click().run()
    assert (folder / "a").exists()
    assert app.button(key="delete-a").label == "Delete for good"
    app.button(key="delete-a").click().run()
    assert not app.exception
    assert not (folder / "a").exists()
    assert listed(app) == ["b"]
    assert chosen(app) == ",b"


def test_only_who_started_a_run_and_the_teacher_can_rename_and_delete_it(folder, monkeypatch):
    write_run(folder, "mine").write_label(Label(owner=owner_of(BROWSER)))
    write_run(folder, "theirs").write_label(Label(owner=owner_of("c" * 32)))
    write_run(folder, "nobodys")
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "192.168.1.7")
    app = open_page()
    for run_id in ("mine", "theirs", "nobodys"):
        open_menu(app, run_id)
    keys = {element.key for element in (*app.button, *app.text_input, *app.text_area)}
    assert {"name-mine", "note-mine", "save-mine", "delete-mine"} <= keys
    assert not [key for key in keys if key and key.endswith(("-theirs", "-nobodys"))]
    explained = [caption.value for caption in app.caption if "or the teacher" in caption.value]
    assert len(explained) == 2


@pytest.mark.parametrize("key", ["save-a", "delete-a"])
def test_a_button_of_before_the_right_was_gone_does_nothing_more(folder, monkeypatch, key):
    write_run(folder, "a")
    app = open_page()
    open_menu(app, "a")
    app.text_input(key="name-a").set_value("mine")
    app.session_state["deleting"] = "a"
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "192.168.1.8")
    app.button(key=key).click().run()
    run = resources.runs().snapshot("a")
    assert not app.exception and run is not None and run.name == ""


def test_closing_the_menu_takes_the_first_click_back(folder):
    write_run(folder, "a")
    app = open_page()
    open_menu(app, "a")
    app.button(key="delete-a").click().run()
    app.session_state["menu-a"] = False
    app.run()
    open_menu(app, "a")
    assert app.button(key="delete-a").label == "Delete"


def test_a_run_that_is_going_is_not_deleted_and_that_is_explained(folder, data_folder):
    registry: Runs = resources.runs()
    run_id = registry.start(Job(RECIPE, str(data_folder), begins_paused=True))
    deadline = time.monotonic() + 30
    while (snapshot := registry.snapshot(run_id)) is None or snapshot.state != "paused":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    app = open_page(run_id)
    open_menu(app, run_id)
    assert app.button(key=f"delete-{run_id}").disabled
    assert any("stop it on the training page first" in caption.value for caption in app.caption)
    registry.stop(run_id)
    while (snapshot := registry.snapshot(run_id)) is None or snapshot.state != "stopped":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    app.run()
    assert not app.button(key=f"delete-{run_id}").disabled
