"""Teaching, without a browser: agree, keep, learn, undo, and delete everything."""

from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mnist_core.network import Network
from webapp.networks import recognizers
from webapp.pages.draw import learning
from webapp.runs import shared
from webapp.visitors.collection import counts_of, drawings_of, keep_drawing
from webapp.visitors.handwriting_networks import hand_of, hand_path

ANNA = "a" * 32


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch, small_network, small_dataset):
    """A small network is the only one, and a small data set is rehearsed."""
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path / "visitors"))
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    small_network.save(tmp_path / "default.npz")
    monkeypatch.setattr(recognizers, "DEFAULT_WEIGHTS", tmp_path / "default.npz")
    monkeypatch.setattr(learning, "dataset", lambda data: small_dataset)
    st.cache_resource.clear()
    yield
    shared.runs().close()
    st.cache_resource.clear()


def page(pixels: list[list[int]] | None) -> None:
    """Show the view; it runs as a script of its own."""
    import numpy as np

    from webapp.networks.choice import chosen
    from webapp.networks.recognizers import recognizer
    from webapp.pages.draw.teach import show

    reader = recognizer(chosen().path)
    show(reader, None if pixels is None else reader.recognize(np.array(pixels, np.uint8)))


def open_view(visitor: str | None, pixels: np.ndarray | None = None) -> AppTest:
    app = AppTest.from_function(page, args=(None if pixels is None else pixels.tolist(),), default_timeout=30)
    if visitor is not None:
        app.session_state["visitor_id"] = visitor
    app.run()
    assert not app.exception
    return app


def collect(small_dataset, count: int) -> None:
    images, labels = small_dataset.test_images[:count] / 255, small_dataset.test_labels[:count]
    for image, label in zip(images, labels, strict=True):
        keep_drawing(ANNA, image, image, (int(label) + 1) % 10, int(label))  # a hand of its own kind


def words(app: AppTest) -> str:
    return " ".join(str(text.value) for kind in (app.markdown, app.caption, app.info, app.success) for text in kind)


def test_nothing_is_kept_before_the_visitor_agrees(small_dataset):
    app = open_view(None, small_dataset.test_images[0])
    assert "visitor_id" not in app.session_state
    app.button(key="teach-agree").click().run()
    assert not app.exception
    assert drawings_of(app.session_state["visitor_id"]) == []
    assert "drawings that you keep appear here" in words(app)


def test_a_drawing_is_kept_with_what_it_is_and_taken_back(small_dataset):
    app = open_view(ANNA, small_dataset.test_images[0])
    app.segmented_control(key="teach-label-0").set_value(7).run()
    assert not app.exception
    assert counts_of(ANNA)[7] == 1
    assert "Kept as **7**" in words(app)
    assert app.segmented_control(key="teach-label-1").value is None
    app.button(key="teach-undo").click().run()
    assert counts_of(ANNA).sum() == 0
    assert "Taken back" in words(app)


def test_without_a_drawing_nothing_can_be_kept():
    app = open_view(ANNA)
    assert app.segmented_control(key="teach-label-0").disabled
    assert app.button(key="teach-go").disabled


def test_a_copy_learns_and_the_learning_is_undone(small_dataset, small_network, tmp_path):
    before = (tmp_path / "default.npz").read_bytes()
    collect(small_dataset, 12)
    app = open_view(ANNA)
    app.button(key="teach-go").click().run()
    assert not app.exception
    hand = hand_of(ANNA)
    assert hand is not None
    assert (hand.base, hand.drawings, hand.synthetic) == ("default", 12, False)
    taught, base = Network.load(hand_path(ANNA)).model.params, small_network.model.params
    assert not any(np.allclose(taught[name], param, atol=1e-3) for name, param in base.items())
    assert app.session_state["network"] == "hand"
    assert "It has learnt all 12 drawings" in words(app)
    app.button(key="teach-go").click().run()  # begins with the base again, so it comes to the same
    assert hand_of(ANNA) == hand
    app.button(key="teach-unlearn").click().run()
    assert not app.exception
    assert app.session_state["network"] == "default"
    assert not hand_path(ANNA).exists()
    assert (tmp_path / "default.npz").read_bytes() == before


def test_who_comes_second_waits_and_one_who_leaves_is_told(small_dataset):
    collect(small_dataset, 3)
    app = open_view(ANNA)
    with learning.learning_turn():
        app.button(key="teach-go").click().run()
        assert "Another visitor" in words(app)
        assert hand_of(ANNA) is None
    app.run()
    assert hand_of(ANNA) is not None
    app.session_state["teach_learning"] = "begun"  # as a script leaves it that was ended
    app.run()
    assert "interrupted" in words(app)
    app.run()
    assert "interrupted" not in words(app)


def test_a_picked_drawing_is_relabelled_and_deleted(small_dataset):
    collect(small_dataset, 3)
    app = open_view(ANNA)
    picked = drawings_of(ANNA)[1]
    app.session_state["teach_picked"] = picked.id
    app.run()
    app.segmented_control(key=f"teach-relabel-{picked.id}").set_value(9).run()
    assert drawings_of(ANNA)[1].label == 9
    app.button(key="teach-delete").click().run()
    assert not app.exception
    assert picked.id not in [drawing.id for drawing in drawings_of(ANNA)]


def test_everything_is_deleted(small_dataset, tmp_path):
    collect(small_dataset, 3)
    app = open_view(ANNA)
    app.button(key="teach-go").click().run()
    app.button(key="teach-delete-now").click().run()
    assert not app.exception
    assert "Everything is deleted" in words(app)
    assert app.session_state["visitor_id"] == ""
    assert drawings_of(ANNA) == []
    assert list(Path(tmp_path / "visitors" / "hands").iterdir()) == []
    assert app.session_state["network"] == "default"
