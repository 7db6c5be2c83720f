"""Arrays and a JSON text in one `.npz` file: written in one piece, read with suspicion.

A file of weights may come from anywhere. So nothing is unpickled, every size is checked before memory is taken,
and whatever is wrong gives a `WeightsError`.
"""

import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from mnist_core.errors import WeightsError

META = "meta.json"
MAX_META_BYTES = 1_000_000
MAX_ARRAY_BYTES = 512_000_000
MAX_FILE_BYTES = 1_000_000_000
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,  # also of JSON, of Unicode and of the .npy header
    RuntimeError,  # an encrypted file
    NotImplementedError,  # an unknown compression
    RecursionError,  # JSON nested without end
    OverflowError,
)


def write_npz(path: str | os.PathLike[str], meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays and their description, so that either the whole new file is there or the old one.

    The same content gives the same bytes. `numpy.load` can read the arrays, `unzip` the description.

    Args:
        path: the file, replaced if it exists; its folder is made if need be.
        meta: what JSON can hold.
        arrays: numbers only, no objects.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w") as archive:
            archive.writestr(zipfile.ZipInfo(META), json.dumps(meta, indent=1, ensure_ascii=False))
            for name, array in arrays.items():
                with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                    npy.write_array(entry, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)
        Path(temporary).chmod(0o644)  # mkstemp gives a private file
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class NpzReader:
    """Reads a file of `write_npz`, or of a stranger.

    Args:
        path: the file.

    Raises:
        WeightsError: if it cannot be opened, is no `.npz`, or has no readable description.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            size = self.path.stat().st_size
            if size > MAX_FILE_BYTES:
                raise self.damaged(f"the file has {size} bytes, at most {MAX_FILE_BYTES} are allowed")
            self._archive = zipfile.ZipFile(self.path)
        except FileNotFoundError:
            raise WeightsError(f"{self.path}: there is no such file; check the path") from None
        except _DAMAGE as error:
            raise self.damaged(f"not a readable .npz file ({error})") from error
        self.meta = self._read_meta()

    def __enter__(self) -> "NpzReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._archive.close()

    def array(self, name: str, shape: tuple[int, ...], dtypes: Collection[str]) -> np.ndarray:
        """Read one array of exactly the expected shape.

        Args:
            name: without ".npy".
            shape: what it must be.
            dtypes: the names of those that are allowed, such as "float32".

        Returns:
            A fresh array; floats are finite.

        Raises:
            WeightsError: if it is missing, of another shape or dtype, cut, too long, or holds NaN or infinity.
        """
        try:
            with self._archive.open(f"{name}.npy") as entry:
                found_shape, fortran, dtype = _read_npy_header(entry)
                if found_shape != shape or dtype.name not in dtypes or fortran:
                    raise self.damaged(
                        f"array {name!r} is {dtype} {found_shape}, expected {' or '.join(sorted(dtypes))} {shape}"
                    )
                size = dtype.itemsize * int(np.prod(shape, dtype=object))
                if size > MAX_ARRAY_BYTES:
                    raise self.damaged(f"array {name!r} takes {size} bytes, at most {MAX_ARRAY_BYTES} are allowed")
                content = entry.read(size + 1)
        except KeyError:
            raise self.damaged(f"array {name!r} is missing") from None
        except _DAMAGE as error:
            raise self.damaged(f"array {name!r} cannot be read ({error})") from error
        if len(content) != size:
            found = "more" if len(content) > size else len(content)
            raise self.damaged(f"array {name!r} holds {found} bytes, expected {size}")
        array = np.frombuffer(content, dtype).reshape(shape).copy()
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise self.damaged(f"array {name!r} holds values that are not finite numbers")
        return array

    def damaged(self, what: str) -> WeightsError:
        """Make the error that says what is wrong with this file and what to do."""
        return WeightsError(f"{self.path}: {what}. Train it again, or take a file written by this program.")

    def _read_meta(self) -> dict[str, Any]:
        try:
            with self._archive.open(META) as entry:
                content = entry.read(MAX_META_BYTES + 1)
            meta = json.loads(content) if len(content) <= MAX_META_BYTES else None
        except KeyError:
            raise self.damaged(f"it has no {META}, so it was written by another program") from None
        except _DAMAGE as error:
            raise self.damaged(f"its {META} cannot be read ({error})") from error
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
