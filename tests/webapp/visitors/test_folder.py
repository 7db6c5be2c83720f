"""What visitors leave, where the disk or SQLite refuses: the words say why."""

import sqlite3
from pathlib import Path

import pytest

from webapp.visitors.folder import StorageError, in_words, opened

TABLE = "CREATE TABLE IF NOT EXISTS things (thing BLOB);"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path / "visitors"))
    return tmp_path / "visitors"


def write(schema: str = TABLE) -> None:
    with opened("things.sqlite", schema) as database:
        database.execute("INSERT INTO things VALUES (zeroblob(100000))")


def test_a_full_disk_is_named():
    with pytest.raises(StorageError, match=r"things\.sqlite: the disk is full"):
        write("PRAGMA max_page_count = 3;" + TABLE)
    with pytest.raises(StorageError, match="hands: the disk is full"), in_words("hands"):
        Path("/dev/full").write_bytes(b"x")


def test_a_file_in_place_of_the_folder_is_named(folder):
    folder.write_bytes(b"")
    with pytest.raises(StorageError, match="its folder cannot be used"):
        write()


def test_a_folder_in_place_of_the_file_is_named(folder):
    (folder / "things.sqlite").mkdir(parents=True)
    with pytest.raises(StorageError, match="its folder cannot be used"):
        write()


@pytest.mark.parametrize("place", [0, 4096])
def test_a_damaged_file_is_named(folder, place):
    write()
    content = bytearray((folder / "things.sqlite").read_bytes())
    content[place : place + 200] = b"garbage " * 25
    (folder / "things.sqlite").write_bytes(content)
    with pytest.raises(StorageError, match="it is damaged"):
        write()


def test_a_file_that_another_holds_is_waited_for_and_named(folder, monkeypatch):
    write()
    monkeypatch.setattr("webapp.visitors.folder.WAIT_SECONDS", 0.05)
    other = sqlite3.connect(folder / "things.sqlite")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match="kept it busy"):
        write()
    other.close()
    write()


def test_what_fails_leaves_nothing_of_it(folder):
    with pytest.raises(StorageError), opened("things.sqlite", TABLE) as database:
        database.execute("INSERT INTO things VALUES ('first')")
        database.execute("no SQL")
    with opened("things.sqlite", TABLE) as database:
        assert database.execute("SELECT count(*) FROM things").fetchone() == (0,)
