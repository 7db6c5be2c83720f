"""What a run has written so far, read back from its lines."""

import json
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnist_core.training.layer_statistics import LayerRecord, layers_from_json
from mnist_core.training.records import EpochEnd, Record, StepEnd, from_json


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
        """Add one line of the record file."""
        match values["record"]:
            case "begin":
                self.begin = values
            case "continue":
                self._go_back(values["step"], values["epochs"])
            case "pause" | "resume" as kind:
                self.paused = kind == "pause"
            case "clock":
                self.clock.append((values["seconds"], values["step"]))
            case "change":
                self.changes.append({name: value for name, value in values.items() if name != "record"})
            case "layers":
                self.layers.append(layers_from_json(values))
            case "end":
                self.end = values
            case _:
                self._add_record(from_json(values))

    def _add_record(self, record: Record) -> None:
        if isinstance(record, StepEnd):
            self.loss.append(record.loss)
            self.accuracy.append(record.accuracy)
            self.learning_rate.append(record.learning_rate)
        else:
            self.epochs.append(record)
        if record.validation_loss is not None and record.validation_accuracy is not None:
            self.validation_loss.append((record.step, record.validation_loss))
            self.validation_accuracy.append((record.step, record.validation_accuracy))

    def _go_back(self, step: int, epochs: int) -> None:
        """Drop what came after a checkpoint: the same steps will come once more, or others in their place."""
        undone = {epoch.step for epoch in self.epochs[epochs:]}  # its last step may be that of the checkpoint
        for column in (self.loss, self.accuracy, self.learning_rate):
            del column[step:]
        for name in ("validation_loss", "validation_accuracy"):
            setattr(self, name, [(at, value) for at, value in getattr(self, name) if at <= step and at not in undone])
        self.epochs = self.epochs[:epochs]
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
    """

    def __init__(self, path: Path) -> None:
        self.records = Records()
        self._path = path
        self._offset = 0

    def read(self) -> Records:
        """Read on, and return all records."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                content = file.read()
        except FileNotFoundError:
            return self.records
        whole = content[: content.rfind(b"\n") + 1]  # the last line may be half written
        self._offset += len(whole)
        for line in whole.splitlines():
            self.records.add(json.loads(line))
        return self.records
