"""The page without a browser: sending, taking back, hiding, the networks' table, and who makes a data set."""

import io
import os
import re
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from mnist_core.network import Network
from mnist_core.recognizer import Recognizer
from tests.paths import ROOT
from tests.webapp import written_runs
from tests.webapp.components.events import data_of, send_event
from tests.webapp.written_networks import RECIPE, write_run
from webapp.components.drawing_board import SIDE, Board, History, read_strokes
from webapp.components.drawing_pad import SESSION_KEY, PadState
from webapp.datasets import class_folder
from webapp.pages.wall import tiles
from webapp.pages.wall.networks import MAX_NETWORKS, Row, digits_read, table_html, worst_writers, writer_name
from webapp.runs.folder import Label, write_json
from webapp.runs.job import Job
from webapp.visitors import classroom
from webapp.visitors.class_results import empty_class
from webapp.visitors.classroom import current_call
from webapp.visitors.wall import ENOUGH, ClassDrawings, class_drawings, empty_wall, latest, send, write_dataset

OTHER = "f" * 64


@pytest.fixture(autouse=True)
def bare_server(tmp_path, monkeypatch):
    """Nothing is on the wall, and nobody calls."""
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path / "visitors"))
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.delenv("TEACHER_PASSWORD", raising=False)
    monkeypatch.setattr(classroom, "_known", classroom._Known())
    monkeypatch.chdir(ROOT)


@pytest.fixture
def phone(monkeypatch):
    """The page is opened on another computer, by nobody who teaches."""
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "192.168.1.7")


def page() -> None:
    """Show the page; it runs as a script of its own."""
    from pathlib import Path

    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    import webapp

    # Links lead to pages that the app lists, by their paths as seen from its entry file: here, this script.
    context, pages = get_script_run_ctx(), Path(webapp.__file__).parent / "pages"
    assert context is not None
    for name in ("train", "play", "compare"):
        seen = Path(context.main_script_path).with_name(name)
        if not seen.exists():
            seen.symlink_to(pages / name)
    wall = st.Page(pages / "wall" / "page.py", default=True)
    others = [st.Page(pages / name / "page.py", url_path=name) for name in ("train", "play", "compare")]
    st.navigation([wall, *others], position="hidden").run()


def open_page(show: str = "confusion") -> AppTest:
    app = AppTest.from_function(page, default_timeout=30)
    app.query_params["show"] = show
    app.run()
    assert not app.exception
    return app


def keys(app: AppTest) -> set[str | None]:
    return {button.key for button in app.button}


def texts(app: AppTest) -> str:
    return " ".join([*(html.proto.body for html in app.get("html")), *(text.value for text in app.markdown)])


def draw_stick(app: AppTest) -> None:
    """Put an upright stick, which every network reads as 1, on the board."""
    picture = Image.new("RGBA", (SIDE, SIDE))
    picture.paste((255, 255, 255, 255), (185, 80, 215, 320))
    content = io.BytesIO()
    picture.save(content, "PNG")
    board = Board(read_strokes([{"path": [["M", 200, 80], ["L", 200, 320]]}]), content.getvalue())
    app.session_state[SESSION_KEY] = PadState(History().report(board))
    app.run()


def mean(app: AppTest, digit: int) -> None:
    """Press the digit that was meant; the control is a new one for each drawing."""
    (control,) = (group for group in app.segmented_control if str(group.key).startswith("wall-label-"))
    control.set_value(digit).run()
    assert not app.exception


def fill(count: int, owner: str = OTHER, label: int = 3, read: int = 3) -> None:
    for number in range(count):
        send(owner, np.random.default_rng((number, label)).random((28, 28)), label, read, 0.9)


def test_one_press_sends_a_drawing_and_clears_the_pad():
    app = open_page()
    draw_stick(app)
    app.text_input(key="wall-name").set_value("Mia").run()
    mean(app, 7)
    (sent,) = latest(10)
    assert (sent.label, sent.read, sent.name) == (7, 1, "Mia") and sent.certainty > 0.5
    stick = np.zeros((SIDE, SIDE), np.uint8)
    stick[80:320, 185:215] = 255
    expected = Recognizer.load().recognize(stick)
    np.testing.assert_array_equal(sent.image, (expected.image * 255).round().astype(np.uint8))
    assert "You meant 7, it read 1" in texts(app)
    assert not app.session_state[SESSION_KEY].history.present.strokes
    mean(app, 7)  # with nothing on the pad
    assert len(latest(10)) == 1 and "Draw a digit first" in texts(app)


