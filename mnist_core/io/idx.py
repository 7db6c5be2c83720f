"""Read IDX, the simple file format of MNIST.

An IDX file is a short header, then the numbers of one array, row by row. The header holds two zero bytes, one
byte for the type of the numbers (0x08: unsigned bytes), one byte for the number of dimensions, and then the
length of every dimension as a big-endian 32-bit number. 60,000 images of 28 x 28 pixels begin like this:

    00 00 08 03   00 00 EA 60   00 00 00 1C   00 00 00 1C
    magic         60,000        28            28

A reader that trusts its file is easily fooled: by half a download, by a renamed archive, or by a few bytes that claim
to be gigabytes. So what the header says is compared with the file before memory is allocated.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "FILE FORMATS FOR
THE MNIST DATABASE", http://yann.lecun.com/exdb/mnist/
"""

import gzip
import hashlib
import io
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mnist_core.errors import DataError

MAX_BYTES = 2**30  # 1 GiB, twenty times the MNIST training images
GZIP_MAGIC = b"\x1f\x8b"
UNSIGNED_BYTE = 0x08
CHUNK = 2**20  # bytes unpacked at a time

# No gzip stream grows by more: https://zlib.net/zlib_tech.html, section "Maximum Compression Factor".
MAX_GZIP_FACTOR = 1032


def read_idx(path: str | os.PathLike[str], max_bytes: int = MAX_BYTES) -> npt.NDArray[np.uint8]:
    """Read the array that an IDX file holds.

    The file may be plain or gzip-compressed; its first two bytes tell which, not its name.

    Args:
        path: the file; it must hold unsigned bytes in 1 to 3 dimensions.
        max_bytes: how many of them it may hold.

    Returns:
        uint8 array of the shape that the header announces, e.g. (N, 28, 28) for images and (N,) for labels.
        It is read-only, because everything in the app shares it: copy it before changing it.

    Raises:
        DataError: the file cannot be read, is not IDX, announces more than `max_bytes`, is cut or over-long, or its
            gzip stream is damaged or inflates to more than the header announces.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise DataError("{path}: found no ordinary file, expected an IDX file. Name the file itself.", path=path)
        with path.open("rb") as file:
            size_on_disk = os.fstat(file.fileno()).st_size
            is_gzip = file.read(2) == GZIP_MAGIC
            file.seek(0)
            if not is_gzip:
                shape = _read_header(path, file, max_bytes)
                found = size_on_disk - file.tell()
                if found != math.prod(shape):
                    raise _size_error(path, shape, f"{found} bytes")
                return _read_items(path, file, shape)
            with gzip.GzipFile(fileobj=file) as stream:
                shape = _read_header(path, stream, max_bytes)
                most = size_on_disk * MAX_GZIP_FACTOR
                if most < math.prod(shape):
                    raise _size_error(path, shape, f"no more than {most} bytes")
                return _read_items(path, stream, shape)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            "{path}: found a damaged gzip stream ({reason}), expected an intact one. Copy or download the file again.",
            path=path,
            reason=error,
        ) from error
    except OSError as error:
        raise DataError(
            "{path}: found no readable file ({reason}), expected an IDX file. Check the name and the permissions.",
            path=path,
            reason=error.strerror or error,
        ) from error


def idx_header(shape: tuple[int, ...]) -> bytes:
    r"""Return the header of an IDX file of unsigned bytes in this shape.

    Args:
        shape: the length of each dimension, each below 2**32.

    Returns:
        4 bytes of magic, then 4 bytes for each dimension.

    Example:
        >>> idx_header((60000,))
        b'\x00\x00\x08\x01\x00\x00\xea`'
    """
    return struct.pack(f">HBB{len(shape)}I", 0, UNSIGNED_BYTE, len(shape), *shape)


def idx_sha256(array: npt.NDArray[np.uint8]) -> str:
    """Return the SHA-256 of the plain IDX file that holds this array.

    `read_idx` accepts nothing but a header and exactly the items it announces. So every byte of the uncompressed file
    follows from the array, and no file is read twice to compute its hash.

    Args:
        array: uint8, as `read_idx` returns it.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256(idx_header(array.shape))
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _read_header(path: Path, stream: io.BufferedIOBase, max_bytes: int) -> tuple[int, ...]:
    """Read the magic and the dimensions; the stream then stands at the first item."""
    magic = stream.read(4)
    if len(magic) < 4:
        raise _header_error(path, len(magic), 4)
    ndim = magic[3]
    if magic[:3] != bytes([0, 0, UNSIGNED_BYTE]) or not 1 <= ndim <= 3:
        raise DataError(
            "{path}: found the magic number 0x{magic}, expected 0x00000801 (labels), 0x00000803 (images) or "
            "0x00000802. This is no IDX file of bytes: choose another, or unpack the archive.",
            path=path,
            magic=magic.hex(),
        )
    lengths = stream.read(4 * ndim)
    if len(lengths) < 4 * ndim:
        raise _header_error(path, 4 + len(lengths), 4 + 4 * ndim)
    shape = struct.unpack(f">{ndim}I", lengths)
    if 0 in shape:
        raise DataError(
            "{path}: found the dimensions {shape}, expected at least 1 in each. The set is empty: choose another file.",
            path=path,
            shape=_times(shape),
        )
    if math.prod(shape) > max_bytes:
        raise DataError(
            "{path}: found the dimensions {size}, expected at most {most}. The header is wrong, or the set must be "
            "divided.",
            path=path,
            size=_size(shape),
            most=max_bytes,
        )
    return shape


def _read_items(path: Path, stream: io.BufferedIOBase, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Read the items, and one byte more to notice a file that does not end where it should.

    They are read straight into the array: NumPy asks for large pages, which are ready sooner than many small ones. And
    in chunks, because a gzip stream first unpacks a whole request into memory of its own.
    """
    items = np.empty(math.prod(shape), np.uint8)
    found = 0
    while count := stream.readinto(items.data[found : found + CHUNK]):
        found += count
    if found < len(items):
        raise _size_error(path, shape, f"{found} bytes")
    if stream.read(1):
        raise _size_error(path, shape, f"more than {len(items)} bytes")
    items.flags.writeable = False
    return items.reshape(shape)


def _header_error(path: Path, found: int, expected: int) -> DataError:
    return DataError(
        "{path}: found {found} bytes, expected a header of {expected}. The file is cut: copy or download it again.",
        path=path,
        found=found,
        expected=expected,
    )


def _size_error(path: Path, shape: tuple[int, ...], found: str) -> DataError:
    return DataError(
        "{path}: found {found} after the header, expected {size}. The file is cut, over-long or has a wrong header: "
        "copy or download it again.",
        path=path,
        found=found,
        size=_size(shape),
    )


def _size(shape: tuple[int, ...]) -> str:
    """Return the size of an array in words: `5 bytes`, `2 x 28 x 28 = 1568 bytes`."""
    product = f"{_times(shape)} = " if len(shape) > 1 else ""
    return f"{product}{math.prod(shape)} bytes"


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
