"""Runs: trainings that live outside every page, browser and session.

A run is a folder, see `folder.py`; while it trains, a worker process of its own writes there. This registry starts
the workers, queues the runs that must wait, passes commands on, and reads the records back. It knows no widget.
"""

import contextlib
import dataclasses
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Literal

from mnist_core.io.npz import NpzReader
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.checkpoint import load_checkpoint, save_checkpoint
from mnist_core.training.state import reconfigure
from webapp.runs.folder import RunFolder
from webapp.runs.job import Job, Parent
from webapp.runs.records import RecordReader
from webapp.runs.snapshot import ACTIVE, Snapshot, State

PROJECT = Path(__file__).parents[2]

MAX_NAME, MAX_NOTE = 60, 500
"""Characters."""
_ID = re.compile(r"[a-z0-9-]{1,80}")


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
        self._waiting_workers: set[str] = set()  # paused, or told to pause: they take no room
        self._told_to_stop: set[str] = set()
        self._known: dict[str, tuple[Job, RecordReader]] = {}

    def start(self, job: Job, name: str = "") -> str:
        """Begin a run, now or when its turn comes, and return its id.

        Raises:
            OSError: if its folder cannot be written.
        """
        run_id = f"{re.sub('[^a-z0-9]+', '-', job.recipe.name.lower()).strip('-')[:40]}-{secrets.token_hex(3)}"
        self._run_folder(run_id).write_job(job)
        if name:
            self.describe(run_id, name, "")
        self._enqueue(run_id)
        return run_id

    def restart(self, run_id: str) -> str:
        """Begin a run's job once more; the same seed gives the same initial weights, and the same records."""
        job, _ = self._find(run_id)
        return self.start(dataclasses.replace(job, begins_paused=False, parent=None))

    def fork(self, run_id: str, epoch: int, recipe: Recipe) -> str:
        """Begin a run that goes its own way after an epoch of another one, and return its id.

        Args:
            run_id: the other one.
            epoch: one whose checkpoint is kept.
            recipe: the settings from then on; they may differ in `MUTABLE_FIELDS`.

        Raises:
            RecipeError: if other settings differ.
            WeightsError: if the epoch is not kept.
        """
        parent = self.snapshot(run_id)
        if parent is None:
            raise KeyError(run_id)
        checkpoint = parent.folder.epoch_checkpoint(epoch)
        with NpzReader(checkpoint) as reader:
            fingerprint = str(reader.meta.get("data_fingerprint"))
        training = load_checkpoint(checkpoint, fingerprint)
        before = parent.recipe_at(training.step)  # also with what was changed there after the checkpoint was kept
        reconfigure(training, recipe)
        job = Job(recipe, parent.job.data, parent=Parent(run_id, epoch))
        child = f"{run_id[:60].rsplit('-', 1)[0]}-{secrets.token_hex(3)}"
        folder = self._run_folder(child)
        folder.write_job(job)
        shutil.copyfile(parent.folder.records, folder.records)
        folder.append({"record": "continue", "step": training.step, "epochs": epoch})
        changed = {name: new for name, new in vars(recipe).items() if new != getattr(before, name)}
        folder.append({"record": "change", "step": training.step, "fork": epoch, **changed})
        save_checkpoint(folder.checkpoint, training, fingerprint)
        save_checkpoint(folder.epoch_checkpoint(epoch), training, fingerprint)
        self._enqueue(child)
        return child

    def pause(self, run_id: str) -> None:
        """Pause a run after its current step; its place goes to the next in the queue."""
        with self._lock:
            if self._is_alive(run_id) and run_id not in self._queue:
                self._tell(run_id, do="pause")
                self._waiting_workers.add(run_id)
                self._start_waiting()

    def resume(self, run_id: str) -> None:
        """Resume a run that is paused or was interrupted; if all places are taken, it waits for its turn."""
        with self._lock:
            snapshot = self.snapshot(run_id)
            if snapshot is not None and (run_id in self._waiting_workers or snapshot.state == "interrupted"):
                self._enqueue(run_id)

    def step(self, run_id: str, until: Literal["step", "epoch"]) -> None:
        """Advance a paused run by one update, or to the end of its epoch."""
        with self._lock:
            if run_id in self._waiting_workers:
                self._tell(run_id, do=until)

    def change(self, run_id: str, recipe: Recipe) -> None:
        """Change the settings of a run that is going; they may differ in `MUTABLE_FIELDS`."""
        self._tell(run_id, do="change", recipe=recipe.to_json())

    def stop(self, run_id: str) -> None:
        """End a run after its current step; it keeps its best weights. One that waits is taken off the queue."""
        with self._lock:
            if run_id in self._queue:
                self._queue.remove(run_id)
            if self._is_alive(run_id):
                self._tell(run_id, do="stop")
                self._told_to_stop.add(run_id)
            elif (snapshot := self.snapshot(run_id)) is not None and not snapshot.records.end:
                snapshot.folder.append({"record": "end", "state": "stopped"})

    def all(self) -> list[str]:
        """List all runs, the newest first."""
        with self._lock:  # none is deleted between the list and the look at it
            jobs = [(path.stat().st_mtime_ns, path.parent.name) for path in self._folder.glob("*/job.json")]
        return [run_id for _, run_id in sorted(jobs, reverse=True) if _ID.fullmatch(run_id)]

    def describe(self, run_id: str, name: str, note: str) -> None:
        """Keep what people call a run, and what they say of it; both are cut to their greatest length.

        Raises:
            KeyError: if there is no such run.
        """
        name, note = (" ".join(text.split()) for text in (name, note))
        with self._lock:
            self._find(run_id)  # an id comes from a URL, and may be a path
            self._run_folder(run_id).write_label(name[:MAX_NAME], note[:MAX_NOTE])

    def delete(self, run_id: str) -> bool:
        """Remove a run with all its files, unless it is going.

        Returns:
            Whether it is gone.
        """
        with self._lock:
            snapshot = self.snapshot(run_id)
            if snapshot is None or snapshot.state in ACTIVE:
                return snapshot is None
            del self._known[run_id]
            snapshot.folder.delete()
            return True

    def snapshot(self, run_id: str) -> Snapshot | None:
        """Look at a run; None if there is no such run."""
        with self._lock:
            try:
                job, reader = self._find(run_id)
            except KeyError:
                return None
            folder = self._run_folder(run_id)
            alive = self._is_alive(run_id)  # asked before the records are read: a dead worker writes no more
            records = reader.read()
            if run_id in self._queue:
                state: State = "queued"
            elif records.end:
                state = records.end["state"]
            elif alive:
                # Just resumed, it has not said so yet.
                state = "paused" if records.paused and run_id in self._waiting_workers else "running"
            else:
                state = "interrupted"
            place = self._queue.index(run_id) + 1 if state == "queued" else 0
            pausing = state == "running" and run_id in self._waiting_workers
            stopping = state in ACTIVE and run_id in self._told_to_stop
            name, note = folder.read_label()
            return Snapshot(run_id, name or run_id, note, state, job, records, place, pausing, stopping, folder)

    def close(self) -> None:
        """Ask every worker to keep a checkpoint and leave, and wait for them: for tests."""
        with self._lock:
            self._queue.clear()
            for worker in self._workers.values():
                worker.communicate()  # closes its input, and waits

    def _run_folder(self, run_id: str) -> RunFolder:
        return RunFolder(self._folder / run_id)

    def _find(self, run_id: str) -> tuple[Job, RecordReader]:
        """Find a run in memory or, after a restart of the server, in its folder; KeyError if there is none."""
        if run_id not in self._known:
            if not _ID.fullmatch(run_id):
                raise KeyError(run_id)
            folder = self._run_folder(run_id)
            job = folder.read_job()
            if job is None:
                raise KeyError(run_id)
            self._known[run_id] = (job, RecordReader(folder.records))
        return self._known[run_id]

    def _enqueue(self, run_id: str) -> None:
        with self._lock:
            if run_id not in self._queue:
                self._queue.append(run_id)
            self._start_waiting()

    def _start_waiting(self) -> None:
        """Start the runs at the head of the queue while there is room."""
        with self._lock:
            training = {run_id for run_id in self._workers if self._is_alive(run_id)} - self._waiting_workers
            while self._queue and len(training) < self._at_once:
                run_id = self._queue.pop(0)
                if self._is_alive(run_id):
                    self._tell(run_id, do="resume")
                    self._waiting_workers.discard(run_id)
                else:
                    self._launch(run_id)
                if run_id not in self._waiting_workers:
                    training.add(run_id)

    def _launch(self, run_id: str) -> None:
        folder = self._run_folder(run_id)
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        with folder.log.open("w", encoding="utf-8") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "webapp.runs.worker", str(folder.path.absolute())],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                env={**os.environ, **threads, "PYTHONPATH": str(PROJECT)},
                start_new_session=True,  # Ctrl-C in the server's terminal reaches workers as the end of their input
            )
        self._workers[run_id] = worker
        self._waiting_workers.discard(run_id)  # what the worker before it was told, if that was killed just now
        self._told_to_stop.discard(run_id)
        job, reader = self._find(run_id)
        if job.begins_paused and not reader.records.begin:
            self._waiting_workers.add(run_id)
        threading.Thread(target=self._wait_for, args=(run_id, worker), daemon=True).start()

    def _wait_for(self, run_id: str, worker: subprocess.Popen[str]) -> None:
        """When a worker has ended, it is forgotten, its pipe is closed, and its place goes to the next."""
        worker.wait()
        with self._lock:
            if self._workers.get(run_id) is worker:  # else it was resumed in the meantime
                del self._workers[run_id]
                self._waiting_workers.discard(run_id)
                self._told_to_stop.discard(run_id)
            worker.communicate()  # closes the pipe
            self._start_waiting()

    def _is_alive(self, run_id: str) -> bool:
        worker = self._workers.get(run_id)
        return worker is not None and worker.poll() is None

    def _tell(self, run_id: str, **command: Any) -> None:
        with self._lock:
            worker = self._workers.get(run_id)
            if worker is None or worker.stdin is None or not self._is_alive(run_id):
                return
            with contextlib.suppress(BrokenPipeError):  # it has just ended by itself
                worker.stdin.write(json.dumps(command) + "\n")
                worker.stdin.flush()
