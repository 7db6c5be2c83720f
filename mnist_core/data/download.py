"""Download MNIST from mirrors that need not be trusted: only its well-known content is accepted."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pooch

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
DOWNLOAD_TIMEOUT = 20  # seconds of silence after which a mirror is given up


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
            f"{target}: found that it cannot be written ({error.strerror or error}), expected a folder for the "
            f"download. Choose another one, or put the four files into {LOCAL_FOLDER}."
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
        downloader = pooch.HTTPDownloader(
            progressbar=_progress_bar(progress, file.name) if progress else False,
            chunk_size=DOWNLOAD_CHUNK,
            timeout=DOWNLOAD_TIMEOUT,
        )
        try:
            downloader(f"{mirror.rstrip('/')}/{file.name}", path, None)
            digest = idx_sha256(read_idx(path))
            if digest == file.sha256:
                return path
            failures.append(f"{mirror}: found content with the SHA-256 {digest}, expected {file.sha256}")
        except DataError as error:
            failures.append(f"{mirror}: {str(error).removeprefix(f'{path}: ')}")
        except (OSError, ValueError) as error:  # network errors are OSErrors; a malformed URL is a ValueError
            failures.append(f"{mirror}: {error}")
    raise DataError(
        f"{file.name}: found no mirror that gives it ({'; '.join(failures)}), expected one of {len(MIRRORS)}. "
        f"Check the network, or put the four files into {LOCAL_FOLDER} or into a folder named by MNIST_DIR, or use "
        f"the synthetic digits."
    )


def _progress_bar(progress: ProgressCallback, file_name: str) -> SimpleNamespace:
    """Return what looks like a bar of tqdm to pooch, and passes every figure on to a callback.

    Source: https://www.fatiando.org/pooch/latest/progressbars.html, section "Using custom progress bars"
    """

    def update(count: int) -> None:
        bar.done += count
        if bar.total:  # pooch counts whole chunks, and the whole file once more at the end
            bar.done = min(bar.done, bar.total)
        progress(file_name, bar.done, bar.total)

    # Pooch sets the total when the mirror answers.
    bar = SimpleNamespace(done=0, total=0, update=update, reset=lambda: None, close=lambda: None)
    return bar
