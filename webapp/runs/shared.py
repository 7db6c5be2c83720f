"""The registry of runs that all sessions of the server share."""

import functools
import os
import threading
from pathlib import Path

from webapp.runs.registry import Runs
from webapp.runs.room import MAX_BYTES

_opening = threading.Lock()


def runs() -> Runs:
    """Return the registry of runs: those in `RUNS_DIR` (runs/), `RUNS_AT_ONCE` of them at a time (one per core).

    Together they may take `RUNS_MAX_GB` (20). Not in Streamlit's cache, which any browser may clear for everybody.
    """
    at_once = int(os.environ.get("RUNS_AT_ONCE", 0)) or os.cpu_count() or 1
    max_bytes = round(float(os.environ.get("RUNS_MAX_GB", 0)) * 1e9) or MAX_BYTES
    with _opening:
        return _registry(Path(os.environ.get("RUNS_DIR", "runs")).absolute(), at_once, max_bytes)


@functools.cache
def _registry(folder: Path, at_once: int, max_bytes: int) -> Runs:
    return Runs(folder, at_once, max_bytes)
