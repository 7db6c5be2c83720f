"""Arrays and a description in one file: written in one piece or not at all, read with suspicion."""

import json
import os
import pickle
import resource
import signal
import time
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_core.errors import WeightsError
from mnist_core.io.npz import MAX_META_BYTES, NpzReader, write_npz
from tests.mnist_core.tampering import npy_bytes, npy_with_header, repack

META = {"format": "test", "text": "数字 ½", "nested": {"numbers": [1, 2.5, None, True]}}
ARRAYS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "dotted.name": np.array([-1, 2**40]),
    "half": np.array([0.1, -2], np.float16),
    "number": np.array(7),
    "none": np.zeros((0, 4), np.float32),
}
HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}"


@pytest.fixture
def path(tmp_path) -> Path:
    write_npz(tmp_path / "a.npz", META, ARRAYS)
    return tmp_path / "a.npz"


def read(path: Path, name: str = "a", shape: tuple[int, ...] = (2, 3), dtypes=("float32",)) -> np.ndarray:
    with NpzReader(path) as reader:
        return reader.array(name, shape, dtypes)


def message(path: Path, *arguments) -> str:
    """The text of the refusal: one line that names the file and ends with what to do."""
    with pytest.raises(WeightsError) as caught:
        read(path, *arguments)
    text = str(caught.value)
    assert text.startswith(f"{path}: ") and "\n" not in text
    return text.removeprefix(f"{path}: ")


# Writing


def test_what_is_written_is_read_bit_for_bit(path):
    with NpzReader(path) as reader:
        assert reader.meta == META
        for name, array in ARRAYS.items():
            found = reader.array(name, array.shape, {array.dtype.name})
            assert found.dtype == array.dtype and found.shape == array.shape
            assert found.tobytes() == array.tobytes()
            assert found.flags.writeable and found.flags.owndata


@pytest.mark.parametrize("now", [0.0, 1e9, 2e10], ids=["1970", "2001", "2603"])
def test_the_bytes_do_not_depend_on_the_clock_however_wrong_it_is(path, monkeypatch, now):
    monkeypatch.setattr(time, "time", lambda: now)
    write_npz(path.with_name("b.npz"), META, ARRAYS)
    assert path.with_name("b.npz").read_bytes() == path.read_bytes()


@given(hnp.arrays(st.sampled_from([np.float32, np.float16, np.int64]), hnp.array_shapes(min_dims=0, max_dims=3)))
@settings(max_examples=40, deadline=None)
def test_any_array_of_finite_numbers_survives_in_any_order_of_memory(tmp_path_factory, array):
    path = tmp_path_factory.getbasetemp() / "any.npz"
    write_npz(path, {}, {"a": array, "turned": array.T})
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        assert "holds values that are not finite numbers" in message(path, "a", array.shape, {array.dtype.name})
        return
    assert read(path, "a", array.shape, {array.dtype.name}).tobytes() == array.tobytes()
    np.testing.assert_array_equal(read(path, "turned", array.T.shape, {array.dtype.name}), array.T)


def test_numpy_reads_the_arrays_and_unzip_the_description(path):
    with np.load(path) as arrays:
        np.testing.assert_array_equal(arrays["a"], ARRAYS["a"])
        np.testing.assert_array_equal(arrays["dotted.name"], ARRAYS["dotted.name"])
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("meta.json")) == META
        assert archive.testzip() is None


def test_equal_content_gives_equal_bytes_whenever_and_wherever_it_is_written(path, tmp_path):
    write_npz(tmp_path / "elsewhere" / "b.npz", META, ARRAYS)
    assert (tmp_path / "elsewhere" / "b.npz").read_bytes() == path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_others_may_read_the_file(path):
    assert path.stat().st_mode & 0o777 == 0o644


def test_nothing_but_the_file_is_left(path):
    assert [entry.name for entry in path.parent.iterdir()] == ["a.npz"]
    write_npz(path, {}, {})
    assert [entry.name for entry in path.parent.iterdir()] == ["a.npz"]
    with NpzReader(path) as reader:
        assert reader.meta == {}


@pytest.mark.parametrize(
    ("meta", "arrays", "error"),
    [
        ({"a": object()}, {}, TypeError),
        ({}, {"fine": np.zeros(1000), "objects": np.array([{}], object)}, ValueError),
        ({"name": "x" * 10, "bad": {1, 2}}, ARRAYS, TypeError),
    ],
)
def test_what_cannot_be_written_leaves_the_old_file_and_no_other(path, meta, arrays, error):
    before = path.read_bytes()
    with pytest.raises(error):
        write_npz(path, meta, arrays)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["a.npz"]


