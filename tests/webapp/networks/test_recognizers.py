"""Recognizers: loaded once for all, whatever a browser asks the server to forget, and of a training only the newest."""

import dataclasses
import weakref

import pytest
import streamlit as st

from mnist_core.errors import WeightsError
from mnist_core.network import Network
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.state import init_state
from webapp.networks.recognizers import recognizer


def network(seed: int) -> Network:
    recipe = Recipe(name="r", source="test", hidden_sizes=(4,))
    return Network(init_state(dataclasses.replace(recipe, seed=seed)).model, recipe)


def test_a_browser_that_clears_the_caches_makes_nobody_load_again(tmp_path):
    network(0).save(tmp_path / "a.npz")
    before = recognizer(tmp_path / "a.npz")
    st.cache_resource.clear()  # what Streamlit does when any browser asks for it
    st.cache_data.clear()
    assert recognizer(tmp_path / "a.npz") is before


def test_of_a_training_only_the_newest_network_is_held(tmp_path):
    held = []
    for seed in range(5):
        network(seed).save(tmp_path / "a.npz")
        held.append(weakref.ref(recognizer(tmp_path / "a.npz").network))
    assert [reader() is not None for reader in held] == [False] * 4 + [True]


def test_one_that_is_gone_or_damaged_is_refused_and_may_come_back(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.raises(WeightsError, match="no such file"):
        recognizer(path)
    path.write_bytes(b"no network")
    with pytest.raises(WeightsError, match="not a readable"):
        recognizer(path)
    network(0).save(path)
    assert recognizer(path).network.recipe.hidden_sizes == (4,)
    with pytest.raises(WeightsError):
        recognizer(path / "below a file")
