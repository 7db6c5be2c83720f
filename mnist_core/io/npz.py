"""Arrays and their description, a JSON object, in one `.npz` file: written atomically, read with suspicion.

A file of weights may come from anywhere. So nothing is unpickled, every size is checked before memory is allocated, and
whatever is wrong raises a `WeightsError`.
"""

import json
import math
import os
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from mnist_core.errors import WeightsError
from mnist_core.io.atomic_file import atomic_write

META = "meta.json"
MAX_META_BYTES = 1_000_000
MAX_FILE_BYTES = 1_000_000_000


def write_npz(path: str | os.PathLike[str], meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays and their description; a crash leaves the old file or the new one.

    The same content gives the same bytes. `numpy.load` reads the arrays, `unzip` the description.

    Args:
        path: the file, replaced if it exists; its folder is created if necessary.
        meta: the description, anything that JSON can hold.
        arrays: numbers only, no objects.
    """
    with atomic_write(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(META), json.dumps(meta, indent=1))
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                npy.write_array(entry, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)


class NpzReader:
    """Reads a file that `write_npz` wrote, or claims to have written.

    Args:
        path: the file.

    Raises:
        WeightsError: if it cannot be opened, is not an `.npz`, or has no readable description.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise WeightsError("{path}: there is no such file; check the path", path=self.path)
        with self._reading("not a readable .npz file"):
            if not self.path.is_file():
                raise ValueError("it is no ordinary file")
            self._size = self.path.stat().st_size
            if self._size > MAX_FILE_BYTES:
                raise self.damaged(f"the file has {self._size} bytes, at most {MAX_FILE_BYTES} are allowed")
            self._archive = zipfile.ZipFile(self.path)
        self.meta = self._read_meta()

    def __enter__(self) -> "NpzReader":
        return self

    def __exit__(self, *_raised: object) -> None:
        self._archive.close()

    def array(self, name: str, shape: tuple[int, ...], dtypes: Collection[str]) -> np.ndarray:
        """Read one array of exactly the expected shape.

        Args:
            name: without ".npy".
            shape: what it must be.
            dtypes: names of the dtypes that are allowed, such as "float32".

        Returns:
            A fresh array; floats are finite.

        Raises:
            WeightsError: if it is missing, of another shape or dtype, cut, too long, or holds NaN or infinity.
        """
        with (
            self._reading(f"array {name!r} cannot be read"),
            self._open(f"{name}.npy", f"array {name!r} is missing") as entry,
        ):
            found_shape, fortran, dtype = _read_npy_header(entry)
            if found_shape != shape or dtype.name not in dtypes or fortran:
                raise self.damaged(
                    f"array {name!r} is {dtype} {found_shape}, expected {' or '.join(sorted(dtypes))} {shape}"
                )
            size = dtype.itemsize * math.prod(shape)
            if size > self._size:  # nothing in it is compressed, so it cannot hold more than its own size
                raise self.damaged(f"array {name!r} holds less than {self._size} bytes, expected {size}")
            content = entry.read(size + 1)
        if len(content) != size:
            found = "more" if len(content) > size else len(content)
            raise self.damaged(f"array {name!r} holds {found} bytes, expected {size}")
        array = np.frombuffer(content, dtype).reshape(shape).copy()
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise self.damaged(f"array {name!r} holds values that are not finite numbers")
        return array

    def damaged(self, what: str) -> WeightsError:
        """Return the error that says what is wrong with this file, for those who know such files, and what to do."""
        return WeightsError(
            "{path}: {what}. Train it again, or take a file written by this program.", path=self.path, what=what
        )

    @contextmanager
    def _reading(self, failure: str) -> Iterator[None]:
        """Convert whatever goes wrong into a `WeightsError`.

        A damaged file can make zipfile, json and NumPy's header reader raise almost anything: `tokenize.TokenError`,
        `IndexError` and `MemoryError` are among what was seen.
        """
        try:
            yield
        except WeightsError:
            raise
        except Exception as error:
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise self.damaged(f"{failure} ({reason})") from error

    def _open(self, name: str, missing: str) -> IO[bytes]:
        try:
            entry = self._archive.getinfo(name)
        except KeyError:
            raise self.damaged(missing) from None
        if entry.compress_type != zipfile.ZIP_STORED:
            raise self.damaged(f"{name} is compressed, so it may be a bomb")
        return self._archive.open(entry)

    def _read_meta(self) -> dict[str, Any]:
        missing = f"it has no {META}, so it was written by another program"
        with self._reading(f"its {META} cannot be read"), self._open(META, missing) as entry:
            content = entry.read(MAX_META_BYTES + 1)
            meta = json.loads(content) if len(content) <= MAX_META_BYTES else None
        if not isinstance(meta, dict):
            raise self.damaged(f"its {META} is no JSON object of at most {MAX_META_BYTES} bytes")
        return meta


def _read_npy_header(entry: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(entry)
    if version == (1, 0):
        return npy.read_array_header_1_0(entry)
    if version == (2, 0):
        return npy.read_array_header_2_0(entry)
    raise ValueError(f"unknown .npy version {version}")
