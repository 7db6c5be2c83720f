"""Teaching, without a browser: agree, keep, learn, undo, and delete everything."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mnist_core.network import Network
from tests.webapp.written_networks import write_run
from webapp.networks import recognizers
from webapp.pages.draw import learning
from webapp.runs import shared
from webapp.runs.folder import Label
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

    from webapp.networks.choice import chosen, reader_of
    from webapp.pages.draw.teach import show

    reader = reader_of(chosen())
    if reader is not None:
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


@pytest.mark.parametrize("drawn", [True, False])
def test_what_teaching_does_is_shown_before_it_is_asked_for(small_dataset, drawn):
    app = open_view(None, small_dataset.test_images[0] if drawn else None)
    (steps,) = [html.proto.body for html in app.get("html") if "teach-steps" in html.proto.body]
    read, said = re.findall(r"(?:It reads|You say:) (\d)", steps)
    assert read != said
    assert steps.count("<li>") == 3 and "A copy of the network learns your handwriting" in steps
    assert ("data:image/png" in steps) or not drawn


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


def test_nothing_of_the_last_drawing_stands_beside_the_next_one(small_dataset):
    app = open_view(ANNA, small_dataset.test_images[0])
    app.segmented_control(key="teach-label-0").set_value(7).run()
    app.session_state["teach_image"] = np.zeros((28, 28), np.float32)  # that was another drawing
    app.run()
    assert "Kept as" not in words(app)
    assert "teach-undo" not in [button.key for button in app.button]
    assert counts_of(ANNA)[7] == 1


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
    with learning.LEARNING_TURN:
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


def test_a_browser_that_clears_the_caches_lets_nobody_learn_out_of_turn(small_dataset):
    collect(small_dataset, 3)
    app = open_view(ANNA)
    with learning.LEARNING_TURN:
        st.cache_resource.clear()  # what Streamlit does when any browser asks for it
        app.button(key="teach-go").click().run()
        assert "Another visitor" in words(app)
    assert hand_of(ANNA) is None


def test_a_network_that_is_too_large_to_learn_is_refused(small_dataset, small_network, monkeypatch):
    monkeypatch.setattr(learning, "MAX_PARAMETERS", small_network.recipe.parameters - 1)
    collect(small_dataset, 3)
    app = open_view(ANNA)
    app.button(key="teach-go").click().run()
    assert not app.exception
    assert f"has {small_network.recipe.parameters:,} parameters" in app.error[0].value
    assert hand_of(ANNA) is None


def damage(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for file in folder.glob("collection.sqlite*"):
        file.unlink()
    (folder / "collection.sqlite").write_bytes(b"this is no database" * 100)


@pytest.mark.parametrize(
    ("harm", "said"),
    [(damage, "collection.sqlite: it is damaged"), (Path.touch, "collection.sqlite: its folder cannot be used")],
)
def test_an_unusable_collection_is_said_in_words(tmp_path, small_dataset, harm, said):
    harm(tmp_path / "visitors")
    app = open_view(ANNA, small_dataset.test_images[0])
    assert [said in error.value for error in app.error] == [True]


@pytest.mark.parametrize("key", ["teach-undo", "teach-delete", "teach-delete-now", "teach-relabel", "teach-go"])
def test_whatever_is_pressed_on_a_collection_that_breaks_meanwhile_is_answered_in_words(tmp_path, small_dataset, key):
    collect(small_dataset, 3)
    app = open_view(ANNA, small_dataset.test_images[0])
    last = drawings_of(ANNA)[0].id
    app.session_state["teach_last"] = app.session_state["teach_picked"] = last
    app.run()
    damage(tmp_path / "visitors")
    if key == "teach-relabel":
        app.segmented_control(key=f"teach-relabel-{last}").set_value(9).run()
    else:
        app.button(key=key).click().run()
    assert not app.exception
    assert "collection.sqlite: it is damaged" in app.error[0].value
    assert app.session_state["visitor_id"] == ANNA  # who could not delete everything still can, later


def test_a_collection_that_another_program_holds_is_read_and_says_why_nothing_is_kept(
    tmp_path, small_dataset, monkeypatch
):
    collect(small_dataset, 3)
    monkeypatch.setattr("webapp.visitors.folder.WAIT_SECONDS", 0.05)
    app = open_view(ANNA, small_dataset.test_images[5])
    with closing(sqlite3.connect(tmp_path / "visitors" / "collection.sqlite")) as other:
        other.execute("BEGIN EXCLUSIVE")
        app.segmented_control(key="teach-label-0").set_value(7).run()
        assert not app.exception
        assert "kept it busy" in words(app)
    app.segmented_control(key="teach-label-1").set_value(7).run()
    assert "Kept as **7**" in words(app)
    assert counts_of(ANNA).sum() == 4


def test_a_damaged_hand_is_taught_again_or_deleted(tmp_path, small_dataset):
    collect(small_dataset, 3)
    app = open_view(ANNA)
    app.button(key="teach-go").click().run()
    hand_path(ANNA).with_suffix(".json").write_bytes(b'{"base": ')
    app.run()
    assert not app.exception
    assert app.session_state["network"] == "hand"
    assert app.button(key="teach-go").label == "Learn my handwriting"
    app.button(key="teach-go").click().run()
    assert not app.exception
    assert hand_of(ANNA) is not None
    hand_path(ANNA).with_suffix(".json").write_bytes(b"")
    app.button(key="teach-delete-now").click().run()
    assert not app.exception
    assert list((tmp_path / "visitors" / "hands").iterdir()) == []


def test_damaged_weights_of_a_hand_are_named_and_taught_again(small_dataset):
    collect(small_dataset, 3)
    app = open_view(ANNA)
    app.button(key="teach-go").click().run()
    hand_path(ANNA).write_bytes(b"no network")
    app.run()
    assert not app.exception
    assert "This network cannot be loaded" in app.error[0].value
    app.session_state["network"] = "default"
    app.run()
    app.button(key="teach-go").click().run()
    assert not app.exception
    assert not app.error
    assert app.session_state["network"] == "hand"


def test_a_hand_that_cannot_be_kept_is_said_in_words(tmp_path, small_dataset):
    collect(small_dataset, 3)
    (tmp_path / "visitors" / "hands").write_bytes(b"")
    app = open_view(ANNA)
    app.button(key="teach-go").click().run()
    assert not app.exception
    assert "could not be learnt" in app.error[0].value and "hands: its folder cannot be used" in app.error[0].value
    app.button(key="teach-delete-now").click().run()
    assert not app.exception
    assert "hands: its folder" in app.error[0].value


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
    assert "Everything is deleted" in app.toast[0].value
    app.run()
    assert not app.toast and "deleted" not in words(app)  # it does not stay while something else is done
    assert app.session_state["visitor_id"] == ""
    assert drawings_of(ANNA) == []
    assert list(Path(tmp_path / "visitors" / "hands").iterdir()) == []
    assert app.session_state["network"] == "default"


def test_what_a_visitor_calls_a_run_is_no_markup(tmp_path, small_dataset, small_split):
    write_run(tmp_path / "runs" / "hostile", small_dataset, small_split).write_label(
        Label("![x](http://evil/)<img src=//evil>")
    )
    collect(small_dataset, 3)
    app = AppTest.from_function(page, args=(None,), default_timeout=30)
    app.session_state["visitor_id"] = ANNA
    app.query_params["network"] = "hostile"
    app.run()
    app.button(key="teach-go").click().run()
    assert not app.exception
    hand = hand_of(ANNA)
    assert hand is not None and hand.base == "hostile"
    assert "evil" not in words(app) + " ".join(html.proto.body for html in app.get("html"))
