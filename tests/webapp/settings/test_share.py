"""What is shared: the addresses, and what is said where a link cannot give the identical run."""

import dataclasses
import html
import re

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mnist_core.recipes.presets import QUICK
from webapp.runs import shared as resources
from webapp.runs.job import Job, Parent
from webapp.runs.snapshot import Snapshot
from webapp.settings.links import job_of_query

LAN = "http://192.168.7.5:8501/train"


@pytest.fixture
def page_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    st.cache_resource.clear()
    yield resources.runs()
    resources.runs().close()
    st.cache_resource.clear()


def open_share(job: Job, run: Snapshot | None = None, url: str = LAN) -> AppTest:
    def page(job, run):
        from webapp.settings.share import share

        share(job, run)

    app = AppTest.from_function(page, kwargs={"job": job, "run": run}, default_timeout=30)
    app.context = {"url": url, "locale": "en-US"}
    app.run()
    assert not app.exception
    return app


def addresses(app: AppTest) -> list[str]:
    found = [re.fullmatch(r'<p class="address">(.*)</p>', element.proto.body) for element in app.get("html")]
    return [html.unescape(match.group(1)) for match in found if match]


def texts(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.info))


def components(app: AppTest) -> list[str]:
    return [element.proto.id.split("-", 2)[2] for element in app.get("bidi_component")]


def test_the_link_holds_the_settings(page_runs):
    job = Job(dataclasses.replace(QUICK, hidden_sizes=(24, 16), learning_rate=0.05), "synthetic")
    (link,) = addresses(open_share(job))
    assert link == f"{LAN}?recipe=quick&data=synthetic&hidden_sizes=24,16&learning_rate=0.05"
    query = dict(part.split("=") for part in link.split("?")[1].split("&"))
    assert job_of_query(query, []) == job


def test_a_data_set_may_have_any_name(page_runs):
    app = open_share(Job(QUICK, "data/我的 & <b>digits"))
    assert addresses(app) == [f"{LAN}?recipe=quick&data=%E6%88%91%E7%9A%84%20%26%20%3Cb%3Edigits"]


def test_the_link_leads_to_the_training_page_wherever_it_is_shown(page_runs):
    (link,) = addresses(open_share(Job(QUICK, "mnist"), url="http://192.168.7.5:8501/compare?x=1"))
    assert link == f"{LAN}?recipe=quick&data=mnist"


def test_a_run_has_a_link_of_its_own(page_runs, tiny_recipe, data_folder):
    run_id = page_runs.start(Job(tiny_recipe, str(data_folder)))
    run = page_runs.snapshot(run_id)
    app = open_share(run.job, run)
    assert addresses(app)[1] == f"{LAN}?run={run_id}"
    assert "not in the link" not in texts(app)


def test_a_fork_says_that_a_link_cannot_give_its_first_weights(page_runs):
    job = Job(QUICK, "mnist", parent=Parent("quick-1", 3))
    said = texts(open_share(job))
    assert "weights of another one" in said and "identical" not in said


def test_a_run_that_was_changed_says_that_a_link_cannot_tell(page_runs, tiny_recipe, data_folder):
    run_id = page_runs.start(Job(tiny_recipe, str(data_folder), begins_paused=True))
    page_runs.stop(run_id)
    page_runs.snapshot(run_id).folder.append({"record": "change", "step": 0, "learning_rate": 0.5})
    run = page_runs.snapshot(run_id)
    said = texts(open_share(run.job, run))
    assert "changed while the run went" in said and "identical" not in said


def test_whom_this_computer_alone_can_serve_is_told_how_to_let_others_in(page_runs):
    assert st.get_option("server.address") == "localhost"  # as the app comes
    app = open_share(Job(QUICK, "mnist"), url="http://localhost:8501/train")
    assert addresses(app) == ["http://localhost:8501/train?recipe=quick&data=mnist"]
    assert "make run HOST=0.0.0.0" in texts(app)
    assert components(app) == ["copy-settings-settings"]


def test_in_a_network_there_is_a_code_to_scan(page_runs):
    app = open_share(Job(QUICK, "mnist"))
    assert "make run" not in texts(app)
    assert components(app) == ["copy-settings-settings", "share-qr-settings"]


def test_settings_and_a_run_can_be_shared_on_one_page(page_runs, tiny_recipe, data_folder):
    def page(job, run):
        from webapp.settings.share import share

        share(job, None)
        share(job, run)

    run = page_runs.snapshot(page_runs.start(Job(tiny_recipe, str(data_folder))))
    app = AppTest.from_function(page, kwargs={"job": Job(QUICK, "mnist"), "run": run}, default_timeout=30).run()
    assert not app.exception
    assert len(addresses(app)) == 3
