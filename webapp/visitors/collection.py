"""The drawings that visitors have labelled and let the server keep, each visitor's for themselves, in SQLite.

Every call opens the database for itself and leaves it at once: thirty visitors take turns within milliseconds. Each
raises a `StorageError` if the file can't be read or written.
"""

import io
import sqlite3
import time
from functools import partial
from typing import NamedTuple

import numpy as np
from PIL import Image

from webapp.i18n import gettext as _
from webapp.visitors.folder import StorageError, opened
from webapp.visitors.identity import owner_of
from webapp.visitors.idx_files import dataset_files, division, zipped

MAX_DRAWINGS = 500
"""Of one visitor."""
MAX_PAGES = 75_000
"""Of 4 kB, for all visitors together. Whoever deletes the cookie is a new visitor, so the first limit alone is none.

When all is full, whoever has most drawings loses the oldest one for each that somebody with fewer keeps, until all have
equally many. So a newcomer is not shut out, and who has few loses nothing to one who is greedy. Somebody who makes up
many visitors can bring all down to equally few, but no further: to leave a class ten drawings each takes five thousand
made-up visitors with ten each. If the oldest ones made room instead, a hundred would wipe out everybody's.
"""
MAX_SIDE = 200
"""Longer side of the picture that is kept of a drawing, in pixels."""
MAX_PNG = 10_000
"""Bytes of that picture; a drawing has half as many. What has more is noise, and is made smaller until it fits: with
`MAX_DRAWINGS`, this limits what one visitor takes to a fiftieth of all."""

_open = partial(
    opened,
    "collection.sqlite",
    """
PRAGMA journal_mode = WAL;  -- who reads does not wait for who writes
PRAGMA synchronous = NORMAL;  -- nor who writes for the disk: only a power cut could take the last drawings
CREATE TABLE IF NOT EXISTS drawings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,
    label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 9),
    read INTEGER,
    image BLOB NOT NULL CHECK (length(image) = 784),
    png BLOB NOT NULL,
    kept_at REAL NOT NULL,
    UNIQUE (owner, image)
);
CREATE INDEX IF NOT EXISTS drawings_by_owner ON drawings (owner);  -- the newest without sorting
CREATE INDEX IF NOT EXISTS drawings_by_label ON drawings (owner, label);  -- counted without reading them
""",
)


class CollectionFullError(StorageError):
    """There is no room for one drawing more."""


class Drawing(NamedTuple):
    """A drawing of a collection.

    Attributes:
        id: unlike that of any other drawing.
        label: the digit that the visitor says it is.
        read: the digit that was read; None if it was taken for none.
        image: uint8 (28, 28), what the network saw.
    """

    id: int
    label: int
    read: int | None
    image: np.ndarray


def keep_drawing(visitor: str, image: np.ndarray, drawing: np.ndarray, label: int, read: int | None) -> int:
    """Keep a drawing; the same one again only gets the new label.

    Args:
        visitor: whose, see `visitor_id`.
        image: float (28, 28) in [0, 1], what the network saw.
        drawing: float (H, W) in [0, 1], the drawing itself, H and W at least 1.
        label: the digit that it is, 0 to 9.
        read: the digit that was read; None if it was taken for none.

    Returns:
        The drawing's id.

    Raises:
        CollectionFullError: if the visitor has as many as can be kept; or all together have, and nobody can spare one.
        StorageError: if the file can't be written.
    """
    owner, pixels, png = owner_of(visitor), (image * 255).round().astype(np.uint8).tobytes(), _png(drawing)
    with _open() as database:
        database.execute("BEGIN IMMEDIATE")  # nobody adds one between counting and adding
        known = database.execute("SELECT 1 FROM drawings WHERE owner = ? AND image = ?", (owner, pixels)).fetchone()
        (own,) = database.execute("SELECT count(*) FROM drawings WHERE owner = ?", (owner,)).fetchone()
        if known is None and own >= MAX_DRAWINGS:
            raise CollectionFullError(
                _("Your collection is full: it holds {count} drawings. Delete some first.").format(count=own)
            )
        if known is None:
            _make_room(database, own)
        row = database.execute(
            "INSERT INTO drawings (owner, label, read, image, png, kept_at) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (owner, image) DO UPDATE SET label = excluded.label RETURNING id",
            (owner, label, read, pixels, png, time.time()),
        ).fetchone()
        return int(row[0])


