"""A run as a worker would leave it, trained in the test's own process: no worker has to be waited for."""

from pathlib import Path

from mnist_core.data.dataset import Dataset, Split
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.checkpoint import save_checkpoint
from mnist_core.training.loop import train_from
from mnist_core.training.records import EpochEnd, StepEnd, to_json
from mnist_core.training.state import init_state
from mnist_core.training.stream import Training
from webapp.runs.folder import RunFolder
from webapp.runs.job import Job
from webapp.runs.records import Records
from webapp.runs.snapshot import Snapshot, State

RECIPE = Recipe("tiny", "test", hidden_sizes=(16,), batch_size=25, epochs=3, learning_rate=0.2)


def write_run(path: Path, dataset: Dataset, split: Split, recipe: Recipe = RECIPE) -> RunFolder:
    """Train, keeping the checkpoint of every epoch and the weights at the end."""
    folder = RunFolder(path)
    folder.write_job(Job(recipe, "synthetic"))
    folder.epoch_checkpoint(0).parent.mkdir()
    training = init_state(recipe)
    save_checkpoint(folder.epoch_checkpoint(0), training, dataset.fingerprint)
    for record in train_from(training, split):
        if isinstance(record, EpochEnd):
            save_checkpoint(folder.epoch_checkpoint(record.epoch), training, dataset.fingerprint)
    Training(training, dataset).network().tested(dataset).save(folder.weights)
    return folder


def snapshot_of(path: Path, steps: int = 12, state: State = "finished", run_id: str = "tiny") -> Snapshot:
    """Look at such a run after some steps, of which four are an epoch."""
    folder = RunFolder(path)
    job = folder.read_job()
    assert job is not None
    records = Records(begin={"train_images": 90})
    for step in range(1, steps + 1):
        records.add(to_json(StepEnd(step, 1, 1.0, 0.5, 0.2)))
    return Snapshot(run_id, run_id, "", state, job, records, 0, False, False, folder)
