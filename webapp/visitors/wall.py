"""The class's wall: drawings that visitors have sent for all to see, with what their writers meant; in an SQLite file.

What is hidden is in no figure, no data set and no export.
"""

import shutil
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnist_core.io.atomic_file import atomic_write
from webapp.datasets import class_folder, dataset
from webapp.i18n import gettext as _
from webapp.visitors.folder import in_words, opened
from webapp.visitors.idx_files import dataset_files, division, zipped

SIDE = 28
MAX_DRAWINGS = 2_000
"""About 3 MB: sixty visitors with thirty each. Then whoever has most on the wall loses the oldest for each new one: a
flood by one phone costs the others none."""
MAX_NAME = 20
"""Characters."""
ENOUGH = 20
"""Fewer drawings are no data set."""
TEACHER = "teacher"
"""Who has hidden a drawing, if it was not its writer."""

FILE = "wall.sqlite"
"""Each change to it is another version of the wall, see `folder.changes_of`."""
_opened = partial(
    opened,
    FILE,
    """
CREATE TABLE IF NOT EXISTS drawings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 9),
    read INTEGER CHECK (read BETWEEN 0 AND 9),
    certainty REAL NOT NULL,
    image BLOB NOT NULL CHECK (length(image) = 784),
    sent_at REAL NOT NULL,
    hidden_by TEXT,
    UNIQUE (owner, image)
);
""",
)


class Sent(NamedTuple):
    """A drawing on the wall.

    Attributes:
        id: unlike that of any other drawing.
        name: its writer's, as text; "" if none is given.
        label: the digit that was meant.
        read: the digit that was read; None if it looked like none.
        certainty: the probability that the network gave to what it read, in [0, 1].
        image: uint8 (28, 28), what the network saw.
    """

    id: int
    name: str
    label: int
    read: int | None
    certainty: float
    image: np.ndarray


@dataclass(frozen=True, eq=False)
class ClassDrawings:
    """All drawings on the wall, for those who compute with them.

    Attributes:
        images: uint8 (N, 28, 28).
        labels: uint8 (N,), what was meant.
        read: integer (N,), what was read; 10 for no digit.
        writers: integer (N,), which browser sent it, counted from 0 in an order that says nothing about anybody.
    """

    images: np.ndarray
    labels: np.ndarray
    read: np.ndarray
    writers: np.ndarray

    @property
    def writer_count(self) -> int:
        """How many browsers have sent drawings."""
        return int(self.writers.max(initial=-1)) + 1

    @property
    def confusion(self) -> np.ndarray:
        """How often each digit that was meant was read as each digit, or as none: integer (10, 11)."""
        return np.bincount(self.labels * 11 + self.read, minlength=110).reshape(10, 11)


def send(owner: str, image: np.ndarray, label: int, read: int | None, certainty: float, name: str = "") -> int:
    """Put a drawing on the wall; the same one again only gets the new label and name.

    Args:
        owner: who sends it, see `identity.browser`.
        image: float (28, 28) in [0, 1], what the network saw.
        label: the digit that was meant, 0 to 9.
        read: the digit that was read; None if it looked like none.
        certainty: the probability that the network gave to what it read, in [0, 1].
        name: the writer's, whatever was typed.

    Returns:
        The drawing's id.

    Raises:
        StorageError: if the file can't be written.
    """
    pixels = (image * 255).round().astype(np.uint8).tobytes()
    with _opened() as database:
        (key,) = database.execute(
            "INSERT INTO drawings (owner, name, label, read, certainty, image, sent_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (owner, image) DO UPDATE SET label = excluded.label, name = excluded.name RETURNING id",
            (owner, plain_name(name), label, read, certainty, pixels, time.time()),
        ).fetchone()
        (count,) = database.execute("SELECT count(*) FROM drawings").fetchone()
        for _surplus in range(count - MAX_DRAWINGS):
            database.execute(
                "DELETE FROM drawings WHERE id ="
                " (SELECT min(id) FROM drawings GROUP BY owner ORDER BY count(*) DESC, 1 LIMIT 1)"
            )
    return int(key)


def plain_name(name: str) -> str:
    """Return a name as it is kept: in one line, without what can't be seen, at most `MAX_NAME` characters."""
    seen = "".join(letter if letter.isprintable() else " " for letter in name)
    return " ".join(seen.split())[:MAX_NAME].strip()


def take_back(owner: str, drawing: int) -> None:
    """Delete a drawing that this browser has sent; another one's stays.

    Raises:
        StorageError: if the file can't be written.
    """
    with _opened() as database:
        database.execute("DELETE FROM drawings WHERE id = ? AND owner = ?", (drawing, owner))


def hide(drawing: int, by: str) -> None:
    """Hide a drawing.

    Args:
        drawing: its id.
        by: the browser that hides it, which can do that with its own drawings only, or `TEACHER`.

    Raises:
        StorageError: if the file can't be written.
    """
    with _opened() as database:
        database.execute(
            "UPDATE drawings SET hidden_by = ? WHERE id = ? AND hidden_by IS NULL AND (owner = ? OR ?)",
            (by, drawing, by, by == TEACHER),
        )


