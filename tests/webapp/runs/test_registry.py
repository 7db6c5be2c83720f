"""Runs, with real worker processes: start, queue, pause, step, change, stop, fork, failure, and every kind of death."""

import contextlib
import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mnist_core.data.dataset import load_dataset
from mnist_core.errors import RecipeError, WeightsError
from mnist_core.network import Network
from mnist_core.training.loop import train_from
from mnist_core.training.records import EpochEnd, StepEnd
from mnist_core.training.split import make_split
from mnist_core.training.state import init_state
from tests.paths import ROOT
from tests.webapp.real_runs import look, train_here, wait_until, worker_of, workers_of
from webapp.runs import crew, memory, records
from webapp.runs.folder import RunFolder
from webapp.runs.job import Job, Parent
from webapp.runs.records import Records
from webapp.runs.registry import MAX_NAME, MAX_NOTE, Runs
from webapp.runs.room import Starter
from webapp.runs.snapshot import Snapshot, seconds_left, steps_per_second
from webapp.runs.worker import validations_per_epoch

ENDLESS = 5000
"""Epochs of a run that a test stops itself."""
UNKNOWN = ["", "..", "../runs", "no-such-run", "a/b", "x" * 200, "tiny\x00", "TINY", "tiny\n", ".tiny", "数字", "/tmp"]  # noqa: S108


def is_paused(snapshot: Snapshot) -> bool:
    return snapshot.state == "paused"


def stands_at(step: int, epochs: int) -> Callable[[Snapshot], bool]:
    return lambda snapshot: is_paused(snapshot) and (snapshot.step, len(snapshot.records.epochs)) == (step, epochs)


def has_changed(times: int) -> Callable[[Snapshot], bool]:
    return lambda snapshot: len(snapshot.records.changes) == times


def is_beyond(step: int) -> Callable[[Snapshot], bool]:
    return lambda snapshot: snapshot.step > step


def has_ended(snapshot: Snapshot) -> bool:
    return bool(snapshot.records.end)


