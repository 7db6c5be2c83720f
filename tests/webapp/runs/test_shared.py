"""The registry that all sessions share: one for each folder, whatever browsers ask for."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import streamlit as st

from webapp.runs.job import Job
from webapp.runs.room import NoRoomError
from webapp.runs.shared import runs


def test_clearing_streamlit_s_caches_which_any_browser_can_ask_for_orphans_no_run(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    before = runs()
    st.cache_resource.clear()
    st.cache_data.clear()
    assert runs() is before


@pytest.mark.parametrize(("name", "text"), [("RUNS_AT_ONCE", "-1"), ("RUNS_AT_ONCE", "two"), ("RUNS_MAX_GB", "nan")])
def test_what_is_no_number_is_refused_in_words(tmp_path, monkeypatch, name, text):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    monkeypatch.setenv(name, text)
    with pytest.raises(ValueError, match=f'{name} is "{text}", expected a number from'):
        runs()


def test_what_is_set_to_nothing_is_not_set(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    for name in ("RUNS_AT_ONCE", "RUNS_MAX_GB"):
        monkeypatch.setenv(name, "")
    assert runs().all() == []


def test_first_calls_in_one_moment_give_one_registry(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    together = threading.Barrier(16)

    def ask(_number: int) -> int:
        together.wait()
        return id(runs())

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(ask, range(16)))) == 1


def test_the_room_for_all_runs_is_set_in_the_environment(tmp_path, monkeypatch, tiny_recipe):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    monkeypatch.setenv("RUNS_MAX_GB", "0.001")
    (tmp_path / "old-run").mkdir()
    (tmp_path / "old-run" / "checkpoint.npz").write_bytes(bytes(1_000_000))
    with pytest.raises(NoRoomError, match=r"up to 0\.001 GB are allowed. To make room, delete old ones"):
        runs().start(Job(tiny_recipe, "synthetic"))
    assert [path.name for path in tmp_path.iterdir()] == ["old-run"]