def unhide(drawing: int, by: str) -> None:
    """Show a hidden drawing again; what the teacher has hidden, only the teacher can show.

    Args:
        drawing: its id.
        by: the browser that has hidden it, or `TEACHER`.

    Raises:
        StorageError: if the file can't be written.
    """
    with _opened() as database:
        database.execute(
            "UPDATE drawings SET hidden_by = NULL WHERE id = ? AND (hidden_by = ? OR ?)", (drawing, by, by == TEACHER)
        )


def has_sent(owner: str, drawing: int) -> bool:
    """Return whether a drawing that a browser has sent is still kept, be it hidden.

    Raises:
        StorageError: if the file can't be read.
    """
    with _opened() as database:
        found = database.execute("SELECT 1 FROM drawings WHERE id = ? AND owner = ?", (drawing, owner)).fetchone()
    return found is not None


def sent_by(owner: str) -> list[int]:
    """List the ids of the drawings that a browser has on the wall.

    Raises:
        StorageError: if the file can't be read.
    """
    with _opened() as database:
        rows = database.execute("SELECT id FROM drawings WHERE owner = ? AND hidden_by IS NULL", (owner,)).fetchall()
    return [key for (key,) in rows]


def latest(limit: int) -> list[Sent]:
    """Return the latest drawings, the newest first.

    Args:
        limit: how many at most. If there are more, each writer's newest come before anybody's older ones: who sends
            many does not push the others out.

    Raises:
        StorageError: if the file can't be read.
    """
    with _opened() as database:
        rows = database.execute(
            "SELECT id, name, label, read, certainty, image FROM ("
            " SELECT *, row_number() OVER (PARTITION BY owner ORDER BY id DESC) AS nth FROM drawings"
            " WHERE hidden_by IS NULL) ORDER BY nth, id DESC LIMIT ?",
            (limit,),
        ).fetchall()
    found = [
        Sent(key, name, label, read, certainty, np.frombuffer(image, np.uint8).reshape(SIDE, SIDE))
        for key, name, label, read, certainty, image in rows
    ]
    return sorted(found, key=lambda sent: sent.id, reverse=True)


def class_drawings() -> ClassDrawings:
    """Return all drawings on the wall, the oldest first.

    Raises:
        StorageError: if the file can't be read.
    """
    with _opened() as database:
        rows = database.execute(
            "SELECT owner, label, coalesce(read, 10), image FROM drawings WHERE hidden_by IS NULL ORDER BY id"
        ).fetchall()
    owners = [owner for owner, _label, _read, _image in rows]
    places = {owner: place for place, owner in enumerate(sorted(set(owners)))}  # by their hashes, not by who was first
    return ClassDrawings(
        np.frombuffer(b"".join(image for _owner, _label, _read, image in rows), np.uint8).reshape(-1, SIDE, SIDE),
        np.array([label for _owner, label, _read, _image in rows], np.uint8),
        np.array([read for _owner, _label, read, _image in rows], int),
        np.array([places[owner] for owner in owners], int),
    )


def write_dataset() -> Path:
    """Make the drawings on the wall, at least one, the data set `class`, in place of an earlier one.

    Returns:
        Its folder.

    Raises:
        StorageError: if it can't be written.
    """
    drawings, folder = class_drawings(), class_folder()
    new, old = (folder.with_name(f".{folder.name}.{age}") for age in ("new", "old"))
    with in_words(folder.name):
        for leftover in (new, old):
            shutil.rmtree(leftover, ignore_errors=True)
        for name, content in dataset_files(drawings.images, drawings.labels).items():
            with atomic_write(new / name) as file:
                file.write(content)
        if folder.exists():  # a training that begins now finds the one or the other, never half of each
            folder.replace(old)
        new.replace(folder)
        dataset.clear(str(folder))
        shutil.rmtree(old, ignore_errors=True)
    return folder


def export() -> bytes:
    """Pack the drawings on the wall, at least one, into a ZIP with four IDX files, as `write_dataset` writes them.

    Raises:
        StorageError: if they can't be read.
    """
    drawings = class_drawings()
    about = _(
        "Digits that a class has drawn and labelled, without names.\n\n"
        "The four .gz files hold them as the network saw them, 28 x 28 pixels, in the format of MNIST (IDX). A folder "
        "with these files in the app's folder data/ can be chosen for training.\n\n"
    )
    readme = about + division(len(drawings.labels))
    return zipped({"README.txt": readme, **dataset_files(drawings.images, drawings.labels)})


def count_hidden() -> int:
    """Count the drawings that are hidden.

    Raises:
        StorageError: if the file can't be read.
    """
    with _opened() as database:
        (count,) = database.execute("SELECT count(*) FROM drawings WHERE hidden_by IS NOT NULL").fetchone()
    return int(count)


def empty_wall() -> None:
    """Delete all drawings, hidden ones as well, and the data set that was made of them: a new class begins.

    Raises:
        StorageError: if they can't be deleted.
    """
    with _opened() as database:
        database.execute("DELETE FROM drawings")
    folder = class_folder()
    with in_words(folder.name):
        if folder.exists():
            shutil.rmtree(folder)
        dataset.clear(str(folder))
