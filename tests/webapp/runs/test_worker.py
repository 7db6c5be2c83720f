"""The worker, in this process: what it writes, how it obeys, and that being killed at any moment changes nothing."""

import contextlib
import dataclasses
import errno
import io
import itertools
import json
import os
import queue
import sys
import tempfile
from collections.abc import Callable, Iterator
from io import RawIOBase
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mnist_core.network import Network
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.checkpoint import load_checkpoint
from mnist_core.training.layer_statistics import LayerRecord
from mnist_core.training.loop import train_from
from mnist_core.training.records import EpochEnd, Record, StepEnd, to_json
from mnist_core.training.split import make_split
from mnist_core.training.state import init_state
from webapp.runs import worker
from webapp.runs.folder import RunFolder
from webapp.runs.job import Job
from webapp.runs.records import RecordReader, Records
from webapp.runs.worker import RecordFile, listen, validations_per_epoch, work

Command = dict[str, Any]
Answer = Callable[[dict[str, Any]], list[Command]]
"""What to command when a record has been written."""

RICH: dict[str, Any] = {
    "hidden_sizes": (6, 5),
    "optimizer": "adam",
    "learning_rate": 0.01,
    "batch_size": 240,  # three steps in an epoch
    "epochs": 4,
    "dropout": 0.3,
    "batch_norm": True,
    "ema_decay": 0.5,
    "schedule": "cosine",
}


class Killed(BaseException):
    """What `kill -9` does to a worker."""


class Commands(queue.Queue[Command]):
    """Those of a test, which fails rather than waits for ever."""

    def get(self, block: bool = True, timeout: float | None = 20) -> Command:
        return super().get(block, timeout)


class Recorder(RecordFile):
    """A record file that lets the test answer each record, and that may be cut while it is written."""

    def __init__(self, file: RawIOBase, answer: Answer, commands: Commands) -> None:
        super().__init__(file)
        self._answer, self._commands = answer, commands

    def write(self, record: Record | dict[str, Any], flush: bool = False) -> None:
        for command in self._answer(record if isinstance(record, dict) else to_json(record)):
            self._commands.put(command)
        super().write(record, flush)

    def cut(self, share: float) -> None:
        """Write some of the characters only that wait to be written, as a worker does that is killed meanwhile."""
        records = (record if isinstance(record, dict) else to_json(record) for record in self._waiting)
        text = "".join(json.dumps(values) + "\n" for values in records)
        self._file.write(text[: int(len(text) * share)].encode())


def do(folder: RunFolder, answer: Answer = lambda record: [], share: float = 0.0, paused: bool = False) -> Records:
    """Run a worker in a folder that has a job, and read what is there when it has ended, or was killed."""
    commands = Commands()
    folder.drop_half_line()
    with folder.records.open("ab", buffering=0) as disk, contextlib.suppress(Killed):
        recorder = Recorder(disk, answer, commands)
        try:
            work(folder, commands, recorder, paused)
        except Killed:
            recorder.cut(share)
    return RecordReader(folder.records).read()


def lines(folder: RunFolder) -> list[str]:
    return [json.loads(line)["record"] for line in folder.records.read_text().splitlines()]


def facts(records: Records) -> dict[str, Any]:
    """All but the clock."""
    return {**vars(records), "clock": None}


def at_step(step: int, *commands: Command) -> Answer:
    """Command when a step has been recorded."""
    return lambda record: list(commands) if record["record"] == "step" and record["step"] == step else []


def at_pauses(*commands: Command) -> Answer:
    """Command once in every pause, one after the other."""
    left = iter(commands)
    return lambda record: [next(left)] if record["record"] == "pause" else []


def change(folder: RunFolder, **changes: Any) -> Command:
    """Command to go on with some settings of the job changed."""
    job = folder.read_job()
    assert job is not None
    return {"do": "change", "recipe": dataclasses.replace(job.recipe, **changes).to_json()}


PAUSE, RESUME, STEP, EPOCH, STOP, LEAVE = (
    {"do": name} for name in ("pause", "resume", "step", "epoch", "stop", "leave")
)


@pytest.fixture
def recipe(tiny_recipe) -> Recipe:
    return dataclasses.replace(tiny_recipe, **RICH)


