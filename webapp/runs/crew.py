"""The workers of this server, and the runs that wait for one.

A run that is paused needs no worker: one that waits too long, or where too many wait, leaves, and whatever the run is
told next starts another one.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from filelock import FileLock

from webapp.runs.folder import RunFolder
from webapp.runs.room import PAUSED_AT_MOST
from webapp.runs.worker_process import WorkerProcess

Command = dict[str, Any]
RESUME: Command = {"do": "resume"}


class Standing(NamedTuple):
    """Where a run stands here.

    Attributes:
        alive: whether it has a worker.
        place: its place in the queue, the first is 1; 0 if it isn't in it.
        waiting: whether its worker is paused, or was told to pause.
        stopping: whether its worker was told to stop.
    """

    alive: bool
    place: int
    waiting: bool
    stopping: bool

    @property
    def here(self) -> bool:
        """Whether this server has the run."""
        return self.alive or self.place > 0


class _Turn(NamedTuple):
    """What a run in the queue is told when its turn comes, and whether it then begins with a pause of its own."""

    command: Command
    begins_paused: bool


class Crew:
    """Workers and queue. Every method may be called from any thread.

    Args:
        folder: of all runs.
        at_once: how many train at the same time.
        ended: called after a worker has ended, with its run's id, and whether it was told to stop when it had been sent
            away, and so has not heard it.

    Attributes:
        lock: while it is held, no run is taken up and none is given up.
    """

    def __init__(self, folder: Path, at_once: int, ended: Callable[[str, bool], None]) -> None:
        self.lock = threading.RLock()  # no records are read under it
        self._folder = folder
        self._at_once = at_once
        self._ended = ended
        self._queue: dict[str, _Turn] = {}
        self._reserved: dict[str, FileLock] = {}  # so that no other server takes what waits here
        self._workers: dict[str, WorkerProcess] = {}
        self._waiting: dict[str, None] = {}  # paused workers, or told to pause: they take no place; the newest last
        self._told_to_stop: set[str] = set()

    def going(self) -> set[str]:
        """List the runs that are in the queue or have a worker."""
        with self.lock:
            return {*self._queue, *self._workers}

    def standing(self, run_id: str) -> Standing:
        """Look up where a run stands."""
        with self.lock:
            place = list(self._queue).index(run_id) + 1 if run_id in self._queue else 0
            return Standing(self._is_alive(run_id), place, run_id in self._waiting, run_id in self._told_to_stop)

    def enqueue(self, run_id: str, command: Command, begins_paused: bool) -> None:
        """Let a run go on, now or when its turn comes, unless it does already or another server has it.

        Args:
            run_id: the run.
            command: what it is told then; anything but `RESUME` finds it paused.
            begins_paused: whether it then waits before its first step.
        """
        with self.lock:
            alive = self._is_alive(run_id)
            if run_id in self._queue or (alive and run_id not in self._waiting):
                return  # it was resumed in the meantime
            if not alive:
                reserved = RunFolder(self._folder / run_id).hold()
                try:
                    reserved.acquire()
                except TimeoutError:
                    return  # by another server
                except OSError:
                    pass  # nothing can be written, which the worker will find out
                self._reserved[run_id] = reserved
            self._queue[run_id] = _Turn(command, begins_paused)
            self._start_waiting()

    def pause(self, run_id: str) -> None:
        """Pause a run after its current step; its place goes to the next in the queue."""
        with self.lock:
            if self._hears(run_id) and run_id not in self._queue:
                self._workers[run_id].tell(do="pause")
                self._let_wait(run_id)
                self._start_waiting()

    def step(self, run_id: str, until: Literal["step", "epoch"]) -> bool:
        """Tell a worker that waits to go on for a bit; return whether there is one."""
        with self.lock:
            waits = run_id in self._waiting and self._hears(run_id)
            if waits:
                self._workers[run_id].tell(do=until)
                self._let_wait(run_id)
            return waits

    def tell(self, run_id: str, command: Command) -> bool:
        """Pass a command on to a run's worker; return whether one hears it."""
        with self.lock:
            hears = self._hears(run_id)
            if hears:
                self._workers[run_id].tell(**command)
            return hears

    def stop(self, run_id: str) -> bool:
        """Take a run off the queue and tell its worker to stop; return whether there is one."""
        with self.lock:
            self._take_off(run_id)
            alive = self._is_alive(run_id)
            if alive:
                self._workers[run_id].tell(do="stop")
                self._told_to_stop.add(run_id)
            return alive

    def kill(self, run_id: str) -> None:
        """Take a run off the queue and end its worker at once."""
        with self.lock:
            self._take_off(run_id)
            worker = self._workers.get(run_id)
        if worker is not None:
            worker.kill()

    def send_away(self) -> list[str]:
        """Let every worker keep a checkpoint and leave, once it has come to its step's end, and empty the queue.

        Returns:
            The runs that would have gone on: those in training first, then those in the queue in its order.
        """
        with self.lock:
            workers = {run_id: worker for run_id, worker in self._workers.items() if worker.hears}
            unfinished = [run_id for run_id in workers if run_id not in {*self._waiting, *self._told_to_stop}]
            unfinished += [run_id for run_id in self._queue if run_id not in unfinished]
            for run_id in [*self._queue]:
                self._take_off(run_id)
            for worker in workers.values():
                worker.send_away()
            return unfinished

    def wait(self, seconds: float) -> None:
        """Wait until no worker is left, for some time at most."""
        with self.lock:
            workers = [*self._workers.values()]
        deadline = time.monotonic() + seconds
        for worker in workers:
            worker.wait(max(0.0, deadline - time.monotonic()))

    def _take_off(self, run_id: str) -> None:
        """Remove a run from the queue, if it is there."""
        self._queue.pop(run_id, None)
        if run_id in self._reserved:
            self._reserved.pop(run_id).release()

    def _start_waiting(self) -> None:
        """Start the runs at the head of the queue while there is room."""
        with self.lock:
            while self._queue:
                alive = {run_id for run_id in self._workers if self._is_alive(run_id)}
                crowded = len(alive) > self._at_once + PAUSED_AT_MOST  # until those have left that were sent away
                if crowded or len(alive - self._waiting.keys()) >= self._at_once:
                    break
                run_id, turn = next(iter(self._queue.items()))
                self._take_off(run_id)
                if self._hears(run_id):
                    self._workers[run_id].tell(**turn.command)
                    self._waiting.pop(run_id, None)
                else:
                    self._launch(run_id, turn)

    def _let_wait(self, run_id: str) -> None:
        """Count a worker as paused, and send those away that are too many."""
        self._waiting.pop(run_id, None)
        self._waiting[run_id] = None
        waiting = [other for other in self._waiting if self._hears(other)]
        for other in waiting[:-PAUSED_AT_MOST]:
            self._workers[other].send_away()

    def _launch(self, run_id: str, turn: _Turn) -> None:
        paused = turn.command != RESUME
        try:
            worker = WorkerProcess(RunFolder(self._folder / run_id), paused)
        except OSError:
            return  # no memory for a process, say, or another server has deleted the run: it is interrupted
        self._workers[run_id] = worker
        self._waiting.pop(run_id, None)  # what the worker before it was told, if that was killed just now
        self._told_to_stop.discard(run_id)
        if paused or turn.begins_paused:
            self._let_wait(run_id)
        if paused:
            worker.tell(**turn.command)
        threading.Thread(target=self._wait_for, args=(run_id, worker), daemon=True).start()

    def _wait_for(self, run_id: str, worker: WorkerProcess) -> None:
        """When a worker has ended, it is forgotten, its pipe is closed, and its place goes to the next."""
        worker.wait()
        unheard = False
        with self.lock:
            if self._workers.get(run_id) is worker:  # else it was resumed in the meantime
                unheard = run_id in self._told_to_stop and worker.sent_away
                del self._workers[run_id]
                self._waiting.pop(run_id, None)
                self._told_to_stop.discard(run_id)
            worker.close()  # its pipe
            self._start_waiting()
        self._ended(run_id, unheard)

    def _is_alive(self, run_id: str) -> bool:
        return run_id in self._workers and self._workers[run_id].is_alive

    def _hears(self, run_id: str) -> bool:
        return run_id in self._workers and self._workers[run_id].hears
