"""Whether one more run can be started on this server; if not, the words for it."""

import errno
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from mnist_core.recipes.recipe import Recipe
from webapp.i18n import gettext as _
from webapp.runs.folder import bytes_in

MAX_EPOCHS = 5000
"""Each reads the validation images and leaves records, however few steps it has."""
MAX_GOING = 64
"""Runs that train, wait for their turn, or are paused with a worker of their own."""
PAUSED_AT_MOST = 4
"""Paused workers that stay in memory, 130 to 390 MB each; beyond that the one that waits longest leaves."""
MAX_OWN_GOING = 6
"""Of those, the runs of one visitor."""
MIN_FREE = 500_000_000
"""Bytes of the disk that stay free for what is going."""
MAX_BYTES = 20_000_000_000
"""What all runs together may take, unless the server is told another figure."""

OWN_SHARE = 0.25
"""Of those bytes, what the runs of one visitor may take."""


class Starter(NamedTuple):
    """Who starts a run.

    Attributes:
        owner: see `folder.Label`.
        is_limited: whether the limits of one visitor hold, as they do for all but the teacher.
    """

    owner: str
    is_limited: bool


ANYBODY = Starter("", is_limited=False)


class Own(NamedTuple):
    """What one visitor has already: runs that are going, and bytes of all runs."""

    going: int
    used: int


class NoRoomError(OSError):
    """A run can't be started now; the message says why and what to do, in the visitor's language."""


def check_room(recipe: Recipe, folder: Path, max_bytes: int, going: int, own: Own | None) -> None:
    """Check that one more run can be started.

    Args:
        recipe: of the new run.
        folder: of all runs; it need not be there yet.
        max_bytes: what they may take together.
        going: how many train, wait, or are paused with a worker.
        own: what the visitor who starts it has already; None: the limits of one visitor do not hold.

    Raises:
        NoRoomError: if not.
        OSError: if the disk can't be looked at.
    """
    if recipe.epochs > MAX_EPOCHS:
        raise NoRoomError(
            _("This training would take {needed:,} epochs; up to {allowed:,} can be started here.").format(
                needed=recipe.epochs, allowed=MAX_EPOCHS
            )
        )
    if going >= MAX_GOING:
        raise NoRoomError(
            _("{count} trainings are going or waiting here already: wait until one is over, or stop one.").format(
                count=going
            )
        )
    if own is not None and own.going >= MAX_OWN_GOING:
        raise NoRoomError(
            _("{count} trainings of yours are going or waiting: wait until one is over, or stop one.").format(
                count=own.going
            )
        )
    if own is not None and own.used >= OWN_SHARE * max_bytes:
        raise NoRoomError(
            _(
                "Your trainings take {used:.1f} GB here, and one visitor may take {allowed:g} GB. "
                "To make room, delete old ones on the page “Compare”."
            ).format(used=own.used / 1e9, allowed=OWN_SHARE * max_bytes / 1e9)
        )
    used = bytes_in(folder)
    if used >= max_bytes:
        raise NoRoomError(
            _(
                "All trainings together take {used:.1f} GB here, and up to {allowed:g} GB are allowed. "
                "To make room, delete old ones on the page “Compare”."
            ).format(used=used / 1e9, allowed=max_bytes / 1e9)
        )
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if shutil.disk_usage(there).free < MIN_FREE:
        raise NoRoomError(_full_disk())


def words_for(error: OSError) -> str:
    """Say why a run's files could not be written, in the visitor's language."""
    if isinstance(error, NoRoomError):
        return str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full_disk()
    reason = os.strerror(error.errno) if error.errno else str(error)
    return _("The server cannot write into the folder of its trainings ({reason}).").format(reason=reason)


def _full_disk() -> str:
    return _("The server's disk is full. To make room, delete old trainings on the page “Compare”.")
