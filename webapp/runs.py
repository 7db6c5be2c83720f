"""Runs: trainings that live outside every page, browser and session.

A run is a folder with its job, its records and, at its end, its weights; while it trains, a worker process of its own
writes there. This registry starts the workers, queues the runs that must wait, passes commands on, and reads the
records back. It knows no widget.
"""

import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import threading
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mnist_core.recipes import Recipe
from mnist_core.records import EpochEnd, Record, StepEnd, from_json

State = Literal["queued", "running", "paused", "stopped", "finished", "failed"]
ACTIVE: tuple[State, ...] = ("queued", "running", "paused")
PROJECT = Path(__file__).parent.parent
PACE_RECORDS = 20
"""How many of the newest clock records tell a run's pace: those of about ten seconds."""
_ID = re.compile(r"[a-z0-9-]{1,80}")


@dataclass(frozen=True)
class Job:
    """What is to be trained.

    Attributes:
        recipe: the settings.
        data: the data set, as `load_dataset` takes it.
    """

    recipe: Recipe
    data: str


@dataclass
class Records:
    """What a run has written so far; everything only ever grows.

    Steps are kept in columns of 8 bytes a number: a long run has a million of them.

    Attributes:
        begin: the first record: data set and its sizes; empty until the data are loaded.
        loss: of every step, from step 1.
        accuracy: of every step, in [0, 1].
        last_step: the newest step; None before the first.
        validation_loss: (step, loss) wherever the validation images were read.
        validation_accuracy: the same for accuracy.
        epochs: one record for each epoch.
        clock: (seconds that the training has taken, without pauses; steps so far), about twice a second.
        paused: whether the last pause still lasts.
        end: the last record: final state, test accuracy or error; empty until the end.
    """

    begin: dict[str, Any] = field(default_factory=dict)
    loss: "array[float]" = field(default_factory=lambda: array("d"))
    accuracy: "array[float]" = field(default_factory=lambda: array("d"))
    last_step: StepEnd | None = None
    validation_loss: list[tuple[int, float]] = field(default_factory=list)
    validation_accuracy: list[tuple[int, float]] = field(default_factory=list)
    epochs: list[EpochEnd] = field(default_factory=list)
    clock: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 0)])
    paused: bool = False
    end: dict[str, Any] = field(default_factory=dict)

    def add(self, values: dict[str, Any]) -> None:
        """Take in one line of the record file."""
        kind = values["record"]
        if kind == "begin":
            self.begin = values
        elif kind == "end":
            self.end = values
        elif kind in ("pause", "resume"):
            self.paused = kind == "pause"
        elif kind == "clock":
            self.clock.append((values["seconds"], values["step"]))
        else:
            self._add_record(from_json(values))

    def _add_record(self, record: Record) -> None:
        if isinstance(record, StepEnd):
            self.loss.append(record.loss)
            self.accuracy.append(record.accuracy)
            self.last_step = record
        else:
            self.epochs.append(record)
        if record.validation_loss is not None and record.validation_accuracy is not None:
            self.validation_loss.append((record.step, record.validation_loss))
            self.validation_accuracy.append((record.step, record.validation_accuracy))


@dataclass(frozen=True)
class Snapshot:
    """A run as it stands.

    Attributes:
        id: as in the URL.
        state: where it stands.
        job: what it trains.
        records: what it has written; shared with the registry, to be read only.
        place: how many runs are before it in the queue, plus one; 0 unless queued.
        pausing: whether it was told to pause and has not come to its step's end yet.
        stopping: whether it was told to stop and has not come to its step's end yet.
        weights: the trained network's file, once it is written and measured.
    """

    id: str
    state: State
    job: Job
    records: Records
    place: int
    pausing: bool
    stopping: bool
    weights: Path | None

    @property
    def steps_per_epoch(self) -> int:
        """Updates in an epoch; 0 until the data are loaded."""
        return self.job.recipe.steps_per_epoch(self.records.begin.get("train_images", 0))