@pytest.fixture
def new_folder(tmp_path, recipe, data_folder) -> Callable[..., RunFolder]:
    """Makes folders with a job."""
    numbers = itertools.count()

    def make(begins_paused: bool = False, **changes: Any) -> RunFolder:
        folder = RunFolder(tmp_path / str(next(numbers)))
        folder.write_job(Job(dataclasses.replace(recipe, **changes), str(data_folder), begins_paused))
        return folder

    return make


@pytest.fixture(scope="module")
def reference(data_folder, tmp_path_factory) -> Records:
    """What an undisturbed worker writes for the recipe of these tests."""
    recipe = Recipe(**{**vars(Recipe(name="tiny", source="test")), **RICH})
    folder = RunFolder(tmp_path_factory.mktemp("reference") / "run")
    folder.write_job(Job(recipe, str(data_folder)))
    return do(folder)


# What is written


@pytest.mark.parametrize("changes", [{}, {"optimizer": "momentum", "ema_decay": 0.0}, {"validation_fraction": 0.0}])
def test_the_records_are_those_of_the_same_training_here(new_folder, small_dataset, changes):
    """Though the worker looks into the layers at every step of this short training, with batch norm and dropout."""
    folder = new_folder(**changes)
    records = do(folder)
    job = folder.read_job()
    assert job is not None
    expected = list(
        train_from(init_state(job.recipe), make_split(job.recipe, small_dataset), validations_per_epoch(job.recipe))
    )
    steps = [record for record in expected if isinstance(record, StepEnd)]
    assert list(records.loss) == [record.loss for record in steps]
    assert list(records.accuracy) == [record.accuracy for record in steps]
    assert list(records.learning_rate) == [record.learning_rate for record in steps]
    assert records.epochs == [record for record in expected if isinstance(record, EpochEnd)]
    measured = [(r.step, r.validation_loss) for r in expected if r.validation_loss is not None]
    assert records.validation_loss == measured
    assert len(measured) == (0 if "validation_fraction" in changes else 4 * 2)
    assert [record.step for record in records.layers] == list(range(len(steps) + 1))


def test_begin_end_and_the_network_at_the_end(new_folder, small_dataset):
    folder = new_folder()
    records = do(folder)
    assert records.begin == {
        "record": "begin",
        "data_name": "small digits",
        "synthetic": False,
        "train_images": 720,
        "validation_images": 80,
    }
    network = Network.load(folder.weights)
    assert records.end == {"record": "end", "state": "finished", "test_accuracy": network.test_accuracy}
    assert network.test_accuracy is not None and records.best is not None
    assert network.validation_accuracy == records.best.validation_accuracy
    assert folder.kept_epochs() == (0, 1, 2, 3, 4)
    for epoch in folder.kept_epochs():
        training = load_checkpoint(folder.epoch_checkpoint(epoch), small_dataset.fingerprint)
        assert (training.epoch, training.step) == (epoch, 3 * epoch)


def test_drawn_images_count_as_training_images(new_folder):
    records = do(new_folder(rare_digits=0.1, not_digits=0.05, batch_size=25, distortion=1.0, epochs=1))
    assert records.begin["train_images"] == 720 + 72 + 36
    assert records.begin["validation_images"] == 80
    assert len(records.loss) == 34  # 33 of 25 images, and a last one of 3


@pytest.mark.parametrize("command", [None, STOP])
def test_without_validation_images_the_last_weights_are_kept(new_folder, small_dataset, command):
    folder = new_folder(validation_fraction=0.0, batch_size=60_000, epochs=5)
    records = do(folder, at_step(3, command) if command else lambda record: [])
    assert len(records.loss) == len(records.epochs) + bool(command) == (3 if command else 5)
    assert records.validation_loss == [] and records.best is None
    network = Network.load(folder.weights)
    assert network.validation_accuracy is None and network.test_accuracy == records.end["test_accuracy"]
    if not command:
        last = load_checkpoint(folder.epoch_checkpoint(5), small_dataset.fingerprint)
        assert network.model.flat.tobytes() == last.current.tobytes()


