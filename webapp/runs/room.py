"""Whether one more run can be started on this server; if not, the words for it."""

import errno
import os
import shutil
from pathlib import Path

from mnist_core.recipes.recipe import Recipe
from webapp.i18n import gettext as _
from webapp.runs.folder import bytes_in

MAX_EPOCHS = 5000
"""Each reads the validation images and leaves records, however few steps it has."""
MAX_GOING = 64
"""Runs that train, wait for their turn, or are paused with a worker of their own."""
PAUSED_AT_MOST = 4
"""Paused workers that stay in memory, 130 to 390 MB each; beyond that the one that waits longest leaves."""
MIN_FREE = 500_000_000
"""Bytes of the disk that stay free for what is going."""
MAX_BYTES = 20_000_000_000
"""What all runs together may take, unless the server is told another figure."""


class NoRoomError(OSError):
    """A run can't be started now; the message says why and what to do, in the visitor's language."""


def check_room(recipe: Recipe, folder: Path, max_bytes: int, going: int) -> None:
    """Check that one more run can be started.

    Args:
        recipe: of the new run.
        folder: of all runs; it need not be there yet.
        max_bytes: what they may take together.
        going: how many train, wait, or are paused with a worker. A limit for each visitor belongs beside this one.

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
