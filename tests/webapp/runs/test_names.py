"""What runs are called: by people, by the lab, by nobody yet."""

from dataclasses import replace

import pytest

from mnist_core.recipes.presets import RECIPES
from webapp.i18n import texts_in
from webapp.pages.lab.failures import FAILURES
from webapp.runs.folder import RunFolder
from webapp.runs.job import Job
from webapp.runs.names import recipe_title, run_name
from webapp.runs.records import Records
from webapp.runs.registry import MAX_NAME
from webapp.runs.snapshot import Snapshot


@pytest.fixture
def named(tmp_path):
    """A function that gives a run of a recipe a name, and returns what it is called."""

    def call(name, recipe="quick"):
        job = Job(replace(RECIPES["quick"], name=recipe), "mnist")
        folder = RunFolder(tmp_path)
        return run_name(Snapshot("quick-0a1b2c", name, "", "finished", job, Records(), 0, False, False, folder))

    return call


def test_titles_of_recipes_are_those_of_links_and_commands_in_english():
    assert [recipe_title(name) for name in ("quick", "of my own", "")] == ["quick", "of my own", ""]
    assert recipe_title("tanh-online") == "Tutorial: tanh-online"


@pytest.mark.parametrize(
    ("name", "recipe", "english", "chinese"),
    [
        ("My best", "quick", "My best", "My best"),
        ("Train", "quick", "Train", "Train"),  # a text of the menu, but here a name
        ("", "quick", "quick · 0a1b2c", "快速 · 0a1b2c"),
        ("", "of my own", "of my own · 0a1b2c", "of my own · 0a1b2c"),
        ("All weights zero: failure", "quick", "All weights zero: failure", "权重全部为零：失败"),
        ("All weights zero: remedy", "quick", "All weights zero: remedy", "权重全部为零：补救"),
        (": failure", "quick", ": failure", ": failure"),
    ],
)
def test_a_run_is_called_in_the_language_of_its_reader(named, name, recipe, english, chinese):
    assert named(name, recipe) == english
    with texts_in("zh"):
        assert named(name, recipe) == chinese


def test_names_from_the_lab_are_kept_whole():
    assert all(len(f"{failure.title}: failure") <= MAX_NAME for failure in FAILURES)