def kill(runs: Runs, run_id: str) -> Snapshot:
    """End a run's worker as nothing else does, at once, and wait until it is seen."""
    state = "paused" if look(runs, run_id).state == "paused" else "interrupted"
    process = worker_of(run_id)
    os.kill(process, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.kill(process, 0)
            time.sleep(0.01)
    return wait_until(runs, run_id, lambda s: s.state == state and not s.stopping)


def wait_until_gone(run_id: str) -> None:
    """Wait until no process works on a run."""
    deadline = time.monotonic() + 30
    while workers_of(run_id):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def open_files() -> int:
    """Count the files and pipes that this process holds open."""
    return len(list(Path("/dev/fd").iterdir()))


def facts(records: Records) -> dict[str, Any]:
    """All but the clock."""
    return {**vars(records), "clock": None}


def curve(records: Records, steps: int) -> list[list[float]]:
    return [list(column[:steps]) for column in (records.loss, records.accuracy, records.learning_rate)]


@contextlib.contextmanager
def registry(folder: Path, at_once: int = 1) -> Iterator[Runs]:
    """One more registry, as after a restart of the server."""
    runs = Runs(folder, at_once)
    try:
        yield runs
    finally:
        runs.close()


@pytest.fixture
def folder(tmp_path) -> Path:
    """Where the runs are."""
    return tmp_path / "runs"


@pytest.fixture
def list_only(folder) -> Runs:
    """A registry without a place: whatever is started waits."""
    return Runs(folder, at_once=0)


@pytest.fixture
def job(tiny_recipe, data_folder) -> Job:
    """Of 87 steps."""
    return Job(dataclasses.replace(tiny_recipe, dropout=0.2), str(data_folder))


@pytest.fixture
def endless(job) -> Job:
    return dataclasses.replace(job, recipe=dataclasses.replace(job.recipe, epochs=ENDLESS, optimizer="momentum"))


@pytest.fixture
def waiting(job) -> Job:
    """Begins paused."""
    return dataclasses.replace(job, begins_paused=True)


def left_behind(folder: Path, name: str, job: Job, *lines: dict[str, Any]) -> RunFolder:
    """A run of an earlier server, as it lies in its folder."""
    run = RunFolder(folder / name)
    run.write_job(job)
    for line in lines:
        run.append(line)
    return run


# From start to end


def test_a_run_trains_to_its_end_with_the_records_of_the_same_training_here(runs, job, data_folder):
    before = open_files()
    run_id = runs.start(job, "My run")
    done = wait_until(runs, run_id, lambda s: s.state == "finished")
    split = make_split(job.recipe, load_dataset(data_folder))
    records = list(train_from(init_state(job.recipe), split, validations_per_epoch(job.recipe)))
    steps = [record for record in records if isinstance(record, StepEnd)]
    assert list(done.records.loss) == [step.loss for step in steps]
    assert list(done.records.accuracy) == [step.accuracy for step in steps]
    assert list(done.records.learning_rate) == [step.learning_rate for step in steps]
    assert done.records.epochs == [record for record in records if isinstance(record, EpochEnd)]
    read = [record for record in records if record.validation_loss is not None]
    assert done.records.validation_loss == [(record.step, record.validation_loss) for record in read]
    assert len(read) == 3 * 2 and done.step == len(steps) == 3 * done.steps_per_epoch == 87
    assert done.records.begin["data_name"] == "small digits"
    assert done.weights is not None
    assert Network.load(done.weights).test_accuracy == done.records.end["test_accuracy"]
    assert done.folder.kept_epochs() == (0, 1, 2, 3) and done.folder.epoch_checkpoint(3).exists()
    assert (done.name, done.note, done.place, done.pausing, done.stopping) == ("My run", "", 0, False, False)
    assert abs(done.folder.started - time.time()) < 60 and 0 < done.records.seconds < 30
    wait_until(runs, run_id, lambda s: open_files() == before)  # the worker's pipe is closed
    assert done.folder.log.read_text() == ""


def test_another_registry_finds_the_run_again(list_only, job, folder):
    run_id = list_only.start(job, "My run")
    train_here(look(list_only, run_id).folder)
    found = look(Runs(folder, at_once=1), run_id)
    assert (found.state, found.job, found.name, found.step) == ("finished", job, "My run", 87)


def test_a_run_once_more_has_equal_records(list_only, job):
    first = list_only.start(job, "first")
    records = train_here(look(list_only, first).folder)
    again = look(list_only, list_only.restart(first))
    assert again.id != first
    assert (again.job, again.name, again.state) == (job, "", "queued")
    assert facts(train_here(again.folder)) == facts(records)  # with dropout, in the layers looked into too


def test_missing_data_fail_with_the_reason(runs, tiny_recipe, tmp_path):
    run_id = runs.start(Job(tiny_recipe, str(tmp_path / "nowhere")))
    failed = wait_until(runs, run_id, lambda s: s.state == "failed")
    assert "nowhere: found no train-images" in failed.records.end["error"]
    assert failed.folder.kept_epochs() == () and failed.weights is None


# Pause, step, change, stop


def test_pause_holds_the_records_and_resume_goes_on(runs, endless):
    run_id = runs.start(endless)
    wait_until(runs, run_id, is_beyond(10))
    runs.step(run_id, "step")  # that is for a pause
    wait_until(runs, run_id, is_beyond(look(runs, run_id).step + 1))
    runs.pause(run_id)
    runs.pause(run_id)  # twice does no harm
    told = look(runs, run_id)
    assert told.pausing or told.state == "paused"
    before = wait_until(runs, run_id, is_paused).step
    runs.step(run_id, "step")
    paused = wait_until(runs, run_id, lambda s: is_paused(s) and s.step == before + 1)  # perhaps an epoch ended, too
    assert not paused.pausing
    assert paused.weights is not None and Network.load(paused.weights).test_accuracy is None
    runs.resume(run_id)
    assert look(runs, run_id).state == "running"  # at once, as the click said
    wait_until(runs, run_id, is_beyond(before + 1))
    runs.pause(run_id)
    wait_until(runs, run_id, is_paused)
    runs.stop(run_id)
    stopped = wait_until(runs, run_id, lambda s: s.state == "stopped")
    assert stopped.records.end["test_accuracy"] == Network.load(stopped.folder.weights).test_accuracy
    for do in (runs.pause, runs.resume, runs.stop):  # too late, and no harm
        do(run_id)
    assert look(runs, run_id).state == "stopped"


def test_single_steps_and_whole_epochs(runs, waiting, job, folder):
    run_id = runs.start(waiting)
    begun = wait_until(runs, run_id, is_paused)
    assert begun.step == 0 and begun.records.begin["train_images"] == 720
    for step in (1, 2):
        runs.step(run_id, "step")
        wait_until(runs, run_id, stands_at(step, 0))
    runs.step(run_id, "step")
    runs.step(run_id, "step")  # two clicks in one moment
    wait_until(runs, run_id, stands_at(4, 0))
    for epoch in (1, 2):
        runs.step(run_id, "epoch")
        after = wait_until(runs, run_id, stands_at(29 * epoch, epoch))
        assert after.folder.kept_epochs() == tuple(range(epoch + 1))
    runs.resume(run_id)
    done = wait_until(runs, run_id, lambda s: s.state == "finished")
    undisturbed = left_behind(folder, "undisturbed", job)
    assert facts(done.records) == facts(train_here(undisturbed))


def test_changes_while_it_runs_are_marked_and_count_from_the_next_step(runs, endless):
    run_id = runs.start(endless)
    wait_until(runs, run_id, is_beyond(10))
    changes: list[dict[str, float]] = [{"learning_rate": 0.05}, {"momentum": 0.3}, {"dropout": 0.0}, {"dropout": 0.4}]
    for i, change in enumerate(changes):
        settings: dict[str, Any] = change
        recipe = dataclasses.replace(look(runs, run_id).recipe, **settings)
        runs.change(run_id, recipe)
        changed = wait_until(runs, run_id, has_changed(i + 1))
        assert changed.records.changes[i] == {"step": changed.records.changes[i]["step"], **change}
        assert changed.recipe == recipe and changed.job == endless
        wait_until(runs, run_id, is_beyond(changed.step))
    rates = look(runs, run_id).records.learning_rate
    at = look(runs, run_id).records.changes[0]["step"]
    assert set(rates[:at]) == {0.2} and set(rates[at:]) == {0.05}
    runs.stop(run_id)
    stopped = wait_until(runs, run_id, lambda s: s.state == "stopped")
    assert (stopped.recipe.learning_rate, stopped.recipe.momentum, stopped.recipe.dropout) == (0.05, 0.3, 0.4)
    assert stopped.recipe_at(at - 1) == endless.recipe and stopped.recipe_at(at).learning_rate == 0.05


def test_a_change_in_a_pause_and_in_its_first_moment(runs, waiting):
    run_id = runs.start(waiting)
    changed = dataclasses.replace(waiting.recipe, learning_rate=0.1, epochs=1)
    runs.change(run_id, changed)  # the data are not loaded yet
    assert wait_until(runs, run_id, lambda s: s.records.changes).recipe == changed
    runs.resume(run_id)
    done = wait_until(runs, run_id, lambda s: s.state == "finished")
    assert set(done.records.learning_rate) == {0.1} and len(done.records.epochs) == 1


def test_a_worker_tells_how_long_its_training_has_taken_and_stops_when_told(runs, tiny_recipe, data_folder):
    """A large network, whose steps take long."""
    recipe = dataclasses.replace(tiny_recipe, batch_size=1, hidden_sizes=(1500,))
    run_id = runs.start(Job(recipe, str(data_folder)))
    snapshot = wait_until(runs, run_id, lambda s: len(s.records.clock) > 1)
    left = seconds_left(snapshot)
    assert left is not None and left > 0.1 and 0.5 < snapshot.records.seconds < 60
    runs.stop(run_id)
    told = look(runs, run_id)
    assert told.stopping or told.state == "stopped"
    assert not wait_until(runs, run_id, lambda s: s.state == "stopped").stopping


# The queue


def test_five_runs_on_two_places(tmp_path, job):
    with registry(tmp_path / "runs", at_once=2) as runs:
        ids = [runs.start(job) for _ in range(5)]
        assert [look(runs, run_id).place for run_id in ids] == [0, 0, 1, 2, 3]
        assert [look(runs, run_id).state for run_id in ids] == ["running"] * 2 + ["queued"] * 3
        most = 0
        while not all(has_ended(look(runs, run_id)) for run_id in ids):
            going = [look(runs, run_id) for run_id in ids]
            most = max(most, sum(s.state == "running" for s in going))
            places = [s.place for s in going if s.state == "queued"]
            assert places == list(range(1, len(places) + 1))
            time.sleep(0.01)
        assert most == 2
        assert [look(runs, run_id).state for run_id in ids] == ["finished"] * 5
        began, ended = (
            [getattr(look(runs, run_id).folder, file).stat().st_mtime for run_id in ids] for file in ("log", "records")
        )
        for i in range(2, 5):  # who waited began when one of those before had ended
            assert began[i] >= sorted(ended[:i])[i - 2] - 0.05


def test_a_pause_gives_the_place_to_the_next_and_who_resumes_waits(runs, endless):
    first, second = runs.start(endless), runs.start(endless)
    wait_until(runs, first, lambda s: s.step)
    assert look(runs, second).place == 1
    runs.pause(first)
    wait_until(runs, second, lambda s: s.state == "running" and s.step)
    before = wait_until(runs, first, is_paused).step
    runs.resume(first)
    runs.resume(first)  # twice does no harm
    queued = look(runs, first)
    assert (queued.state, queued.place, queued.step) == ("queued", 1, before)
    runs.stop(second)
    wait_until(runs, first, lambda s: s.state == "running" and s.step > before)


def test_who_begins_paused_takes_no_place(runs, waiting, endless):
    before, first, second = (runs.start(one) for one in (endless, waiting, endless))
    assert [look(runs, run_id).place for run_id in (before, first, second)] == [0, 1, 2]
    runs.stop(before)
    wait_until(runs, second, lambda s: s.state == "running" and s.step)
    assert wait_until(runs, first, is_paused).step == 0
    runs.resume(first)
    assert look(runs, first).state == "queued"
    runs.stop(first)  # taken off the queue, and it ends though it was paused
    assert wait_until(runs, first, has_ended).state == "stopped"


def test_queued_runs_can_be_stopped(list_only, job):
    first, second, third = (list_only.start(job) for _ in range(3))
    assert [look(list_only, run_id).place for run_id in (first, second, third)] == [1, 2, 3]
    assert not list_only.delete(second)
    list_only.stop(second)
    assert look(list_only, second).state == "stopped"
    assert [look(list_only, run_id).place for run_id in (first, second, third)] == [1, 0, 2]
    assert list_only.delete(second)


# Forks


@pytest.fixture
def parent(list_only, job, folder) -> Snapshot:
    """A finished run."""
    train_here(left_behind(folder, "tiny-parent", job))
    return look(list_only, "tiny-parent")


@pytest.mark.parametrize("epoch", [0, 1, 3])
def test_a_fork_has_its_parent_s_past_and_without_changes_its_future_too(list_only, parent, job, epoch):
    fork = look(list_only, list_only.fork(parent.id, epoch, job.recipe))
    assert (fork.state, fork.step, fork.job) == (
        "queued",
        29 * epoch,
        dataclasses.replace(job, parent=Parent(parent.id, epoch)),
    )
    assert fork.id.startswith("tiny-") and fork.folder.kept_epochs() == (epoch,)
    records = train_here(fork.folder)
    assert facts(records) == {**facts(parent.records), "changes": [{"step": 29 * epoch, "fork": epoch}]}
    assert fork.folder.kept_epochs() == tuple(range(epoch, 4)) and fork.recipe == job.recipe
    assert look(list_only, parent.id).records == parent.records
    assert look(list_only, list_only.restart(fork.id)).job == job


def test_a_fork_with_other_settings_goes_its_own_way_and_so_does_a_fork_of_it(list_only, parent, job):
    changed = dataclasses.replace(job.recipe, learning_rate=0.05, dropout=0.0, epochs=4)
    child = look(list_only, list_only.fork(parent.id, 2, changed))
    records = train_here(child.folder)
    assert curve(records, 58) == curve(parent.records, 58)
    assert records.epochs[:2] == parent.records.epochs[:2]
    assert all(one != two for one, two in zip(records.loss[58:87], parent.records.loss[58:], strict=True))
    assert len(records.loss) == 4 * 29 and set(records.learning_rate[58:]) == {0.05}
    assert records.changes == [{"step": 58, "fork": 2, "learning_rate": 0.05, "dropout": 0.0, "epochs": 4}]
    assert look(list_only, child.id).recipe == changed
    with pytest.raises(WeightsError, match="there is no such file"):
        list_only.fork(child.id, 1, changed)  # that lies in the parent's past
    grandchild = look(list_only, list_only.fork(child.id, 3, changed))
    assert facts(train_here(grandchild.folder)) == {
        **facts(records),
        "changes": [*records.changes, {"step": 87, "fork": 3}],
    }
    assert look(list_only, grandchild.id).recipe == changed


def test_a_fork_leaves_what_its_parent_changed_after_that_epoch(list_only, parent, job):
    """Even if no step was between them, as in a pause."""
    parent.folder.append({"record": "continue", "step": 29, "epochs": 1})
    parent.folder.append({"record": "change", "step": 29, "learning_rate": 0.01})
    assert look(list_only, parent.id).recipe.learning_rate == 0.01
    child = look(list_only, list_only.fork(parent.id, 1, job.recipe))
    assert child.recipe == job.recipe
    assert set(train_here(child.folder).learning_rate) == {0.2}
    assert look(list_only, child.id).recipe == job.recipe


def test_a_fork_of_a_run_that_is_training(runs, endless, folder):
    """Its epochs are long enough that the first ones are still kept."""
    recipe = dataclasses.replace(endless.recipe, batch_size=2, learning_rate=0.01)
    parent = runs.start(dataclasses.replace(endless, recipe=recipe))
    wait_until(runs, parent, lambda s: 1 in s.folder.kept_epochs())
    with registry(folder, at_once=0) as other:
        child = look(other, other.fork(parent, 1, dataclasses.replace(recipe, epochs=2)))
    assert child.step == 360
    records = train_here(child.folder)
    assert curve(records, 720) == curve(wait_until(runs, parent, is_beyond(719)).records, 720)


def test_what_cannot_be_forked_leaves_nothing_behind(list_only, parent, job):
    with pytest.raises(RecipeError, match="found other settings changed than"):
        list_only.fork(parent.id, 1, dataclasses.replace(job.recipe, hidden_sizes=(17,)))
    for epoch in (4, -1):
        with pytest.raises(WeightsError, match="there is no such file"):
            list_only.fork(parent.id, epoch, job.recipe)
    for run_id in UNKNOWN:
        with pytest.raises(KeyError):
            list_only.fork(run_id, 1, job.recipe)
    assert list_only.all() == [parent.id]


# Death and what is left


def test_killed_again_and_again_a_run_ends_as_if_nothing_had_been(runs, tiny_recipe, data_folder, folder):
    """At once, in the middle, in a pause; and the server is restarted in between."""
    recipe = dataclasses.replace(tiny_recipe, batch_size=1, learning_rate=0.01, epochs=3, dropout=0.1, ema_decay=0.9)
    run_id = runs.start(Job(recipe, str(data_folder)))
    assert kill(runs, run_id).step == 0
    runs.resume(run_id)
    assert look(runs, run_id).state == "running"
    wait_until(runs, run_id, is_beyond(100))
    assert kill(runs, run_id).step > 100
    runs.resume(run_id)
    wait_until(runs, run_id, is_beyond(300))
    runs.pause(run_id)
    wait_until(runs, run_id, is_paused)
    killed = kill(runs, run_id)
    with registry(folder) as again:
        found = look(again, run_id)
        assert (found.state, found.records, found.pausing) == ("paused", killed.records, False)
        again.resume(run_id)
        assert not look(again, run_id).pausing  # that was the dead worker's pause
        wait_until(again, run_id, is_beyond(killed.step))
        assert kill(again, run_id).step > killed.step
        again.resume(run_id)
        done = wait_until(again, run_id, lambda s: s.state == "finished")
    undisturbed = left_behind(folder, "undisturbed", done.job)
    assert facts(done.records) == facts(train_here(undisturbed))
    assert done.step == 3 * 720 and done.folder.kept_epochs() == (0, 1, 2, 3)
    networks = (Network.load(run.weights).model for run in (done.folder, undisturbed))
    assert len({network.flat.tobytes() for network in networks}) == 1


def test_a_killed_worker_gives_its_place_to_the_next_and_waits_when_it_is_resumed(runs, endless, folder):
    first, second = runs.start(endless), runs.start(endless)
    wait_until(runs, first, lambda s: s.step)
    assert look(runs, second).state == "queued"
    kill(runs, first)
    wait_until(runs, second, lambda s: s.state == "running" and s.step)
    runs.resume(first)
    assert look(runs, first).place == 1
    runs.stop(first)
    stopped = look(runs, first)
    assert stopped.state == "stopped" and stopped.step > 0
    runs.close()  # the server is stopped
    left = look(runs, second)
    assert left.state == "interrupted" and left.folder.checkpoint.exists() and left.records.end == {}
    with registry(folder) as again:
        again.resume(second)
        wait_until(again, second, is_beyond(left.step))


def test_what_a_killed_worker_was_told_is_forgotten_though_the_next_one_starts_at_once(runs, waiting):
    run_id = runs.start(waiting)
    wait_until(runs, run_id, is_paused)
    os.kill(worker_of(run_id), signal.SIGSTOP)  # it can't obey any more
    runs.stop(run_id)
    kill(runs, run_id)
    runs.resume(run_id)
    found = look(runs, run_id)
    assert (found.state, found.pausing, found.stopping) == ("running", False, False)
    assert wait_until(runs, run_id, has_ended).state == "finished"


def test_when_the_server_is_killed_its_worker_keeps_a_checkpoint_and_the_next_one_goes_on(endless, tmp_path):
    code = (
        "import sys, time, pathlib\n"
        "from webapp.runs.folder import RunFolder\n"
        "from webapp.runs.registry import Runs\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "print(Runs(folder / 'runs', 1).start(RunFolder(folder / 'job').read_job()), flush=True)\n"
        "time.sleep(60)\n"
    )
    RunFolder(tmp_path / "job").write_job(endless)
    server = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert server.stdout is not None
    run_id = server.stdout.readline().strip()
    with registry(tmp_path / "runs") as runs:
        # To this registry the run is not its own; only the records tell that it goes on.
        wait_until(runs, run_id, lambda s: len(s.records.epochs) >= 1)
        server.kill()
        server.wait()
        server.stdout.close()
        while continued(look(runs, run_id)) < 2:
            runs.resume(run_id)  # that does nothing as long as the old worker is there, and often does no harm
        before = look(runs, run_id).step
        resumed = wait_until(runs, run_id, is_beyond(before + 50))
        assert resumed.state == "running"
        written = [json.loads(line) for line in resumed.folder.records.read_text().splitlines()[:-1]]
        steps = [line["step"] for line in written if line["record"] == "step"]
        assert steps == list(range(1, len(steps) + 1))  # none was lost, and none had to be done twice


def continued(snapshot: Snapshot) -> int:
    """How many workers have worked on a run."""
    return snapshot.folder.records.read_text().count('"continue"')


def test_a_half_written_last_line_does_no_harm(runs, job, folder):
    begin = {"record": "begin", "train_images": 720}
    for name in ("stopped", "resumed"):
        with left_behind(folder, name, job, begin, STEP).records.open("a") as file:
            file.write('{"record": "step", "st')
        found = look(runs, name)
        assert (found.state, found.step) == ("interrupted", 1)
    runs.stop("stopped")
    stopped = look(runs, "stopped")
    assert (stopped.state, stopped.step) == ("stopped", 1)
    runs.resume("resumed")
    assert wait_until(runs, "resumed", has_ended).step == 87


STEP = {"record": "step", "step": 1, "epoch": 1, "loss": 2.0, "accuracy": 0.5, "learning_rate": 0.2}


# Workers that are too many


@pytest.fixture
def one_paused(monkeypatch) -> None:
    """Only one paused worker may stay in memory."""
    monkeypatch.setattr(crew, "PAUSED_AT_MOST", 1)


def wait_for_workers(folder: Path, count: int) -> None:
    """Wait until so many processes work on the runs in a folder."""
    deadline = time.monotonic() + 30
    while len(workers_of(str(folder))) != count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_however_often_start_paused_is_pressed_few_workers_stay_and_each_run_goes_on(
    runs, waiting, folder, one_paused, job
):
    """Single steps, a change and the rest are done by workers that come anew; also after a restart of the server."""
    ids = [runs.start(waiting) for _ in range(4)]
    alive = []
    while not all(is_paused(look(runs, run_id)) for run_id in ids):
        alive.append(len(workers_of(str(folder))))
    assert max(alive) <= 3  # one trains, one waits, one leaves
    wait_for_workers(folder, 1)
    first = ids[0]
    assert not workers_of(first)
    assert (look(runs, first).step, look(runs, first).elsewhere) == (0, False)
    runs.step(first, "step")
    wait_until(runs, first, stands_at(1, 0))
    wait_for_workers(folder, 1)
    for run_id in ids[1:]:
        runs.stop(run_id)
        wait_until(runs, run_id, lambda s: s.state == "stopped")
    runs.close()
    with registry(folder) as again:
        assert look(again, first).state == "paused"
        recipe = dataclasses.replace(job.recipe, dropout=0.1)
        again.change(first, recipe)
        assert wait_until(again, first, lambda s: s.records.changes and is_paused(s)).recipe == recipe
        again.step(first, "epoch")
        wait_until(again, first, stands_at(29, 1))
        again.resume(first)
        assert wait_until(again, first, has_ended).step == 87


def test_a_run_is_stopped_though_its_worker_is_just_leaving(runs, waiting, one_paused):
    """It still loads its data and was sent away by the next one when it is stopped."""
    first, second = runs.start(waiting), runs.start(waiting)
    runs.stop(first)
    assert wait_until(runs, first, has_ended).state == "stopped"
    assert wait_until(runs, second, is_paused).step == 0


def test_a_run_that_cannot_get_a_process_is_interrupted_and_holds_up_no_other(runs, job, monkeypatch):
    def no_memory(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", no_memory)
        first = runs.start(job)
    assert look(runs, first).state == "interrupted"
    second = runs.start(job)
    wait_until(runs, second, has_ended)
    runs.resume(first)
    assert wait_until(runs, first, has_ended).state == "finished"


# Two servers


def test_what_another_server_trains_is_looked_at_and_left_alone(runs, endless, folder):
    run_id = runs.start(endless)
    wait_until(runs, run_id, is_beyond(10))
    with registry(folder) as other:
        found = look(other, run_id)
        assert (found.state, found.elsewhere) == ("running", True)
        for steer in (other.pause, other.resume, other.stop):
            steer(run_id)
        other.step(run_id, "step")
        other.change(run_id, dataclasses.replace(endless.recipe, learning_rate=0.1))
        assert not other.delete(run_id)
        wait_until(other, run_id, is_beyond(look(other, run_id).step + 10))  # it goes on, and that is seen
        assert workers_of(run_id) == [worker_of(run_id)]
        runs.pause(run_id)
        wait_until(runs, run_id, is_paused)
        assert wait_until(other, run_id, is_paused).elsewhere
        for steer in (other.resume, other.stop):
            steer(run_id)
        other.step(run_id, "epoch")
        assert not other.delete(run_id)
        assert look(runs, run_id).records.changes == []
        step = look(runs, run_id).step
        runs.stop(run_id)
        assert wait_until(other, run_id, has_ended).state == "stopped"
        assert look(other, run_id).step == step
        wait_until_gone(run_id)
        assert other.delete(run_id)
        assert runs.snapshot(run_id) is None


def test_what_waits_on_another_server_is_not_called_interrupted_nor_taken_away(runs, endless, waiting, folder):
    before, queued = runs.start(endless), runs.start(waiting)
    with registry(folder) as other:
        assert look(other, queued).elsewhere and not other.delete(queued)
        for steer in (other.resume, other.stop):
            steer(queued)
        other.step(queued, "step")
        assert (look(runs, queued).state, look(runs, queued).elsewhere) == ("queued", False)
        runs.stop(before)
        while not is_paused(look(runs, queued)):  # a worker comes, and meanwhile the other one keeps saying so
            assert look(other, queued).elsewhere
        runs.stop(queued)
        assert wait_until(other, queued, has_ended).state == "stopped"


def test_a_run_that_two_servers_resume_is_trained_by_one_worker(runs, endless, folder):
    run_id = runs.start(endless)
    wait_until(runs, run_id, is_beyond(10))
    kill(runs, run_id)
    with registry(folder) as other:
        assert look(other, run_id).state == "interrupted"
        runs.resume(run_id)
        other.resume(run_id)
        wait_until(runs, run_id, lambda s: continued(s) == 2)
        step = look(runs, run_id).step
        wait_until(runs, run_id, is_beyond(step + 50))
        assert continued(look(other, run_id)) == 2 and look(other, run_id).state == "running"
        for registered in (runs, other):  # whichever of them it is
            registered.stop(run_id)
        assert wait_until(runs, run_id, has_ended).state == "stopped"
        written = [json.loads(line) for line in look(runs, run_id).folder.records.read_text().splitlines()]
        steps = [line["step"] for line in written if line["record"] == "step"]
        assert steps[-1] == len(look(runs, run_id).records.loss)
        assert written[-1]["record"] == "end" and [line["record"] for line in written].count("end") == 1
        wait_until_gone(run_id)


def test_what_goes_when_the_server_is_shut_down_goes_on_at_the_next_start_and_nothing_else_does(folder, endless, job):
    with registry(folder, at_once=2) as runs:
        paused, first = runs.start(dataclasses.replace(job, begins_paused=True)), runs.start(endless)
        wait_until(runs, paused, is_paused)
        second, queued = runs.start(endless), runs.start(job)
        for run_id in (first, second):
            wait_until(runs, run_id, is_beyond(20))
        ids = [paused, first, second, queued]
        began = time.monotonic()
    assert time.monotonic() - began < 10 and not any(map(workers_of, ids))
    with registry(folder, at_once=2) as again:
        left = {run_id: look(again, run_id) for run_id in ids}
        assert [left[run_id].state for run_id in ids] == ["paused", *["interrupted"] * 3]
        assert all(left[run_id].folder.checkpoint.exists() for run_id in (paused, first, second))
        again.go_on()
        assert look(again, queued).place == 1
        for run_id in (first, second):
            wait_until(again, run_id, is_beyond(left[run_id].step))
        assert is_paused(look(again, paused)) and not workers_of(paused)
        for run_id in (first, second):
            again.stop(run_id)
        wait_until(again, queued, has_ended)
    with registry(folder) as last:
        last.go_on()
        assert not any(map(workers_of, ids))  # once is enough


def test_a_run_that_is_stopped_while_the_server_is_down_does_not_go_on(folder, endless):
    with registry(folder) as runs:
        run_id = runs.start(endless)
        wait_until(runs, run_id, is_beyond(20))
    with registry(folder) as other:
        other.stop(run_id)
    with registry(folder) as again:
        again.go_on()
        assert look(again, run_id).state == "stopped" and not workers_of(run_id)


def test_a_long_run_goes_on_at_the_next_start_too(folder, job, monkeypatch):
    run = left_behind(folder, "long", job, {"record": "begin", "train_images": 100}, *[{"record": "x"}] * 2000)
    run.unfinished.write_text("0000")
    monkeypatch.setattr(memory, "READ_SECONDS", 0)
    monkeypatch.setattr(records, "PIECE", 300)
    with registry(folder, at_once=0) as again:
        again.go_on()
        assert look(again, "long").place == 1


def test_a_run_that_was_taken_up_in_the_meantime_is_not_taken_up_again(folder, waiting):
    with registry(folder) as runs:
        run_id = runs.start(waiting)
        wait_until(runs, run_id, is_paused)
        look(runs, run_id).folder.unfinished.write_text("0000")  # by a server that was shut down before
        runs.resume(run_id)
        wait_until(runs, run_id, is_beyond(5))
        runs.pause(run_id)
        wait_until(runs, run_id, is_paused)
    with registry(folder) as again:
        again.go_on()
        assert is_paused(look(again, run_id)) and not workers_of(run_id)


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"", b"x" * 1000])
def test_a_damaged_mark_holds_up_nothing(list_only, folder, job, mark):
    left_behind(folder, "marked", job).unfinished.write_bytes(mark)
    left_behind(folder, "gone", job, {"record": "end", "state": "finished"}).unfinished.write_bytes(mark)
    list_only.go_on()
    assert look(list_only, "gone").state == "finished"