def _make_room(database: sqlite3.Connection, own: int) -> None:
    """Delete drawings of whoever has most, as long as all is full, for somebody with `own`, who is not to have more."""
    pages = "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count"
    while database.execute(pages).fetchone()[0] >= MAX_PAGES:
        most, oldest = database.execute(
            "SELECT count(*), min(id) FROM drawings GROUP BY owner ORDER BY 1 DESC, 2 LIMIT 1"
        ).fetchone() or (0, None)
        if most <= own + 1:
            raise CollectionFullError(_("The server keeps as many drawings as it can. Nothing was kept."))
        database.execute("DELETE FROM drawings WHERE id = ?", (oldest,))


def _png(drawing: np.ndarray) -> bytes:
    picture, side = Image.fromarray((drawing * 255).round().astype(np.uint8)), MAX_SIDE
    while True:
        picture.thumbnail((side, side))
        png = io.BytesIO()
        picture.save(png, "PNG")
        if len(png.getvalue()) <= MAX_PNG:
            return png.getvalue()
        side //= 2


def counts_of(visitor: str) -> np.ndarray:
    """Count a visitor's drawings: integer (10,), how many there are of each digit."""
    with _open() as database:
        rows = database.execute("SELECT label FROM drawings WHERE owner = ?", (owner_of(visitor),)).fetchall()
    return np.bincount([label for (label,) in rows], minlength=10)


def drawings_of(visitor: str, skipped: int = 0, most: int = MAX_DRAWINGS) -> list[Drawing]:
    """List a visitor's drawings, the newest first.

    Args:
        visitor: whose.
        skipped: how many of the newest are left out.
        most: how many are listed at most.
    """
    with _open() as database:
        rows = database.execute(
            "SELECT id, label, read, image FROM drawings WHERE owner = ? ORDER BY id DESC LIMIT ? OFFSET ?",
            (owner_of(visitor), most, skipped),
        ).fetchall()
    return [
        Drawing(key, label, read, np.frombuffer(image, np.uint8).reshape(28, 28)) for key, label, read, image in rows
    ]


def relabel(visitor: str, drawing: int, label: int) -> None:
    """Label one of a visitor's drawings anew, 0 to 9; another visitor's stays as it is."""
    with _open() as database:
        database.execute(
            "UPDATE drawings SET label = ? WHERE id = ? AND owner = ?", (label, drawing, owner_of(visitor))
        )


def delete_drawing(visitor: str, drawing: int) -> None:
    """Delete one of a visitor's drawings; another visitor's stays."""
    with _open() as database:
        database.execute("DELETE FROM drawings WHERE id = ? AND owner = ?", (drawing, owner_of(visitor)))


def delete_drawings(visitor: str) -> None:
    """Delete all drawings of a visitor."""
    with _open() as database:
        database.execute("DELETE FROM drawings WHERE owner = ?", (owner_of(visitor),))


def count_all() -> int:
    """Count the drawings of all visitors."""
    with _open() as database:
        (count,) = database.execute("SELECT count(*) FROM drawings").fetchone()
    return int(count)


def delete_all() -> None:
    """Delete the drawings of all visitors."""
    with _open() as database:
        database.execute("DELETE FROM drawings")


def export(visitor: str) -> bytes:
    """Pack a visitor's drawings, at least one: four IDX files as MNIST has them, and the drawings as PNG.

    Returns:
        A ZIP whose unpacked folder `load_dataset` takes.
    """
    with _open() as database:
        rows = database.execute(
            "SELECT id, label, image, png FROM drawings WHERE owner = ? ORDER BY id", (owner_of(visitor),)
        ).fetchall()
    images = np.frombuffer(b"".join(image for _key, _label, image, _picture in rows), np.uint8).reshape(-1, 28, 28)
    labels = np.array([label for _key, label, _image, _picture in rows], np.uint8)
    files: dict[str, str | bytes] = {"README.txt": _readme(len(rows)), **dataset_files(images, labels)}
    files |= {f"png/{label}-{key}.png": png for key, label, _image, png in rows}
    return zipped(files)


def _readme(count: int) -> str:
    about = _(
        "Digits that you have drawn and labelled.\n\n"
        "The four .gz files hold them as the network saw them, 28 x 28 pixels, in the format of MNIST (IDX). A folder "
        "with these files in the app's folder data/ can be chosen for training.\n"
        "png/LABEL-NUMBER.png are the drawings themselves.\n\n"
    )
    return about + division(count)
