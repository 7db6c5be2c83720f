"""A file is written in one piece, or not at all.

Run alone: python -m pytest tests/mnist_core/test_command_tools.py
"""

import pytest

from mnist_core.command_tools import write_file


def test_a_file_is_replaced_and_others_may_read_it(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"the old one, which is longer")
    write_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_file(tmp_path / "folder", b"new")
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]
