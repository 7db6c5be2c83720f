"""A run that goes its own way after an epoch of another one."""

import shutil

from mnist_core.io.npz import NpzReader
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.checkpoint import load_checkpoint, save_checkpoint
from mnist_core.training.state import reconfigure
from webapp.runs.folder import Label, RunFolder
from webapp.runs.job import Job, Parent
from webapp.runs.snapshot import Snapshot


def write_fork(folder: RunFolder, parent: Snapshot, epoch: int, recipe: Recipe, owner: str) -> None:
    """Write the folder of a fork: its past is its parent's, up to the epoch, and its worker goes on from there.

    Args:
        folder: of the new run, which is not there yet.
        parent: the other one.
        epoch: one whose checkpoint is kept.
        recipe: the settings from then on.
        owner: who forks it, see `folder.Label`.

    Raises:
        RecipeError, WeightsError, OSError: see `Runs.fork`.
    """
    checkpoint = parent.folder.epoch_checkpoint(epoch)
    with NpzReader(checkpoint) as reader:
        fingerprint = str(reader.meta.get("data_fingerprint"))
    training = load_checkpoint(checkpoint, fingerprint)
    before = parent.recipe_at(training.step)  # also with what was changed there after the checkpoint was kept
    reconfigure(training, recipe)
    with folder.made_for(Job(recipe, parent.job.data, parent=Parent(parent.id, epoch))):
        folder.write_label(Label(owner=owner))
        shutil.copyfile(parent.folder.records, folder.records)
        folder.append({"record": "continue", "step": training.step, "epochs": epoch})
        changed = {name: new for name, new in vars(recipe).items() if new != getattr(before, name)}
        folder.append({"record": "change", "step": training.step, "fork": epoch, **changed})
        save_checkpoint(folder.checkpoint, training, fingerprint)
        save_checkpoint(folder.epoch_checkpoint(epoch), training, fingerprint)
