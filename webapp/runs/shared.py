"""The registry of runs that all sessions of the server share."""

import functools
import math
import os
import threading
from pathlib import Path

from webapp.runs.registry import Runs
from webapp.runs.room import MAX_BYTES

_opening = threading.Lock()


def runs() -> Runs:
    """Return the registry of runs: those in `RUNS_DIR` (runs/), `RUNS_AT_ONCE` of them at a time (one per core).

    Together they may take `RUNS_MAX_GB` (20). Not in Streamlit's cache, which any browser may clear for everybody.

    Raises:
        ValueError: if one of these is no number, or too small.
    """
    at_once = int(_number("RUNS_AT_ONCE", os.cpu_count() or 1, at_least=1))
    max_bytes = round(_number("RUNS_MAX_GB", MAX_BYTES / 1e9, at_least=1e-3) * 1e9)
    with _opening:
        return _registry(Path(os.environ.get("RUNS_DIR", "runs")).absolute(), at_once, max_bytes)


def _number(name: str, default: float, at_least: float) -> float:
    text = os.environ.get(name) or f"{default}"
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not at_least <= value < math.inf:
        raise ValueError(f'{name} is "{text}", expected a number from {at_least:g} on')
    return value


@functools.cache
def _registry(folder: Path, at_once: int, max_bytes: int) -> Runs:
    return Runs(folder, at_once, max_bytes)