def test_what_was_sent_is_taken_back_and_is_on_the_pad_again():
    app = open_page()
    draw_stick(app)
    mean(app, 1)
    app.button(key="wall-back").click().run()
    assert not app.exception and latest(10) == [] and "it is deleted" in texts(app)
    assert app.session_state[SESSION_KEY].history.present.strokes
    assert "wall-back" not in keys(app)


def press_tile(app: AppTest, drawing: object) -> None:
    """Report a press on a tile, as its script does, or as a forger may."""
    send_event(app, tiles.KEY, "pressed", drawing)
    assert not app.exception


@pytest.mark.parametrize("drawing", [None, "1", -1, 2**70, 1.5, {"id": 1}])
def test_what_is_no_tile_hides_nothing(drawing):
    fill(2)
    press_tile(open_page(), drawing)
    assert len(latest(10)) == 2


def test_the_teacher_hides_any_drawing_and_shows_it_again():
    fill(2)
    first = latest(10)[0].id
    app = open_page()
    assert data_of(app, tiles.KEY)["all"] and "wall-unhide" not in keys(app)
    press_tile(app, first)
    assert [sent.id for sent in latest(10)] == [first - 1]
    app.button(key="wall-unhide").click().run()
    assert len(latest(10)) == 2 and "wall-unhide" not in keys(app)


def test_others_hide_their_own_drawings_only(phone):
    fill(2)
    app = open_page()
    draw_stick(app)
    mean(app, 1)
    own = latest(10)[0].id
    data = data_of(app, tiles.KEY)
    assert data["mine"] == [own] and not data["all"]
    for drawing in (own - 1, own):
        press_tile(app, drawing)
    assert [sent.id for sent in latest(10)] == [own - 1, own - 2]


def test_a_projector_shows_the_wall_alone():
    app = AppTest.from_function(page, default_timeout=30)
    app.session_state["present"] = True
    app.run()
    assert not app.exception and not app.text_input and not app.segmented_control
    assert "call-/wall" in keys(app)


def test_a_link_to_a_table_shows_it_on_a_projector_too_above_the_wall():
    fill(3)
    app = AppTest.from_function(page, default_timeout=30)
    app.session_state["present"] = True
    app.query_params["show"] = "networks"
    app.run()
    assert not app.exception and "wall-networks" in texts(app)
    app.segmented_control(key="wall_view").set_value("confusion").run()
    assert "What the wall tells" in texts(app)  # chosen there, it stays


@pytest.mark.parametrize(("show", "is_first"), [("networks", True), ("train", True), ("confusion", False)])
def test_what_a_link_names_comes_first(show, is_first):
    keys = [str(control.key) for control in open_page(show).segmented_control]
    assert (keys[0] == "wall_view") == is_first


def test_what_is_chosen_below_the_wall_stays_there():
    app = open_page()
    app.segmented_control(key="wall_view").set_value("networks").run()
    app.run()
    assert [str(control.key) for control in app.segmented_control][-1] == "wall_view"


def test_after_a_new_class_has_begun_nothing_is_there_to_take_back():
    app = open_page()
    draw_stick(app)
    mean(app, 1)
    assert "wall-back" in keys(app)
    empty_wall()
    app.run()
    assert "wall-back" not in keys(app) and "Sent" not in texts(app)


def test_all_that_was_hidden_comes_back_one_after_the_other():
    fill(3)
    app = open_page()
    for sent in latest(2):
        press_tile(app, sent.id)
    assert app.button(key="wall-unhide").label == "Show hidden (2)"
    app.button(key="wall-unhide").click().run()
    assert app.button(key="wall-unhide").label == "Show hidden (1)"
    app.button(key="wall-unhide").click().run()
    assert len(latest(10)) == 3 and "wall-unhide" not in keys(app)


def test_only_the_teacher_calls(phone):
    app = open_page()
    assert "call-/wall" not in keys(app)


def test_the_teacher_calls_everybody_to_the_wall():
    app = open_page()
    app.button(key="call-/wall").click().run()
    made = current_call()
    assert made is not None and made.address == "/wall"


