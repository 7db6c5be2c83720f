"""Runs that really train: waiting for those with a worker of their own, and doing a worker's work in this process."""

import queue
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from webapp.runs.folder import RunFolder
from webapp.runs.job import Job
from webapp.runs.records import RecordReader, Records
from webapp.runs.registry import Runs
from webapp.runs.snapshot import Snapshot
from webapp.runs.worker import RecordFile, work


def wait_until(runs: Runs, run_id: str, condition: Callable[[Snapshot], object]) -> Snapshot:
    """Wait until a run is as it should be."""
    deadline = time.monotonic() + 60
    while (snapshot := look(runs, run_id)) and not condition(snapshot):
        assert time.monotonic() < deadline, f"{run_id} is still {snapshot.state} with {snapshot.step} steps"
        time.sleep(0.01)
    return snapshot


def wait_for(runs: Runs, run_id: str, state: str = "finished") -> Snapshot:
    """Wait until a run is in a state."""
    return wait_until(runs, run_id, lambda snapshot: snapshot.state == state)


def look(runs: Runs, run_id: str) -> Snapshot:
    """Look at a run that there is."""
    snapshot = runs.snapshot(run_id)
    assert snapshot is not None
    return snapshot


def train_here(folder: RunFolder) -> Records:
    """Do a worker's work in this process, which is quicker."""
    with folder.records.open("ab", buffering=0) as file:
        work(folder, queue.Queue(), RecordFile(file))
    return RecordReader(folder.records).read()


def train_job(path: Path, job: Job) -> Records:
    """Leave a finished run in a folder."""
    folder = RunFolder(path)
    folder.write_job(job)
    return train_here(folder)


def workers_of(run_id: str) -> list[int]:
    """Find the processes that train a run."""
    command = ["pgrep", "-f", f"webapp.runs.worker .*{run_id}"]
    return [int(pid) for pid in subprocess.run(command, capture_output=True, text=True).stdout.split()]


def worker_of(run_id: str) -> int:
    """Find the process that trains a run; a moment after its start Linux does not tell its command yet."""
    deadline = time.monotonic() + 10
    while not (found := workers_of(run_id)):
        assert time.monotonic() < deadline, f"no process trains {run_id}"
    return found[0]
