"""What training hands out: frozen records of plain numbers, easy to compare, plot and write as JSON.

Wall-clock time is left out of comparisons, so two runs with the same seed, recipe and data give equal records.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class StepEnd:
    """One update of the parameters.

    Attributes:
        step: updates so far, counted from 1 over the whole training.
        epoch: the epoch that this step belongs to, counted from 1.
        loss: mean loss of this step's batch before the update, without penalties.
        accuracy: share of the digits in this batch read correctly before the update, in [0, 1]; 0 without any.
        learning_rate: the learning rate of this update.
        validation_loss: mean loss over the validation images after the update, at the few steps where it was asked
            for; else None.
        validation_accuracy: the same for accuracy, in [0, 1].
    """

    step: int
    epoch: int
    loss: float
    accuracy: float
    learning_rate: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


@dataclass(frozen=True)
class EpochEnd:
    """One pass over the training images, and the validation after it.

    Attributes:
        epoch: counted from 1.
        step: updates so far.
        train_loss: mean over the epoch's images, each as it was seen during training.
        train_accuracy: the same for accuracy, in [0, 1].
        validation_loss: mean loss over the validation images after the epoch; None if there are none.
        validation_accuracy: share of the validation images that is read correctly, in [0, 1]; None likewise.
        best: whether these are the best weights so far, by validation loss.
        seconds: wall-clock time that the epoch took in this process, without what was done between its records (a
            pause, say); not compared.
    """

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    best: bool
    seconds: float = field(compare=False)


Record = StepEnd | EpochEnd


def to_json(record: Record) -> dict[str, Any]:
    """Return a record as a dictionary of plain values, with its kind ("step" or "epoch") under "record"."""
    if isinstance(record, EpochEnd):
        return {"record": "epoch", **vars(record)}
    # A file holds thousands of steps, and few of them have a validation. At batch size 1 there are thousands a second:
    # `dataclasses.asdict`, which looks for records in records, would take a dozen times as long as `vars`.
    return {"record": "step", **{name: value for name, value in vars(record).items() if value is not None}}


def from_json(values: dict[str, Any]) -> Record:
    """Rebuild a record from what `to_json` gave.

    Raises:
        ValueError: if the kind is neither "step" nor "epoch".
        TypeError: if fields are missing or unknown.
    """
    fields = dict(values)
    kind = fields.pop("record", None)
    if kind == "step":
        return StepEnd(**fields)
    if kind == "epoch":
        return EpochEnd(**fields)
    raise ValueError(f"found a record of kind {kind!r}, expected 'step' or 'epoch'")
