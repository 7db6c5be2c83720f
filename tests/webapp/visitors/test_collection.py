"""The visitors' drawings: each sees and changes only their own, and takes home what was kept."""

import io
import sqlite3
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import numpy as np
import pytest
from PIL import Image

from mnist_core.data.dataset import load_dataset
from webapp.visitors import collection
from webapp.visitors.collection import (
    CollectionFullError,
    counts_of,
    delete_drawing,
    delete_drawings,
    drawings_of,
    export,
    keep_drawing,
    relabel,
)
from webapp.visitors.folder import StorageError

ANNA, BERT = "a" * 32, "b" * 32


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path / "visitors"))
    return tmp_path / "visitors"


def image_of(number: int) -> np.ndarray:
    """An image unlike that of any other number."""
    return np.random.default_rng(number).integers(0, 256, (28, 28)).astype(np.float32) / 255


def keep(visitor: str, number: int, label: int) -> int:
    return keep_drawing(visitor, image_of(number), np.ones((40, 30)), label, 3)


def test_a_drawing_comes_back_bit_for_bit():
    key = keep(ANNA, 1, 7)
    keep_drawing(ANNA, image_of(2), np.ones((1, 1)), 0, None)
    second, first = drawings_of(ANNA)
    assert (first.id, first.label, first.read) == (key, 7, 3)
    assert (second.label, second.read) == (0, None)
    assert np.array_equal(first.image, np.rint(image_of(1) * 255).astype(np.uint8))
    assert counts_of(ANNA).tolist() == [1, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    assert [drawing.label for drawing in drawings_of(ANNA, skipped=1, most=5)] == [7]


def test_the_same_drawing_again_only_gets_the_new_label():
    key = keep(ANNA, 1, 7)
    assert keep(ANNA, 1, 1) == key
    assert [drawing.label for drawing in drawings_of(ANNA)] == [1]


def test_nobody_reaches_the_drawings_of_another(folder):
    key = keep(ANNA, 1, 7)
    keep(BERT, 1, 2)
    relabel(BERT, key, 5)
    delete_drawing(BERT, key)
    delete_drawings(BERT)
    delete_drawings("' OR 1 = 1 --")
    assert [drawing.label for drawing in drawings_of(ANNA)] == [7]
    assert drawings_of(BERT) == []
    assert ANNA.encode() not in (folder / "collection.sqlite").read_bytes()


def test_a_drawing_is_relabelled_and_deleted_for_good(folder):
    key = keep(ANNA, 1, 7)
    relabel(ANNA, key, 5)
    assert drawings_of(ANNA)[0].label == 5
    delete_drawing(ANNA, key)
    assert drawings_of(ANNA) == []
    assert drawings_of(ANNA) == []  # opened anew
    assert np.rint(image_of(1) * 255).astype(np.uint8).tobytes()[:50] not in (folder / "collection.sqlite").read_bytes()


def test_a_full_collection_takes_no_new_drawing(monkeypatch):
    monkeypatch.setattr(collection, "MAX_DRAWINGS", 2)
    keep(ANNA, 1, 7)
    keep(ANNA, 2, 7)
    with pytest.raises(CollectionFullError, match="holds 2 drawings"):
        keep(ANNA, 3, 7)
    keep(ANNA, 2, 8)  # a new label needs no room
    keep(BERT, 1, 0)
    assert counts_of(ANNA).sum() == 2
    monkeypatch.setattr(collection, "MAX_PAGES", 1)
    with pytest.raises(CollectionFullError, match="server"):
        keep(BERT, 4, 0)


def test_many_may_keep_at_once():
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda number: keep(ANNA if number % 2 else BERT, number, number % 10), range(40)))
    assert len(set(keys)) == 40
    assert counts_of(ANNA).sum() == counts_of(BERT).sum() == 20


@pytest.mark.parametrize("now", [0.0, 2e10], ids=["1970", "2603"])
def test_an_export_does_not_depend_on_the_clock_however_wrong_it_is(monkeypatch, now):
    keep(ANNA, 1, 7)
    before = export(ANNA)
    monkeypatch.setattr(time, "time", lambda: now)
    assert export(ANNA) == before


@pytest.mark.parametrize(("count", "train", "test"), [(3, 3, 3), (11, 9, 2)])
def test_an_export_is_a_data_set(tmp_path, count, train, test):
    for number in range(count):
        keep(ANNA, number, number % 10)
    with zipfile.ZipFile(io.BytesIO(export(ANNA))) as archive:
        archive.extractall(tmp_path / "out")
        picture = Image.open(io.BytesIO(archive.read(next(name for name in archive.namelist() if "png/2-" in name))))
        assert picture.size == (30, 40)
        assert ("repeat" in archive.read("README.txt").decode()) == (count == 3)
    data = load_dataset(tmp_path / "out")
    assert (len(data.train_images), len(data.test_images)) == (train, test)
    assert np.array_equal(data.train_images[2], np.rint(image_of(2) * 255).astype(np.uint8))
    assert data.train_labels[:3].tolist() == [0, 1, 2]


def pages_of(folder) -> int:
    with closing(sqlite3.connect(folder / "collection.sqlite")) as database:
        return int(database.execute("PRAGMA page_count").fetchone()[0])


def test_one_greedy_visitor_shuts_nobody_out_and_takes_nothing_from_who_has_few(monkeypatch, folder):
    monkeypatch.setattr(collection, "MAX_PAGES", 40)
    keep(ANNA, 0, 1)
    with pytest.raises(CollectionFullError, match="server"):
        for number in range(1, 200):
            keep(BERT, number, 2)
    greedy = drawings_of(BERT)
    for number in range(200, 205):
        keep("c" * 32, number, 3)
    assert counts_of(ANNA).sum() == 1
    assert counts_of("c" * 32).sum() == 5
    rest = drawings_of(BERT)
    assert 5 < len(rest) < len(greedy)
    assert [drawing.id for drawing in rest] == [drawing.id for drawing in greedy[: len(rest)]]  # the oldest are gone
    assert pages_of(folder) <= 42


def test_made_up_visitors_bring_all_to_equally_few_and_no_further(monkeypatch):
    monkeypatch.setattr(collection, "MAX_PAGES", 40)
    for number in range(12):
        keep(ANNA, number, 1)
    crowd = [f"{number:032x}" for number in range(8)]
    for number in range(100, 180):
        with suppress(CollectionFullError):
            keep(crowd[number % 8], number, 2)
    counts = [int(counts_of(visitor).sum()) for visitor in (ANNA, *crowd)]
    assert min(counts) > 1
    assert counts[0] >= max(counts[1:])


def test_a_noisy_drawing_takes_no_more_than_others():
    noise = np.random.default_rng(0).random((400, 300))
    keep_drawing(ANNA, image_of(0), noise, 1, 1)
    with zipfile.ZipFile(io.BytesIO(export(ANNA))) as archive:
        (name,) = (name for name in archive.namelist() if name.startswith("png/"))
        assert archive.getinfo(name).file_size <= collection.MAX_PNG
        assert Image.open(io.BytesIO(archive.read(name))).size == (75, 100)


def test_all_that_reads_or_writes_says_in_words_that_the_file_is_damaged(folder):
    folder.mkdir()
    (folder / "collection.sqlite").write_bytes(b"this is no database" * 100)
    for attempt in (counts_of, drawings_of, delete_drawings, export, lambda visitor: keep(visitor, 1, 1)):
        with pytest.raises(StorageError, match="damaged"):
            attempt(ANNA)
