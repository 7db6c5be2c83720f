"""What the tests of pages share: the registry of runs that the pages see."""

from collections.abc import Iterator

import pytest
import streamlit as st

from tests.paths import ROOT
from webapp.runs import shared
from webapp.runs.registry import Runs


@pytest.fixture
def page_runs(tmp_path, monkeypatch) -> Iterator[Runs]:
    """The registry of runs that the pages see, in a folder of its own."""
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.chdir(ROOT)
    st.cache_resource.clear()
    yield shared.runs()
    shared.runs().close()
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def at_the_servers_computer(monkeypatch) -> None:
    """Pages are opened on the computer that runs the app, where a visitor is the teacher."""
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", None)
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.headers", {"host": "localhost:8501"})
