"""Runs, with real worker processes: start, queue, pause, resume, stop, failure, and the death of the server."""

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_core.data import load_dataset
from mnist_core.records import EpochEnd, StepEnd
from mnist_core.training import split_for, start_training, train
from mnist_core.weights import load_weights
from webapp.runs import Job, Records, Runs, Snapshot, seconds_left
from webapp.worker import validations_per_epoch

ENDLESS = 100_000
"""Epochs of a run that a test stops itself."""


def wait_until(runs: Runs, run_id: str, condition: Callable[[Snapshot], object], seconds: float = 30) -> Snapshot:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        snapshot = runs.snapshot(run_id)
        assert snapshot is not None
        if condition(snapshot):
            return snapshot
        time.sleep(0.02)
    assert snapshot is not None
    raise AssertionError(f"{run_id} is still {snapshot.state} with {len(snapshot.records.loss)} steps")


def test_a_run_trains_to_its_end(runs, tiny_recipe, data_folder):
    run_id = runs.start(Job(tiny_recipe, str(data_folder)))
    done = wait_until(runs, run_id, lambda s: s.state == "finished")
    assert done.records.begin["data_name"] == "small digits"
    assert len(done.records.loss) == 3 * done.steps_per_epoch
    assert done.weights is not None
    assert load_weights(done.weights).test_accuracy == done.records.end["test_accuracy"]


def test_drawn_images_count_as_training_images(runs, tiny_recipe, data_folder):
    recipe = dataclasses.replace(tiny_recipe, rare_digits=0.1, not_digits=0.05, distortion=1.0)
    run_id = runs.start(Job(recipe, str(data_folder)))
    done = wait_until(runs, run_id, lambda s: s.state == "finished")
    assert done.records.begin["train_images"] == 720 + 72 + 36
    assert done.records.begin["validation_images"] == 80
    assert done.steps_per_epoch == 34  # 33 of 25 images, and a last one of 3
    assert done.records.last_step is not None
    assert done.records.last_step.step == len(done.records.loss) == 3 * 34


def test_the_network_is_offered_only_once_it_is_measured(runs, tiny_recipe, data_folder, tmp_path):
    run_id = runs.start(Job(dataclasses.replace(tiny_recipe, epochs=ENDLESS), str(data_folder)))
    wait_until(runs, run_id, lambda s: s.records.loss)
    (tmp_path / "runs" / run_id / "weights.npz").touch()  # as in the moment before the worker's last record
    assert wait_until(runs, run_id, lambda s: True).weights is None


def test_an_ended_worker_is_forgotten_and_its_pipe_closed(runs, tiny_recipe, data_folder):
    run_id = runs.start(Job(tiny_recipe, str(data_folder)))
    worker = runs._workers[run_id]
    wait_until(runs, run_id, lambda s: s.state == "finished" and not runs._workers)
    assert worker.stdin is not None and worker.stdin.closed


def test_the_records_are_those_of_the_same_training_here(runs, tiny_recipe, data_folder):
    run_id = runs.start(Job(tiny_recipe, str(data_folder)))
    done = wait_until(runs, run_id, lambda s: s.state == "finished")
    split = split_for(tiny_recipe, load_dataset(data_folder))
    records = list(train(start_training(tiny_recipe), split, validations_per_epoch(tiny_recipe)))
    steps = [record for record in records if isinstance(record, StepEnd)]
    assert list(done.records.loss) == [step.loss for step in steps]
    assert list(done.records.accuracy) == [step.accuracy for step in steps]
    assert done.records.last_step == steps[-1]
    read = [record for record in records if record.validation_loss is not None]
    assert done.records.validation_loss == [(record.step, record.validation_loss) for record in read]
    assert len(read) == 3 * 4
    assert done.records.epochs == [record for record in records if isinstance(record, EpochEnd)]