def test_what_cannot_be_marked_is_interrupted(folder, endless, monkeypatch):
    with registry(folder) as runs:
        run_id = runs.start(endless)
        wait_until(runs, run_id, is_beyond(5))
        look(runs, run_id).folder.unfinished.mkdir()
    with registry(folder) as again:
        again.go_on()
        assert look(again, run_id).state == "interrupted"


# Owners


ANNA, BEN = Starter("a" * 64, is_limited=True), Starter("b" * 64, is_limited=True)


def test_a_run_is_its_starters_whatever_it_is_called_and_whoever_runs_it_again(list_only, job, folder):
    run_id = list_only.start(job, "Anna's", ANNA)
    list_only.describe(run_id, "another name", "a note")
    assert look(Runs(folder, 0), run_id).owner == ANNA.owner
    assert look(list_only, list_only.restart(run_id, BEN)).owner == BEN.owner
    assert look(list_only, list_only.restart(run_id)).owner == ""


def test_a_fork_is_whose_who_forks_it(list_only, job):
    parent = look(list_only, list_only.start(job, "", ANNA))
    train_here(parent.folder)
    assert look(list_only, list_only.fork(parent.id, 1, job.recipe, BEN)).owner == BEN.owner


def test_a_run_of_before_there_were_owners_is_nobodys(list_only, job, folder):
    run = left_behind(folder, "old", job)
    (run.path / "label.json").write_text('{"name": "Old", "note": "but good"}')
    old = look(list_only, "old")
    assert (old.name, old.note, old.owner) == ("Old", "but good", "")


