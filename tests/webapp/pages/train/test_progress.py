"""What stands above a run's curves: its progress and its figures, as high while it goes as before and after."""

import dataclasses
import re

import pytest

from tests.webapp.real_runs import look, wait_for
from tests.webapp.written_runs import RECIPE, write_run
from webapp.i18n import texts_in
from webapp.pages.train.progress import progress_html
from webapp.runs.job import Job


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
    assert figures_of(shown) == ["50.0%", "90.0%", "91.00%"]
    assert 'value="1.000"' in shown and "67 s of training" in shown
    with texts_in("zh"):
        assert "67 秒" in progress_html(look(runs, "done"))


def test_without_validation_images_there_is_no_figure_for_them(runs, tmp_path):
    write_run(tmp_path / "runs", "all", dataclasses.replace(RECIPE, validation_fraction=0.0), accuracy=None)
    assert figures_of(progress_html(look(runs, "all"))) == ["50.0%", "91.00%"]


@pytest.mark.parametrize("name", ["<img src=x>", "a & b"])
def test_a_name_is_a_text_and_no_html(runs, tmp_path, name):
    write_run(tmp_path / "runs", "named")
    runs.describe("named", name, "")
    shown = progress_html(look(runs, "named"))
    assert name not in shown and name.split()[-1].replace("&", "&amp;").replace(">", "&gt;") in shown