def test_pause_holds_the_records_and_resume_goes_on(runs, tiny_recipe, data_folder):
    run_id = runs.start(Job(dataclasses.replace(tiny_recipe, epochs=ENDLESS), str(data_folder)))
    wait_until(runs, run_id, lambda s: len(s.records.loss) > 10)
    runs.pause(run_id)
    runs.pause(run_id)  # twice does no harm
    told = runs.snapshot(run_id)
    assert told.pausing or told.state == "paused"
    before = len(wait_until(runs, run_id, lambda s: s.state == "paused" and not s.pausing).records.loss)
    time.sleep(0.3)
    assert len(wait_until(runs, run_id, lambda s: True).records.loss) == before
    runs.resume(run_id)
    wait_until(runs, run_id, lambda s: s.state == "running" and len(s.records.loss) > before)


def test_a_stopped_run_keeps_its_best_weights(runs, tiny_recipe, data_folder):
    run_id = runs.start(Job(dataclasses.replace(tiny_recipe, epochs=ENDLESS), str(data_folder)))
    wait_until(runs, run_id, lambda s: len(s.records.epochs) >= 3)
    runs.stop(run_id)
    stopped = wait_until(runs, run_id, lambda s: s.state == "stopped")
    assert stopped.weights is not None
    assert load_weights(stopped.weights).test_accuracy > 0.5


@pytest.mark.parametrize("epochs", [2, ENDLESS])
def test_without_validation_images_the_last_weights_are_kept(runs, tiny_recipe, data_folder, epochs):
    recipe = dataclasses.replace(tiny_recipe, validation_fraction=0.0, batch_size=60_000, epochs=epochs)
    run_id = runs.start(Job(recipe, str(data_folder)))
    if epochs == ENDLESS:
        wait_until(runs, run_id, lambda s: s.records.loss)
        runs.stop(run_id)
    done = wait_until(runs, run_id, lambda s: s.state in ("finished", "stopped"))
    assert done.steps_per_epoch == 1
    assert done.records.validation_loss == []
    assert not any(epoch.best for epoch in done.records.epochs)
    assert done.weights is not None
    assert load_weights(done.weights).validation_accuracy is None


def test_stop_before_the_first_epochs_end_keeps_the_weights(runs, tiny_recipe, data_folder):
    recipe = dataclasses.replace(tiny_recipe, batch_size=1, hidden_sizes=(2000,))
    run_id = runs.start(Job(recipe, str(data_folder)))
    wait_until(runs, run_id, lambda s: s.records.loss)
    runs.stop(run_id)
    stopped = wait_until(runs, run_id, lambda s: s.state == "stopped")
    assert stopped.records.epochs == []
    assert stopped.weights is not None
    assert load_weights(stopped.weights).validation_accuracy is None


def test_a_paused_run_can_be_stopped(runs, tiny_recipe, data_folder):
    run_id = runs.start(Job(dataclasses.replace(tiny_recipe, epochs=ENDLESS), str(data_folder)))
    wait_until(runs, run_id, lambda s: s.records.loss)
    runs.pause(run_id)
    wait_until(runs, run_id, lambda s: s.state == "paused")
    runs.stop(run_id)
    wait_until(runs, run_id, lambda s: s.state == "stopped")


def test_runs_wait_their_turn(runs, tiny_recipe, data_folder):
    job = Job(dataclasses.replace(tiny_recipe, epochs=ENDLESS), str(data_folder))
    first, second, third = (runs.start(job) for _ in range(3))
    wait_until(runs, first, lambda s: s.state == "running")
    assert [runs.snapshot(run).place for run in (first, second, third)] == [0, 1, 2]
    runs.stop(second)  # one that waits is taken off the queue
    assert runs.snapshot(second).state == "stopped"
    assert runs.snapshot(third).place == 1
    runs.stop(first)
    wait_until(runs, third, lambda s: s.state == "running" and s.records.loss)


def test_a_paused_run_leaves_its_place_to_the_next(runs, tiny_recipe, data_folder):
    job = Job(dataclasses.replace(tiny_recipe, epochs=ENDLESS), str(data_folder))
    first, second = runs.start(job), runs.start(job)
    wait_until(runs, first, lambda s: s.records.loss)
    runs.pause(first)
    wait_until(runs, second, lambda s: s.state == "running" and s.records.loss)


def test_divergence_is_told_with_step_and_learning_rate(runs, tiny_recipe, data_folder):
    run_id = runs.start(Job(dataclasses.replace(tiny_recipe, learning_rate=1e30), str(data_folder)))
    failed = wait_until(runs, run_id, lambda s: s.state == "failed")
    assert failed.records.end["diverged"]["learning_rate"] == 1e30
    assert failed.records.end["diverged"]["step"] > 1