# Names, lists, deletion


def test_runs_are_listed_the_newest_first(runs, job, folder):
    assert runs.all() == []
    for i, name in enumerate(["second", "first", "third", "-"]):
        run = left_behind(folder, name, job)
        os.utime(run.path / "job.json", (1000, [20, 10, 30, 5][i]))
    for odd in (".hidden", "UPPER", "with space"):
        left_behind(folder, odd, job)
    (folder / "no-job").mkdir()
    assert runs.all() == ["third", "second", "first", "-"]
    assert runs.all(since=20.0) == ["third", "second"]
    assert look(runs, "first").folder.started == 10


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("My best", "My best"),
        ("  much \n\t room  ", "much room"),
        ("数字 <b>&\"'\\ 🙂", "数字 <b>&\"'\\ 🙂"),
        ("n" * 1000, "n" * MAX_NAME),
        ("", ""),
        (" \n", ""),
    ],
)
def test_a_run_is_called_what_people_call_it(runs, job, name, shown, folder):
    left_behind(folder, "tiny-1", job)
    assert (look(runs, "tiny-1").name, look(runs, "tiny-1").note) == ("", "")
    runs.describe("tiny-1", name, name)
    found = look(Runs(folder, 1), "tiny-1")
    assert found.name == shown
    assert found.note == " ".join(name.split())[:MAX_NOTE]


