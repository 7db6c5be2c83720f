"""The folder of a run: which files it holds. All that registry and worker know of each other lies in here."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from mnist_core.errors import MnistCoreError
from mnist_core.io.atomic_file import atomic_write
from webapp.runs.job import Job


class Label(NamedTuple):
    """What people have to do with a run.

    Attributes:
        name: what they call it.
        note: what they say of it.
        owner: who started it, see `visitors.identity.browser`; empty: nobody who is known.
    """

    name: str = ""
    note: str = ""
    owner: str = ""


class RunFolder:
    """The files of one run.

    Args:
        path: the folder; it need not be there yet.

    Attributes:
        path: as given.
        records: the record file: one JSON object a line, appended by the worker.
        checkpoint: where the training goes on after an interruption.
        weights: the network to use: while it trains that of some seconds ago, at the end the best one.
        log: what the worker says besides; empty if all is well.
        lock: held by the worker that writes here, or by the server where the run waits for its turn.
        summary: what lists say of the run, once it is over.
        unfinished: its place among the runs that the next server is to go on with, as this one was shut down.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records = path / "records.jsonl"
        self.checkpoint = path / "checkpoint.npz"
        self.weights = path / "weights.npz"
        self.log = path / "worker.log"
        self.lock = path / "lock"
        self.summary = path / "summary.json"
        self.unfinished = path / "unfinished"
        self._job = path / "job.json"
        self._label = path / "label.json"
        self._epochs = path / "epochs"

    def write_job(self, job: Job) -> None:
        """Make the folder with its job.

        Raises:
            OSError: if it is there already, or cannot be written.
        """
        with self.made_for(job):
            pass

    @contextlib.contextmanager
    def made_for(self, job: Job) -> Iterator[None]:
        """Make the folder, to be filled in the block, then write its job: from now on it is a run.

        Raises:
            OSError: if it is there already, or cannot be written; what has failed leaves nothing.
        """
        self.path.mkdir(parents=True)
        try:
            yield
            write_json(self._job, job.to_json())
        except BaseException:
            shutil.rmtree(self.path, ignore_errors=True)
            raise

    def read_job(self) -> Job | None:
        """Read the job; None if there is none that this program understands."""
        try:
            return Job.from_json(json.loads(self._job.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, MnistCoreError):
            return None

    @property
    def started(self) -> float:
        """When the run was asked for, in seconds since 1970."""
        return self._job.stat().st_mtime

    def write_label(self, label: Label) -> None:
        """Keep what people call this run, and say of it."""
        write_json(self._label, label._asdict())

    def read_label(self) -> Label:
        """Read the label; what nobody has written is empty."""
        try:
            label = json.loads(self._label.read_text(encoding="utf-8"))
            return Label(str(label["name"]), str(label["note"]), str(label.get("owner", "")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return Label()

    def epoch_checkpoint(self, epoch: int) -> Path:
        """Return where the checkpoint after an epoch is kept; 0: before the first step."""
        return self._epochs / f"{epoch:05d}.npz"

    def kept_epochs(self) -> tuple[int, ...]:
        """List the epochs whose checkpoint is kept, in order; 0: before the first step."""
        return tuple(sorted(int(path.stem) for path in self._epochs.glob("[0-9]*.npz")))

    def drop_epochs(self, epochs: Iterable[int]) -> None:
        """Remove the checkpoints of some of the kept epochs."""
        for epoch in epochs:
            self.epoch_checkpoint(epoch).unlink()

    def hold(self) -> FileLock:
        """Return what keeps workers away for the length of a block; it raises TimeoutError if one is at work here."""
        # Others may be looking right now whether it is held. One thread may acquire it, and another one release it.
        return FileLock(self.lock, timeout=0.2, thread_local=False)

    def is_held(self) -> bool:
        """Return whether a worker is at work here or a server has it in its queue, this one or another one."""
        try:
            if self.lock.exists():  # else to ask would make it
                with FileLock(self.lock, timeout=0):
                    pass
        except Timeout:
            return True
        except OSError:  # nobody can write here
            return False
        return False

    def append(self, values: dict[str, Any]) -> None:
        """Append a record, while no worker writes."""
        self.drop_half_line()
        with self.records.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")

    def drop_half_line(self) -> None:
        """Remove the half line that a killed worker had begun to write."""
        if self.records.exists():
            content = self.records.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                os.truncate(self.records, whole)

    def drop_half_files(self) -> None:
        """Remove the files that a killed worker had begun to write."""
        for path in self.path.rglob(".*.tmp"):
            path.unlink()

    def delete(self) -> None:
        """Remove the folder; at once, as others see it."""
        away = self.path.with_name(f".{self.path.name}.deleted")
        self.path.rename(away)
        shutil.rmtree(away, ignore_errors=True)


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write a small JSON file, so that either the whole new one is there or the old one."""
    with atomic_write(path) as file:
        file.write(json.dumps(values, indent=1).encode())


def bytes_in(path: Path) -> int:
    """Add up the sizes of all files in a folder, of one run or of all, which may change meanwhile."""
    total = 0
    for folder, _, files in os.walk(path):
        for file in files:
            with contextlib.suppress(FileNotFoundError):
                total += Path(folder, file).lstat().st_size
    return total