def test_missing_data_fail_with_the_reason(runs, tiny_recipe, tmp_path):
    run_id = runs.start(Job(tiny_recipe, str(tmp_path / "nowhere")))
    failed = wait_until(runs, run_id, lambda s: s.state == "failed")
    assert "nowhere: found no train-images" in failed.records.end["error"]


def test_a_killed_worker_is_a_failed_run(runs, tiny_recipe, data_folder):
    run_id = runs.start(Job(dataclasses.replace(tiny_recipe, epochs=ENDLESS), str(data_folder)))
    wait_until(runs, run_id, lambda s: s.records.loss)
    runs._workers[run_id].kill()
    assert wait_until(runs, run_id, lambda s: s.state == "failed").records.end == {}


def test_another_registry_finds_the_run_again(runs, tiny_recipe, data_folder):
    run_id = runs.start(Job(tiny_recipe, str(data_folder)))
    done = wait_until(runs, run_id, lambda s: s.state == "finished")
    again = Runs(runs._folder, at_once=1).snapshot(run_id)
    assert again is not None
    assert (again.state, again.job, again.records) == (done.state, done.job, done.records)


@pytest.mark.parametrize("name", ["", "..", "../runs", "no-such-run", "a/b", "x" * 200, "tiny\x00"])
def test_an_unknown_or_hostile_id_is_no_run(runs, name):
    assert runs.snapshot(name) is None


def test_a_worker_stops_and_keeps_its_weights_when_the_server_dies(tiny_recipe, data_folder, tmp_path):
    endless = dataclasses.replace(tiny_recipe, epochs=ENDLESS)
    job = json.dumps({"recipe": endless.to_json(), "data": str(data_folder)})
    server = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, json, time, pathlib\n"
            "from webapp.runs import Job, Runs\n"
            "from mnist_core.recipes import Recipe\n"
            "job = json.loads(sys.argv[1])\n"
            "runs = Runs(pathlib.Path(sys.argv[2]), 1)\n"
            "print(runs.start(Job(Recipe.from_json(job['recipe']), job['data'])), flush=True)\n"
            "time.sleep(60)\n",
            job,
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert server.stdout is not None
    run_id = server.stdout.readline().strip()
    mine = Runs(tmp_path, at_once=1)
    # To this registry the run is not its own; only the records tell that it goes on.
    wait_until(mine, run_id, lambda s: len(s.records.epochs) >= 1)
    server.kill()
    server.wait()
    stopped = wait_until(mine, run_id, lambda s: s.state == "stopped")
    assert stopped.weights is not None


@pytest.mark.parametrize(("epochs", "times"), [(1, 10), (3, 4), (5, 2), (30, 2)])
def test_even_a_short_training_has_a_validation_curve(tiny_recipe, epochs, times):
    assert validations_per_epoch(dataclasses.replace(tiny_recipe, epochs=epochs)) == times


def test_time_left_follows_the_pace_of_the_last_seconds(tiny_recipe):
    records = Records()
    snapshot = Snapshot("tiny", "running", Job(tiny_recipe, "mnist"), records, 0, False, False, None)
    records.add({"record": "begin", "train_images": 250})  # 10 steps an epoch, 30 in all
    assert seconds_left(snapshot) is None
    for step in range(1, 26):
        records.add({"record": "step", "step": step, "epoch": 1, "loss": 1.0, "accuracy": 0.5, "learning_rate": 0.1})
        seconds = 10.0 * step if step <= 5 else 40.0 + 2.0 * step  # first slow, then fast
        records.add({"record": "clock", "seconds": seconds, "step": step})
    assert seconds_left(snapshot) == pytest.approx(5 * 2.0)


def test_a_worker_tells_how_long_its_training_has_taken(runs, tiny_recipe, data_folder):
    run_id = runs.start(Job(dataclasses.replace(tiny_recipe, epochs=ENDLESS), str(data_folder)))
    snapshot = wait_until(runs, run_id, lambda s: len(s.records.clock) > 1)
    left = seconds_left(snapshot)
    assert left is not None and left > 1
