"""The runs that the registry has in memory, each with what was read of its records."""

import math
import threading
import time
from collections.abc import Container

from webapp.runs.folder import RunFolder
from webapp.runs.job import Job
from webapp.runs.records import RecordReader, Records
from webapp.runs.summary import read_summary, write_summary

READ_SECONDS = 0.3
"""How long one look at a run may read: the longest records take several looks."""
PROBE_SECONDS = 1.0
"""How often it is asked whether another server has a run."""
GRACE_SECONDS = 1.5
"""How long it takes a worker at most to come when another server's queue has let a run go."""
FORGET_SECONDS = 600.0
"""How long a run that is not going stays in memory after the last look."""
TIDY_SECONDS = 5.0
"""How often it is looked for such runs."""
REMEMBERED_STEPS = 3_000_000
"""Of all runs that are not going, 24 bytes each: those looked at longest ago go first."""


class KnownRun:
    """A run in memory. Its records are read by one thread at a time, while others go on with other runs.

    Args:
        folder: its files.
        job: what it trains.

    Attributes:
        job: as given.
        looked: when somebody last looked at it, by `time.monotonic`.
    """

    def __init__(self, folder: RunFolder, job: Job) -> None:
        self.job = job
        self.looked = time.monotonic()
        self._folder = folder
        self._reader = RecordReader(folder.records)
        self._summary: Records | None = None
        self._reading = threading.Lock()
        self._held_at = self._probed = -math.inf

    @property
    def records(self) -> Records:
        """What was read so far."""
        return self._reader.records

    def look(self, mine: bool, curves: bool) -> tuple[Records, bool, bool]:
        """Read on for a moment.

        Args:
            mine: whether this server has it: in its queue, or with a worker.
            curves: whether every step is wanted; without, a run that is over is known by its summary.

        Returns:
            The records, whether another server has it, and whether there is more to read.
        """
        self.looked = time.monotonic()
        with self._reading:
            if not curves and not self._reader.offset:
                self._summary = self._summary or read_summary(self._folder)
                if self._summary is not None:
                    return self._summary, False, False
            records = self._reader.records
            # Asked before the records are read: a worker that has left writes no more.
            held = not mine and not records.end and self._is_held()
            ended = bool(records.end)
            self._reader.read(READ_SECONDS)
            if records.end and not ended and not self._reader.behind:
                write_summary(self._folder, records, self._reader.offset)
            return records, held, self._reader.behind

    def _is_held(self) -> bool:
        now = time.monotonic()
        if now - self._probed > PROBE_SECONDS:
            self._probed = now
            if self._folder.is_held():
                self._held_at = now
        return now - self._held_at < PROBE_SECONDS + GRACE_SECONDS


class Memory(dict[str, KnownRun]):
    """The known runs by their ids."""

    _tidied = -math.inf

    def forget(self, going: Container[str]) -> None:
        """Forget runs that nobody has looked at for a while, and beyond `REMEMBERED_STEPS` those before them.

        Args:
            going: the runs that stay.
        """
        if time.monotonic() - self._tidied < TIDY_SECONDS:
            return
        self._tidied = time.monotonic()
        steps = 0
        for run_id in sorted(self, key=lambda run_id: -self[run_id].looked):
            if run_id not in going:
                steps += self[run_id].records.steps
                if steps > REMEMBERED_STEPS or time.monotonic() - self[run_id].looked > FORGET_SECONDS:
                    del self[run_id]
