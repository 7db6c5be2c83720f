"""What a run has written so far, read back from its lines; those that a full disk has torn are left out."""

import json
import math
import time
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mnist_core.errors import MnistCoreError
from mnist_core.recipes.recipe import MUTABLE_FIELDS, SETTINGS
from mnist_core.training.layer_statistics import LayerRecord, layers_from_json
from mnist_core.training.records import EpochEnd, from_json

PIECE = 1 << 20
"""Bytes that are read at once."""
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""What reading JSON that is torn, or of another shape, may raise."""


def numbers(column: "array[float]") -> np.ndarray:
    """Return a column of `Records` as float (N,): a copy of a copy, since nobody can lengthen what NumPy looks at."""
    return np.array(column[:])


@dataclass
class Records:
    """A run's history. It only grows, but for what a killed worker had done after its last checkpoint.

    Steps are kept in columns of 8 bytes a number: a long run has a million of them.

    Attributes:
        begin: the first record: data set and its sizes; empty until the data are loaded.
        loss: of every step, from step 1.
        accuracy: of every step, in [0, 1].
        learning_rate: of every step.
        validation_loss: (step, loss) wherever the validation images were read.
        validation_accuracy: the same for accuracy.
        epochs: one record for each epoch.
        clock: (seconds that the training has taken, without pauses; steps so far), about twice a second.
        changes: what was changed on the way: {"step": s, "learning_rate": new, …}, and {"step": s, "fork": epoch}
            where the run left the one that it was forked from.
        layers: what went on in the layers, some dozens of times.
        paused: whether the last pause still lasts.
        end: the last record: final state, test accuracy or error; empty until the end.
        left_out: how many steps the columns leave out: 0, but for a summary of a run that is over.
    """

    begin: dict[str, Any] = field(default_factory=dict)
    loss: "array[float]" = field(default_factory=lambda: array("d"))
    accuracy: "array[float]" = field(default_factory=lambda: array("d"))
    learning_rate: "array[float]" = field(default_factory=lambda: array("d"))
    validation_loss: list[tuple[int, float]] = field(default_factory=list)
    validation_accuracy: list[tuple[int, float]] = field(default_factory=list)
    epochs: list[EpochEnd] = field(default_factory=list)
    clock: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 0)])
    changes: list[dict[str, Any]] = field(default_factory=list)
    layers: list[LayerRecord] = field(default_factory=list)
    paused: bool = False
    end: dict[str, Any] = field(default_factory=dict)
    left_out: int = 0

    @property
    def steps(self) -> int:
        """Updates so far."""
        return self.left_out + len(self.loss)

    @property
    def best(self) -> EpochEnd | None:
        """The best epoch so far."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)

    @property
    def seconds(self) -> float:
        """How long the training has taken, without pauses."""
        return self.clock[-1][0]

    def settings_at(self, step: int) -> dict[str, Any]:
        """Return the settings that were changed on the way up to a step, as they stood then."""
        changed: dict[str, Any] = {}
        for change in self.changes:
            if change["step"] <= step:
                changed |= {name: value for name, value in change.items() if name not in ("step", "fork")}
        return changed

    def add(self, values: dict[str, Any]) -> None:
        """Add one line of the record file.

        Raises:
            ValueError, TypeError, KeyError: if it is not of a record's shape; then nothing is changed.
        """
        match values["record"]:
            case "step":
                self._add_step(values)
            case "begin":
                for name in ("train_images", "validation_images"):
                    _count(values.get(name, 0))
                self.begin = values
            case "continue":
                self._go_back(_count(values["step"]), _count(values["epochs"]))
            case "pause" | "resume" as kind:
                self.paused = kind == "pause"
            case "clock":
                self.clock.append((_finite(values["seconds"]), _count(values["step"])))
            case "change":
                self._add_change({name: value for name, value in values.items() if name != "record"})
            case "layers":
                _count(values["step"])
                _all_finite(values["layers"])
                self.layers.append(layers_from_json(values))
            case "end":
                _check_end(values)
                self.end = values
            case _:
                self._add_epoch(values)

    def _add_step(self, values: dict[str, Any]) -> None:
        # Not by way of `StepEnd`: a file holds hundreds of thousands of these lines.
        step, validation = _count(values["step"]), values.get("validation_loss")
        figures = [_finite(values[name]) for name in ("loss", "accuracy", "learning_rate")]
        if validation is not None:
            validation = _finite(validation), _finite(values["validation_accuracy"])
        if step <= len(self.loss):
            return  # written twice
        for column, figure in zip((self.loss, self.accuracy, self.learning_rate), figures, strict=True):
            column.append(figure)
        if validation is not None:
            self._add_validation(step, *validation)

    def _add_epoch(self, values: dict[str, Any]) -> None:
        epoch = from_json(values)
        if not isinstance(epoch, EpochEnd) or type(epoch.best) is not bool:
            raise TypeError(f"found {values}, expected the end of an epoch")
        validation = [figure for figure in (epoch.validation_loss, epoch.validation_accuracy) if figure is not None]
        for figure in (epoch.train_loss, epoch.train_accuracy, epoch.seconds, *validation):
            _finite(figure)
        for count in (epoch.epoch, epoch.step):
            _count(count)
        if self.epochs and epoch.epoch <= self.epochs[-1].epoch:
            return  # written twice
        self.epochs.append(epoch)
        if epoch.validation_loss is not None and epoch.validation_accuracy is not None:
            self._add_validation(epoch.step, epoch.validation_loss, epoch.validation_accuracy)

    def _add_validation(self, step: int, loss: float, accuracy: float) -> None:
        self.validation_loss.append((step, loss))
        self.validation_accuracy.append((step, accuracy))

    def _add_change(self, change: dict[str, Any]) -> None:
        for name, value in change.items():
            if name in ("step", "fork"):
                _count(value)
            elif name not in MUTABLE_FIELDS or not SETTINGS[name].kind.accepts(value):
                raise ValueError(f"found a change of {name!r} to {value!r}, expected a setting and what it may be")
        self.changes.append({"step": change["step"], **change})

    def _go_back(self, step: int, epochs: int) -> None:
        """Drop what came after a checkpoint: the same steps will come once more, or others in their place."""
        undone = {epoch.step for epoch in self.epochs if epoch.epoch > epochs}  # the last may be the checkpoint's step
        for column in (self.loss, self.accuracy, self.learning_rate):
            del column[step:]
        for name in ("validation_loss", "validation_accuracy"):
            setattr(self, name, [(at, value) for at, value in getattr(self, name) if at <= step and at not in undone])
        self.epochs = [epoch for epoch in self.epochs if epoch.epoch <= epochs]
        self.clock = [(seconds, at) for seconds, at in self.clock if at <= step]
        self.changes = [change for change in self.changes if change["step"] <= step]
        self.layers = [record for record in self.layers if record.step <= step]
        self.paused, self.end = False, {}


