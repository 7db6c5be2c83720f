"""What is said of a run wherever runs are listed: its state, its figures, its place in an order."""

import math
from collections.abc import Sequence
from typing import Literal

from webapp.i18n import gettext as _
from webapp.runs.snapshot import Snapshot

Order = Literal["newest", "accuracy", "time", "size"]


def state_text(snapshot: Snapshot) -> str:
    """Describe in a word or two where a run stands."""
    if snapshot.behind:
        return _("Reading its curves")
    if snapshot.elsewhere:
        return _("Paused on another server") if snapshot.state == "paused" else _("On another server")
    states = {
        "queued": _("Waiting (place {place})").format(place=snapshot.place),
        "running": _("Training"),
        "paused": _("Paused"),
        "interrupted": _("Interrupted"),
        "stopped": _("Stopped"),
        "finished": _("Finished"),
        "failed": _("Failed"),
    }
    return states[snapshot.state]


def validation_accuracy(snapshot: Snapshot) -> float | None:
    """Return the accuracy of the best epoch on the validation images, in [0, 1]; None if there is none (yet)."""
    best = snapshot.records.best
    return None if best is None else best.validation_accuracy


def accuracy_on_test(snapshot: Snapshot) -> float | None:
    """Return the accuracy on the test images, in [0, 1]; None before the end of the run."""
    return snapshot.records.end.get("test_accuracy")


def ordered(snapshots: Sequence[Snapshot], by: Order) -> list[Snapshot]:
    """Put runs into an order.

    Args:
        snapshots: newest first.
        by: "newest" keeps them so; "accuracy" is the best on validation images, or on test images where none are kept
            for validation, highest first; "time" is the shortest training, "size" the fewest parameters first.

    Returns:
        All of them; those that have nothing to be put in order by come last, and equal ones newest first.
    """
    return list(snapshots) if by == "newest" else sorted(snapshots, key=lambda snapshot: _sort_value(snapshot, by))


def _sort_value(snapshot: Snapshot, by: Order) -> float:
    if by == "accuracy":
        share = validation_accuracy(snapshot)
        share = accuracy_on_test(snapshot) if share is None else share
        return math.inf if share is None else -share
    return snapshot.job.recipe.parameters if by == "size" else snapshot.records.seconds or math.inf
