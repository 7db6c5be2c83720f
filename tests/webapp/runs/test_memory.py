"""Runs in memory: long records hold nobody up, those that are over cost little, what nobody looks at is forgotten."""

import contextlib
import json
import os
import threading
import time
from pathlib import Path

import pytest

from mnist_core.training.records import EpochEnd, to_json
from tests.webapp.real_runs import look
from tests.webapp.written_runs import RECIPE, write_run
from webapp.runs import memory, records
from webapp.runs.facts import accuracy_on_test, state_text, validation_accuracy
from webapp.runs.folder import RunFolder
from webapp.runs.job import Job
from webapp.runs.memory import KnownRun, Memory
from webapp.runs.registry import Runs
from webapp.runs.summary import KEPT_EPOCHS


@pytest.fixture
def runs(tmp_path) -> Runs:
    return Runs(tmp_path, at_once=1)


def test_while_one_run_is_read_the_others_answer(runs, tmp_path):
    """A pipe stands for a file of hundreds of megabytes: to open it takes until somebody writes."""
    write_run(tmp_path, "short")
    slow = write_run(tmp_path, "long").records
    slow.unlink()
    os.mkfifo(slow)

    def read() -> None:
        with contextlib.suppress(OSError):  # no file, in the end
            runs.snapshot("long")

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    answered = threading.Thread(target=runs.snapshot, args=("short",), daemon=True)
    answered.start()
    answered.join(timeout=5)
    still_reading = reading.is_alive()
    with slow.open("w"):
        reading.join(timeout=5)
    assert still_reading and not answered.is_alive() and not reading.is_alive()


def test_long_records_are_read_in_pieces_and_until_then_the_run_says_so(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(records, "PIECE", 300)
    monkeypatch.setattr(memory, "READ_SECONDS", 0)
    write_run(tmp_path, "long")
    looks = [look(runs, "long")]
    assert (looks[0].state, looks[0].behind, state_text(looks[0])) == ("running", True, "Reading its curves")
    while looks[-1].behind:
        looks.append(look(runs, "long"))
    assert (looks[-1].state, looks[-1].step) == ("finished", 4)


@pytest.mark.parametrize("over", [True, False])
def test_nothing_is_done_to_a_run_of_which_not_everything_is_known(tmp_path, monkeypatch, over):
    monkeypatch.setattr(records, "PIECE", 300)
    monkeypatch.setattr(memory, "READ_SECONDS", 0)
    folder = write_run(tmp_path, "long", test_accuracy=0.9 if over else None)
    runs = Runs(tmp_path, at_once=0)
    assert look(runs, "long").behind
    runs.resume("long")
    assert look(runs, "long").place == (0 if over else 1)
    runs.stop("long")
    assert look(runs, "long").state == ("finished" if over else "stopped")
    assert folder.records.read_text().count('"end"') == 1
    assert Runs(tmp_path, at_once=0).delete("long") and not folder.path.exists()


def test_a_run_that_is_over_is_listed_without_its_records(runs, tmp_path):
    folder = write_run(tmp_path, "done")
    whole = look(runs, "done")
    folder.records.write_bytes(b" " * folder.records.stat().st_size)  # nobody can read that
    listed = Runs(tmp_path, at_once=1).snapshot("done", curves=False)
    assert listed is not None
    for fact in (
        lambda run: run.state,
        lambda run: run.step,
        lambda run: run.records.seconds,
        validation_accuracy,
        accuracy_on_test,
    ):
        assert fact(listed) == fact(whole)
    assert listed.step == 4 and not listed.records.loss


OLDER = '{"size": SIZE, "steps": 1, "lines": [{"record": "end", "state": "stopped"}]}'
"""A summary as earlier versions of this program wrote them."""


@pytest.mark.parametrize(
    "summary", ["", "[]", "{", '{"size": 0}', '{"form": 2, "size": SIZE, "steps": 1, "lines": [{}]}', OLDER, None]
)
def test_a_summary_that_is_damaged_or_of_other_records_is_not_believed(runs, tmp_path, summary):
    folder = write_run(tmp_path, "done")
    look(runs, "done")
    if summary is None:
        folder.append({"record": "continue", "step": 2, "epochs": 0})
    else:
        folder.summary.write_text(summary.replace("SIZE", str(folder.records.stat().st_size)))
    found = Runs(tmp_path, at_once=1).snapshot("done", curves=False)
    assert found is not None
    assert (found.state, found.step) == (("interrupted", 2) if summary is None else ("finished", 4))


def test_a_run_that_has_just_ended_has_its_summary_before_anybody_looks(tmp_path, data_folder, tiny_recipe):
    runs = Runs(tmp_path, at_once=1)
    run_id = runs.start(Job(tiny_recipe, str(data_folder)))
    folder = RunFolder(tmp_path / run_id)
    deadline = time.monotonic() + 30
    while not folder.summary.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert json.loads(folder.summary.read_text())["steps"] == 87
    runs.close()


def test_the_summary_of_a_long_run_has_its_curve_with_the_best_and_the_last_epoch(tmp_path):
    folder = write_run(tmp_path, "long", test_accuracy=None)
    for epoch in range(2, 401):
        better = 0.99 if epoch == 311 else 0.5
        folder.append(to_json(EpochEnd(epoch, 4 * epoch, 1.0, 0.5, 1.0, better, epoch == 311, 2.0)))
    folder.append({"record": "end", "state": "finished"})
    look(Runs(tmp_path, at_once=1), "long")
    found = Runs(tmp_path, at_once=1).snapshot("long", curves=False)
    assert found is not None and not found.records.loss
    epochs = [epoch.epoch for epoch in found.records.epochs]
    assert {311, 400} < set(epochs) and epochs == sorted(epochs) and 50 < len(epochs) <= KEPT_EPOCHS + 1
    assert validation_accuracy(found) == 0.99


def known(path: Path, looked: float, steps: int) -> KnownRun:
    """A run in memory with so many steps."""
    run = KnownRun(RunFolder(path), Job(RECIPE, "mnist"))
    run.looked = looked
    run.records.loss.extend([0.0] * steps)
    return run


def test_what_nobody_has_looked_at_for_long_is_forgotten(tmp_path):
    now = time.monotonic()
    runs = Memory({"new": known(tmp_path, now, 1), "old": known(tmp_path, now - 601, 1)})
    runs["goes"] = known(tmp_path, now - 601, 1)
    runs.forget(going={"goes"})
    assert set(runs) == {"new", "goes"}


def test_beyond_what_memory_holds_the_runs_looked_at_longest_ago_are_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "REMEMBERED_STEPS", 250)
    now = time.monotonic()
    runs = Memory({str(age): known(tmp_path, now - age, 100) for age in (3, 1, 2)})
    runs.forget(going=())
    assert set(runs) == {"1", "2"}


def test_a_forgotten_run_is_read_again(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "REMEMBERED_STEPS", 0)
    monkeypatch.setattr(memory, "TIDY_SECONDS", 0)
    for run_id in ("a", "b"):
        write_run(tmp_path, run_id)
    first = look(runs, "a").records
    look(runs, "b")
    again = look(runs, "a").records
    assert again == first and again is not first
