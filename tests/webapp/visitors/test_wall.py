"""The class's wall: what is kept of a drawing, who hides it, what the figures count, floods, and the data set."""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mnist_core.data.dataset import load_dataset
from webapp.datasets import class_folder, data_folders, data_name, dataset
from webapp.settings.links import job_of_query
from webapp.settings.names import setting_value
from webapp.visitors import wall
from webapp.visitors.folder import StorageError, changes_of
from webapp.visitors.wall import (
    MAX_NAME,
    TEACHER,
    class_drawings,
    count_hidden,
    empty_wall,
    export,
    hide,
    latest,
    send,
    sent_by,
    take_back,
    unhide,
    write_dataset,
)

ANNA, BEN, JOKER = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """Where the wall is kept."""
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path / "visitors"))
    return tmp_path / "visitors"


def drawing(number: int) -> np.ndarray:
    """A drawing like no other: float (28, 28) in [0, 1]."""
    return np.random.default_rng(number).random((28, 28))


def sent(owner: str, number: int, label: int = 7, read: int | None = 7, name: str = "") -> int:
    return send(owner, drawing(number), label, read, 0.9, name)


def ids(limit: int = 100) -> list[int]:
    return [found.id for found in latest(limit)]


def test_before_the_first_drawing_all_is_empty():
    drawings = class_drawings()
    assert latest(10) == [] and sent_by(ANNA) == [] and count_hidden() == 0
    assert drawings.images.shape == (0, 28, 28) and drawings.writer_count == 0
    assert drawings.confusion.shape == (10, 11) and drawings.confusion.sum() == 0


def test_a_drawing_comes_back_as_it_was_sent():
    key = send(ANNA, drawing(1), 4, None, 0.25, " Mia\n\u202e  Muster ")
    (found,) = latest(10)
    assert (found.id, found.label, found.read, found.certainty, found.name) == (key, 4, None, 0.25, "Mia Muster")
    np.testing.assert_array_equal(found.image, (drawing(1) * 255).round())
    assert sent_by(ANNA) == [key] and sent_by(BEN) == []


def test_a_name_is_cut_and_holds_nothing_that_cannot_be_seen():
    assert wall.plain_name("x" * 50) == "x" * MAX_NAME
    assert wall.plain_name("\x00\t\u200b") == ""
    assert wall.plain_name("小明 <b>") == "小明 <b>"  # text, which the page escapes


def test_the_same_drawing_again_only_gets_the_new_label():
    assert sent(ANNA, 1, label=3) == sent(ANNA, 1, label=5)
    assert [found.label for found in latest(10)] == [5]
    assert sent(BEN, 1) != sent(ANNA, 1)  # another one's is another


def test_only_its_writer_and_the_teacher_hide_a_drawing():
    first, second = sent(ANNA, 1), sent(ANNA, 2)
    hide(first, BEN)
    assert ids() == [second, first]
    hide(first, ANNA)
    assert ids() == [second] and count_hidden() == 1 and sent_by(ANNA) == [second]
    unhide(first, BEN)
    assert ids() == [second]
    unhide(first, ANNA)
    assert ids() == [second, first]


def test_what_the_teacher_has_hidden_only_the_teacher_shows():
    key = sent(ANNA, 1)
    hide(key, TEACHER)
    hide(key, ANNA)
    unhide(key, ANNA)
    sent(ANNA, 1)  # the same once more
    assert ids() == []
    unhide(key, TEACHER)
    assert ids() == [key]
    hide(key, ANNA)
    unhide(key, TEACHER)
    assert ids() == [key]


def test_what_is_taken_back_is_deleted_and_by_its_writer_only():
    key = sent(ANNA, 1)
    take_back(BEN, key)
    assert ids() == [key]
    take_back(ANNA, key)
    assert ids() == [] and count_hidden() == 0
    assert sent(ANNA, 2) > key  # no number comes again: nobody hides another one than they saw


def test_who_sends_many_does_not_push_the_others_off_the_wall():
    early = [sent(ANNA, 1), sent(BEN, 2)]
    flood = [sent(JOKER, number) for number in range(10, 40)]
    assert ids(5) == [*flood[:-4:-1], *early[::-1]]
    assert ids() == [*flood[::-1], *early[::-1]]


