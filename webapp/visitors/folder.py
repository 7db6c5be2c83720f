"""Where the server keeps what visitors leave, and in which words it says that it can't."""

import errno
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from webapp.i18n import gettext as _

_log = logging.getLogger(__name__)
WAIT_SECONDS = 10
"""Thirty phones may finish at the same moment: each waits for its turn."""


class StorageError(Exception):
    """What visitors leave cannot be read or written; the text says why, in the visitor's language."""


def visitors_folder() -> Path:
    """Return the folder for what visitors leave on the server: `VISITORS_DIR` (visitors/); who writes makes it."""
    return Path(os.environ.get("VISITORS_DIR", "visitors"))


@contextmanager
def opened(name: str, schema: str) -> Iterator[sqlite3.Connection]:
    """Open an SQLite file of the folder for one transaction: all of it happens, or nothing.

    Args:
        name: of the file, made when first needed.
        schema: statements that are run first, each time.

    Raises:
        StorageError: if the file can't be read or written, also within the block.
    """
    folder = visitors_folder()
    with in_words(name):
        folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(folder / name, timeout=WAIT_SECONDS)) as database:
            database.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
            database.executescript(schema)
            with database:
                yield database


def changes_of(name: str) -> int:
    """Count the changes of an SQLite file of the folder: what was read at the same count is still so.

    SQLite keeps the count itself, in bytes 24 to 27 (https://www.sqlite.org/fileformat.html, section 1.3.7), for files
    without a write-ahead log. To look there costs a hundredth of what opening the file does.

    Args:
        name: of the file; while there is none, the count is 0.
    """
    try:
        with (visitors_folder() / name).open("rb") as file:
            return int.from_bytes(file.read(28)[24:], "big")
    except OSError:
        return 0


@contextmanager
def in_words(name: str) -> Iterator[None]:
    """Make a `StorageError` of what the disk or SQLite refuses in the block; `name` is that of the file, for people."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        _log.error("%(file)s cannot be used: %(error)s", {"file": name, "error": error})
        text = _("The server cannot use its file {name}: {reason}. Please tell whoever looks after it.")
        raise StorageError(text.format(name=name, reason=_reason(error))) from error


def _reason(error: OSError | sqlite3.Error) -> str:
    code = error.errno if isinstance(error, OSError) else getattr(error, "sqlite_errorname", None)
    match code:
        case errno.ENOSPC | errno.EDQUOT | "SQLITE_FULL":
            return _("the disk is full")
        case "SQLITE_NOTADB" | "SQLITE_CORRUPT":
            return _("it is damaged")
        case "SQLITE_BUSY" | "SQLITE_LOCKED":
            return _("something else has kept it busy for long")
        case errno.EACCES | errno.EPERM | errno.EROFS | errno.EEXIST | errno.ENOTDIR | errno.EISDIR:
            return _("its folder cannot be used")
        case str() if code.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
            return _("its folder cannot be used")
    return str(error)
