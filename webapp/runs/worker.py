"""One run in a process of its own: reads a job, writes records, obeys commands.

Started by `registry.py` as `python -m webapp.runs.worker FOLDER`; `folder.py` says what the folder holds. The worker
appends its records to a file, one JSON object a line, and keeps checkpoints. Commands come as lines on standard input,
each a JSON object with "do": "pause", "resume", "step" (one update), "epoch" (up to the end of one), "change" (with the
new "recipe"), "stop". When the input ends, the server is gone or needs the room, and a pause lasts for minutes at most:
the worker keeps a checkpoint and leaves, and another one can go on from there; it begins with a pause if "paused"
follows the folder. This is the whole seam: a job description in, records out.
"""

import contextlib
import errno
import json
import os
import queue
import sys
import threading
import time
from dataclasses import replace
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import IO, Any

import numpy as np
from filelock import FileLock, Timeout

from mnist_core.data.dataset import Dataset, Split, load_dataset
from mnist_core.errors import DivergedError, MnistCoreError
from mnist_core.nn.normalization import normalize
from mnist_core.recipes.recipe import MUTABLE_FIELDS, Recipe
from mnist_core.training.checkpoint import load_checkpoint, save_checkpoint
from mnist_core.training.layer_statistics import LayerRecord, layer_statistics, layers_to_json
from mnist_core.training.records import EpochEnd, Record, StepEnd, to_json
from mnist_core.training.state import init_state, reconfigure
from mnist_core.training.stream import Training
from webapp.runs.folder import RunFolder
from webapp.runs.job import Job
from webapp.runs.kept_epochs import keep_epoch
from webapp.runs.records import RecordReader, Records, described

FLUSH_SECONDS = 0.1
"""How long a record may wait before it is written."""
CLOCK_SECONDS = 0.5
"""How often it is noted how long the training has taken."""
SAVE_SECONDS = 1.0
"""How old the checkpoint may get while the training goes on."""
SAVE_SHARE = 0.02
"""Share of the time that saving may take: a large network is saved less often."""
LAYER_LOOKS = 30
"""How often a training looks into its layers."""
LAYER_IMAGES = 100
PAUSED_SECONDS = 300
"""How long a worker stays in memory during a pause."""
LOCK_SECONDS = 30
"""How long to wait for a worker that another server has left, and that is about to end."""


