"""A run as it stands at a moment."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mnist_core.recipes.recipe import Recipe
from webapp.runs.folder import RunFolder
from webapp.runs.job import Job
from webapp.runs.records import Records

State = Literal["queued", "running", "paused", "interrupted", "stopped", "finished", "failed"]


ACTIVE: tuple[State, ...] = ("queued", "running", "paused")
RESTING: tuple[State, ...] = ("paused", "interrupted")
"""Unless a worker waits in it, such a run goes on with a new one."""


PACE_RECORDS = 20
"""How many of the newest clock records tell a run's pace: those of about ten seconds."""


@dataclass(frozen=True)
class Snapshot:
    """A run as it stands.

    Attributes:
        id: as in the URL.
        name: what people call it, empty until somebody has named it; see `names.run_name`.
        note: what they say of it.
        state: where it stands; "interrupted" if its worker or the server died.
        job: what it trains.
        records: what it has written; shared with the registry, to be read only.
        place: how many runs are before it in the queue, plus one; 0 unless queued.
        pausing: whether it was told to pause and has not come to its step's end yet.
        stopping: whether it was told to stop and has not come to its step's end yet.
        folder: its files.
        elsewhere: whether another server that shares the folder trains it or lets it wait: only that one can steer it.
        behind: whether there are more records than there was time to read; the state is "running" until they are read.
        owner: who started it, see `folder.Label`; empty: nobody who is known.
    """

    id: str
    name: str
    note: str
    state: State
    job: Job
    records: Records
    place: int
    pausing: bool
    stopping: bool
    folder: RunFolder
    elsewhere: bool = False
    behind: bool = False
    owner: str = ""

    @property
    def step(self) -> int:
        """Updates so far."""
        return self.records.steps

    @property
    def steps_per_epoch(self) -> int:
        """Updates in an epoch; 0 until the data are loaded."""
        return self.job.recipe.steps_per_epoch(self.records.begin.get("train_images", 0))

    @property
    def recipe(self) -> Recipe:
        """The settings as they stand, after all that was changed on the way."""
        return self.recipe_at(self.step)

    def recipe_at(self, step: int) -> Recipe:
        """Return the settings as they stood at a step."""
        return dataclasses.replace(self.job.recipe, **self.records.settings_at(step))

    @property
    def stage(self) -> str:
        """What the buttons of its page depend on."""
        return f"{self.id} {self.state} {self.place} {not self.records.begin} {self.weights is None}"

    @property
    def weights(self) -> Path | None:
        """The network's file: while it trains that of some seconds ago, at the end the best one."""
        return self.folder.weights if self.folder.weights.exists() else None


def steps_per_second(snapshot: Snapshot) -> float | None:
    """Measure a run's pace in the last seconds; None in the first moments."""
    clock = snapshot.records.clock[-PACE_RECORDS:]
    (began, first), (now, last) = clock[0], clock[-1]
    return (last - first) / (now - began) if last > first and now > began else None


def seconds_left(snapshot: Snapshot) -> float | None:
    """Estimate how long a run will still train, from its pace; None in the first moments, when nothing is known yet."""
    pace = steps_per_second(snapshot)
    return None if pace is None else (snapshot.steps_per_epoch * snapshot.recipe.epochs - snapshot.step) / pace
