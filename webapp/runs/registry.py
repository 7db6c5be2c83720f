"""Runs: trainings that live outside every page, browser and session.

A run is a folder, see `folder.py`; while it trains, a worker process of its own writes there. This registry starts
the workers, queues the runs that must wait, passes commands on, and reads the records back. It knows no widget.

A run that is paused needs no worker: one that waits too long, or where too many wait, leaves, and whatever the run is
told next starts another one. Other servers may have the same folder: what their workers train is looked at only.
"""

import contextlib
import dataclasses
import re
import secrets
import threading
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from mnist_core.recipes.recipe import Recipe
from webapp.runs.folder import RunFolder
from webapp.runs.fork import write_fork
from webapp.runs.job import Job
from webapp.runs.memory import KnownRun, Memory
from webapp.runs.room import MAX_BYTES, PAUSED_AT_MOST, check_room
from webapp.runs.snapshot import ACTIVE, RESTING, Snapshot, State
from webapp.runs.worker_process import WorkerProcess

MAX_NAME, MAX_NOTE = 60, 500
"""Characters."""
_ID = re.compile(r"[a-z0-9-]{1,80}")
_RESUME = {"do": "resume"}


class Runs:
    """All runs in one folder. Every method may be called from any thread.

    Args:
        folder: where the runs' folders are; made when the first one starts.
        at_once: how many train at the same time; the others wait their turn.
        max_bytes: what all of them may take on the disk before no more can be started.
    """

    def __init__(self, folder: Path, at_once: int, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._at_once = at_once
        self._max_bytes = max_bytes
        self._lock = threading.RLock()  # no records are read under it
        self._queue: dict[str, dict[str, Any]] = {}  # what each is told when its turn comes
        self._reserved: dict[str, FileLock] = {}  # so that no other server takes what waits here
        self._workers: dict[str, WorkerProcess] = {}
        self._waiting: dict[str, None] = {}  # paused workers, or told to pause: they take no place; the newest last
        self._told_to_stop: set[str] = set()
        self._known = Memory()

    def start(self, job: Job, name: str = "") -> str:
        """Begin a run, now or when its turn comes, and return its id.

        Raises:
            NoRoomError: if there is no room for it.
            OSError: if its folder cannot be written; nothing of it stays.
        """
        self._check_room(job.recipe)
        run_id = f"{re.sub('[^a-z0-9]+', '-', job.recipe.name.lower()).strip('-')[:40]}-{secrets.token_hex(3)}"
        folder = self._run_folder(run_id)
        with folder.made_for(job):
            if name:
                folder.write_label(*_cut(name, ""))
        self._enqueue(run_id, _RESUME)
        return run_id

    def restart(self, run_id: str) -> str:
        """Begin a run's job once more; the same seed gives the same initial weights, and the same records."""
        with self._lock:
            job = self._find(run_id).job
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
            NoRoomError, OSError: as `start`.
        """
        self._check_room(recipe)
        parent = self.snapshot(run_id)
        while parent is not None and parent.behind:
            parent = self.snapshot(run_id)
        if parent is None:
            raise KeyError(run_id)
        child = f"{run_id[:60].rsplit('-', 1)[0]}-{secrets.token_hex(3)}"
        write_fork(self._run_folder(child), parent, epoch, recipe)
        self._enqueue(child, _RESUME)
        return child

    def pause(self, run_id: str) -> None:
        """Pause a run after its current step; its place goes to the next in the queue."""
        with self._lock:
            if self._hears(run_id) and run_id not in self._queue:
                self._tell(run_id, do="pause")
                self._let_wait(run_id)
                self._start_waiting()

    def resume(self, run_id: str) -> None:
        """Resume a run that is paused or was interrupted; if all places are taken, it waits for its turn."""
        snapshot = self.snapshot(run_id)
        if snapshot is not None:
            with self._lock:
                if run_id in self._waiting or (snapshot.state in RESTING and not snapshot.elsewhere):
                    self._enqueue(run_id, _RESUME)

    def step(self, run_id: str, until: Literal["step", "epoch"]) -> None:
        """Advance a paused run by one update, or to the end of its epoch."""
        with self._lock:
            if run_id in self._waiting and self._hears(run_id):
                self._tell(run_id, do=until)
                self._let_wait(run_id)
                return
        self._wake(run_id, {"do": until})

    def change(self, run_id: str, recipe: Recipe) -> None:
        """Change the settings of a run that is going; they may differ in `MUTABLE_FIELDS`."""
        with self._lock:
            if self._hears(run_id):
                self._tell(run_id, do="change", recipe=recipe.to_json())
                return
        self._wake(run_id, {"do": "change", "recipe": recipe.to_json()})

    def stop(self, run_id: str) -> None:
        """End a run after its current step; it keeps its best weights. One that waits is taken off the queue."""
        with self._lock:
            self._take_off(run_id)
            if self._is_alive(run_id):
                self._tell(run_id, do="stop")
                self._told_to_stop.add(run_id)
                return
        snapshot = self.snapshot(run_id)
        if snapshot is not None and snapshot.state in RESTING and not snapshot.elsewhere:
            with contextlib.suppress(OSError), snapshot.folder.hold():  # else a worker has come, or the disk is full
                snapshot.folder.append({"record": "end", "state": "stopped"})

    def all(self) -> list[str]:
        """List all runs, the newest first."""
        jobs = []
        for path in self._folder.glob("*/job.json"):
            with contextlib.suppress(FileNotFoundError):  # deleted just now
                jobs.append((path.stat().st_mtime_ns, path.parent.name))
        return [run_id for _, run_id in sorted(jobs, reverse=True) if _ID.fullmatch(run_id)]

    def describe(self, run_id: str, name: str, note: str) -> None:
        """Keep what people call a run, and what they say of it; both are cut to their greatest length.

        Raises:
            KeyError: if there is no such run.
            OSError: if they cannot be written.
        """
        with self._lock:
            self._find(run_id)  # an id comes from a URL, and may be a path
        self._run_folder(run_id).write_label(*_cut(name, note))

    def delete(self, run_id: str) -> bool:
        """Remove a run with all its files, unless it is going, here or on another server.

        Returns:
            Whether it is gone.

        Raises:
            OSError: if it cannot be removed.
        """
        snapshot = self.snapshot(run_id, curves=False)
        if snapshot is None or snapshot.state in ACTIVE:
            return snapshot is None
        with self._lock:
            resumed = run_id in self._queue or self._is_alive(run_id) or snapshot.folder.is_held()
            if resumed and not snapshot.records.end:
                return False
            self._known.pop(run_id, None)
            snapshot.folder.delete()
            return True

    def snapshot(self, run_id: str, curves: bool = True) -> Snapshot | None:
        """Look at a run; None if there is no such run.

        Args:
            run_id: the run.
            curves: whether the records must hold every step; without, a run that is over costs next to nothing.
        """
        with self._lock:
            try:
                known = self._find(run_id)
            except KeyError:
                return None
            alive = self._is_alive(run_id)  # asked before the records are read: a dead worker writes no more
            mine = alive or run_id in self._queue
        records, elsewhere, behind = known.look(mine, curves)
        folder = self._run_folder(run_id)
        name, note = folder.read_label()
        with self._lock:
            alive = alive or self._is_alive(run_id)
            elsewhere = elsewhere and not (alive or run_id in self._queue)
            if run_id in self._queue:
                state: State = "queued"
            elif behind:
                state = "running"
            elif records.end:
                state = records.end["state"]
            elif records.paused and (run_id in self._waiting or not alive):  # just resumed, it has not said so yet
                state = "paused"
            else:
                state = "running" if alive or elsewhere else "interrupted"
            place = list(self._queue).index(run_id) + 1 if state == "queued" else 0
            pausing = state == "running" and run_id in self._waiting
            stopping = state in ACTIVE and run_id in self._told_to_stop
        now = (state, known.job, records, place, pausing, stopping, folder, elsewhere, behind)
        return Snapshot(run_id, name or run_id, note, *now)

    def close(self) -> None:
        """Ask every worker to keep a checkpoint and leave, and wait for them: for tests."""
        with self._lock:
            for run_id in [*self._queue]:
                self._take_off(run_id)
            for worker in self._workers.values():
                worker.close()

    def _run_folder(self, run_id: str) -> RunFolder:
        return RunFolder(self._folder / run_id)

    def _check_room(self, recipe: Recipe) -> None:
        with self._lock:
            going = len({*self._queue, *self._workers})
        check_room(recipe, self._folder, self._max_bytes, going)

    def _find(self, run_id: str) -> KnownRun:
        """Find a run in memory or, after a restart of the server, in its folder; KeyError if there is none."""
        if not _ID.fullmatch(run_id):
            raise KeyError(run_id)
        folder = self._run_folder(run_id)
        if not folder.path.exists():
            self._known.pop(run_id, None)  # another server may have deleted it
        if run_id not in self._known:
            job = folder.read_job()
            if job is None:
                raise KeyError(run_id)
            self._known.forget(going={*self._queue, *self._workers})
            self._known[run_id] = KnownRun(folder, job)
        return self._known[run_id]

    def _wake(self, run_id: str, command: dict[str, Any]) -> None:
        """Give a paused run a worker again, when its turn comes, and a command to it."""
        snapshot = self.snapshot(run_id)
        if snapshot is not None and snapshot.state == "paused" and not snapshot.elsewhere:
            self._enqueue(run_id, command)

    def _enqueue(self, run_id: str, command: dict[str, Any]) -> None:
        with self._lock:
            alive = self._is_alive(run_id)
            if run_id in self._queue or (alive and run_id not in self._waiting):
                return  # it was resumed in the meantime
            if not alive:
                reserved = self._run_folder(run_id).hold()
                try:
                    reserved.acquire()
                except TimeoutError:
                    return  # by another server
                except OSError:
                    pass  # nothing can be written, which the worker will find out
                self._reserved[run_id] = reserved
            self._queue[run_id] = command
            self._start_waiting()

    def _take_off(self, run_id: str) -> dict[str, Any] | None:
        """Remove a run from the queue, and return what it was to be told."""
        if run_id in self._reserved:
            self._reserved.pop(run_id).release()
        return self._queue.pop(run_id, None)

    def _start_waiting(self) -> None:
        """Start the runs at the head of the queue while there is room."""
        with self._lock:
            while self._queue:
                alive = {run_id for run_id in self._workers if self._is_alive(run_id)}
                crowded = len(alive) > self._at_once + PAUSED_AT_MOST  # until those have left that were sent away
                if crowded or len(alive - self._waiting.keys()) >= self._at_once:
                    break
                run_id = next(iter(self._queue))
                command = self._take_off(run_id) or _RESUME
                if self._hears(run_id):
                    self._tell(run_id, **command)
                    self._waiting.pop(run_id, None)
                else:
                    self._launch(run_id, command)

    def _let_wait(self, run_id: str) -> None:
        """Count a worker as paused, and send those away that are too many."""
        self._waiting.pop(run_id, None)
        self._waiting[run_id] = None
        waiting = [other for other in self._waiting if self._hears(other)]
        for other in waiting[:-PAUSED_AT_MOST]:
            self._workers[other].send_away()

    def _launch(self, run_id: str, command: dict[str, Any]) -> None:
        paused = command != _RESUME
        try:
            known = self._find(run_id)
            worker = WorkerProcess(self._run_folder(run_id), paused)
        except (OSError, KeyError):
            return  # no memory for a process, say, or another server has deleted the run: it is interrupted
        self._workers[run_id] = worker
        self._waiting.pop(run_id, None)  # what the worker before it was told, if that was killed just now
        self._told_to_stop.discard(run_id)
        if paused or (known.job.begins_paused and not known.records.begin):
            self._let_wait(run_id)
        if paused:
            self._tell(run_id, **command)
        threading.Thread(target=self._wait_for, args=(run_id, worker), daemon=True).start()

    def _wait_for(self, run_id: str, worker: WorkerProcess) -> None:
        """When a worker has ended, it is forgotten, its pipe is closed, and its place goes to the next."""
        worker.wait()
        stop = False
        with self._lock:
            if self._workers.get(run_id) is worker:  # else it was resumed in the meantime
                stop = run_id in self._told_to_stop and worker.sent_away  # too early to hear it
                del self._workers[run_id]
                self._waiting.pop(run_id, None)
                self._told_to_stop.discard(run_id)
            worker.close()  # its pipe
            self._start_waiting()
        if stop:
            self.stop(run_id)
        self.snapshot(run_id, curves=False)  # keeps the summary, before anybody waits for it

    def _is_alive(self, run_id: str) -> bool:
        return run_id in self._workers and self._workers[run_id].is_alive

    def _hears(self, run_id: str) -> bool:
        return run_id in self._workers and self._workers[run_id].hears

    def _tell(self, run_id: str, **command: Any) -> None:
        if run_id in self._workers:
            self._workers[run_id].tell(**command)


def _cut(name: str, note: str) -> tuple[str, str]:
    """Bring a name and a note to one line each and to their greatest length."""
    name, note = (" ".join(text.split()) for text in (name, note))
    return name[:MAX_NAME], note[:MAX_NOTE]
