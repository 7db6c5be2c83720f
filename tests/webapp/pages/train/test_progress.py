"""What stands above a run's curves: its progress and its figures, as high while it goes as before and after."""

import dataclasses
import re

import pytest

from mnist_core.training.records import EpochEnd, to_json
from tests.webapp.real_runs import look, wait_for
from tests.webapp.written_runs import RECIPE, write_run
from webapp.i18n import texts_in
from webapp.pages.train.findings import finding_html
from webapp.pages.train.progress import progress_html
from webapp.runs.folder import RunFolder
from webapp.runs.job import Job
from webapp.runs.registry import Runs


def figures_of(shown: str) -> list[str]:
    return re.findall("<strong>(.*?)</strong>", shown)


def test_figures_have_their_place_before_there_are_any(runs, tiny_recipe, data_folder):
    run_id = runs.start(Job(tiny_recipe, str(data_folder), begins_paused=True))
    shown = progress_html(wait_for(runs, run_id, "paused"))
    assert figures_of(shown) == ["–", "–"]
    assert 'value="0.000"' in shown and "step 0 of" in shown
    runs.stop(run_id)
    wait_for(runs, run_id, "stopped")


def test_a_finished_run_tells_all_three_accuracies_and_its_time(runs, tmp_path):
    write_run(tmp_path / "runs", "done", seconds=67.0)  # of ten epochs it trained one: it stopped early
    shown = progress_html(look(runs, "done"))
    assert figures_of(shown) == ["50.0%", "90.00%", "91.00%"]
    assert 'value="1.000"' in shown and "67 s of training" in shown
    with texts_in("zh"):
        assert "67 秒" in progress_html(look(runs, "done"))


def test_the_accuracy_on_validation_images_is_the_newest_while_it_goes_and_then_that_of_the_best_epoch(tmp_path):
    folder = write_run(tmp_path, "worse", accuracy=0.9, test_accuracy=None)
    folder.append(to_json(EpochEnd(2, 8, 1.0, 0.5, 0.3, 0.8, False, 2.0)))
    run = look(Runs(tmp_path, at_once=1), "worse")
    going = progress_html(dataclasses.replace(run, state="running"))
    assert figures_of(going)[1] == "80.0%" and "Validation accuracy (now)" in going
    over = progress_html(dataclasses.replace(run, state="stopped"))
    assert figures_of(over)[1] == "90.00%" and "Validation accuracy (best epoch)" in over


def test_a_run_that_waits_says_what_it_will_learn_from_and_that_it_begins_by_itself(tmp_path):
    RunFolder(tmp_path / "waits").write_job(Job(RECIPE, "mnist"))
    run = dataclasses.replace(look(Runs(tmp_path, at_once=1), "waits"), state="queued")
    assert "quick · waits · 784-16-10 · MNIST" in progress_html(run)
    assert "begins by itself" in finding_html(run)


def test_without_validation_images_there_is_no_figure_for_them(runs, tmp_path):
    write_run(tmp_path / "runs", "all", dataclasses.replace(RECIPE, validation_fraction=0.0), accuracy=None)
    assert figures_of(progress_html(look(runs, "all"))) == ["50.0%", "91.00%"]


@pytest.mark.parametrize("name", ["<img src=x>", "a & b"])
def test_a_name_is_a_text_and_no_html(runs, tmp_path, name):
    write_run(tmp_path / "runs", "named")
    runs.describe("named", name, "")
    shown = progress_html(look(runs, "named"))
    assert name not in shown and name.split()[-1].replace("&", "&amp;").replace(">", "&gt;") in shown
