"""Download MNIST from mirrors that need not be trusted: only its well-known content is accepted."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError

from mnist_core.data.dataset import LOCAL_FOLDER, MNIST_FILES, MnistFile, cache_folder, expand_user
from mnist_core.errors import DataError
from mnist_core.io.idx import idx_sha256, read_idx

ProgressCallback = Callable[[str, int, int], None]
"""Called with a file's name, the bytes received so far, and the bytes in all (0 if the mirror does not tell)."""
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
"""Folders that hold the four files under the names of `MNIST_FILES`."""
DOWNLOAD_CHUNK = 2**16  # bytes between two calls of the callback
DOWNLOAD_TIMEOUT = 20.0  # seconds of silence after which a mirror is given up
SLOWEST = 10_000  # bytes a second: a mirror that has given fewer on average when that time is over is given up, too
MAX_BYTES = 50_000_000  # of a file, packed or not; the largest one has 47 million
MAX_WORDS = 200  # characters of an error


def fetch_mnist(progress: ProgressCallback | None = None, folder: str | os.PathLike[str] | None = None) -> Path:
    """Download those of MNIST's four files that are missing from a folder, or damaged in it.

    The `MIRRORS` are tried in turn. A file is moved into the folder only once its content is proven to be MNIST's.

    Args:
        progress: called as `progress(file_name, bytes_done, bytes_total)` as bytes arrive. `bytes_total` is 0 if the
            mirror does not tell; `bytes_done` starts again when the next mirror is tried.
        folder: where to put them, created if missing; the user's cache by default.

    Returns:
        The folder, which now holds the four files.

    Raises:
        DataError: no mirror has an intact file (the message says why for each), or the folder cannot be written.
    """
    target = cache_folder() if folder is None else expand_user(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="download-", dir=target) as temporary:
            for file in MNIST_FILES:
                if not _is_intact(target, file):
                    _download(file, Path(temporary), progress).replace(target / file.name)
    except OSError as error:
        raise DataError(
            "{folder}: found that it cannot be written ({reason}), expected a folder for the download. Choose another "
            "one, or put the four files into {local}.",
            folder=target,
            reason=error.strerror or error,
            local=LOCAL_FOLDER,
        ) from error
    return target


def _is_intact(folder: Path, file: MnistFile) -> bool:
    """Return whether a folder already holds this file, intact."""
    path = file.find(folder)
    try:
        return path is not None and idx_sha256(read_idx(path)) == file.sha256
    except DataError:
        return False


def _download(file: MnistFile, folder: Path, progress: ProgressCallback | None) -> Path:
    """Download one file from the first mirror that has it intact, and return its path."""
    path = folder / file.name
    failures = []
    for mirror in MIRRORS:
        try:
            _receive(f"{mirror.rstrip('/')}/{file.name}", path, progress)
            digest = idx_sha256(read_idx(path, MAX_BYTES))
            if digest == file.sha256:
                return path
            failures.append(f"{mirror}: found content with the SHA-256 {digest}, expected {file.sha256}")
        except DataError as error:
            failures.append(f"{mirror}: {str(error).removeprefix(f'{path}: ')}")
        except (OSError, HTTPError, ValueError) as error:  # a malformed URL is a ValueError
            words = "".join(filter(str.isprintable, str(error)))  # some are the mirror's
            failures.append(f"{mirror}: {words[:MAX_WORDS]}")
    raise DataError(
        "{file}: found no mirror that gives it ({reasons}), expected one of {count}. Check the network, or put the "
        "four files into {local} or into a folder named by MNIST_DIR, or use the synthetic digits.",
        file=file.name,
        reasons="; ".join(failures),
        count=len(MIRRORS),
        local=LOCAL_FOLDER,
    )


def _receive(url: str, path: Path, progress: ProgressCallback | None) -> None:
    """Write what an address gives into a file.

    Raises:
        OSError, HTTPError, ValueError: if it gives nothing, too much, or is too slow.
    """
    # Not compressed on the way, as the files are compressed; and read as it comes, to notice a mirror that drips.
    with requests.get(url, headers={"Accept-Encoding": "identity"}, stream=True, timeout=DOWNLOAD_TIMEOUT) as answer:
        answer.raise_for_status()
        total = int(answer.headers.get("Content-Length", 0))
        began, done = time.monotonic(), 0
        with path.open("wb") as file:
            while content := answer.raw.read1(DOWNLOAD_CHUNK, decode_content=False):
                file.write(content)
                done += len(content)
                seconds = time.monotonic() - began
                if done > MAX_BYTES:
                    raise OSError(f"found more than {MAX_BYTES} bytes, expected a file of MNIST")
                if seconds > DOWNLOAD_TIMEOUT and done < SLOWEST * seconds:
                    raise OSError(f"found {done} bytes within {seconds:.0f} s, expected at least {SLOWEST} a second")
                if progress is not None:
                    progress(path.name, done, total)
        if done < total:
            raise OSError(f"found {done} bytes, expected {total}")
