"""Take a file of weights apart and put it together again, changed: for the tests of what is refused."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

Meta = dict[str, Any]


def npy_bytes(array: np.ndarray, allow_pickle: bool = False) -> bytes:
    """The content of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


def npy_with_header(header: str, data: bytes = b"") -> bytes:
    """A .npy file, version 1.0, whose header is any text."""
    text = header.encode("latin1") + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def repack(
    path: Path,
    change_meta: Callable[[Meta], object] = lambda meta: None,
    entries: Mapping[str, bytes | np.ndarray | None] | None = None,
    compression: int = zipfile.ZIP_STORED,
) -> Path:
    """Rewrite a .npz file in place.

    Args:
        path: the file.
        change_meta: changes the description in place.
        entries: new content by the name of the entry (".npy" is added for arrays); None leaves an entry out.
        compression: of every entry.
    """
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    meta = json.loads(contents["meta.json"])
    change_meta(meta)
    contents["meta.json"] = json.dumps(meta).encode()
    for name, content in (entries or {}).items():
        if content is None:
            del contents[name]
        elif isinstance(content, np.ndarray):
            contents[f"{name}.npy"] = npy_bytes(content)
        else:
            contents[name] = content
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path
