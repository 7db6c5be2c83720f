"""A training as the terminal shows it: a progress bar, a line for every epoch, or JSON."""

import json
from collections.abc import Iterator
from typing import Literal

import click
from tqdm import tqdm

from mnist_core.training.records import EpochEnd, StepEnd, to_json
from mnist_core.training.stream import Training


def train_and_show(training: Training, style: Literal["lines", "json", "quiet"]) -> Iterator[bool]:
    """Train to the end and show every record; yield after each whether it ended an epoch.

    "lines" is a progress bar with a line for every epoch, "quiet" the bar alone, "json" one JSON object a record.
    """
    batches = training.recipe.steps_per_epoch(len(training.split.train_images))
    with tqdm(
        total=training.recipe.epochs * batches,
        initial=training.state.step,
        unit="step",
        disable=style == "json",
        dynamic_ncols=True,
    ) as bar:
        for record in training:
            if style == "json":
                click.echo(json.dumps(to_json(record)))
            elif isinstance(record, StepEnd):
                bar.set_postfix(loss=f"{record.loss:.4f}", accuracy=f"{record.accuracy:.1%}", refresh=False)
                bar.update()
            elif style == "lines":
                bar.write(_epoch_line(record))
            yield isinstance(record, EpochEnd)


def _epoch_line(epoch: EpochEnd) -> str:
    line = f"epoch {epoch.epoch:>3}   train {epoch.train_loss:.4f} {epoch.train_accuracy:.2%}   "
    if epoch.validation_loss is not None and epoch.validation_accuracy is not None:
        line += f"validation {epoch.validation_loss:.4f} {epoch.validation_accuracy:.2%}   "
    return f"{line}{epoch.seconds:.1f} s{'   best' if epoch.best else ''}"
