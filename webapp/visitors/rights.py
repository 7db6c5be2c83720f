"""Who may do what: whoever started a run may steer it, and the teacher may do everything.

The teacher is who knows the password in `TEACHER_PASSWORD`, or, where none is set, who sits at the computer that runs
the app.
"""

import hmac
import ipaddress
import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import streamlit as st

from webapp.runs.room import Starter
from webapp.runs.shared import runs
from webapp.runs.snapshot import Snapshot
from webapp.visitors.identity import browser

TRIES, TRIES_SECONDS = 10, 60.0
"""So many wrong passwords from one address within so many seconds, and no more are heard from there."""
MAX_ADDRESSES = 1000
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers that proxies add."""

_log = logging.getLogger(__name__)
_unlocked: set[str] = set()
_wrong: dict[str | None, deque[float]] = {}
_proxy_seen = threading.Event()


class TooManyTriesError(Exception):
    """Too many wrong passwords have come from an address within a minute."""


def password() -> str:
    """Return the teacher's password; empty if there is none."""
    return os.environ.get("TEACHER_PASSWORD", "")


def is_teacher() -> bool:
    """Return whether this visitor is the teacher."""
    return teaches(browser(), st.context.ip_address, st.context.headers)


def teaches(owner: str | None, address: str | None, headers: Mapping[str, str]) -> bool:
    """Return whether somebody is the teacher.

    Args:
        owner: the name of the browser, see `identity.browser`; None: it has none.
        address: where the connection comes from; None: from this computer.
        headers: of the request that opened the page; their names in small letters.
    """
    return owner in _unlocked if password() else is_local(address, headers)


def is_local(address: str | None, headers: Mapping[str, str]) -> bool:
    """Return whether a request comes from this computer, and not through a proxy on it; arguments as for `teaches`.

    Once a request has shown that there is a proxy, nobody is local any more: what comes through it can pretend to be.
    """
    if not _is_loopback(address):
        return False
    try:
        host = (urlsplit(f"//{headers.get('host', '')}").hostname or "").rstrip(".")
    except ValueError:
        return False
    by_loopback = host == "localhost" or (host != "" and _is_loopback(host))
    # Who connects from this computer calls it so, or by its own name: another one was called elsewhere, and passed on.
    if any(name in headers for name in FORWARDED) or not (by_loopback or host in own_names()):
        _proxy_seen.set()
    return by_loopback and not _proxy_seen.is_set()


def own_names() -> frozenset[str]:
    """Return the names under which this computer is known in its network."""
    name = socket.gethostname().lower()
    return frozenset({name, name.partition(".")[0] + ".local"})


def _is_loopback(address: str | None) -> bool:
    try:
        found = ipaddress.ip_address(address or "127.0.0.1")
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return found.is_loopback or found.is_unspecified  # 0.0.0.0 is this computer, too


def is_password(entered: str, address: str | None) -> bool:
    """Return whether something is the teacher's password.

    Args:
        entered: what may be it.
        address: where it comes from; None: from this computer.

    Raises:
        TooManyTriesError: whether it would have been right is not said.
    """
    now = time.monotonic()
    if address not in _wrong and len(_wrong) >= MAX_ADDRESSES:
        _wrong.pop(next(iter(_wrong)), None)
    wrong = _wrong.setdefault(address, deque(maxlen=TRIES))
    if len(wrong) == TRIES and now - wrong[0] < TRIES_SECONDS:
        raise TooManyTriesError
    right = bool(password()) and hmac.compare_digest(entered.encode(), password().encode())
    if not right:
        wrong.append(now)
    _log.info("teacher's password entered: %(verdict)s", {"verdict": "right" if right else "wrong"})
    return right


def unlock(entered: str) -> bool:
    """Make this browser the teacher's if the password is right, until the server ends; return whether it is.

    Raises:
        TooManyTriesError: see `is_password`.
    """
    right = is_password(entered, st.context.ip_address)
    if right:
        _unlocked.add(browser())
    return right


def lock() -> None:
    """Make this browser an ordinary visitor's again."""
    _unlocked.discard(browser())


def may_steer(run: Snapshot) -> bool:
    """Return whether this visitor may pause, change, stop, rename and delete a run."""
    return run.owner == browser() or is_teacher()


def steered(run_id: str, act: Callable[[str], object]) -> None:
    """Do something with a run if this visitor may steer it: for buttons, as the right may have gone since they came."""
    run = runs().snapshot(run_id, curves=False)
    if run is not None and may_steer(run):
        act(run_id)


def starter() -> Starter:
    """Return this visitor as one who starts a run."""
    return Starter(browser(), is_limited=not is_teacher())
