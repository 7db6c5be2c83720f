"""Runs whose folders are written by hand, as a worker would have left them: no training is needed to list them."""

import os
from pathlib import Path

from mnist_core.recipes.recipe import Recipe
from mnist_core.training.records import EpochEnd, StepEnd, to_json
from webapp.runs.folder import RunFolder
from webapp.runs.job import Job

RECIPE = Recipe("quick", "test", hidden_sizes=(16,), batch_size=25)


def write_run(
    folder: Path,
    run_id: str,
    recipe: Recipe = RECIPE,
    accuracy: float | None = 0.9,
    seconds: float = 2.0,
    test_accuracy: float | None = 0.91,
    age: float = 0.0,
    data: str = "synthetic",
) -> RunFolder:
    """Write a finished run of one epoch of four steps.

    Args:
        folder: of all runs.
        run_id: its own.
        recipe: its settings.
        accuracy: on the validation images; None: there are none.
        seconds: what it has taken.
        test_accuracy: None: it has not come to its end, but was interrupted.
        age: seconds since it was started.
        data: the data set.
    """
    run = RunFolder(folder / run_id)
    run.write_job(Job(recipe, data))
    started = 1_700_000_000 - age
    os.utime(run.path / "job.json", (started, started))
    run.append({"record": "begin", "data_name": data, "synthetic": True, "train_images": 100, "validation_images": 20})
    for step in range(1, 5):
        run.append(to_json(StepEnd(step, 1, 2.0 / step, 0.2 * step, recipe.learning_rate)))
    loss = None if accuracy is None else 1 - accuracy
    run.append(to_json(EpochEnd(1, 4, 1.0, 0.5, loss, accuracy, accuracy is not None, seconds)))
    run.append({"record": "clock", "seconds": seconds, "step": 4})
    if test_accuracy is not None:
        run.append({"record": "end", "state": "finished", "test_accuracy": test_accuracy})
    return run
