"""The summary of a run that is over: what lists say of it, so that they need not read its records."""

import contextlib
import json

from mnist_core.training.records import to_json
from webapp.runs.folder import RunFolder, write_json
from webapp.runs.records import UNREADABLE, Records

KEPT_EPOCHS = 60
"""Of a summary, evenly spread: enough for a curve among many."""
FORM = 2
"""Of the summaries that are written here; older ones have the best epoch alone, and are written anew."""


def write_summary(folder: RunFolder, records: Records, size: int) -> None:
    """Write the summary of a run that is over, if that is possible: without it the records are read.

    Args:
        folder: of the run.
        records: all of them.
        size: bytes of the record file that they were read from.
    """
    count, apart = len(records.epochs), -(-len(records.epochs) // KEPT_EPOCHS)
    epochs = [
        to_json(epoch)
        for place, epoch in enumerate(records.epochs, 1)
        if epoch is records.best or (count - place) % apart == 0  # the last one is always there
    ]
    clock = {"record": "clock", "seconds": records.seconds, "step": records.steps}
    lines = [records.begin, *epochs, clock, records.end]
    with contextlib.suppress(OSError):
        if folder.records.exists():  # the run may have just been deleted
            values = {"form": FORM, "size": size, "steps": records.steps, "lines": [line for line in lines if line]}
            write_json(folder.summary, values)


def read_summary(folder: RunFolder) -> Records | None:
    """Read a summary as records without every step; None if there is none, or the record file is no longer the same."""
    try:
        values = json.loads(folder.summary.read_text(encoding="utf-8"))
        if values["form"] != FORM or values["size"] != folder.records.stat().st_size:
            return None
        records = Records(left_out=int(values["steps"]))
        for line in values["lines"]:
            records.add(line)
    except (OSError, *UNREADABLE):
        return None
    return records if records.end else None
