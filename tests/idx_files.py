"""IDX files for tests to read."""

import gzip
from pathlib import Path

import numpy as np

from mnist_core.io.idx import idx_header


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write uint8 of 1 to 3 dimensions as an IDX file, gzip-compressed when the name ends in `.gz`."""
    content = idx_header(array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
