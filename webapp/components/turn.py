"""Visitors' pages run one after the other, those first whose visitor waits for an answer to a press.

Python runs one thread at a time anyway. When sixty pages run at once, each waits for all others at every step, and so
does the answer to a pen that moves, which is no page's. In turns the same work is done sooner, and an answer waits for
one page at most (`bench/RESULTS.md` has the figures).
"""

import functools
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st


class Turns:
    """Something that one thread has at a time; the others wait in two rows, each in the order in which they came."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._rows: tuple[deque[threading.Lock], deque[threading.Lock]] = deque(), deque()

    def take(self, patient: bool) -> None:
        """Wait for a turn; whoever is patient lets all others go first."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            called = threading.Lock()
            called.acquire()
            self._rows[patient].append(called)
        called.acquire()

    def give(self) -> None:
        """Pass the turn on to the next one."""
        with self._guard:
            row = next((row for row in self._rows if row), None)
            if row is None:
                self._taken = False
            else:
                row.popleft().release()


_turns = Turns()
_mine = threading.local()


@contextmanager
def turn(patient: bool = False) -> Iterator[None]:
    """Wait for this visitor's turn, and keep it; a thread that has it already goes on."""
    if getattr(_mine, "held", False):
        yield
        return
    _turns.take(patient)
    _mine.held = True
    try:
        yield
    finally:
        _mine.held = False
        _turns.give()


@contextmanager
def out_of_turn() -> Iterator[None]:
    """Release the turn meanwhile, so that others run their pages: for what takes more than a moment."""
    if not getattr(_mine, "held", False):
        yield
        return
    _mine.held = False
    _turns.give()
    try:
        yield
    finally:
        _turns.take(patient=False)
        _mine.held = True


def fragment(
    show: Callable[..., Any] | None = None,
    run_every: float | None = None,
    patient: Callable[[], bool] = lambda: False,
) -> Callable[..., Any]:
    """Make a part of a page that runs by itself, as `st.fragment` does, when it is its turn.

    Args:
        show: shows it.
        run_every: seconds between two runs that nobody asked for; these are patient.
        patient: tells at the beginning of a run whether it may wait.
    """
    if show is None:
        return functools.partial(fragment, run_every=run_every, patient=patient)

    @functools.wraps(show)
    def in_turn(*args: Any, **options: Any) -> Any:
        with turn(run_every is not None or patient()):
            return show(*args, **options)

    made: Callable[..., Any] = st.fragment(in_turn, run_every=run_every)
    return made
