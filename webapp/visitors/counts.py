"""How much is going on, for the teacher: open pages, trainings, memory, what lies on the disk."""

from typing import NamedTuple

import psutil
from streamlit.runtime import get_instance
from streamlit.runtime.stats import GaugeStat

from webapp.runs.shared import runs


class Counts(NamedTuple):
    """What is going on.

    Attributes:
        pages: open in browsers.
        training: runs with a worker of this server.
        queued: runs that wait for one.
        runs: all that are kept.
        memory: bytes that this server takes, with its workers.
        disk: bytes that all runs take.
    """

    pages: int
    training: int
    queued: int
    runs: int
    memory: int
    disk: int


def counts() -> Counts:
    """Count."""
    family = "active_sessions"
    stats = get_instance().stats_mgr.get_stats([family])[family]
    pages = sum(stat.value for stat in stats if isinstance(stat, GaugeStat))
    training, queued = runs().going()
    return Counts(pages, training, queued, len(runs().all()), _memory(), runs().size())


def _memory() -> int:
    server = psutil.Process()
    total = server.memory_info().rss
    for process in server.children(recursive=True):
        try:
            total += process.memory_info().rss
        except psutil.Error:  # it has just ended
            continue
    return total
