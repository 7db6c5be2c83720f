"""Where the class is: who is at which step of a lesson, and the teacher's call "everybody come here"; in SQLite.

Several servers may share the file. What browsers ask every few seconds is answered from memory as long as the file is
the same, and that they are there is written down once a minute.
"""

import re
import secrets
import time
from collections import OrderedDict
from functools import partial
from threading import Lock
from typing import NamedTuple

from webapp.i18n import gettext as _
from webapp.visitors.folder import changes_of, opened, visitors_folder
from webapp.visitors.identity import browser

PRESENT_SECONDS = 600.0
"""Whoever has not been heard of for so long has left the lesson; a phone that was put aside for a moment has not."""
CALL_SECONDS = 900.0
"""After that, a call that nobody has ended is over: the next class is not to find it."""
NOTED_EVERY = 60.0
"""Seconds after which it is written down once more that a browser is there."""
MAX_VISITORS = 1_000
"""Then whoever was heard of longest ago makes room."""
MAX_ADDRESS = 500
"""Characters."""

_FILE = "classroom.sqlite"
_opened = partial(
    opened,
    _FILE,
    """
PRAGMA synchronous = OFF;  -- a power cut may cost it: all of this is about the next minutes
CREATE TABLE IF NOT EXISTS visitors (
    owner TEXT PRIMARY KEY, lesson TEXT NOT NULL DEFAULT '', step INTEGER NOT NULL DEFAULT 0,
    came INTEGER NOT NULL DEFAULT 0, heard_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS calls (
    one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, address TEXT NOT NULL, caller TEXT NOT NULL,
    called_at REAL NOT NULL
);
""",
)
_OWN_ADDRESS = re.compile(r"/(?![/\\])[A-Za-z0-9_./?=&%,+:~!*'()@$-]*")


class Call(NamedTuple):
    """The teacher's call to come to a page.

    Attributes:
        number: tells it from any other call.
        address: of the page, relative to this server; begins with a slash.
        caller: the browser that called, see `identity.browser`.
        called_at: when, in seconds since 1970.
    """

    number: int
    address: str
    caller: str
    called_at: float


class _Known:
    """What this server remembers, so that it need not look: what it wrote down of whom, and the call as it last read.

    Attributes:
        noted: of each browser and matter, when it was written down, and what; the oldest first.
        call: the state of the file in which a call was read, and that call.
    """

    def __init__(self) -> None:
        self.noted: OrderedDict[tuple[str, str], tuple[float, object]] = OrderedDict()
        self.call: tuple[object, Call | None] | None = None
        self._guard = Lock()

    def is_news(self, owner: str, matter: str, value: object) -> bool:
        """Return whether something is to be written down of a browser: it is new, or was noted a minute ago."""
        now, key = time.monotonic(), (owner, matter)
        with self._guard:
            noted_at, known = self.noted.get(key, (-NOTED_EVERY, None))
            if known == value and now - noted_at < NOTED_EVERY:
                return False
            self.noted[key] = now, value
            self.noted.move_to_end(key)
            while len(self.noted) > 2 * MAX_VISITORS:
                self.noted.popitem(last=False)
            return True


_known = _Known()


def be_at(lesson: str, step: int) -> None:
    """Note that this visitor is at a step of a lesson; cheap enough for every run of a page.

    Raises:
        StorageError: if the file can't be written.
    """
    owner = browser()
    if _known.is_news(owner, "step", (lesson, step)):
        _note(owner, lesson=lesson, step=step)


def at_step(lesson: str) -> dict[int, int]:
    """Count who is at which step of a lesson, of those who were heard of in the last ten minutes.

    Returns:
        How many are at a step, for each step at which somebody is.

    Raises:
        StorageError: if the file can't be read.
    """
    with _opened() as database:
        rows = database.execute(
            "SELECT step, count(*) FROM visitors WHERE lesson = ? AND heard_at > ? GROUP BY step ORDER BY step",
            (lesson, time.time() - PRESENT_SECONDS),
        ).fetchall()
    return dict(rows)


def heard(owner: str, came: int) -> None:
    """Note that a browser has asked what there is.

    Args:
        owner: the browser, see `identity.browser`.
        came: number of the call that it has followed; 0 for none.

    Raises:
        StorageError: if the file can't be written.
    """
    if _known.is_news(owner, "came", came):
        _note(owner, came=came)


def _note(owner: str, **columns: str | int) -> None:
    names, values = ", ".join(columns), list(columns.values())
    changes = ", ".join(f"{name} = excluded.{name}" for name in (*columns, "heard_at"))
    with _opened() as database:
        database.execute(
            f"INSERT INTO visitors (owner, heard_at, {names}) VALUES (?, ?{', ?' * len(values)})"  # noqa: S608 (ours)
            f" ON CONFLICT (owner) DO UPDATE SET {changes}",
            [owner, time.time(), *values],
        )
        database.execute(
            "DELETE FROM visitors WHERE owner NOT IN (SELECT owner FROM visitors ORDER BY heard_at DESC LIMIT ?)",
            (MAX_VISITORS,),
        )


def is_own_address(address: str) -> bool:
    """Return whether a text is an address on this server, such as "/train?recipe=quick"."""
    return len(address) <= MAX_ADDRESS and _OWN_ADDRESS.fullmatch(address) is not None


def call(address: str) -> None:
    """Call everybody to a page, in place of an earlier call; whether the visitor may do that is the caller's business.

    Args:
        address: of the page, see `is_own_address`.

    Raises:
        ValueError: if it is none.
        StorageError: if the file can't be written.
    """
    if not is_own_address(address):
        text = _("found {address}, expected an address of this app such as /train: begin it with one slash")
        raise ValueError(text.format(address=repr(address[:60])))
    with _opened() as database:
        database.execute(
            "INSERT OR REPLACE INTO calls (one, number, address, caller, called_at) VALUES (1, ?, ?, ?, ?)",
            (1 + secrets.randbelow(2**31), address, browser(), time.time()),
        )


def current_call() -> Call | None:
    """Return the call that is made now, if there is one.

    Raises:
        StorageError: if the file can't be read.
    """
    state = visitors_folder(), changes_of(_FILE)
    if not state[1]:
        return None
    if _known.call is None or _known.call[0] != state:
        with _opened() as database:
            row = database.execute("SELECT number, address, caller, called_at FROM calls").fetchone()
        _known.call = state, row and Call(*row)
    found = _known.call[1]
    return None if found is None or time.time() - found.called_at > CALL_SECONDS else found


def come(made: Call) -> tuple[int, int]:
    """Count who has followed a call, and who could: all whose page is in sight now, but the caller.

    Raises:
        StorageError: if the file can't be read.
    """
    with _opened() as database:
        came, present = database.execute(
            "SELECT COALESCE(SUM(came = ?), 0), count(*) FROM visitors WHERE heard_at > ? AND owner != ?",
            (made.number, time.time() - 2 * NOTED_EVERY, made.caller),
        ).fetchone()
    return came, present


def end_call() -> None:
    """End the call, if there is one.

    Raises:
        StorageError: if the file can't be written.
    """
    with _opened() as database:
        database.execute("DELETE FROM calls")


def empty_classroom() -> None:
    """Forget who is where, and the call: a new class begins.

    Raises:
        StorageError: if the file can't be written.
    """
    with _opened() as database:
        database.execute("DELETE FROM calls")
        database.execute("DELETE FROM visitors")
    _known.noted.clear()