def test_a_long_training_is_looked_into_some_dozens_of_times(new_folder):
    records = do(new_folder(batch_size=5, hidden_sizes=(2,), epochs=3))
    assert len(records.loss) == 432
    assert [record.step for record in records.layers] == list(range(0, 433, 432 // worker.LAYER_LOOKS))


@pytest.mark.parametrize(("epochs", "times"), [(1, 6), (3, 2), (5, 2), (30, 1)])
def test_even_a_short_training_has_a_validation_curve(recipe, epochs, times):
    assert validations_per_epoch(dataclasses.replace(recipe, epochs=epochs)) == times


@pytest.mark.parametrize("data", ["missing", "a file"])
def test_what_cannot_be_done_is_said(tmp_path, recipe, data):
    (tmp_path / "a file").touch()
    folder = RunFolder(tmp_path / "run")
    folder.write_job(Job(recipe, str(tmp_path / data)))
    end = do(folder).end
    assert end["state"] == "failed" and data in end["error"]
    (folder.path / "job.json").write_text("{")
    assert do(folder).end["error"] == f"{folder.path}: its job.json is missing or damaged; start the run anew"


def test_a_damaged_checkpoint_is_said(new_folder):
    folder = new_folder()
    do(folder, at_step(5, LEAVE))
    folder.checkpoint.write_bytes(b"nothing")
    end = do(folder).end
    assert end["state"] == "failed" and f"{folder.checkpoint}: not a readable .npz file" in end["error"]


def test_a_divergence_keeps_the_best_weights_so_far(new_folder):
    folder = new_folder(schedule="constant")
    records = do(folder, at_step(4, change(folder, learning_rate=1e36)))
    assert records.end["state"] == "failed"
    assert records.end["diverged"] == {"step": len(records.loss) + 1, "learning_rate": 1e36}
    network = Network.load(folder.weights)
    assert network.test_accuracy == records.end["test_accuracy"]
    assert records.best is not None and records.best.epoch == 1
    assert network.validation_accuracy == records.best.validation_accuracy


def test_a_divergence_at_once_leaves_the_network_that_was_kept_before(new_folder):
    folder = new_folder(learning_rate=1e36, schedule="constant", batch_norm=False)
    records = do(folder)
    assert records.end["state"] == "failed" and "test_accuracy" not in records.end
    assert np.isfinite(Network.load(folder.weights).model.flat).all()


# Commands


def test_pause_waits_and_resume_goes_on_as_if_nothing_had_been(new_folder, reference):
    folder = new_folder()
    to_pause, to_go_on = at_step(5, PAUSE), at_pauses(RESUME)
    assert facts(do(folder, lambda record: to_pause(record) + to_go_on(record))) == facts(reference)
    written = lines(folder)
    assert written[written.index("pause") + 1] == "resume"
    assert written[: written.index("pause")].count("step") == 5


def test_a_run_may_begin_paused(new_folder, reference):
    folder = new_folder(begins_paused=True)
    assert facts(do(folder, at_pauses(RESUME))) == facts(reference)
    assert lines(folder)[:5] == ["continue", "begin", "pause", "layers", "resume"]


def test_a_step_is_one_update_and_an_epoch_goes_to_its_end(new_folder, reference):
    """A step at an epoch's last update ends before the epoch's end is recorded; that comes with the next one."""
    folder = new_folder(begins_paused=True)
    orders = (STEP, STEP, EPOCH, STEP, EPOCH, EPOCH, STEP, STEP, STEP, STEP)
    assert facts(do(folder, at_pauses(*orders))) == facts(reference)
    letters = {"pause": "p", "resume": "r", "step": "s", "epoch": "E"}
    written = "".join(letters.get(kind, "") for kind in lines(folder))
    assert written == "p rsp rsp rsEp rsp rssEp rsssEp rsp rsp rsp rE".replace(" ", "")


def test_two_clicks_are_two_steps(new_folder, reference):
    """Though the second comes before the first has been done."""
    folder = new_folder(begins_paused=True)
    answers = iter([[STEP, STEP, STEP], [], [], [RESUME]])
    assert facts(do(folder, lambda record: next(answers) if record["record"] == "pause" else [])) == facts(reference)
    assert "".join(kind[0] for kind in lines(folder) if kind in ("pause", "resume", "step"))[:10] == "prsprsprsp"


def test_a_paused_worker_s_files_are_those_of_its_last_step(new_folder, small_dataset):
    """Whoever looks at the network in a pause sees the one that the curves speak of."""
    folder = new_folder(begins_paused=True, ema_decay=0.0)
    pauses = itertools.count()

    def look(record: dict[str, Any]) -> list[Command]:
        if record["record"] != "resume":
            return [STEP] if record["record"] == "pause" and next(pauses) < 4 else []
        training = load_checkpoint(folder.checkpoint, small_dataset.fingerprint)
        assert training.step == next(steps)
        assert Network.load(folder.weights).model.flat.tobytes() == training.model.flat.tobytes()
        return [STOP] if training.step == 3 else []

    steps = itertools.count()
    assert len(do(folder, look).loss) == 4


def test_stop_before_the_first_epoch_s_end_keeps_the_weights(new_folder):
    folder = new_folder()
    records = do(folder, at_step(2, STOP))
    assert len(records.loss) == 2 and records.epochs == [] and records.end["state"] == "stopped"
    assert Network.load(folder.weights).validation_accuracy is None


@pytest.mark.parametrize("first", [PAUSE, STOP])
def test_stop_keeps_the_best_weights(new_folder, first):
    folder = new_folder()
    to_stop, in_pause = at_step(7, first), at_pauses(STOP)
    records = do(folder, lambda record: to_stop(record) + in_pause(record))
    network = Network.load(folder.weights)
    assert records.end == {"record": "end", "state": "stopped", "test_accuracy": network.test_accuracy}
    assert len(records.loss) == 7 and records.best is not None
    assert network.validation_accuracy == records.best.validation_accuracy


def test_a_change_is_recorded_where_it_counts(new_folder):
    """Learning rate first, then dropout off and momentum together; what is the same again is no change."""
    base = {"optimizer": "momentum", "schedule": "constant"}
    folder = new_folder(**base)
    changes = {"learning_rate": 0.002}, {"learning_rate": 0.002, "dropout": 0.0, "momentum": 0.5}
    answers = [at_step(at, change(folder, **changes[i])) for at, i in ((4, 0), (6, 1), (8, 1))]
    records = do(folder, lambda record: [command for answer in answers for command in answer(record)])
    assert records.changes == [{"step": 4, "learning_rate": 0.002}, {"step": 6, "momentum": 0.5, "dropout": 0.0}]
    assert list(records.learning_rate) == [0.01] * 4 + [0.002] * 8
    plain = do(new_folder(**base))
    assert plain.loss[:5] == records.loss[:5]  # a step's loss is that before its update
    assert all(one != two for one, two in zip(plain.loss[5:], records.loss[5:], strict=True))
    assert records.end["state"] == "finished"
    assert Network.load(folder.weights).recipe.to_json() == change(folder, **changes[1])["recipe"]


def test_a_longer_training_after_a_change_and_an_interruption_is_looked_at_as_before(new_folder):
    """How often follows from the job; that a worker begins again in the middle must not be seen."""
    folders = new_folder(), new_folder()
    longer = at_step(4, change(folders[0], epochs=15))
    whole = do(folders[0], longer)
    assert len(whole.epochs) == 15
    do(folders[1], lambda record: longer(record) + at_step(20, LEAVE)(record))
    assert facts(do(folders[1])) == facts(whole)


# Interruptions


@pytest.mark.parametrize("step", [1, 3, 5, 12])
def test_a_worker_whose_server_is_gone_leaves_and_another_goes_on(new_folder, reference, step):
    folder = new_folder()
    left = do(folder, at_step(step, LEAVE))
    assert left.end == {} and len(left.loss) == step
    assert facts(do(folder)) == facts(reference)
    assert lines(folder).count("step") == 12  # none was done twice


def test_a_worker_leaves_in_a_pause_too(new_folder, reference):
    folder = new_folder()
    to_pause, in_pause = at_step(5, PAUSE), at_pauses(LEAVE)
    left = do(folder, lambda record: to_pause(record) + in_pause(record))
    assert left.paused and left.end == {} and len(left.loss) == 5
    assert facts(do(folder)) == facts(reference)


def test_a_worker_whose_pause_lasts_leaves_and_another_goes_on(new_folder, reference, monkeypatch):
    monkeypatch.setattr(worker, "PAUSED_SECONDS", 0.01)
    folder = new_folder(begins_paused=True)
    left = do(folder)
    assert left.paused and left.end == {} and left.loss.tolist() == []
    left = do(folder, at_step(5, PAUSE))
    assert left.paused and left.end == {} and len(left.loss) == 5
    assert facts(do(folder)) == facts(reference)


def test_a_worker_that_begins_with_a_pause_hears_its_first_command_there(new_folder, reference):
    folder = new_folder()
    do(folder, at_step(4, LEAVE))
    for steps in (5, 6):
        left = do(folder, at_pauses(STEP, LEAVE), paused=True)
        assert left.paused and left.loss == reference.loss[:steps]
    assert facts(do(folder)) == facts(reference)


def test_a_worker_that_must_leave_on_its_way_to_the_end_of_an_epoch_leaves_a_pause(new_folder, reference):
    folder = new_folder(begins_paused=True)
    to_epoch, leave = at_pauses(EPOCH, LEAVE), at_step(2, LEAVE)
    left = do(folder, lambda record: to_epoch(record) + leave(record))
    assert left.paused and len(left.loss) == 2
    assert facts(do(folder)) == facts(reference)


@pytest.fixture
def main(monkeypatch) -> Callable[[RunFolder], None]:
    """The whole worker, in this process, that waits for a lock for a moment only."""

    def run(folder: RunFolder) -> None:
        monkeypatch.delattr(os, "nice", raising=False)  # it would last
        monkeypatch.setattr(worker, "LOCK_SECONDS", 0.1)
        monkeypatch.setattr(sys, "argv", ["worker", str(folder.path)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(""))
        worker.main()

    return run


def test_where_another_worker_is_at_work_a_second_one_leaves_without_a_word(new_folder, main):
    folder = new_folder()
    do(folder, at_step(5, LEAVE))
    with folder.records.open("ab") as file:
        file.write(b'{"record": "ste')  # the other one is just writing
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    with folder.hold():
        main(folder)
    after = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    assert after == {folder.lock: b"", **before}


def test_a_worker_that_comes_when_all_is_done_writes_nothing(new_folder, main):
    folder = new_folder()
    do(folder)
    before = folder.records.read_bytes()
    main(folder)
    assert folder.records.read_bytes() == before


def test_a_worker_mends_what_the_one_before_left_half_written(new_folder, main, reference):
    folder = new_folder()
    do(folder, at_step(5, LEAVE))
    (folder.path / ".weights.npz.x.tmp").touch()
    with folder.records.open("ab") as file:
        file.write(b'{"record": "ste')
    main(folder)  # its server is gone at once
    assert lines(folder)[-1] == "continue" or lines(folder)[-1] == "clock"
    assert not list(folder.path.glob(".*.tmp"))


class Clock:
    """Stands still but when it is asked, and kills whoever asks at an hour of death."""

    def __init__(self) -> None:
        self.now = 0
        self.death: int | None = None

    def __call__(self) -> float:
        self.now += 1
        if self.now == self.death:
            raise Killed
        return float(self.now)


@pytest.fixture
def clock(monkeypatch) -> Iterator[Clock]:
    """The worker's own clock, which it asks between all that it does."""
    clock = Clock()
    monkeypatch.setattr(worker, "time", type("time", (), {"monotonic": clock}))
    monkeypatch.setattr(worker, "SAVE_SHARE", 1e9)
    monkeypatch.setattr(worker, "FLUSH_SECONDS", 1e9)  # as if all happened at once
    yield clock


@given(
    deaths=st.lists(st.integers(1, 120), max_size=5),
    save_seconds=st.sampled_from([0, 8, 30, 1e9]),
    share=st.floats(0, 1),
    begins_paused=st.booleans(),
)
@settings(max_examples=15, deadline=None, phases=[Phase.generate])  # to look for the simplest case takes minutes
def test_killed_at_any_moments_a_run_has_in_the_end_the_records_of_an_undisturbed_one(
    tmp_path_factory, data_folder, reference, deaths, save_seconds, share, begins_paused
):
    recipe = Recipe(**{**vars(Recipe(name="tiny", source="test")), **RICH})
    folder = RunFolder(tmp_path_factory.mktemp("killed") / "run")
    folder.write_job(Job(recipe, str(data_folder), begins_paused))
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock()
        patch.setattr(worker, "time", type("time", (), {"monotonic": clock}))
        for name, value in (("SAVE_SECONDS", save_seconds), ("SAVE_SHARE", 1e9), ("FLUSH_SECONDS", 1e9)):
            patch.setattr(worker, name, value)
        for death in deaths:
            clock.death = clock.now + death
            records = do(folder, lambda record: [RESUME] if record["record"] == "pause" else [], share)
            steps = len(records.loss)
            assert records.loss == reference.loss[:steps] and len(records.layers) <= steps + 1
        clock.death = None
        records = do(folder, lambda record: [RESUME] if record["record"] == "pause" else [])
    assert facts(records) == facts(reference)
    assert folder.kept_epochs() == (0, 1, 2, 3, 4)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_killed_at_any_moment_of_its_start_a_run_begins_only_once(new_folder, reference, clock, share):
    for death in range(1, 14):
        folder = new_folder()
        clock.death = clock.now + death
        do(folder, share=share)
        clock.death = None
        records = do(folder, at_step(2, LEAVE))
        assert records.loss == reference.loss[:2]
        assert records.layers == reference.layers[:3]
        assert lines(folder).count("begin") == 1


def test_killed_at_any_moment_around_a_change_the_records_say_what_was_trained_with(new_folder, clock, monkeypatch):
    """The command may be lost; a change that was made is recorded, and the curve shows it from the next step on."""
    monkeypatch.setattr(worker, "SAVE_SECONDS", 8)
    asked, made = [], []

    def note(record: dict[str, Any]) -> list[Command]:
        asked.append((record.get("step"), clock.now))
        return []

    do(new_folder(schedule="constant"), note)
    moment = dict(reversed(asked))[5]  # when the first record of step 5 is written
    for death in range(moment - 1, moment + 12):
        folder = new_folder(schedule="constant")
        job = folder.read_job()
        assert job is not None
        clock.death = clock.now + death
        do(folder, at_step(5, change(folder, learning_rate=0.002, dropout=0.0)))
        clock.death = None
        records = do(folder)
        for step, rate in enumerate(records.learning_rate):
            before = [change for change in records.changes if change["step"] <= step]
            assert rate == (0.002 if before else 0.01)
        assert len(records.loss) == 12 and len(records.changes) <= 1
        recipe = dataclasses.replace(job.recipe, **records.settings_at(12))
        assert Network.load(folder.weights).recipe == recipe
        assert recipe.dropout == (0.0 if records.changes else 0.3)
        made.append(bool(records.changes))
    assert made == sorted(made) and set(made) == {False, True}  # so the moments around it were put to the test


def test_a_change_is_kept_at_once(new_folder, clock, monkeypatch):
    """However long ago the last checkpoint was: a mark in the curves must not vanish again."""
    monkeypatch.setattr(worker, "SAVE_SECONDS", 1e9)
    folder = new_folder(schedule="constant")
    answer = at_step(5, change(folder, learning_rate=0.002))

    def die(record: dict[str, Any]) -> list[Command]:
        if record["record"] == "step" and record["step"] == 6:
            raise Killed
        return answer(record)

    assert do(folder, die).changes == [{"step": 5, "learning_rate": 0.002}]
    records = do(folder)
    assert records.changes == [{"step": 5, "learning_rate": 0.002}]
    assert list(records.learning_rate) == [0.01] * 5 + [0.002] * 7


def test_epochs_after_the_checkpoint_are_forgotten_when_a_run_begins_again(new_folder, clock, monkeypatch):
    """They are about to be done once more, and nobody must fork from there in the meantime."""
    monkeypatch.setattr(worker, "SAVE_SECONDS", 1e9)
    folder = new_folder()

    def die(record: dict[str, Any]) -> list[Command]:
        if record["record"] == "step" and record["step"] == 8:
            raise Killed
        return []

    do(folder, die)
    assert folder.kept_epochs() == (0, 1, 2)
    assert do(folder, at_step(2, LEAVE)).end == {}
    assert folder.kept_epochs() == (0,)


def test_a_kept_epoch_has_all_its_records(new_folder, clock, monkeypatch):
    """A fork copies them as soon as the checkpoint is there."""
    monkeypatch.setattr(worker, "SAVE_SECONDS", 1e9)
    folder = new_folder()

    def look(record: dict[str, Any]) -> list[Command]:
        read = RecordReader(folder.records).read()
        assert len(read.epochs) == max((0, *folder.kept_epochs()))
        assert len(read.loss) >= 3 * len(read.epochs)
        return []

    do(folder, look)


# The parts


class FullDisk(io.BytesIO):
    """Takes so many bytes, then none until there is room again."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, content: Any) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = super().write(content[: self.room])
        self.room -= count
        return count


@pytest.mark.parametrize("room", [0, 1, 25, 34, 35])
def test_after_a_failed_write_the_next_record_begins_a_line_and_what_failed_does_not_come_later(room):
    disk = FullDisk(room)
    records = RecordFile(disk)
    with pytest.raises(OSError, match="No space left"):
        for number in range(10):
            records.write({"record": "pause", "a": number}, flush=True)
    disk.room = 1000
    for number in range(20, 22):
        records.write({"record": "pause", "a": number}, flush=True)
    lines = disk.getvalue().decode().split("\n")
    assert [json.loads(line)["a"] for line in lines[-3:-1]] == [20, 21]
    assert [json.loads(line)["a"] for line in lines[:-4]] == list(range(room // 31))


@pytest.fixture
def full_disk(monkeypatch) -> Callable[[], None]:
    """What fills the disk for all files that are written anew; a record file still takes a line or two."""

    def fill() -> None:
        def full(*_args: object, **_options: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(tempfile, "mkstemp", full)

    return fill


@pytest.mark.parametrize("step", [1, 3, 7])
def test_on_a_full_disk_a_run_fails_with_words_and_keeps_what_it_had(new_folder, full_disk, monkeypatch, step):
    monkeypatch.setattr(worker, "SAVE_SECONDS", 0)
    monkeypatch.setattr(worker, "SAVE_SHARE", 1e9)
    folder = new_folder()

    def fill(record: dict[str, Any]) -> list[Command]:
        if record.get("step") == step:
            full_disk()
        return []

    records = do(folder, fill)
    assert records.end["state"] == "failed"
    assert records.end["error"] == "the disk of the server is full; delete old runs, then run it again"
    assert len(records.loss) >= step - 1
    Network.load(folder.weights)
    assert not list(folder.path.rglob("*.tmp"))


def test_where_not_even_the_end_can_be_written_the_run_is_interrupted(new_folder, reference):
    folder = new_folder()
    disk = FullDisk(2000)
    work(folder, Commands(), RecordFile(disk))
    folder.records.write_bytes(disk.getvalue())
    left = RecordReader(folder.records).read()
    assert left.end == {} and left.begin
    assert facts(do(folder)) == facts(reference)  # when there is room again


def test_records_wait_for_each_other_a_moment_only(clock, monkeypatch):
    monkeypatch.setattr(worker, "FLUSH_SECONDS", 3)
    written = []

    class Flushed(io.BytesIO):
        def write(self, content: Any) -> int:
            count = super().write(content)
            written.append(self.getvalue().count(b"\n"))
            return count

    records = RecordFile(Flushed())
    for i in range(9):
        records.write({"number": i})
    assert written == [4, 8]
    records.write({"number": 9}, flush=True)
    assert written[-1] == 10


def test_commands_are_heard_and_the_end_of_the_input_is_one():
    commands = listen(io.StringIO('{"do": "pause"}\n{"do": "stop"}\n'))
    assert [commands.get(timeout=5)["do"] for _ in range(3)] == ["pause", "stop", "leave"]


def test_layer_records_hold_the_layers_as_they_stand(reference):
    first = reference.layers[0]
    assert isinstance(first, LayerRecord) and first.step == 0 and len(first.layers) == 3
    assert [record.step for record in reference.layers] == list(range(13))
    assert reference.layers[0].layers != reference.layers[-1].layers
