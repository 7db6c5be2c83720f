"""The IDX reader: the format byte by byte, round trips, and every way a file can be wrong."""

import gzip
import hashlib
import os
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_core.errors import DataError
from mnist_core.io.idx import MAX_BYTES, idx_header, idx_sha256, read_idx
from tests.idx_files import write_idx

LABELS = bytes.fromhex("00000801 00000005 05 00 04 01 09")
IMAGES = bytes.fromhex("00000803 00000002 00000002 00000003 00 01 02 03 04 05 06 07 08 09 0a ff")

small_arrays = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=6))


def file_with(folder: Path, content: bytes, name: str = "digits") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def message(path: Path) -> str:
    """The text of the error that reading this file gives; it must be one line that names the file."""
    with pytest.raises(DataError) as caught:
        read_idx(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: found ") and ", expected " in text and "\n" not in text
    return text.removeprefix(f"{path}: ")


# The format


def test_labels_by_hand(tmp_path):
    labels = read_idx(file_with(tmp_path, LABELS))
    assert labels.dtype == np.uint8
    assert labels.tolist() == [5, 0, 4, 1, 9]


def test_images_by_hand(tmp_path):
    images = read_idx(file_with(tmp_path, IMAGES))
    assert images.dtype == np.uint8
    assert images.tolist() == [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 255]]]


def test_headers_by_hand():
    assert idx_header((5,)) == LABELS[:8]
    assert idx_header((2, 2, 3)) == IMAGES[:16]


@pytest.mark.parametrize("name", ["digits", "digits.gz", "digits of class 5b"])
def test_gzip_is_recognised_by_content_not_by_name(tmp_path, name):
    assert read_idx(file_with(tmp_path, LABELS, name)).tolist() == [5, 0, 4, 1, 9]
    assert read_idx(file_with(tmp_path, gzip.compress(LABELS), name)).tolist() == [5, 0, 4, 1, 9]


def test_a_gzip_file_of_several_members_is_one_stream(tmp_path):
    halves = gzip.compress(LABELS[:10]) + gzip.compress(LABELS[10:])
    assert read_idx(file_with(tmp_path, halves)).tolist() == [5, 0, 4, 1, 9]


def test_the_array_is_read_only(tmp_path):
    labels = read_idx(file_with(tmp_path, LABELS))
    with pytest.raises(ValueError, match="read-only"):
        labels[0] = 1


@given(array=small_arrays, suffix=st.sampled_from(["", ".gz"]))
def test_round_trip(array, suffix):
    with tempfile.TemporaryDirectory(prefix="with space ") as folder:
        path = Path(folder) / f"digits{suffix}"
        write_idx(path, array)
        again = read_idx(path)
    assert again.dtype == array.dtype and again.shape == array.shape
    np.testing.assert_array_equal(again, array)


@given(array=small_arrays)
def test_the_hash_is_that_of_the_plain_file(array):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits"
        write_idx(path, array)
        assert idx_sha256(array) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_hash_does_not_depend_on_memory_layout():
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    assert idx_sha256(np.asfortranarray(array)) == idx_sha256(array)


# Files that are wrong


@pytest.mark.parametrize(
    ("magic", "shown"),
    [
        ("00000d01", "0x00000d01"),  # float32
        ("00000804", "0x00000804"),  # four dimensions
        ("00000800", "0x00000800"),  # none
        ("01000801", "0x01000801"),
        ("00010801", "0x00010801"),
        ("01080000", "0x01080000"),  # byte order swapped
        ("504b0304", "0x504b0304"),  # a zip archive
    ],
)
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_wrong_magic(tmp_path, magic, shown, compress):
    path = file_with(tmp_path, compress(bytes.fromhex(magic) + LABELS[4:]))
    assert message(path).startswith(f"found the magic number {shown}, expected 0x00000801 (labels), 0x00000803")


