"""What can be downloaded of a run: each file is read back and compared with what it was made from."""

import csv
import io
import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_core.network import Network
from mnist_core.recipes.recipe import Recipe
from tests.webapp.real_runs import look, train_job
from webapp.pages.train.downloads import COLUMNS, csv_file, json_file, onnx_file, script_file, weights_file
from webapp.runs.job import Job
from webapp.runs.registry import Runs
from webapp.runs.snapshot import Snapshot


@pytest.fixture
def waiting(finished, tmp_path) -> Snapshot:
    """A run of the same job that does not start."""
    runs = Runs(tmp_path / "waiting", at_once=0)
    return look(runs, runs.start(finished.job))


@pytest.fixture(scope="module")
def finished(tmp_path_factory, data_folder) -> Snapshot:
    folder = tmp_path_factory.mktemp("runs")
    recipe = Recipe(name="tiny", source="test", hidden_sizes=(16,), batch_size=25, epochs=2, learning_rate=0.2)
    train_job(folder / "tiny", Job(recipe, str(data_folder)))
    runs = Runs(folder, at_once=0)
    runs.describe("tiny", "五 steps", "")
    return look(runs, "tiny")


def test_the_table_has_a_row_for_each_step_with_all_digits(finished):
    rows = list(csv.DictReader(io.StringIO(csv_file(finished).decode())))
    records = finished.records
    assert tuple(rows[0]) == COLUMNS
    assert [int(row["step"]) for row in rows] == list(range(1, 59))
    assert [int(row["epoch"]) for row in rows] == [1] * 29 + [2] * 29
    for name in ("loss", "accuracy", "learning_rate"):
        assert [float(row[name]) for row in rows] == list(getattr(records, name))
    read = [(int(row["step"]), float(row["validation_loss"])) for row in rows if row["validation_loss"]]
    assert read == sorted(dict(records.validation_loss).items())
    assert 58 in dict(read)


def test_the_document_holds_the_job_and_every_line(finished):
    document = json.loads(json_file(finished))
    assert document["run"] == finished.id
    assert document["name"] == "五 steps"
    assert Job.from_json(document["job"]) == finished.job
    lines = finished.folder.records.read_text().splitlines()
    assert document["records"] == [json.loads(line) for line in lines]


def test_a_line_that_is_half_written_is_left_out(runs, tiny_recipe, data_folder):
    run_id = runs.start(Job(tiny_recipe, str(data_folder), begins_paused=True))
    runs.stop(run_id)
    snapshot = look(runs, run_id)
    runs.close()
    whole = json.loads(json_file(snapshot))["records"]
    with snapshot.folder.records.open("a") as file:
        file.write('{"record": "st')
    assert json.loads(json_file(snapshot))["records"] == whole


def test_before_the_first_record_the_document_is_empty_but_whole(waiting):
    assert json.loads(json_file(waiting))["records"] == []
    assert csv_file(waiting).decode().split() == [",".join(COLUMNS)]


def test_the_weights_are_the_file_of_the_run(finished, tmp_path):
    path = tmp_path / "mine.npz"
    path.write_bytes(weights_file(finished))
    assert Network.load(path).test_accuracy == finished.records.end["test_accuracy"]


def test_network_and_script_give_the_same_answers(finished, small_dataset):
    onnxruntime = pytest.importorskip("onnxruntime")
    images = small_dataset.test_images[:50]
    session = onnxruntime.InferenceSession(onnx_file(finished))
    (probabilities,) = session.run(None, {"images": images})
    names: dict[str, Any] = {"__name__": "script"}
    exec(compile(script_file(finished), "script", "exec"), names)  # noqa: S102
    assert np.allclose(names["read"](images), probabilities, atol=0.01)


def open_downloads(snapshot: Snapshot) -> AppTest:
    def page(snapshot):
        from webapp.pages.train.downloads import downloads

        downloads(snapshot)

    app = AppTest.from_function(page, kwargs={"snapshot": snapshot}, default_timeout=30).run()
    assert not app.exception
    return app


def sent(app: AppTest) -> bytes:
    """What the browser was handed."""
    (component,) = app.get("bidi_component")
    return component.proto.bytes


def test_nothing_is_made_before_a_button_is_pressed_and_then_that_file(finished):
    app = open_downloads(finished)
    assert not any(button.disabled for button in app.button)
    assert sent(app) == b""
    app.button(key="take-records.csv").click().run()
    about, content = sent(app).split(b"\n", 1)
    assert json.loads(about)["name"] == f"{finished.id}-records.csv"
    assert content == csv_file(finished)
    before = sent(app)
    assert sent(app.run()) == before  # until the browser says that it was saved


def test_the_same_file_can_be_saved_twice(finished):
    app = open_downloads(finished)
    first = sent(app.button(key="take.npz").click().run())
    second = sent(app.button(key="take.npz").click().run())
    assert first != second  # the browser sees that it was asked again
    assert first.split(b"\n", 1)[1] == second.split(b"\n", 1)[1] == weights_file(finished)


def test_without_weights_it_is_said_why_their_buttons_are_off(waiting):
    app = open_downloads(waiting)
    off = {button.key for button in app.button if button.disabled}
    assert off == {"take.npz", "take.onnx", "take.py"}
    assert "no weights yet" in app.caption[0].value


def test_a_broken_file_of_weights_is_an_error_on_the_page(waiting):
    waiting.folder.weights.write_bytes(b"PK not a zip")
    app = open_downloads(waiting)
    app.button(key="take.onnx").click().run()
    assert not app.exception
    assert "cannot be made" in app.error[0].value
    assert sent(app) == b""