def test_only_what_is_not_going_is_deleted(runs, endless, folder):
    first, second = runs.start(endless), runs.start(endless)
    wait_until(runs, first, lambda s: s.step)
    assert not runs.delete(first) and not runs.delete(second)
    runs.stop(second)
    assert runs.delete(second)
    assert runs.snapshot(second) is None and runs.all() == [first]
    assert runs.delete(second)  # it is gone
    runs.pause(first)
    wait_until(runs, first, is_paused)
    assert not runs.delete(first)
    kill(runs, first)
    assert not runs.delete(first)  # it is still paused
    # In the moment in which another thread learns of its worker's end, that still counts as alive: then once more.
    wait_until(runs, first, lambda s: runs.stop(first) or s.state == "stopped")
    assert runs.delete(first)
    assert list(folder.iterdir()) == []


def test_runs_of_a_recipe_with_any_name_have_a_usable_id(list_only, job):
    for name in ("数字", "../../etc", "", "N" * 300, "Recipe No. 1"):
        list_only.start(dataclasses.replace(job, recipe=dataclasses.replace(job.recipe, name=name)))
    assert len(list_only.all()) == 5
    assert all(list_only.snapshot(run_id) is not None for run_id in list_only.all())
    assert any(run_id.startswith("recipe-no-1-") for run_id in list_only.all())


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_or_hostile_id_is_no_run(runs, job, name, folder):
    left_behind(folder, "tiny", job)
    assert runs.snapshot(name) is None
    assert runs.delete(name)
    runs.pause(name)
    runs.resume(name)
    runs.step(name, "step")
    runs.stop(name)
    runs.change(name, job.recipe)
    for call in (lambda: runs.describe(name, "x", "y"), lambda: runs.restart(name)):
        with pytest.raises(KeyError):
            call()
    assert runs.all() == ["tiny"]
    assert sorted(path.name for path in folder.parent.rglob("*")) == ["job.json", "runs", "tiny"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"recipe": {}}'])