def validations_per_epoch(recipe: Recipe) -> int:
    """Choose how often the validation images are read in an epoch: at least once, and six times in a training.

    So that even a short training has a curve of them; each reading costs a few hundredths of a second.
    """
    return -(-6 // recipe.epochs)


class RecordFile:
    """Appends JSON lines; many at once: between two steps of a small network, each would cost several times as much.

    Args:
        file: unbuffered: what could not be written must not come later, after something else.
    """

    def __init__(self, file: RawIOBase | BytesIO) -> None:
        self._file = file
        self._waiting: list[Record | dict[str, Any]] = []
        self._flushed = time.monotonic()
        self._torn = False

    def write(self, record: Record | dict[str, Any], flush: bool = False) -> None:
        """Append one record; it reaches the disk within `FLUSH_SECONDS` of the next one, or at once."""
        self._waiting.append(record)
        if flush or time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Bring all that was written to the disk.

        Raises:
            OSError: if that fails: these records are lost, and the next one begins a line of its own.
        """
        records = (record if isinstance(record, dict) else to_json(record) for record in self._waiting)
        content = b"\n" * self._torn + "".join(json.dumps(values) + "\n" for values in records).encode()
        self._waiting.clear()
        self._torn = True
        while content:
            content = content[self._file.write(content) :]
        self._torn = False
        self._flushed = time.monotonic()


def listen(stream: IO[str]) -> queue.Queue[dict[str, Any]]:
    """Collect commands from a stream in the background; its end counts as "leave"."""
    commands: queue.Queue[dict[str, Any]] = queue.Queue()

    def read() -> None:
        for line in stream:
            commands.put(json.loads(line))
        commands.put({"do": "leave"})

    threading.Thread(target=read, daemon=True).start()
    return commands


class Work:
    """A training under way, with all that is written about it.

    Args:
        folder: the run's folder.
        commands: see `listen`.
        records: where every record goes.
    """

    def __init__(self, folder: RunFolder, commands: queue.Queue[dict[str, Any]], records: RecordFile) -> None:
        self._folder = folder
        self._commands = commands
        self._records = records
        self._waiting = False  # for a command
        self._until: type[Record] | None = None  # wait again after such a record
        self._seconds = 0.0
        self._saved, self._save_cost = time.monotonic(), 0.0

    def run(self, job: Job, dataset: Dataset, paused: bool) -> None:
        """Train to the end, or until told to leave.

        Args:
            job: what is to be trained.
            dataset: the job's data.
            paused: whether to begin with a pause.
        """
        training, before = self._begin(job, dataset, paused)
        split = training.split
        # Both follow from the job, not from the epochs as changed on the way: else a resumed run would look elsewhere.
        spacing = max(1, job.recipe.epochs * job.recipe.steps_per_epoch(len(split.train_images)) // LAYER_LOOKS)
        probe = _probe(job.recipe, split)
        if not before.layers:
            self._look_into_layers(training, *probe)
        if not self._folder.kept_epochs():
            keep_epoch(self._folder, training.state, dataset.fingerprint)
        self._save(training)
        end: dict[str, Any] = {"record": "end", "state": "finished"}
        noted = self._seconds
        try:
            while (order := self._obey(training)) is None:
                began = time.monotonic()
                record = next(training, None)
                if record is None:
                    break
                self._records.write(record)
                if isinstance(record, EpochEnd):
                    self._records.flush()  # what a kept epoch builds upon
                    keep_epoch(self._folder, training.state, dataset.fingerprint)
                elif record.step % spacing == 0:
                    self._look_into_layers(training, *probe)
                if self._until is not None and isinstance(record, self._until):
                    self._pause()
                    self._save(training)
                self._save_in_time(training)
                self._seconds += time.monotonic() - began
                if self._seconds - noted > CLOCK_SECONDS:
                    self._note_time(training)
                    noted = self._seconds
            self._note_time(training)
        except DivergedError as error:
            order = None
            end |= {"state": "failed", "diverged": {"step": error.step, "learning_rate": error.learning_rate}}
        if order == "leave":
            if self._until is not None:
                self._pause()  # it comes before the end of the epoch now
            self._save(training)
            return
        if order == "stop":
            end["state"] = "stopped"
        if end["state"] != "failed" or training.state.best is not None:
            network = training.network().tested(dataset)
            network.save(self._folder.weights)
            end["test_accuracy"] = network.test_accuracy
        self._records.write(end, flush=True)

    def _begin(self, job: Job, dataset: Dataset, paused: bool) -> tuple[Training, Records]:
        """Start the training, or take it up where a checkpoint has left it; give also what was recorded up to there."""
        before = RecordReader(self._folder.records).read()
        if self._folder.checkpoint.exists():
            state = load_checkpoint(self._folder.checkpoint, dataset.fingerprint)
        else:
            state = init_state(job.recipe)
        training = Training(state, dataset, validations_per_epoch(job.recipe))
        here = {"record": "continue", "step": state.step, "epochs": state.epoch}
        self._records.write(here, flush=True)
        before.add(here)
        self._seconds = before.seconds
        self._folder.drop_epochs(epoch for epoch in self._folder.kept_epochs() if epoch > state.epoch)
        # A worker may have been killed between a change and its record.
        self._note_change(training, replace(job.recipe, **before.settings_at(state.step)))
        if not before.begin:
            self._records.write(
                {
                    "record": "begin",
                    "data_name": dataset.name,
                    "synthetic": dataset.synthetic,
                    "train_images": len(training.split.train_images),
                    "validation_images": len(training.split.validation_images),
                },
                flush=True,
            )
            paused = paused or job.begins_paused
        if paused:
            self._pause()
        return training, before

    def _obey(self, training: Training) -> str | None:
        """Do what was asked since the last step; a pause lasts in here.

        A single step is taken before the next command is heard: two clicks are two steps.

        Returns:
            What ends the training: "stop" or "leave"; None to go on.
        """
        while self._until is not StepEnd and (self._waiting or not self._commands.empty()):
            try:
                command = self._commands.get(timeout=PAUSED_SECONDS)
            except queue.Empty:
                return "leave"
            match command["do"]:
                case "stop" | "leave" as order:
                    return str(order)
                case "pause":
                    self._pause()
                    self._save(training)
                case "resume":
                    self._resume(None)
                case "step":
                    self._resume(StepEnd)
                case "epoch":
                    self._resume(EpochEnd)
                case "change":
                    self._change(training, Recipe.from_json(command["recipe"]))
        return None

    def _pause(self) -> None:
        self._waiting, self._until = True, None
        self._records.write({"record": "pause"}, flush=True)

    def _resume(self, until: type[Record] | None) -> None:
        self._waiting, self._until = False, until
        self._records.write({"record": "resume"}, flush=True)

    def _change(self, training: Training, recipe: Recipe) -> None:
        before = training.recipe
        reconfigure(training.state, recipe)
        self._save(training)  # first: a checkpoint without the change would undo it
        self._note_change(training, before)

    def _note_change(self, training: Training, before: Recipe) -> None:
        now = training.recipe
        changed = {name: getattr(now, name) for name in MUTABLE_FIELDS if getattr(now, name) != getattr(before, name)}
        if changed:
            self._records.write({"record": "change", "step": training.state.step, **changed}, flush=True)

    def _look_into_layers(self, training: Training, x: np.ndarray, labels: np.ndarray) -> None:
        recipe = training.recipe
        layers = layer_statistics(training.state.current_model(), recipe.head, recipe.label_smoothing, x, labels)
        self._records.write(layers_to_json(LayerRecord(training.state.step, layers)))

    def _note_time(self, training: Training) -> None:
        self._records.write({"record": "clock", "seconds": self._seconds, "step": training.state.step}, flush=True)

    def _save_in_time(self, training: Training) -> None:
        if time.monotonic() - self._saved > max(SAVE_SECONDS, self._save_cost / SAVE_SHARE):
            self._save(training)

    def _save(self, training: Training) -> None:
        """Keep a checkpoint to go on from, and the network for those who want to use it now."""
        if not np.isfinite(training.state.model.flat).all():
            return  # about to diverge: what was kept before is of more use
        began = time.monotonic()
        self._records.flush()  # first: who goes on from a checkpoint has all records up to it
        save_checkpoint(self._folder.checkpoint, training.state, training.data.fingerprint)
        training.network(latest=True).save(self._folder.weights)
        self._saved = time.monotonic()
        self._save_cost = self._saved - began


def _probe(recipe: Recipe, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Choose the images that the layers are looked at with: spread over the training images, always the same."""
    count = len(split.train_images)
    chosen = np.linspace(0, count - 1, min(LAYER_IMAGES, count)).astype(int)
    return normalize(split.train_images[chosen], recipe.normalization), split.train_labels[chosen]


def work(folder: RunFolder, commands: queue.Queue[dict[str, Any]], records: RecordFile, paused: bool = False) -> None:
    """Train as the folder's job says, and write what happens; the last record says so if it can't be done."""
    try:
        job = folder.read_job()
        if job is None:
            raise MnistCoreError("{path}: its job.json is missing or damaged; start the run anew", path=folder.path)
        Work(folder, commands, records).run(job, load_dataset(job.data), paused)
    except (MnistCoreError, OSError, MemoryError) as error:
        reason = error if isinstance(error, MnistCoreError) else MnistCoreError(str(error) or type(error).__name__)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = MnistCoreError("the disk of the server is full; delete old runs, then run it again")
        with contextlib.suppress(OSError):  # on a full disk
            records.write({"record": "end", "state": "failed", **described(reason)}, flush=True)


def main() -> None:
    """Run the worker of the folder named on the command line, unless another one works there and stays."""
    if hasattr(os, "nice"):
        os.nice(15)  # the pages come first: measured, a click is answered faster than with training in a thread
    folder = RunFolder(Path(sys.argv[1]))
    with contextlib.suppress(Timeout), FileLock(folder.lock, timeout=LOCK_SECONDS):
        if RecordReader(folder.records).read().end:
            return  # another server's worker has done it all in the meantime
        folder.drop_half_line()
        folder.drop_half_files()
        with folder.records.open("ab", buffering=0) as file:
            work(folder, listen(sys.stdin), RecordFile(file), "paused" in sys.argv[2:])


if __name__ == "__main__":
    main()