def test_a_flood_costs_the_others_nothing(monkeypatch):
    monkeypatch.setattr(wall, "MAX_DRAWINGS", 10)
    early = [sent(ANNA, 1), sent(ANNA, 2), sent(BEN, 3)]
    flood = [sent(JOKER, number) for number in range(10, 60)]
    assert sorted(ids()) == [*early, *flood[-7:]]
    late = sent(ANNA, 4)
    assert sorted(ids()) == [*early, *flood[-6:], late]


def test_the_figures_count_what_is_shown():
    for number, (owner, label, read) in enumerate([(ANNA, 7, 7), (ANNA, 7, 1), (BEN, 7, None), (BEN, 0, 0)]):
        sent(owner, number, label, read)
    hide(sent(JOKER, 9, 5, 5), TEACHER)
    drawings = class_drawings()
    expected = np.zeros((10, 11), int)
    expected[7, [7, 1, 10]] = expected[0, 0] = 1
    np.testing.assert_array_equal(drawings.confusion, expected)
    assert drawings.writer_count == 2
    assert drawings.writers.tolist() == [0, 0, 1, 1]


def test_writers_are_not_numbered_by_who_was_first():
    sent(BEN, 1)
    sent(ANNA, 2)
    assert class_drawings().writers.tolist() == [1, 0]


def test_thirty_phones_send_at_the_same_moment():
    with ThreadPoolExecutor(30) as phones:
        list(phones.map(lambda number: sent(f"{number:064x}", number), range(60)))
    assert len(ids()) == 60


def test_every_change_is_another_version():
    seen = {changes_of(wall.FILE)}
    key = sent(ANNA, 1)
    seen.add(changes_of(wall.FILE))
    for change in (hide, unhide):
        change(key, TEACHER)
        seen.add(changes_of(wall.FILE))
    latest(10)  # looking is no change
    assert changes_of(wall.FILE) in seen and len(seen) == 4


def test_the_drawings_become_a_data_set_that_a_link_names(folder):
    for number in range(25):
        sent(ANNA, number, label=number % 10)
    hidden = sent(BEN, 99)
    hide(hidden, TEACHER)
    assert write_dataset() == class_folder() == folder / "class"
    found = load_dataset(folder / "class")
    assert found.name == "class" and not found.synthetic
    assert (len(found.train_images), len(found.test_images)) == (20, 5)
    assert found.test_labels.tolist() == [4, 9, 4, 9, 4]
    np.testing.assert_array_equal(found.train_images[0], (drawing(0) * 255).round())
    assert class_folder() in data_folders()
    job = job_of_query({"recipe": "quick", "data": "class"}, data_folders())
    assert job is not None and job.data == str(class_folder())
    assert setting_value("data", job.data) == "The class's drawings" and setting_value("data", "data/class") == "class"
    assert data_name(found.name, found.synthetic) == "the class's drawings"


def test_a_new_data_set_takes_the_place_of_the_old_one(folder):
    sent(ANNA, 1)
    write_dataset()
    before = dataset(str(class_folder()))
    for number in range(2, 12):
        sent(ANNA, number)
    write_dataset()
    after = dataset(str(class_folder()))
    assert (len(before.train_images), len(after.train_images)) == (1, 9)
    assert [path.name for path in folder.iterdir() if path.is_dir()] == ["class"]


def test_an_export_holds_the_same_and_no_names(tmp_path):
    for number in range(12):
        sent(ANNA, number, name="Mia")
    content = export()
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path / "unpacked")
    found = load_dataset(tmp_path / "unpacked")
    assert (len(found.train_images), len(found.test_images)) == (10, 2)
    assert b"Mia" not in b"".join(path.read_bytes() for path in (tmp_path / "unpacked").iterdir())
    assert content == export()


def test_a_new_class_finds_nothing(folder):
    hide(sent(ANNA, 1), TEACHER)
    for number in range(2, 5):
        sent(ANNA, number)
    write_dataset()
    empty_wall()
    assert ids() == [] and count_hidden() == 0
    assert not class_folder().exists() and class_folder() not in data_folders()
    assert drawing(2).round().astype(np.uint8).tobytes() not in (folder / wall.FILE).read_bytes()
    empty_wall()  # once more is no fault


def test_a_file_that_cannot_be_used_is_said_in_words(folder):
    folder.mkdir()
    (folder / wall.FILE).write_bytes(b"no database" * 100)
    for act in (latest, lambda limit: sent(ANNA, limit), lambda _limit: class_drawings()):
        with pytest.raises(StorageError, match=r"wall\.sqlite"):
            act(1)