def test_a_run_whose_job_is_damaged_is_none(runs, job, content, folder):
    run = left_behind(folder, "tiny", job)
    (run.path / "job.json").write_text(content)
    assert runs.snapshot("tiny") is None


def test_a_run_whose_label_is_damaged_has_no_name(runs, job, folder):
    run = left_behind(folder, "tiny", job)
    runs.describe("tiny", "A name", "a note")
    (run.path / "label.json").write_text('{"name": ')
    assert (look(runs, "tiny").name, look(runs, "tiny").note) == ("", "")
    runs.describe("tiny", "Better", "")
    assert look(runs, "tiny").name == "Better"


# Pace


def test_time_left_follows_the_pace_of_the_last_seconds(tiny_recipe, tmp_path):
    records = Records()
    snapshot = Snapshot(
        *("tiny", "tiny", "", "running", Job(tiny_recipe, "mnist"), records, 0, False, False, RunFolder(tmp_path))
    )
    records.add({"record": "begin", "train_images": 250})  # 10 steps an epoch, 30 in all
    assert seconds_left(snapshot) is None and steps_per_second(snapshot) is None
    for step in range(1, 26):
        records.add({**STEP, "step": step})
        seconds = 10.0 * step if step <= 5 else 40.0 + 2.0 * step  # first slow, then fast
        records.add({"record": "clock", "seconds": seconds, "step": step})
    assert steps_per_second(snapshot) == pytest.approx(0.5)
    assert seconds_left(snapshot) == pytest.approx(5 * 2.0)
    records.add({"record": "change", "step": 25, "epochs": 4})
    assert seconds_left(snapshot) == pytest.approx(15 * 2.0)


