"""The networks that can be chosen, as far as a visitor's taught one is concerned."""

import os

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_core.network import Network
from mnist_core.training.fine_tuning import Scores
from webapp.visitors import handwriting_networks as hands
from webapp.visitors.handwriting_networks import Hand, forget_hand, hand_of, hand_path, keep_hand

ANNA, BERT = "a" * 32, "b" * 32
HAND = Hand("default", 12, Scores(0.5, 0.99), Scores(1.0, 0.98), "MNIST", False)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path))
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    return tmp_path


def page() -> None:
    """Write which networks there are and which is chosen; it runs as a script of its own."""
    import streamlit as st

    from webapp.networks.choice import choices, choose, chosen

    st.button("hand", on_click=choose, args=("hand",))
    st.text(" | ".join(f"{choice.key}={choice.name}" for choice in choices()))
    st.text(chosen().path)


def look(visitor: str) -> AppTest:
    app = AppTest.from_function(page)
    app.session_state["visitor_id"] = visitor
    return app.run()


def test_a_taught_network_is_offered_to_its_visitor_alone(small_network):
    keep_hand(ANNA, small_network, HAND)
    app = look(ANNA)
    assert app.text[0].value.endswith("hand=default, my hand")
    app.button[0].click().run()
    assert app.text[1].value == str(hand_path(ANNA))
    assert "hand=" not in look(BERT).text[0].value
    forget_hand(ANNA)
    app.run()
    assert "hand=" not in app.text[0].value
    assert app.text[1].value.endswith("default.npz")


def test_it_has_a_name_even_if_the_network_before_is_gone(small_network):
    keep_hand(ANNA, small_network, Hand("gone", 12, HAND.before, HAND.after, "MNIST", False))
    assert look(ANNA).text[0].value.endswith("hand=my hand")


def test_what_is_kept_of_a_hand_comes_back(small_network, folder):
    keep_hand(ANNA, small_network, HAND)
    assert hand_of(ANNA) == HAND
    assert hand_of(BERT) is None
    arrays = Network.load(hand_path(ANNA)).model.arrays
    assert all(
        np.allclose(arrays[name], array, rtol=1e-3, atol=1e-7) for name, array in small_network.model.arrays.items()
    )
    before = hand_path(ANNA).stat().st_mtime_ns
    keep_hand(ANNA, small_network, HAND)
    assert hand_path(ANNA).stat().st_mtime_ns != before
    forget_hand(ANNA)
    assert list((folder / "hands").iterdir()) == []


def test_the_oldest_makes_room(small_network, monkeypatch):
    monkeypatch.setattr(hands, "MAX_HANDS", 1)
    keep_hand(ANNA, small_network, HAND)
    os.utime(hand_path(ANNA), (1, 1))
    keep_hand(BERT, small_network, HAND)
    assert hand_of(ANNA) is None
    assert hand_of(BERT) == HAND
