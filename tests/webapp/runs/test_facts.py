"""What is said of runs in lists: states and orders."""

import dataclasses

import pytest

from mnist_core.recipes.recipe import Recipe
from tests.webapp.written_runs import RECIPE, write_run
from webapp.runs.facts import Order, accuracy_on_test, ordered, state_text, validation_accuracy
from webapp.runs.registry import Runs


def test_a_finished_and_an_interrupted_run(tmp_path):
    runs = Runs(tmp_path, at_once=1)
    write_run(tmp_path, "whole")
    write_run(tmp_path, "half", accuracy=None, test_accuracy=None)
    whole, half = (runs.snapshot(run_id) for run_id in ("whole", "half"))
    assert whole is not None and half is not None
    assert (state_text(whole), validation_accuracy(whole), accuracy_on_test(whole)) == ("Finished", 0.9, 0.91)
    assert (state_text(half), validation_accuracy(half), accuracy_on_test(half)) == ("Interrupted", None, None)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("newest", ["a", "b", "c", "d"]),
        ("accuracy", ["c", "a", "b", "d"]),  # b has only test images; d has nothing yet
        ("time", ["b", "a", "c", "d"]),  # d has not begun
        ("size", ["d", "a", "c", "b"]),  # equal ones: the newer first
    ],
)
def test_orders(tmp_path, by: Order, expected):
    def sized(units: int) -> Recipe:
        return dataclasses.replace(RECIPE, hidden_sizes=(units,))

    write_run(tmp_path, "a", sized(16), accuracy=0.8, seconds=2.0)
    write_run(tmp_path, "b", sized(32), accuracy=None, test_accuracy=0.7, seconds=1.0)
    write_run(tmp_path, "c", sized(16), accuracy=0.9, seconds=3.0)
    write_run(tmp_path, "d", sized(8), accuracy=None, test_accuracy=None, seconds=0.0)
    runs = Runs(tmp_path, at_once=1)
    snapshots = [snapshot for run_id in "abcd" if (snapshot := runs.snapshot(run_id)) is not None]
    assert [snapshot.id for snapshot in ordered(snapshots, by)] == expected


@pytest.mark.parametrize(("last", "words"), [("resume", "On another server"), ("pause", "Paused on another server")])
def test_where_another_server_trains_that_is_said(tmp_path, last, words):
    folder = write_run(tmp_path, "shared", test_accuracy=None)
    folder.append({"record": last})
    with folder.hold():
        found = Runs(tmp_path, at_once=1).snapshot("shared")
        assert found is not None and found.elsewhere and state_text(found) == words
