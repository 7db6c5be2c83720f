"""Where the server keeps what visitors leave."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

WAIT_SECONDS = 10
"""Thirty phones may finish at the same moment: each waits for its turn."""


def visitors_folder() -> Path:
    """Return the folder for what visitors leave on the server: `VISITORS_DIR` (visitors/), made when first needed."""
    folder = Path(os.environ.get("VISITORS_DIR", "visitors"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def opened(name: str, schema: str) -> Iterator[sqlite3.Connection]:
    """Open an SQLite file of the folder for one transaction: all of it happens, or nothing.

    Args:
        name: of the file, made when first needed.
        schema: statements that are run first, each time.

    Raises:
        sqlite3.Error: if the file can't be read or written.
    """
    with closing(sqlite3.connect(visitors_folder() / name, timeout=WAIT_SECONDS)) as database:
        database.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
        database.executescript(schema)
        with database:
            yield database
