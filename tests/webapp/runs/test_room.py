"""Whether a run can be started: what is refused, in which words, and that nothing of it stays."""

import dataclasses
import errno
import tempfile

import pytest

from mnist_core.recipes.presets import RECIPES
from webapp.runs import room
from webapp.runs.job import Job
from webapp.runs.registry import Runs
from webapp.runs.room import MAX_EPOCHS, MAX_GOING, MAX_OWN_GOING, OWN_SHARE, NoRoomError, Starter, words_for

ANNA, BEN, TEACHER = Starter("a" * 64, True), Starter("b" * 64, True), Starter("c" * 64, False)


@pytest.fixture
def list_only(tmp_path) -> Runs:
    """A registry without a place: whatever is started waits."""
    return Runs(tmp_path / "runs", at_once=0)


def test_the_link_that_once_wrote_180_mb_is_refused_and_every_recipe_is_not(list_only, tmp_path):
    one_image = dataclasses.replace(RECIPES["quick"], epochs=500_000, train_images=1, batch_size=1)
    with pytest.raises(NoRoomError, match="would take 500,000 epochs; up to 5,000 can be started here"):
        list_only.start(Job(one_image, "mnist"))
    assert not (tmp_path / "runs").exists()
    for recipe in RECIPES.values():
        assert recipe.epochs <= MAX_EPOCHS / 2
        list_only.start(Job(recipe, "mnist"))


def test_runs_wait_in_any_number_that_a_class_needs_but_not_without_end(list_only, tiny_recipe):
    ids = [list_only.start(Job(tiny_recipe, "mnist", begins_paused=True)) for _ in range(MAX_GOING)]
    with pytest.raises(NoRoomError, match="64 trainings are going or waiting here already"):
        list_only.start(Job(tiny_recipe, "mnist"))
    assert len(list_only.all()) == MAX_GOING
    list_only.stop(ids[0])
    list_only.start(Job(tiny_recipe, "mnist"))


def test_one_visitor_cannot_take_all_places(list_only, tiny_recipe):
    job = Job(tiny_recipe, "mnist", begins_paused=True)
    ids = [list_only.start(job, "", ANNA) for _ in range(MAX_OWN_GOING)]
    for start in (lambda: list_only.start(job, "", ANNA), lambda: list_only.restart(ids[0], ANNA)):
        with pytest.raises(NoRoomError, match=f"{MAX_OWN_GOING} trainings of yours are going or waiting"):
            start()
    for starter in (BEN, TEACHER):
        list_only.start(job, "", starter)
    list_only.stop(ids[0])
    list_only.start(job, "", ANNA)


def test_one_visitor_cannot_fill_everybodys_disk(tiny_recipe, tmp_path):
    runs = Runs(tmp_path / "runs", at_once=0, max_bytes=1_000_000)
    run_id = runs.start(Job(tiny_recipe, "mnist"), "", ANNA)
    weights = tmp_path / "runs" / run_id / "weights.npz"
    weights.write_bytes(bytes(round(1_000_000 * OWN_SHARE)))
    with pytest.raises(NoRoomError, match=r"Your trainings take 0\.0 GB here, and one visitor may take 0\.00025 GB"):
        runs.start(Job(tiny_recipe, "mnist"), "", ANNA)
    for starter in (BEN, TEACHER):
        runs.start(Job(tiny_recipe, "mnist"), "", starter)
    weights.unlink()
    runs.start(Job(tiny_recipe, "mnist"), "", ANNA)


def test_a_disk_that_is_nearly_full_takes_no_run(list_only, tiny_recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "MIN_FREE", 10**18)
    with pytest.raises(NoRoomError, match="disk is full"):
        list_only.start(Job(tiny_recipe, "mnist"))
    assert list(tmp_path.iterdir()) == []


def test_a_fork_and_a_run_once_more_need_room_as_well(list_only, tiny_recipe, monkeypatch):
    run_id = list_only.start(Job(tiny_recipe, "mnist"))
    monkeypatch.setattr(room, "MIN_FREE", 10**18)
    for start in (lambda: list_only.fork(run_id, 0, tiny_recipe), lambda: list_only.restart(run_id)):
        with pytest.raises(NoRoomError):
            start()
    assert list_only.all() == [run_id]


def test_a_disk_that_fills_up_meanwhile_leaves_nothing_of_the_run(list_only, tiny_recipe, tmp_path, monkeypatch):
    def full(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    with pytest.raises(OSError, match="No space left") as caught:
        list_only.start(Job(tiny_recipe, "mnist"), "a name")
    assert "disk is full" in words_for(caught.value)
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tiny_recipe, tmp_path):
    (tmp_path / "runs").touch()
    with pytest.raises(OSError, match=r"File exists|Not a directory") as caught:
        Runs(tmp_path / "runs", at_once=1).start(Job(tiny_recipe, "mnist"))
    assert words_for(caught.value).startswith("The server cannot write into the folder of its trainings (")


def test_an_error_without_a_number_is_said_too():
    assert "(it is gone)" in words_for(OSError("it is gone"))