def test_a_new_class_finds_no_run_whatever_state_the_old_ones_were_in(runs, endless, waiting, job, folder):
    left_behind(folder, "interrupted", job)
    left_behind(folder, "finished", job, {"record": "end", "state": "finished"})
    left_behind(folder, "paused", job, {"record": "pause"})
    going, paused, queued = runs.start(endless), runs.start(waiting), runs.start(endless)
    wait_until(runs, going, is_beyond(0))
    assert is_paused(look(runs, "paused")) and look(runs, queued).place
    assert runs.going() == (1, 2)
    assert runs.clear() == 0
    assert runs.all() == [] and [path.name for path in folder.iterdir() if path.is_dir()] == []
    assert not any(map(workers_of, (going, paused, queued)))
    assert runs.clear() == 0 and runs.going() == (0, 0)


def test_runs_are_deleted_while_others_are_looked_at_for_the_first_time(folder, job):
    ids = [f"run-{number}" for number in range(300)]
    for run_id in ids:
        left_behind(folder, run_id, job, {"record": "end", "state": "finished"})
    registered = Runs(folder, at_once=0)
    halves = ids[:150], ids[150:]
    work = zip((registered.delete, registered.snapshot), halves, strict=True)
    threads = [threading.Thread(target=lambda do, ids: [*map(do, ids)], args=part, daemon=True) for part in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()  # else each has a lock that the other one waits for
    assert set(registered.all()) == set(halves[1])


def test_a_new_class_leaves_what_another_server_trains(runs, endless, folder):
    elsewhere = runs.start(endless)
    wait_until(runs, elsewhere, is_beyond(0))
    with registry(folder) as other:
        assert other.clear() == 1
        assert look(other, elsewhere).elsewhere