@pytest.mark.parametrize("length", range(len(LABELS)))
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_cut_after_any_byte(tmp_path, length, compress):
    text = message(file_with(tmp_path, compress(LABELS[:length])))
    if length < 4:
        assert text == (f"found {length} bytes, expected a header of 4. The file is cut: copy or download it again.")
    elif length < 8:
        assert text.startswith(f"found {length} bytes, expected a header of 8. ")
    else:
        assert text.startswith(f"found {length - 8} bytes after the header, expected 5 bytes. ")


def test_over_long(tmp_path):
    text = message(file_with(tmp_path, IMAGES + b"12"))
    assert text == (
        "found 14 bytes after the header, expected 2 x 2 x 3 = 12 bytes. "
        "The file is cut, over-long or has a wrong header: copy or download it again."
    )
    text = message(file_with(tmp_path, gzip.compress(IMAGES + b"12")))
    assert text.startswith("found more than 12 bytes after the header, expected 2 x 2 x 3 = 12 bytes. ")


def test_no_items(tmp_path):
    content = bytes.fromhex("00000803 00000000 ffffffff ffffffff")
    assert message(file_with(tmp_path, content)).startswith(
        "found the dimensions 0 x 4294967295 x 4294967295, expected at least 1 in each. "
    )


@pytest.mark.parametrize("length", range(1, len(gzip.compress(LABELS))))
def test_a_gzip_stream_cut_after_any_byte(tmp_path, length):
    text = message(file_with(tmp_path, gzip.compress(LABELS)[:length]))
    assert text.startswith("found a damaged gzip stream" if length > 1 else "found 1 bytes, expected a header")


@pytest.mark.parametrize("position", [2, 10, -8, -1])  # method, deflate data, checksum, length
def test_a_damaged_gzip_stream(tmp_path, position):
    content = bytearray(gzip.compress(LABELS))
    content[position] ^= 0xFF
    assert message(file_with(tmp_path, bytes(content))).startswith("found a damaged gzip stream (")


def test_something_behind_the_gzip_stream(tmp_path):
    path = file_with(tmp_path, gzip.compress(LABELS) + b"more")
    assert message(path).startswith("found a damaged gzip stream (Not a gzipped file (b'mo'))")


def test_a_gzip_bomb_is_not_inflated(tmp_path):
    bomb = gzip.compress(bytes.fromhex("00000801 0000000a") + bytes(50 * 2**20))  # 10 labels announced
    path = file_with(tmp_path, bomb)
    tracemalloc.start()
    try:
        text = message(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert text.startswith("found more than 10 bytes after the header, expected 10 bytes. ")
    assert peak < 2**20


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_an_announced_size_is_not_believed(tmp_path, compress):
    """A few bytes that announce just 1 GiB, which is allowed, must not make us ask for 1 GiB."""
    path = file_with(tmp_path, compress(bytes.fromhex("00000801 40000000 05")))
    tracemalloc.start()
    try:
        text = message(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert text.startswith(("found 1 bytes after", "found no more than")) and "1073741824" in text
    assert peak < 2**20


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_more_than_the_cap(tmp_path, compress):
    path = file_with(tmp_path, compress(bytes.fromhex("00000803 ffffffff ffffffff ffffffff")))
    text = message(path)
    assert text.startswith("found the dimensions 4294967295 x 4294967295 x 4294967295 = ")
    assert f"expected at most {MAX_BYTES}." in text


def test_a_folder_and_a_missing_file(tmp_path):
    assert message(tmp_path).startswith("found no ordinary file, expected an IDX file.")
    assert message(tmp_path / "nothing").startswith("found no readable file (No such file or directory)")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_named_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert message(tmp_path / "pipe").startswith("found no ordinary file")


def test_an_unreadable_file(tmp_path, monkeypatch):
    path = file_with(tmp_path, LABELS)

    def refuse(*_arguments, **_settings):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # chmod would not stop root, who runs tests in containers
    assert message(path).startswith("found no readable file (Permission denied), expected an IDX file.")
