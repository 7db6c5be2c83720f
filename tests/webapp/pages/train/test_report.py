"""The report: what a run was and gave, in one document that asks for nothing and runs nothing that people typed."""

import dataclasses
import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_core.network import Network
from mnist_core.recipes.presets import QUICK
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.records import EpochEnd, StepEnd, to_json
from tests.webapp.real_runs import wait_for
from webapp.i18n import texts_in
from webapp.pages.train.downloads import report_file
from webapp.pages.train.report import report
from webapp.runs.folder import RunFolder
from webapp.runs.job import Job, Parent
from webapp.runs.records import RecordReader
from webapp.runs.snapshot import Snapshot

HOSTILE = "</title><script>alert('x')</script><img src=http://evil.example/x.png>"
CONFUSION = np.diag(np.arange(90, 100)) + np.eye(10, k=1, dtype=int) * 3


class Reader(HTMLParser):
    """Collects tags, what they load, and the words between them."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.words: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]

    def handle_data(self, data):
        if self.tags and self.tags[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def snapshot_of(
    folder: Path, job: Job, records: list[dict[str, Any]], name: str = "my run", note: str = ""
) -> Snapshot:
    run = RunFolder(folder / "quick-1")
    run.write_job(job)
    for record in records:
        run.append(record)
    done = RecordReader(run.records).read()
    return Snapshot("quick-1", name, note, "finished", job, done, 0, False, False, run)


def training(data_name: str = "MNIST") -> list[dict[str, Any]]:
    """Four steps in two epochs, the first of which is the best, and a change between them."""
    begin = {"record": "begin", "data_name": data_name, "synthetic": False}
    steps = [to_json(StepEnd(n, (n + 1) // 2, 2.0 / n, 0.2 * n, 0.1)) for n in range(1, 5)]
    ends = [to_json(EpochEnd(n, 2 * n, 1.5 / n, 0.3 * n, 0.9 + n / 7, 0.81 - n / 100, n == 1, 1.5)) for n in (1, 2)]
    change = {"record": "change", "step": 2, "learning_rate": 0.025}
    clock = {"record": "clock", "seconds": 12.25, "step": 4}
    end = {"record": "end", "state": "finished", "test_accuracy": 0.7654}
    sizes = {"train_images": 128, "validation_images": 32}
    return [begin | sizes, *steps[:2], ends[0], change, *steps[2:], ends[1], clock, end]


JOB = Job(dataclasses.replace(QUICK, epochs=2, hidden_sizes=(24, 16)), "mnist")


def test_results_settings_and_changes_stand_in_it(tmp_path):
    text = Reader(report(snapshot_of(tmp_path, JOB, training(), note="a note"), CONFUSION)).text
    assert "my run quick-1 · 784-24-16-10 · MNIST · " in text
    assert time.strftime("%Y-%m-%d") in text
    assert "· Finished a note" in text
    assert "Test accuracy 76.54%" in text
    assert "Best epoch 1 Validation accuracy (best epoch) 80.00% Validation loss (best epoch) 1.0429" in text
    assert "Training accuracy (best epoch) 30.00% Training loss (best epoch) 1.5000" in text
    assert "Time 12.2 s Steps 4 Parameters 19,410" in text
    assert "after step 2 Learning rate 0.025" in text
    assert "Hidden layers 24, 16 (in the recipe: 256)" in text
    assert "Batch size 64 Epochs" in text  # as in the recipe: nothing is added
    assert "Python 3." in text and "numpy 2." in text


def test_what_differs_from_the_recipe_is_bold(tmp_path):
    document = report(snapshot_of(tmp_path, JOB, training()), None)
    assert re.findall("<strong>(.*?)</strong>", document.split("Settings</h2>")[1]) == ["24, 16", "2"]


def test_its_settings_are_in_the_visitors_language(tmp_path):
    with texts_in("zh"):
        text = Reader(report(snapshot_of(tmp_path, JOB, training()), None)).text
    assert "配方 快速" in text and "来源" not in text


def test_the_confusion_matrix_has_every_count(tmp_path):
    document = report(snapshot_of(tmp_path, JOB, training()), CONFUSION)
    (table,) = re.findall('<table class="confusion">(.*?)</table>', document)
    cells = re.findall("<td[^>]*>(.*?)</td>", table)
    assert np.array_equal([int(cell.replace("·", "0")) for cell in cells], CONFUSION.ravel())
    assert "945 of 972 test images are read right" in document


def test_the_command_line_can_repeat_it(tmp_path):
    job = dataclasses.replace(JOB, data="data/our digits")
    document = report(snapshot_of(tmp_path, job, training()), None)
    text = Reader(document).text
    assert "python -m mnist_core train --recipe quick-1.json --data 'data/our digits'" in text
    (recipe,) = re.findall(r"\{\"name\".*?\}", text)
    assert Recipe.from_json(json.loads(recipe)) == job.recipe
    assert "Changes made while it trained are not included" in text


def test_what_people_typed_is_only_text(tmp_path):
    recipe = dataclasses.replace(QUICK, name=HOSTILE, source=HOSTILE)
    job = Job(recipe, f"data/{HOSTILE}", parent=Parent(HOSTILE, 1))
    reader = Reader(report(snapshot_of(tmp_path, job, training(HOSTILE), HOSTILE, HOSTILE), CONFUSION))
    assert "img" not in reader.tags
    assert reader.tags.count("title") == 1
    assert reader.text.count("alert('x')") >= 5


def test_it_loads_nothing(tmp_path):
    document = report(snapshot_of(tmp_path, JOB, training()), CONFUSION)
    reader = Reader(document)
    assert reader.loads == []
    assert not set(reader.tags) & {"link", "img", "iframe", "object", "embed", "base", "form", "a"}
    style = document.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style and "@import" not in style
    assert reader.tags.count("script") >= 3  # Plotly, once, and a line for each chart
    assert document.count("plotly.js v") == 1


def test_a_run_that_has_not_begun_has_a_report_as_well(tmp_path):
    text = Reader(report(snapshot_of(tmp_path, dataclasses.replace(JOB, data="/home/me/our digits"), []), None)).text
    assert "quick-1 · 784-24-16-10 · our digits · " in text
    assert "Steps 0" in text
    assert not any(word in text for word in ("Curves", "Confusion matrix", "Best epoch", "Test accuracy"))


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_the_report_of_a_real_run_has_the_counts_of_its_network(
    runs, tiny_recipe, data_folder, small_dataset, share, monkeypatch
):
    recipe = dataclasses.replace(tiny_recipe, validation_fraction=share)
    run_id = runs.start(Job(recipe, str(data_folder)))
    snapshot = wait_for(runs, run_id)
    assert snapshot.weights is not None
    document = report_file(snapshot).decode()
    model = Network.load(snapshot.weights).model
    read = Network(model, recipe).evaluate(small_dataset.test_images, small_dataset.test_labels)
    assert f"{int(np.trace(read.confusion)):,} of 200 test images are read right" in document
    assert f"{read.accuracy:.2%}" in document