class RecordReader:
    """Reads what a growing file of records has gained since the last look.

    Args:
        path: the file; it need not be there yet.

    Attributes:
        records: all that was read so far.
        offset: how many bytes of the file that was.
        behind: whether there was no time for all of it.
    """

    def __init__(self, path: Path) -> None:
        self.records = Records()
        self.offset = 0
        self.behind = False
        self._path = path

    def read(self, seconds: float = math.inf) -> Records:
        """Read on, for about so many seconds at most, and return all records; a line that is none is skipped."""
        self.behind = False
        deadline = time.monotonic() + seconds
        try:
            with self._path.open("rb") as file:
                file.seek(self.offset)
                while content := file.read(PIECE):
                    # The last line may be half written. One that is longer than any record is none.
                    whole = content.rfind(b"\n") + 1 or (len(content) if len(content) == PIECE else 0)
                    for line in content[:whole].decode("utf-8", "replace").split("\n"):
                        self._add(line)
                    self.offset += whole
                    if len(content) < PIECE:
                        break
                    if time.monotonic() > deadline:
                        self.behind = True
                        break
                    file.seek(self.offset)
        except FileNotFoundError:
            pass
        return self.records

    def _add(self, line: str) -> None:
        try:
            self.records.add(json.loads(line))
        except UNREADABLE:
            return


def _count(value: Any) -> int:
    """Return a whole number of at least 0; ValueError if it is none."""
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise ValueError(f"found {value!r}, expected a whole number of at least 0")
    return value


def _finite(value: Any) -> float:
    """Return a finite number; ValueError if it is none."""
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"found {value!r}, expected a finite number")
    return float(value)


def _all_finite(values: Any) -> None:
    """Check the numbers in lists and dictionaries; None may stand for one that there is not."""
    if isinstance(values, dict | list):
        for value in values.values() if isinstance(values, dict) else values:
            _all_finite(value)
    elif values is not None:
        _finite(values)


def described(error: MnistCoreError) -> dict[str, Any]:
    """Return what the last record says of an error: its message in English, and what `reason_of` makes of it."""
    values = {name: str(value) for name, value in error.values.items()}
    return {"error": str(error), "template": error.template, "values": values}


def reason_of(end: dict[str, Any]) -> MnistCoreError:
    """Return why a run has failed; older versions wrote the message alone."""
    return MnistCoreError(end.get("template", end["error"]), **end.get("values", {}))


def _check_end(values: dict[str, Any]) -> None:
    if values["state"] not in ("finished", "stopped", "failed"):
        raise ValueError(f"found the state {values['state']!r}, expected one that ends a run")
    if "test_accuracy" in values:
        _finite(values["test_accuracy"])
    if "error" in values and str(reason_of(values)) != values["error"]:
        raise ValueError(f"found {values}, expected a message that says the same twice")
    if "diverged" in values:
        _count(values["diverged"]["step"])
        _finite(values["diverged"]["learning_rate"])
