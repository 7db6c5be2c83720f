"""What measurements of the running app share: a server of their own, and tables."""

import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import click
import psutil

from tests.browser.conftest import Server


@contextmanager
def served(**environment: str) -> Iterator[Server]:
    """Start the app in a folder of its own, and stop it.

    Before, the computer is described; afterwards come the errors of the server's log, and how busy others kept the
    computer: then the figures are disturbed.

    Args:
        environment: settings of the server's own.
    """
    names = ", ".join(f"{name} {version(name)}" for name in ("numpy", "streamlit", "uvloop"))
    click.echo(f"{_processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, {names}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder), **environment)
        began, before = time.monotonic(), _used_by_others()
        try:
            yield server
            others = (_used_by_others() - before) / (time.monotonic() - began)
            click.echo(f"\nOther programs took {max(0.0, others):.0%} of a core meanwhile.", nl=False)
        finally:
            server.stop()
            log = server.log.read_text()
            click.echo(f" {log.count('Traceback')} tracebacks in the server's log.")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _used_by_others() -> float:
    """Return the seconds of processor time that were used, but not by this program and those that it started."""
    times = psutil.cpu_times()
    used = sum(times) - times.idle - getattr(times, "iowait", 0.0)
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        try:
            used -= sum(process.cpu_times()[:4])  # with those that have ended
        except psutil.NoSuchProcess:
            continue
    return float(used)


def print_heads(*heads: str) -> None:
    """Begin a table in Markdown."""
    click.echo(f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")


def print_row(*cells: object) -> None:
    """Print a table's next row; whole numbers get commas."""
    click.echo(f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in cells)} |")


def spread(times: Sequence[float]) -> list[str]:
    """Write median, 95th percentile and largest of at least two times, one decimal each."""
    high = min(max(times), statistics.quantiles(times, n=20)[-1])
    return [f"{time:.1f}" for time in (statistics.median(times), high, max(times))]
