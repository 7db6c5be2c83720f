"""What the tests of the web app share: a tiny recipe, and a registry of runs that cleans up after itself."""

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner

from mnist_core.recipes.recipe import Recipe
from tests.paths import ROOT
from webapp.runs import shared
from webapp.runs.registry import Runs

SCAN = "scan_component_manifests"


@pytest.fixture(scope="session", autouse=True)
def installed_components() -> Iterator[None]:
    """Have Streamlit read once what is installed: it does so for each `AppTest`, which took half of all their time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, SCAN, functools.cache(getattr(manifest_scanner, SCAN)))
        yield


@pytest.fixture
def tiny_recipe() -> Recipe:
    return Recipe(name="tiny", source="test", hidden_sizes=(16,), batch_size=25, epochs=3, learning_rate=0.2)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    registry = Runs(tmp_path / "runs", at_once=1)
    yield registry
    registry.close()


@pytest.fixture
def page_runs(tmp_path, monkeypatch) -> Iterator[Runs]:
    """The registry of runs that the pages see, in a folder of its own."""
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.chdir(ROOT)
    st.cache_resource.clear()
    yield shared.runs()
    shared.runs().close()
    st.cache_resource.clear()
