"""What is computed from files, once for all visitors: of each file only its newest version is kept."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(eq=False)
class _Entry(Generic[Value]):
    turn: Lock = field(default_factory=Lock)
    held: tuple[tuple[int, ...], Value] | None = None  # of which version of the file, and the value
    nbytes: int = 0


class FileCache(Generic[Value]):
    """Keeps values computed from files; several threads may ask at once, and those that ask for the same wait for one.

    It isn't Streamlit's cache: any browser can have that cleared for everybody, and it keeps every version of a file.

    Args:
        max_bytes: of all values together; what has not been asked for longest goes first. The last one always stays.
        size_of: tells how many bytes a value takes.
    """

    def __init__(self, max_bytes: int, size_of: Callable[[Value], int]) -> None:
        self._max_bytes = max_bytes
        self._size_of = size_of
        self._entries: OrderedDict[Hashable, _Entry[Value]] = OrderedDict()
        self._guard = Lock()  # of the entries, for moments; each one's `turn` is held while it is computed

    def get(self, path: Path, compute: Callable[[], Value], *details: Hashable) -> Value:
        """Return a file's value, computed anew if the file is another than the last time.

        Args:
            path: the file, which may be missing.
            compute: makes the value; what it raises is raised here, and nothing is kept of it.
            details: all that the value depends on besides the file.
        """
        key = path, *details
        with self._guard:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
        with entry.turn:
            version = _version(path)
            if entry.held is not None and entry.held[0] == version:
                return entry.held[1]
            entry.held = None  # before there are two
            try:
                value = compute()
            except BaseException:
                self._drop(key, entry)
                raise
            entry.held, entry.nbytes = (version, value), self._size_of(value)
        self._make_room()
        return value

    def _drop(self, key: Hashable, entry: _Entry[Value]) -> None:
        with self._guard:
            if self._entries.get(key) is entry:
                del self._entries[key]

    def _make_room(self) -> None:
        with self._guard:
            total = sum(entry.nbytes for entry in self._entries.values())
            while total > self._max_bytes and len(self._entries) > 1:
                total -= self._entries.popitem(last=False)[1].nbytes


def _version(path: Path) -> tuple[int, ...]:
    """Return what tells a file from the one that replaces it: two may be written within a tick of the clock."""
    try:
        stat = path.stat()
    except OSError:
        return (0,)
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
