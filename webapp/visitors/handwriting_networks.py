"""The networks that have learnt a visitor's hand: one of each visitor, in a file, with what is known of it beside."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from mnist_core.io.atomic_file import atomic_write
from mnist_core.network import Network
from mnist_core.training.fine_tuning import Scores
from webapp.visitors.folder import in_words, visitors_folder
from webapp.visitors.identity import owner_of

MAX_HANDS = 200
"""On the server, mostly 4 MB each; the one that has not been used for longest makes room.

Whoever deletes the cookie is a new visitor, who may teach again. But that takes three drawings and seconds of the one
turn to learn, and a network counts as used whenever its visitor looks at the drawing page: to displace those of a
class, somebody must teach two hundred others, which holds the turn for a quarter of an hour, while the class looks at
none of its own. The drawings stay in any case, and a network that is gone is taught again in seconds.
"""


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
    """Look up what is known of a visitor's network, which counts as used; None if there is none, or it is damaged."""
    path = hand_path(visitor)
    known = path.with_suffix(".json")
    try:
        hand = _read_hand(json.loads(known.read_bytes())) if path.exists() else None
    except (OSError, ValueError, RecursionError):
        return None
    if hand is not None:
        with suppress(OSError):  # a disk that cannot be written can be read all the same
            os.utime(known)
    return hand


def _read_hand(known: object) -> Hand | None:
    match known:
        case {
            "base": str(base),
            "drawings": int(drawings),
            "before": {"own": float(own_before), "test": float(test_before)},
            "after": {"own": float(own), "test": float(test)},
            "data_name": str(data_name),
            "synthetic": bool(synthetic),
        }:
            return Hand(base, drawings, Scores(own_before, test_before), Scores(own, test), data_name, synthetic)
    return None


def keep_hand(visitor: str, network: Network, hand: Hand) -> None:
    """Keep a visitor's network in place of the one before.

    Raises:
        StorageError: if it cannot be written.
        WeightsError: if the network has numbers that no file can hold. The one before stays in both cases.
    """
    path = hand_path(visitor)
    with in_words("hands"):
        with atomic_write(path.with_suffix(".json")) as file:
            file.write(json.dumps(asdict(hand)).encode())
            file.flush()  # so that a full disk is noticed before the network is replaced
            network.save(path, "float16")
        others = [other for other in all_hands() if other != path]  # a clock that was set back would make it the oldest
        for old in sorted(others, key=_last_used, reverse=True)[MAX_HANDS - 1 :]:
            _delete(old)


def forget_hand(visitor: str) -> None:
    """Delete a visitor's network, if there is one.

    Raises:
        StorageError: if it cannot be deleted.
    """
    with in_words("hands"):
        _delete(hand_path(visitor))


def all_hands() -> list[Path]:
    """List the networks of all visitors."""
    return list((visitors_folder() / "hands").glob("*.npz"))


def forget_all_hands() -> None:
    """Delete the networks of all visitors.

    Raises:
        StorageError: if one cannot be deleted.
    """
    with in_words("hands"):
        for path in all_hands():
            _delete(path)


def _last_used(path: Path) -> int:
    try:
        return path.with_suffix(".json").stat().st_mtime_ns
    except OSError:  # nobody can use it
        return 0


def _delete(path: Path) -> None:
    path.with_suffix(".json").unlink(missing_ok=True)
    path.unlink(missing_ok=True)
