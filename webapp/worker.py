"""One run in a process of its own: reads a job, writes records, obeys commands.

Started by `runs.py` as `python -m webapp.worker FOLDER`. The folder holds `job.json`; the worker appends its records
to `records.jsonl`, one JSON object a line, and leaves the trained network in `weights.npz`. Commands come as lines on
standard input: "pause", "resume", "stop". When the input ends, the server is gone, and the worker stops as well,
keeping what it has. This is the whole seam: a job description in, records out.
"""

import json
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from mnist_core.data import load_dataset
from mnist_core.errors import DivergedError, MnistCoreError
from mnist_core.recipes import Recipe
from mnist_core.records import to_json
from mnist_core.training import split_for, start_training, train
from mnist_core.weights import finished_network, save_weights

FLUSH_SECONDS = 0.1
"""How long a record may wait before it is written."""
CLOCK_SECONDS = 0.5
"""How often it is noted how long the training has taken."""


def validations_per_epoch(recipe: Recipe) -> int:
    """Say how often the validation images are read in an epoch: at least twice, and ten times in a training.

    So that their curve also grows within an epoch; each reading costs a few hundredths of a second.
    """
    return max(2, -(-10 // recipe.epochs))


class RecordFile:
    """Appends JSON lines; several at a time, because a line for every step would mean thousands of writes a second."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._flushed = time.monotonic()

    def write(self, values: dict[str, Any], flush: bool = False) -> None:
        """Append one record; it reaches the disk within `FLUSH_SECONDS` of the next one, or at once."""
        self._file.write(json.dumps(values) + "\n")
        now = time.monotonic()
        if flush or now - self._flushed > FLUSH_SECONDS:
            self._file.flush()
            self._flushed = now


def listen(stream: IO[str]) -> queue.Queue[str]:
    """Collect commands from a stream in the background; its end counts as "stop"."""
    commands: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in stream:
            commands.put(line.strip())
        commands.put("stop")

    threading.Thread(target=read, daemon=True).start()
    return commands


def obey(commands: queue.Queue[str], records: RecordFile) -> bool:
    """Do what was asked since the last step; a pause lasts in here.

    Returns:
        Whether to go on; False after "stop".
    """
    paused = False
    while paused or not commands.empty():
        command = commands.get()
        if command == "stop":
            return False
        if command in ("pause", "resume") and paused != (command == "pause"):
            paused = not paused
            records.write({"record": "pause" if paused else "resume"}, flush=True)
    return True


def work(folder: Path, commands: queue.Queue[str], records: RecordFile) -> None:
    """Train as the folder's job says, and write what happens.

    Args:
        folder: the run's folder, with `job.json`.
        commands: see `listen`.
        records: where every record goes; the last one is of the kind "end", whatever happens.
    """
    try:
        job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        recipe = Recipe.from_json(job["recipe"])
        dataset = load_dataset(job["data"])
        split = split_for(recipe, dataset)
        training = start_training(recipe)
        records.write(
            {
                "record": "begin",
                "data_name": dataset.name,
                "synthetic": dataset.synthetic,
                "train_images": len(split.train_images),
                "validation_images": len(split.validation_images),
            },
            flush=True,
        )
        end: dict[str, Any] = {"record": "end", "state": "finished"}
        try:
            began = noted = time.monotonic()
            for record in train(training, split, validations_per_epoch(recipe)):
                records.write(to_json(record))
                now = time.monotonic()
                if now - noted > CLOCK_SECONDS:
                    records.write({"record": "clock", "seconds": now - began, "step": record.step})
                    noted = now
                if not obey(commands, records):
                    end["state"] = "stopped"
                    break
                began += time.monotonic() - now  # a pause does not count
        except DivergedError as error:
            end |= {"state": "failed", "diverged": {"step": error.step, "learning_rate": error.learning_rate}}
        if end["state"] != "failed" or training.best is not None:
            network = finished_network(training, dataset)
            save_weights(folder / "weights.npz", network)
            end["test_accuracy"] = network.test_accuracy
        records.write(end, flush=True)
    except (MnistCoreError, OSError, MemoryError) as error:
        records.write({"record": "end", "state": "failed", "error": str(error) or type(error).__name__}, flush=True)


def main() -> None:
    """Run the worker of the folder named on the command line."""
    if hasattr(os, "nice"):
        os.nice(15)  # the pages come first: measured, a click is answered faster than with training in a thread
    folder = Path(sys.argv[1])
    with (folder / "records.jsonl").open("a", encoding="utf-8") as file:
        work(folder, listen(sys.stdin), RecordFile(file))


if __name__ == "__main__":
    main()
