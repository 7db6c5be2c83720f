"""Runs: trainings that live outside every page, browser and session.

A run is a folder, see `folder.py`; while it trains, a worker process of its own writes there. This registry starts
runs, passes on what they are told (`crew.py`), and reads their records back. It knows no widget. Other servers may have
the same folder: what their workers train is looked at only.
"""

import contextlib
import dataclasses
import logging
import re
import secrets
import threading
from pathlib import Path
from typing import Literal

from mnist_core.recipes.recipe import Recipe
from webapp.runs.crew import RESUME, Command, Crew
from webapp.runs.folder import Label, RunFolder, bytes_in
from webapp.runs.fork import write_fork
from webapp.runs.job import Job
from webapp.runs.memory import KnownRun, Memory
from webapp.runs.room import ANYBODY, MAX_BYTES, Own, Starter, check_room
from webapp.runs.snapshot import ACTIVE, RESTING, Snapshot, State

MAX_NAME, MAX_NOTE = 60, 500
"""Characters."""
CLOSE_SECONDS = 20.0
"""How long a server that is shut down waits for its workers."""
_log = logging.getLogger(__name__)
_ID = re.compile(r"[a-z0-9-]{1,80}")


class Runs:
    """All runs in one folder. Every method may be called from any thread.

    Args:
        folder: where the runs' folders are; made when the first one starts.
        at_once: how many train at the same time; the others wait their turn.
        max_bytes: what all of them may take on the disk before no more can be started.
    """

    def __init__(self, folder: Path, at_once: int, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._crew = Crew(folder, at_once, self._worker_ended)
        self._known = Memory()
        self._lock = threading.Lock()  # of what is known

    def start(self, job: Job, name: str = "", starter: Starter = ANYBODY) -> str:
        """Begin a run, now or when its turn comes, and return its id.

        Raises:
            NoRoomError: if there is no room for it.
            OSError: if its folder cannot be written; nothing of it stays.
        """
        self._check_room(job.recipe, starter)
        run_id = f"{re.sub('[^a-z0-9]+', '-', job.recipe.name.lower()).strip('-')[:40]}-{secrets.token_hex(3)}"
        folder = self._run_folder(run_id)
        with folder.made_for(job):
            folder.write_label(Label(*_cut(name, ""), starter.owner))
        _log.info("run %(run)s: asked for", {"run": run_id})
        self._enqueue(run_id)
        return run_id

    def restart(self, run_id: str, starter: Starter = ANYBODY) -> str:
        """Begin a run's job once more; the same seed gives the same initial weights, and the same records."""
        job = self._find(run_id).job
        return self.start(dataclasses.replace(job, begins_paused=False, parent=None), starter=starter)

    def fork(self, run_id: str, epoch: int, recipe: Recipe, starter: Starter = ANYBODY) -> str:
        """Begin a run that goes its own way after an epoch of another one, and return its id.

        Args:
            run_id: the other one.
            epoch: one whose checkpoint is kept.
            recipe: the settings from then on; they may differ in `MUTABLE_FIELDS`.
            starter: who starts it.

        Raises:
            RecipeError: if other settings differ.
            WeightsError: if the epoch is not kept.
            NoRoomError, OSError: as `start`.
        """
        self._check_room(recipe, starter)
        parent = self._whole(run_id)
        if parent is None:
            raise KeyError(run_id)
        child = f"{run_id[:60].rsplit('-', 1)[0]}-{secrets.token_hex(3)}"
        write_fork(self._run_folder(child), parent, epoch, recipe, starter.owner)
        _log.info("run %(run)s: asked for", {"run": child})
        self._enqueue(child)
        return child

    def pause(self, run_id: str) -> None:
        """Pause a run after its current step; its place goes to the next in the queue."""
        self._crew.pause(run_id)

    def resume(self, run_id: str) -> None:
        """Resume a run that is paused or was interrupted; if all places are taken, it waits for its turn."""
        snapshot = self._whole(run_id)
        if snapshot is not None and (snapshot.pausing or (snapshot.state in RESTING and not snapshot.elsewhere)):
            self._enqueue(run_id)

    def step(self, run_id: str, until: Literal["step", "epoch"]) -> None:
        """Advance a paused run by one update, or to the end of its epoch."""
        if not self._crew.step(run_id, until):
            self._wake(run_id, {"do": until})

    def change(self, run_id: str, recipe: Recipe) -> None:
        """Change the settings of a run that is going; they may differ in `MUTABLE_FIELDS`."""
        command = {"do": "change", "recipe": recipe.to_json()}
        if not self._crew.tell(run_id, command):
            self._wake(run_id, command)

    def stop(self, run_id: str) -> None:
        """End a run after its current step; it keeps its best weights. One that waits is taken off the queue."""
        if self._crew.stop(run_id):
            return
        snapshot = self._whole(run_id)
        if snapshot is not None and snapshot.state in RESTING and not snapshot.elsewhere:
            with contextlib.suppress(OSError), snapshot.folder.hold():  # else a worker has come, or the disk is full
                snapshot.folder.append({"record": "end", "state": "stopped"})

    def all(self, since: float = 0.0) -> list[str]:
        """List all runs that were started since a time, in seconds since 1970, the newest first."""
        jobs = []
        for path in self._folder.glob("*/job.json"):
            with contextlib.suppress(FileNotFoundError):  # deleted just now
                jobs.append((path.stat().st_mtime_ns, path.parent.name))
        return [
            run_id for started, run_id in sorted(jobs, reverse=True) if started >= since * 1e9 and _ID.fullmatch(run_id)
        ]

    def going(self) -> tuple[int, int]:
        """Count the runs that have a worker here, and those that wait for one."""
        places = [self._crew.standing(run_id).place for run_id in self._crew.going()]
        return places.count(0), len(places) - places.count(0)

    def size(self) -> int:
        """Add up the bytes of all runs' files."""
        return bytes_in(self._folder)

    def describe(self, run_id: str, name: str, note: str) -> None:
        """Keep what people call a run, and what they say of it; both are cut to their greatest length.

        Raises:
            KeyError: if there is no such run.
            OSError: if they cannot be written.
        """
        self._find(run_id)  # an id comes from a URL, and may be a path
        folder = self._run_folder(run_id)
        folder.write_label(Label(*_cut(name, note), folder.read_label().owner))

    def delete(self, run_id: str) -> bool:
        """Remove a run with all its files, unless it is going, here or on another server.

        Returns:
            Whether it is gone.

        Raises:
            OSError: if it cannot be removed.
        """
        snapshot = self._whole(run_id, curves=False)
        if snapshot is None or snapshot.state in ACTIVE:
            return snapshot is None
        with self._crew.lock:
            resumed = self._crew.standing(run_id).here or snapshot.folder.is_held()
            if resumed and not snapshot.records.end:
                return False
            snapshot.folder.delete()  # and is no longer known once somebody looks for it
            _log.info("run %(run)s: deleted", {"run": run_id})
            return True

    def clear(self) -> int:
        """Remove all runs, also those that are going here; return how many stay, which other servers have.

        Raises:
            OSError: if one cannot be removed.
        """
        for run_id in self._crew.going():
            self._crew.kill(run_id)
        staying = 0
        for run_id in self.all():
            if not self.delete(run_id):
                self.stop(run_id)  # a paused one without a worker counts as going
                staying += not self.delete(run_id)
        return staying

    def snapshot(self, run_id: str, curves: bool = True) -> Snapshot | None:
        """Look at a run; None if there is no such run.

        Args:
            run_id: the run.
            curves: whether the records must hold every step; without, a run that is over costs next to nothing.
        """
        try:
            known = self._find(run_id)
        except KeyError:
            return None
        before = self._crew.standing(run_id)  # asked before the records are read: a dead worker writes no more
        records, elsewhere, behind = known.look(before.here, curves)
        folder = self._run_folder(run_id)
        label = folder.read_label()
        now = self._crew.standing(run_id)
        alive = before.alive or now.alive
        elsewhere = elsewhere and not (alive or now.place)
        if now.place:
            state: State = "queued"
        elif behind:
            state = "running"
        elif records.end:
            state = records.end["state"]
        elif records.paused and (now.waiting or not alive):  # just resumed, it has not said so yet
            state = "paused"
        else:
            state = "running" if alive or elsewhere else "interrupted"
        return Snapshot(
            run_id,
            label.name,
            label.note,
            state,
            known.job,
            records,
            now.place,
            pausing=state == "running" and now.waiting,
            stopping=state in ACTIVE and now.stopping,
            folder=folder,
            elsewhere=elsewhere,
            behind=behind,
            owner=label.owner,
        )

    def close(self) -> None:
        """Let every worker keep a checkpoint and leave, and note which runs the next server is to go on with."""
        for place, run_id in enumerate(self._crew.send_away()):
            with contextlib.suppress(OSError):  # then it is interrupted
                self._run_folder(run_id).unfinished.write_text(f"{place:04}")
                _log.info("run %(run)s: goes on with the next server", {"run": run_id})
        self._crew.wait(CLOSE_SECONDS)

    def go_on(self) -> None:
        """Resume the runs that were going when the server before this one was shut down."""
        places = {}
        for mark in self._folder.glob("*/unfinished"):
            with contextlib.suppress(OSError, ValueError):  # another server that starts just now has taken it
                place = mark.read_text()
                mark.unlink()
                places[mark.parent.name] = place
        for run_id in sorted(places, key=lambda run_id: places[run_id]):
            self.resume(run_id)

    def _whole(self, run_id: str, curves: bool = True) -> Snapshot | None:
        """Look at a run as often as it takes to read all of its records."""
        snapshot = self.snapshot(run_id, curves)
        while snapshot is not None and snapshot.behind:
            snapshot = self.snapshot(run_id, curves)
        return snapshot

    def _run_folder(self, run_id: str) -> RunFolder:
        return RunFolder(self._folder / run_id)

    def _check_room(self, recipe: Recipe, starter: Starter) -> None:
        going = self._crew.going()
        own = None
        if starter.is_limited:
            folders = {run_id: self._run_folder(run_id) for run_id in self.all()}
            mine = {run_id for run_id, folder in folders.items() if folder.read_label().owner == starter.owner}
            own = Own(len(going & mine), sum(bytes_in(folders[run_id].path) for run_id in mine))
        check_room(recipe, self._folder, self._max_bytes, len(going), own)

    def _find(self, run_id: str) -> KnownRun:
        """Find a run in memory or, after a restart of the server, in its folder; KeyError if there is none."""
        if not _ID.fullmatch(run_id):
            raise KeyError(run_id)
        folder, going = self._run_folder(run_id), self._crew.going()  # of two locks, one at a time
        with self._lock:
            if not folder.path.exists():
                self._known.pop(run_id, None)  # another server may have deleted it
            if run_id not in self._known:
                job = folder.read_job()
                if job is None:
                    raise KeyError(run_id)
                self._known.forget(going)
                self._known[run_id] = KnownRun(folder, job)
            return self._known[run_id]

    def _wake(self, run_id: str, command: Command) -> None:
        """Give a paused run a worker again, when its turn comes, and a command to it."""
        snapshot = self._whole(run_id)
        if snapshot is not None and snapshot.state == "paused" and not snapshot.elsewhere:
            self._enqueue(run_id, command)

    def _enqueue(self, run_id: str, command: Command = RESUME) -> None:
        known = self._find(run_id)
        with contextlib.suppress(OSError):
            self._run_folder(run_id).unfinished.unlink(missing_ok=True)  # what an earlier server has left
        self._crew.enqueue(run_id, command, known.job.begins_paused and not known.records.begin)

    def _worker_ended(self, run_id: str, unheard: bool) -> None:
        if unheard:
            self.stop(run_id)
        run = self.snapshot(run_id, curves=False)  # keeps the summary, before anybody waits for it
        if run is not None:
            facts = {"run": run_id, "state": run.state, "steps": run.step, "seconds": round(run.records.seconds, 1)}
            _log.info("run %(run)s: %(state)s after %(steps)d steps in %(seconds)s s", facts)


def _cut(name: str, note: str) -> tuple[str, str]:
    """Bring a name and a note to one line each and to their greatest length."""
    name, note = (" ".join(text.split()) for text in (name, note))
    return name[:MAX_NAME], note[:MAX_NOTE]
