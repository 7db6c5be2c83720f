"""The networks that have learnt a visitor's hand: one of each visitor, in a file, with what is known of it beside."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mnist_core.io.atomic_file import atomic_write
from mnist_core.network import Network
from mnist_core.training.fine_tuning import Scores
from webapp.visitors.folder import visitors_folder
from webapp.visitors.identity import owner_of

MAX_HANDS = 200
"""On the server, 4 MB each; the oldest makes room, and can be taught again in seconds."""


@dataclass(frozen=True)
class Hand:
    """What is known of a network that has learnt a hand.

    Attributes:
        base: key of the network that it was before, see `networks.Choice`.
        drawings: how many it learnt from.
        before: how well that network read.
        after: how well this one reads.
        data_name: of the data set that it rehearsed, and whose test images are read.
        synthetic: whether that was drawn by code.
    """

    base: str
    drawings: int
    before: Scores
    after: Scores
    data_name: str
    synthetic: bool


def hand_path(visitor: str) -> Path:
    """Return where a visitor's network lies, or would lie."""
    return visitors_folder() / "hands" / f"{owner_of(visitor)}.npz"


def hand_of(visitor: str) -> Hand | None:
    """Look up what is known of a visitor's network; None if there is none."""
    path = hand_path(visitor)
    try:
        known = json.loads(path.with_suffix(".json").read_bytes())
    except FileNotFoundError:
        return None
    if not path.exists():
        return None
    return Hand(**known | {"before": Scores(**known["before"]), "after": Scores(**known["after"])})


def keep_hand(visitor: str, network: Network, hand: Hand) -> None:
    """Keep a visitor's network in place of the one before.

    Raises:
        WeightsError: if the network cannot be written; the one before stays then.
    """
    path = hand_path(visitor)
    network.save(path, "float16")
    with atomic_write(path.with_suffix(".json")) as file:
        file.write(json.dumps(asdict(hand)).encode())
    newest_first = sorted(path.parent.glob("*.npz"), key=lambda found: found.stat().st_mtime_ns, reverse=True)
    for old in newest_first[MAX_HANDS:]:
        _delete(old)


def forget_hand(visitor: str) -> None:
    """Delete a visitor's network, if there is one."""
    _delete(hand_path(visitor))


def _delete(path: Path) -> None:
    path.with_suffix(".json").unlink(missing_ok=True)
    path.unlink(missing_ok=True)