def test_a_disk_that_fills_up_leaves_the_old_file_and_no_other(path):
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))  # no file may grow further
        with pytest.raises(OSError, match="File too large"):
            write_npz(path, META, {"large": np.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["a.npz"]


def test_a_folder_of_that_name_is_not_replaced_and_nothing_is_left(tmp_path):
    (tmp_path / "a.npz").mkdir()
    with pytest.raises(OSError, match=r"a\.npz"):
        write_npz(tmp_path / "a.npz", META, ARRAYS)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.npz"]


# What is refused


def test_no_such_file(tmp_path):
    assert message(tmp_path / "nowhere.npz") == "there is no such file; check the path"


def test_a_folder_and_an_impossible_name(tmp_path):
    assert "not a readable .npz file" in message(tmp_path)
    with pytest.raises(WeightsError, match="there is no such file"):
        NpzReader("a\0b")


@pytest.mark.parametrize("length", [0, 1, 4, 30, 100, 500, -200, -100, -30, -22, -4, -1])
def test_a_cut_file(path, length):
    path.write_bytes(path.read_bytes()[:length])
    assert message(path).startswith("not a readable .npz file (")


def test_random_bytes(path):
    for seed in range(20):
        path.write_bytes(np.random.default_rng(seed).bytes(3000))
        assert message(path).startswith("not a readable .npz file (")


def test_an_npz_of_another_program(tmp_path):
    np.savez(tmp_path / "a.npz", a=ARRAYS["a"])
    assert message(tmp_path / "a.npz").startswith("it has no meta.json, so it was written by another program.")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "its meta.json cannot be read ("),
        (b"{", "its meta.json cannot be read ("),
        (b"\xff\xfe\x00", "its meta.json cannot be read ("),
        (b"[1]", "its meta.json is no JSON object of at most 1000000 bytes"),
        (b"null", "its meta.json is no JSON object of at most 1000000 bytes"),
        (b'"text"', "its meta.json is no JSON object of at most 1000000 bytes"),
        (b"[" * 100_000 + b"]" * 100_000, "its meta.json cannot be read ("),
        (b'{"a":' * 100_000, "its meta.json cannot be read ("),
        (b'{"a": ' + b"9" * 5000 + b"}", "its meta.json cannot be read ("),
        (b"{}" + b" " * MAX_META_BYTES, "its meta.json is no JSON object of at most 1000000 bytes"),
    ],
    ids=["empty", "cut", "not UTF-8", "list", "null", "text", "nested", "nested objects", "endless number", "1 MB"],
)
def test_a_description_that_is_none(path, content, text):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("meta.json", content)
    assert message(path).startswith(text)


def test_a_description_of_just_under_1_mb_is_read(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("meta.json", b"{}" + b" " * (MAX_META_BYTES - 2))
    with NpzReader(path) as reader:
        assert reader.meta == {}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("b", (2, 3)), "array 'b' is missing"),
        (("a", (3, 2)), "array 'a' is float32 (2, 3), expected float32 (3, 2)"),
        (("a", (6,)), "array 'a' is float32 (2, 3), expected float32 (6,)"),
        (("a", ()), "array 'a' is float32 (2, 3), expected float32 ()"),
        (("a", (2, 3), {"float64", "float16"}), "array 'a' is float32 (2, 3), expected float16 or float64 (2, 3)"),
        (("number", (1,), {"int64"}), "array 'number' is int64 (), expected int64 (1,)"),
    ],
)
def test_an_array_that_is_not_what_was_asked_for(path, arguments, text):
    assert message(path, *arguments) == f"{text}. Train it again, or take a file written by this program."


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_values_that_are_not_finite(path, value, dtype):
    array = np.zeros((2, 3), dtype)
    array[1, 1] = value
    repack(path, entries={"a": array})
    assert "array 'a' holds values that are not finite numbers" in message(path, "a", (2, 3), {dtype.__name__})


def test_fortran_order_is_refused(path):
    repack(path, entries={"a": np.asfortranarray(ARRAYS["a"])})
    assert "array 'a' is float32 (2, 3), expected float32 (2, 3)" in message(path)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "array 'a' holds 0 bytes, expected 24"),
        (bytes(23), "array 'a' holds 23 bytes, expected 24"),
        (bytes(25), "array 'a' holds more bytes, expected 24"),
        (bytes(9999), "array 'a' holds more bytes, expected 24"),
    ],
)
def test_less_or_more_data_than_the_header_announces(path, data, text):
    assert text in message(repack(path, entries={"a.npy": npy_with_header(HEADER, data)}))


WRONG_HEADERS = {
    "unclosed brace": "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)",
    "unclosed parenthesis": "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3}",
    "unclosed text": "{'descr': '<f4, 'fortran_order': False, 'shape': (2, 3)}",
    "no dictionary": "[1, 2]",
    "no Python": "hello",
    "empty": "",
    "other names": "{'descr': '<f4', 'shape': (2, 3)}",
    "names of mixed kinds": "{1: 2, 'a': 3}",
    "unhashable": "{[]: 1}",
    "a type that is none": "{'descr': 'f99', 'fortran_order': False, 'shape': (2, 3)}",
    "a type without content": "{'descr': (), 'fortran_order': False, 'shape': (2, 3)}",
    "a type with an open parenthesis": "{'descr': 'f4,(', 'fortran_order': False, 'shape': (2, 3)}",
    "a negative length": "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3)}",
    "a huge length": "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999, 3)}",
    "text as a length": "{'descr': '<f4', 'fortran_order': False, 'shape': ('2', 3)}",
    "a call": "{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (2, 3)}",
    "nested lists": "[" * 150 + "]" * 150,
    "open parentheses": "(" * 9000,
    "minus signs": "-" * 9000 + "1",
    "bad indentation": "if 1:\n\t1\n  2",
    "longer than NumPy reads": HEADER + " " * 20_000,
}