class _Tail:
    """Reads the lines that a growing file has gained since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def new_lines(self) -> Sequence[bytes]:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                content = file.read()
        except FileNotFoundError:
            return []
        whole = content[: content.rfind(b"\n") + 1]  # the last line may be half written
        self._offset += len(whole)
        return whole.splitlines()


class Runs:
    """All runs in one folder. Every method may be called from any thread.

    Args:
        folder: where the runs' folders are; made when the first one starts.
        at_once: how many train at the same time; the others wait their turn.
    """

    def __init__(self, folder: Path, at_once: int) -> None:
        self._folder = folder
        self._at_once = at_once
        self._lock = threading.RLock()
        self._queue: list[str] = []
        self._workers: dict[str, subprocess.Popen[str]] = {}
        self._told_to_pause: set[str] = set()
        self._told_to_stop: set[str] = set()
        self._known: dict[str, tuple[Job, _Tail, Records]] = {}

    def start(self, job: Job) -> str:
        """Begin a run, now or when its turn comes.

        Returns:
            Its id.

        Raises:
            OSError: if its folder cannot be written.
        """
        run_id = f"{re.sub('[^a-z0-9]+', '-', job.recipe.name.lower()).strip('-')[:40]}-{secrets.token_hex(3)}"
        folder = self._folder / run_id
        folder.mkdir(parents=True)
        description = {"recipe": job.recipe.to_json(), "data": job.data}
        (folder / "job.json").write_text(json.dumps(description, indent=1), encoding="utf-8")
        with self._lock:
            self._queue.append(run_id)
            self._start_waiting()
        return run_id

    def pause(self, run_id: str) -> None:
        """Let a run wait after its current step, and give its place to the next in the queue."""
        with self._lock:
            if self._is_alive(run_id):
                self._tell(run_id, "pause")
                self._told_to_pause.add(run_id)
                self._start_waiting()

    def resume(self, run_id: str) -> None:
        """Let a paused run go on."""
        with self._lock:
            self._tell(run_id, "resume")
            self._told_to_pause.discard(run_id)

    def stop(self, run_id: str) -> None:
        """End a run after its current step; it keeps its best weights. One that waits is taken off the queue."""
        with self._lock:
            if run_id in self._queue:
                self._queue.remove(run_id)
                self._append(run_id, {"record": "end", "state": "stopped"})
            elif self._is_alive(run_id):
                self._tell(run_id, "stop")
                self._told_to_stop.add(run_id)

    def snapshot(self, run_id: str) -> Snapshot | None:
        """Look at a run; None if there is no such run."""
        with self._lock:
            known = self._find(run_id)
            if known is None:
                return None
            job, tail, records = known
            alive = self._is_alive(run_id)  # asked before the records are read: a dead worker writes no more
            for line in tail.new_lines():
                records.add(json.loads(line))
            if run_id in self._queue:
                state: State = "queued"
            elif records.end:
                state = records.end["state"]
            elif alive:
                state = "paused" if records.paused else "running"
            else:
                state = "failed"
            place = self._queue.index(run_id) + 1 if state == "queued" else 0
            pausing = state == "running" and run_id in self._told_to_pause
            stopping = state in ACTIVE and run_id in self._told_to_stop
            weights = self._folder / run_id / "weights.npz" if "test_accuracy" in records.end else None
            return Snapshot(run_id, state, job, records, place, pausing, stopping, weights)

    def close(self) -> None:
        """Stop every worker and wait for it: for tests."""
        with self._lock:
            self._queue.clear()
            workers = list(self._workers.items())
        for run_id, worker in workers:
            self._tell(run_id, "stop")
            worker.wait()

    def _find(self, run_id: str) -> tuple[Job, _Tail, Records] | None:
        """Find a run in memory or, after a restart of the server, in its folder."""
        if run_id not in self._known:
            folder = self._folder / run_id
            if not _ID.fullmatch(run_id) or not (folder / "job.json").is_file():
                return None
            description = json.loads((folder / "job.json").read_text(encoding="utf-8"))
            job = Job(Recipe.from_json(description["recipe"]), description["data"])
            self._known[run_id] = (job, _Tail(folder / "records.jsonl"), Records())
        return self._known[run_id]

    def _start_waiting(self) -> None:
        """Start workers for the runs at the head of the queue; paused ones take no room."""
        with self._lock:
            training = {run_id for run_id in self._workers if self._is_alive(run_id)} - self._told_to_pause
            while self._queue and len(training) < self._at_once:
                run_id = self._queue.pop(0)
                self._launch(run_id)
                training.add(run_id)

    def _launch(self, run_id: str) -> None:
        folder = self._folder / run_id
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        with (folder / "worker.log").open("w", encoding="utf-8") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "webapp.worker", str(folder.absolute())],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                env={**os.environ, **threads, "PYTHONPATH": str(PROJECT)},
                start_new_session=True,  # Ctrl-C in the server's terminal reaches workers as the end of their input
            )
        self._workers[run_id] = worker
        threading.Thread(target=self._wait_for, args=(run_id, worker), daemon=True).start()

    def _wait_for(self, run_id: str, worker: subprocess.Popen[str]) -> None:
        """When a worker has ended, it is forgotten, its pipe is closed, and its place goes to the next."""
        worker.wait()
        with self._lock:
            del self._workers[run_id]
            self._told_to_pause.discard(run_id)
            self._told_to_stop.discard(run_id)
            if worker.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    worker.stdin.close()
            self._start_waiting()

    def _is_alive(self, run_id: str) -> bool:
        worker = self._workers.get(run_id)
        return worker is not None and worker.poll() is None

    def _tell(self, run_id: str, command: str) -> None:
        with self._lock:
            worker = self._workers.get(run_id)
            if worker is None or worker.stdin is None or not self._is_alive(run_id):
                return
            with contextlib.suppress(BrokenPipeError):  # it has just ended by itself
                worker.stdin.write(command + "\n")
                worker.stdin.flush()

    def _append(self, run_id: str, values: dict[str, Any]) -> None:
        with (self._folder / run_id / "records.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")


def seconds_left(snapshot: Snapshot) -> float | None:
    """Estimate how long a run will still train, from its pace in the last seconds.

    Returns:
        Seconds; None in the first moments, when nothing is known yet.
    """
    clock = snapshot.records.clock[-PACE_RECORDS:]
    (began, first), (now, last) = clock[0], clock[-1]
    if last == first:
        return None
    steps = snapshot.steps_per_epoch * snapshot.job.recipe.epochs
    return (now - began) / (last - first) * (steps - len(snapshot.records.loss))
