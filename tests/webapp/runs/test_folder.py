"""The folder of a run: what is written comes back, and what is damaged does no harm."""

import dataclasses
import json

import pytest

from webapp.runs.folder import Label, RunFolder, bytes_in, write_json
from webapp.runs.job import Job, Parent


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    """A folder that is not there yet."""
    return RunFolder(tmp_path / "runs" / "tiny-1")


@pytest.fixture
def jobs(tiny_recipe) -> list[Job]:
    rich = dataclasses.replace(tiny_recipe, hidden_sizes=(8, 7), clip_norm=0.5, train_images=100, name="Größe 数")
    return [Job(tiny_recipe, "mnist"), Job(rich, "/a folder/ü", True, Parent("other-1", 3))]


def test_a_job_comes_back(folder, jobs):
    for i, job in enumerate(jobs):
        here = RunFolder(folder.path / str(i))
        here.write_job(job)
        assert here.read_job() == job
        assert json.loads(json.dumps(job.to_json())) == job.to_json()


def test_a_folder_takes_one_job_only(folder, jobs):
    folder.write_job(jobs[0])
    with pytest.raises(FileExistsError):
        folder.write_job(jobs[1])
    assert folder.read_job() == jobs[0]


def test_a_job_written_before_forks_existed_is_read(folder, jobs):
    folder.write_job(jobs[0])
    old = {"recipe": jobs[0].recipe.to_json(), "data": "mnist"}
    (folder.path / "job.json").write_text(json.dumps(old))
    assert folder.read_job() == jobs[0]


def test_no_folder_no_job(folder):
    assert folder.read_job() is None
    assert folder.read_label() == Label()
    assert folder.kept_epochs() == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"3",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"data": "mnist"}',
        b'{"recipe": null, "data": "mnist"}',
        b'{"recipe": {"name": "x", "source": "y"}}',
        b'{"recipe": {"name": "x", "source": "y", "epochs": 0}, "data": "mnist"}',
        b'{"recipe": {"name": "x", "source": "y", "colour": 0}, "data": "mnist"}',
        b'{"recipe": {"name": "x", "source": "y"}, "data": "mnist", "parent": 3}',
        b'{"recipe": {"name": "x", "source": "y"}, "data": "mnist", "parent": {"run": "z"}}',
    ],
)
def test_a_damaged_job_is_none(folder, jobs, content):
    folder.write_job(jobs[0])
    (folder.path / "job.json").write_bytes(content)
    assert folder.read_job() is None


def test_a_job_that_is_a_folder_is_none(folder):
    (folder.path / "job.json").mkdir(parents=True)
    assert folder.read_job() is None


@pytest.mark.parametrize("name", ["mine", "", "数字 <b>&\"'\\ \u202e \x00", "\ud800"])
def test_a_label_comes_back(folder, jobs, name):
    folder.write_job(jobs[0])
    assert folder.read_label() == Label()
    folder.write_label(Label(name, f"note on {name}"))
    assert folder.read_label() == (name, f"note on {name}", "")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"7", b"\xff", b'{"name": "x"}', b'{"note": "x"}'])
def test_a_damaged_label_is_empty(folder, jobs, content):
    folder.write_job(jobs[0])
    (folder.path / "label.json").write_bytes(content)
    assert folder.read_label() == Label()


def test_a_json_file_is_replaced_in_one_piece_and_nothing_else_is_left(tmp_path):
    write_json(tmp_path / "a.json", {"old": 1})
    write_json(tmp_path / "a.json", {"new": [1, None, "ü"]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"new": [1, None, "ü"]}
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"no JSON": object()})
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_kept_epochs_are_listed_in_their_order(folder):
    for epoch in (10, 0, 2, 123_456):
        path = folder.epoch_checkpoint(epoch)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (path.parent / ".00003.npz.abc.tmp").touch()  # being written
    (path.parent / "notes.txt").touch()
    assert folder.kept_epochs() == (0, 2, 10, 123_456)
    assert folder.epoch_checkpoint(2).name == "00002.npz"


@pytest.mark.parametrize(
    ("content", "whole"),
    [
        ("", ""),
        ('{"a": 1}\n', '{"a": 1}\n'),
        ('{"a": 1}\n{"b', '{"a": 1}\n'),
        ('{"a": 1}\n{"b": 2}', '{"a": 1}\n'),
        ('{"a', ""),
    ],
)
def test_a_half_line_is_dropped_and_the_next_record_begins_a_line(folder, jobs, content, whole):
    folder.drop_half_line()  # without a file there is nothing to do
    folder.write_job(jobs[0])
    folder.records.write_text(content)
    folder.drop_half_line()
    assert folder.records.read_text() == whole
    folder.records.write_text(content)
    folder.append({"c": 3})
    assert folder.records.read_text() == whole + '{"c": 3}\n'


def test_a_deleted_folder_is_gone_with_all_that_is_in_it(folder, jobs):
    folder.write_job(jobs[0])
    folder.epoch_checkpoint(0).parent.mkdir()
    folder.epoch_checkpoint(0).touch()
    folder.delete()
    assert list(folder.path.parent.iterdir()) == []


def test_a_run_that_cannot_be_filled_is_none_and_leaves_no_folder(folder, jobs):
    with pytest.raises(OSError, match="disk full"), folder.made_for(jobs[0]):
        assert folder.read_job() is None  # nobody sees it before it is whole
        folder.write_label(Label("name"))
        raise OSError("disk full")
    assert list(folder.path.parent.iterdir()) == []


def test_whether_a_worker_is_at_work_is_asked_without_leaving_a_trace(folder, jobs):
    folder.write_job(jobs[0])
    assert not folder.is_held()
    assert [path.name for path in folder.path.iterdir()] == ["job.json"]
    with folder.hold():
        assert folder.is_held()
        with pytest.raises(TimeoutError), folder.hold():
            pass
    assert not folder.is_held()


def test_files_that_a_killed_worker_had_begun_are_removed(folder, jobs):
    folder.write_job(jobs[0])
    folder.epoch_checkpoint(0).parent.mkdir()
    for path in (folder.path / ".checkpoint.npz.x1.tmp", folder.epoch_checkpoint(0).with_name(".00000.npz.x2.tmp")):
        path.touch()
    folder.epoch_checkpoint(0).touch()
    folder.drop_half_files()
    assert sorted(path.name for path in folder.path.rglob("*")) == ["00000.npz", "epochs", "job.json"]


def test_how_large_a_run_is(folder, jobs):
    assert bytes_in(folder.path) == 0
    folder.write_job(jobs[0])
    before = bytes_in(folder.path.parent)
    folder.epoch_checkpoint(0).parent.mkdir()
    folder.epoch_checkpoint(0).write_bytes(bytes(1000))
    assert bytes_in(folder.path) == bytes_in(folder.path.parent) == before + 1000