@pytest.mark.parametrize("name", WRONG_HEADERS)
def test_a_wrong_header(path, name):
    repack(path, entries={"a.npy": npy_with_header(WRONG_HEADERS[name], bytes(24))})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's own, of old or odd headers
        assert message(path).startswith("array 'a' ")


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUM", b"\x93NUMPY\x03\x00\x02\x00{}", b"\x93NUMPY\x09\x00", b"hello" * 9]
)
def test_an_entry_that_is_no_npy(path, content):
    assert message(repack(path, entries={"a.npy": content})).startswith("array 'a' cannot be read (")


# Hostile files


class Bomb:
    """Touches a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (Path(self.path),)


def test_nothing_is_unpickled(path, tmp_path):
    proof = tmp_path / "proof"
    objects = np.array([[Bomb(str(proof))] * 3] * 2, object)
    content = npy_bytes(objects, allow_pickle=True)
    (tmp_path / "bomb.npy").write_bytes(content)
    np.load(tmp_path / "bomb.npy", allow_pickle=True)
    assert proof.exists()  # the bomb works
    proof.unlink()
    repack(path, entries={"a.npy": content})
    assert "array 'a' is object (2, 3), expected float32 (2, 3)" in message(path)
    with NpzReader(path) as reader, pytest.raises(WeightsError, match="Train it again"):
        reader.array("a", (2, 3), {"object"})
    path.write_bytes(content)
    assert "not a readable .npz file" in message(path)
    path.write_bytes(pickle.dumps(Bomb(str(proof))))
    assert "not a readable .npz file" in message(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("meta.json", pickle.dumps(Bomb(str(proof))))
    assert "its meta.json cannot be read" in message(path)
    assert not proof.exists()


def peak_of_message(path: Path, *arguments) -> tuple[str, int]:
    """The refusal, and the bytes of memory that it took."""
    tracemalloc.start()
    try:
        return message(path, *arguments), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_description_that_inflates_without_end_takes_no_memory(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("meta.json", bytes(60_000_000))
    text, peak = peak_of_message(path)
    assert text.startswith("meta.json is compressed, so it may be a bomb") and peak < 1_000_000


def test_an_array_that_inflates_to_more_than_it_should_takes_no_memory(path):
    content = npy_with_header(HEADER, bytes(60_000_000))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("meta.json", "{}")
        archive.writestr("a.npy", content, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    text, peak = peak_of_message(path)
    assert text.startswith("a.npy is compressed, so it may be a bomb") and peak < 1_000_000


def test_a_header_that_claims_gigabytes_takes_no_memory(path):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (100000, 100000)}"
    repack(path, entries={"a.npy": npy_with_header(header, bytes(24))})
    text, peak = peak_of_message(path)
    assert text.startswith("array 'a' is float32 (100000, 100000), expected float32 (2, 3)") and peak < 1_000_000
    text, peak = peak_of_message(path, "a", (100_000, 100_000))
    assert text.startswith("array 'a' holds less than ") and peak < 1_000_000


def test_a_directory_that_claims_gigabytes_takes_no_memory(path):
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(b"a.npy"))
    content[at + 20 : at + 28] = b"\xf0\xff\xff\xff" * 2  # sizes packed and unpacked: 4 GB
    path.write_bytes(content)
    text, peak = peak_of_message(path)
    assert text.startswith("array 'a' ") and peak < 1_000_000


def test_a_file_too_large_is_not_even_opened(path):
    with path.open("r+b") as file:
        os.truncate(file.fileno(), 1_000_000_001)  # a hole: it takes no room on the disk
    text, peak = peak_of_message(path)
    assert text.startswith("the file has 1000000001 bytes, at most 1000000000 are allowed") and peak < 1_000_000


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_files_are_refused(path, method):
    repack(path, compression=method)
    assert message(path).startswith("meta.json is compressed, so it may be a bomb")


def test_damage_at_every_place_of_a_header(path):
    good = path.read_bytes()
    start = good.index(b"a.npy") + 5
    for position in range(start, start + 60):
        path.write_bytes(good[:position] + bytes([good[position] ^ 0xFF]) + good[position + 1 :])
        try:
            np.testing.assert_array_equal(read(path), ARRAYS["a"])
        except WeightsError as error:
            assert "array 'a' " in str(error)


@pytest.mark.parametrize("method", [1, 6, 9, 12, 14, 97, 99, 65535])
def test_a_directory_that_claims_another_compression(path, method):
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(b"a.npy"))
    content[at + 10 : at + 12] = method.to_bytes(2, "little")
    path.write_bytes(content)
    assert message(path).startswith("a.npy is compressed, so it may be a bomb")


def test_an_encrypted_entry(path):
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(b"a.npy"))
    content[at + 8] |= 1
    path.write_bytes(content)
    assert message(path).startswith("array 'a' cannot be read (")