def test_too_few_drawings_are_no_data_set():
    fill(ENOUGH - 1)
    app = open_page("train")
    assert f"there are {ENOUGH - 1}" in data_of(app, "wall-enough")["shown"]
    app.button(key="wall-train").click().run()
    assert str(ENOUGH) in app.info[0].value
    assert not class_folder().exists()


def test_a_drawing_more_makes_enough_without_a_run_of_the_page():
    fill(ENOUGH - 1)
    app = open_page("train")
    fill(1, label=4)
    app.button(key="wall-train").click().run()
    assert not app.exception and class_folder().exists()


def test_the_teacher_makes_a_data_set_with_one_press():
    fill(ENOUGH)
    app = open_page("train")
    app.session_state["run"] = "an-earlier-one"
    app.button(key="wall-train").click().run()
    assert not app.exception and class_folder().exists()
    assert app.query_params["data"] == "class"
    assert "run" not in app.session_state and "run" not in app.query_params


def test_drawings_that_came_meanwhile_can_be_taken_home_at_once():
    app = open_page("train")
    app.button(key="wall-take").click().run()
    assert "Nothing is on the wall yet" in " ".join(info.value for info in app.info)
    fill(2)
    app.button(key="wall-take").click().run()
    assert not app.exception and not app.info
    assert b"class-digits-" in app.session_state["wall-file.waiting"][1]


def test_others_train_on_it_once_it_is_there(phone):
    fill(ENOUGH)
    assert "wall-train" not in keys(open_page("train")) and "wall-take" not in keys(open_page("train"))
    write_dataset()
    app = open_page("train")
    app.session_state["run"] = "an-earlier-one"
    app.button(key="wall-train").click().run()
    assert not app.exception and app.query_params["data"] == "class"
    assert "run" not in app.session_state and "run" not in app.query_params


def test_each_network_has_a_row_and_the_worst_writers_a_column(tmp_path, small_dataset, small_split):
    folder = write_run(tmp_path / "runs" / "tiny-1", small_dataset, small_split)
    folder.append({"record": "begin", "train_images": 90, "validation_images": 0})
    folder.append({"record": "end", "state": "finished", "test_accuracy": 0.5})
    folder.write_label(Label("<b>ours</b>", ""))
    images, labels = small_dataset.test_images, small_dataset.test_labels
    for writer in range(3):
        for row in range(4):
            send(f"{writer}" * 64, images[10 * writer + row] / 255, int(labels[10 * writer + row]), 0, 0.9)
    table = texts(open_page("networks"))
    assert table.count("<tr>") == 3 and "&lt;b&gt;ours" in table and "<b>ours" not in table
    assert table.count('scope="col"') == 6
    drawings, network = class_drawings(), Network.load(folder.weights)
    right = int((digits_read(network, drawings.images) == drawings.labels).sum())
    assert f"{right}/12" in table


def test_a_network_that_learned_from_the_class_is_said_to_have_done_so(tmp_path, small_dataset, small_split):
    write_run(tmp_path / "runs" / "tiny-1", replace(small_dataset, name="class"), small_split).append(
        {"record": "end", "state": "finished", "test_accuracy": 0.5}
    )
    fill(3)
    assert "tiny · 1, which learned from these" in texts(open_page("networks"))


def test_the_network_that_learned_from_the_class_is_always_among_them(tmp_path, small_dataset, small_split):
    fill(3)
    first = write_run(tmp_path / "runs" / "a-first-one", replace(small_dataset, name="class"), small_split)
    first.append({"record": "end", "state": "finished", "test_accuracy": 0.5})
    write_json(first.path / "job.json", Job(RECIPE, str(class_folder())).to_json())
    for number in range(MAX_NETWORKS + 2):
        run = write_run(tmp_path / "runs" / f"other-{number}", small_dataset, small_split)
        run.append({"record": "end", "state": "finished", "test_accuracy": 0.5})
    table = texts(open_page("networks"))
    assert "tiny · one, which learned from these" in table
    assert table.count('scope="row"') == MAX_NETWORKS


def test_a_network_that_only_guesses_says_nothing_about_writers():
    (row,), drawings = drawings_of([True] * 3, [False] * 3)
    guessing = Row("lab", 0.1, ~row.right)
    assert worst_writers([row, guessing, guessing], drawings) == [1, 0]


def test_an_empty_wall_has_no_table():
    app = open_page("networks")
    assert "appears here by itself" in app.info[0].value


