"""Files in one piece: the new one or the old one, and nothing beside it."""

import pytest

from mnist_core.io.atomic_file import atomic_write


def test_a_new_file_appears_when_all_is_written(tmp_path):
    path = tmp_path / "new folder" / "file.bin"
    with atomic_write(path) as file:
        file.write(b"one ")
        assert not path.exists()
        file.write(b"piece")
    assert path.read_bytes() == b"one piece"
    assert path.stat().st_mode & 0o777 == 0o644  # others may read it
    assert [found.name for found in path.parent.iterdir()] == ["file.bin"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_breaks_off_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    with pytest.raises(error), atomic_write(path) as file:
        file.write(b"half")
        raise error
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["file.bin"]