def drawings_of(*right: list[bool]) -> tuple[list[Row], ClassDrawings]:
    """A class of writers whose drawings were read so, by one network."""
    writers = np.repeat(np.arange(len(right)), [len(own) for own in right])
    count = len(writers)
    drawings = ClassDrawings(
        np.zeros((count, 28, 28), np.uint8), np.zeros(count, np.uint8), np.zeros(count, int), writers
    )
    return [Row("x", 0.98, np.concatenate([np.array(own) for own in right]))], drawings


def test_the_worst_writers_come_first_and_those_with_few_drawings_not_at_all():
    rows, drawings = drawings_of([True] * 4, [False] * 2, [True, False, False], [True, True, False])
    assert worst_writers(rows, drawings) == [2, 3, 0]
    table = table_html(rows, drawings)
    assert [table.index(name) for name in ("Writer C", "Writer D", "Writer A")] == sorted(
        table.index(name) for name in ("Writer C", "Writer D", "Writer A")
    )
    assert "--wrong:0.67" in table and "1/3" in table and "98.0%" in table


def test_what_looks_like_no_digit_counts_as_none(small_network):
    images = np.random.default_rng(0).integers(0, 255, (5, 28, 28)).astype(np.uint8)
    assert digits_read(replace(small_network, ood_threshold=1e5), images).tolist() == [10] * 5
    np.testing.assert_array_equal(
        digits_read(replace(small_network, ood_threshold=None), images), small_network.predict(images)
    )


def test_every_writer_has_a_letter():
    assert [writer_name(writer) for writer in (0, 25, 26, 60)] == ["Writer A", "Writer Z", "Writer A2", "Writer I3"]


def test_the_trainings_of_the_last_hours_are_shown_together(tmp_path):
    assert "Nobody has trained a network yet" in [heading.value for heading in open_page("curves").header]
    now = time.time()
    for run_id, accuracy, hours in (("a-1", 0.5, 0.1), ("a-2", 0.75, 1), ("a-3", None, 2), ("a-4", 0.99, 4)):
        run = written_runs.write_run(tmp_path / "runs", run_id, accuracy=accuracy)
        os.utime(run.path / "job.json", (now - 3600 * hours,) * 2)
    app = open_page("curves")
    assert re.search(r"<strong>3</strong>.*?<strong>75.0%</strong><span>the best so far: quick · 2", texts(app))
    curves = data_of(app, "wall-curves")["shown"]["data"]
    assert [curve["name"] for curve in curves] == ["quick · 1", "quick · 2"]
    empty_class()
    assert "Nobody has trained a network yet" in [heading.value for heading in open_page("curves").header]
    written_runs.write_run(tmp_path / "runs", "b-1", accuracy=0.5)
    (tmp_path / "runs" / "b-1" / "job.json").touch()
    assert "<strong>1</strong><span>training so far</span>" in texts(open_page("curves"))


def test_the_best_is_drawn_however_many_have_come_after_it(tmp_path, monkeypatch):
    monkeypatch.setattr("webapp.pages.wall.curves.MAX_DRAWN", 2)
    now = time.time()
    for place, accuracy in enumerate((0.5, 0.6, 0.7, 0.8)):
        run = written_runs.write_run(tmp_path / "runs", f"a-{place}", accuracy=accuracy)
        os.utime(run.path / "job.json", (now - 60 * place,) * 2)
    app = open_page("curves")
    curves = data_of(app, "wall-curves")["shown"]["data"]
    assert [curve["name"] for curve in curves] == ["quick · 0", "quick · 1", "quick · 3"]
    assert "<strong>4</strong>" in texts(app)
    assert any("The best and the newest 2 are drawn." in caption.value for caption in app.caption)


def test_a_file_that_cannot_be_used_is_named_where_the_curves_would_be(tmp_path):
    (tmp_path / "visitors").mkdir()
    (tmp_path / "visitors" / "class.sqlite").write_bytes(b"no database" * 100)
    assert "class.sqlite" in open_page("curves").error[0].value


def test_a_projector_goes_to_the_curves_and_back_to_the_wall_alone():
    app = AppTest.from_function(page, default_timeout=30)
    app.session_state["present"] = True
    app.run()
    app.button(key="wall-other").click().run()
    assert app.segmented_control(key="wall_view").value == "curves" and app.header
    app.button(key="wall-other").click().run()
    app.run()
    assert not app.exception and not app.segmented_control and "show" not in app.query_params
    assert "wall-other" not in keys(open_page())
