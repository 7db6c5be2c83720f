"""Measure whether the server stays as large as it is while visitors come and go, and what is left of them.

    MNIST_DIR=… python -m bench.visits --strokes FILE [--visits 2000] [--hours 1]

Everybody draws three digits, every fifth uploads a picture, every third looks at a training that goes on, and every
twentieth agrees that the server keeps a drawing. All then close the page. `gc` in the last rows tells what is not free
because nobody has looked yet.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import asyncio
import base64
import contextlib
import json
import random
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import click
import psutil
from streamlit import config
from streamlit.proto.Common_pb2 import StringArray

from bench.drawings import Digit, digits
from bench.served import print_heads, print_row, served
from bench.visitors import Visitor, start_run
from tests.browser.conftest import Server

AT_ONCE = 10
DRAWN, UPLOADS, WATCHES, AGREES = 3, 5, 3, 20
"""Digits that each visitor draws; every which one uploads a picture, looks at a training, agrees to keep a drawing."""
GROWN = 12
"""Types of objects that are listed in the end."""


@dataclass
class Inside:
    """A look into the server: see `inside/sitecustomize.py`."""

    server: Server
    counts: Path
    began: float = field(default_factory=time.monotonic)

    async def look(self, visits: object) -> Counter[str]:
        """Print a row; return how many objects there are of each type."""
        self.counts.unlink(missing_ok=True)
        os.kill(self.server.process.pid, signal.SIGUSR1)
        while not self.counts.exists():
            await asyncio.sleep(0.05)
        found = Counter[str](json.loads(self.counts.read_text()))
        process = psutil.Process(self.server.process.pid)
        with process.oneshot():
            size, threads, files = process.memory_info().rss, process.num_threads(), process.num_fds()
        seconds = round(time.monotonic() - self.began)
        print_row(visits, f"{size / 1e6:.0f}", found["AppSession"], found.total(), files, threads, seconds)
        return found


async def visit(http: aiohttp.ClientSession, address: str, place: int, drawn: Sequence[Digit], run: str) -> int:
    """Come, do what visitors do, and leave; return how many errors there were."""
    chance = random.Random(place)
    agrees = place % AGREES == 0
    visitor = Visitor(http, address, "", "view=teach" if agrees else "")
    await visitor.come()
    strokes: list[object] = []
    refused = 0
    for _ in range(DRAWN):
        digit = chance.choice(drawn)
        for more in ("&live=1", "", "&view=1"):
            refused += await visitor.ask(digit.picture, more) is None
        strokes.append(digit.stroke)
        await visitor.run(visitor.widgets["pad_canvas"].fragment, **visitor.drawn(digit.picture, strokes))
    if agrees:
        await visitor.press("teach-agree")
        label = visitor.state("teach-label-0", string_array_value=StringArray(data=[str(chance.randrange(10))]))
        await visitor.run(visitor.widgets["teach-label-0"].fragment, **label)
    if place % UPLOADS == 0:
        await visitor.press("picture")
        await visitor.upload("picture-upload-0", "digit.png", base64.b64decode(digit.picture.partition(",")[2]))
    await visitor.leave()
    errors = refused + visitor.exceptions
    if place % WATCHES == 0:
        visitor = Visitor(http, address, "train", f"run={run}")
        await visitor.come()
        version = await visitor.ask_curves("")
        await asyncio.sleep(0.5)
        errors += version is None or await visitor.ask_curves(version) is None
        await visitor.leave()
        errors += visitor.exceptions
    return errors


async def measure(inside: Inside, drawn: Sequence[Digit], visits: int, every: int, hours: float) -> None:
    """Have all come and go; print a row now and then, and what is left."""
    address, process = inside.server.address, psutil.Process(inside.server.process.pid)
    connector = aiohttp.TCPConnector(limit=0)
    places = iter(range(1, visits + 1))
    errors = done = 0
    first: Counter[str] = Counter()
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:
        run, runs = await start_run(http, address), 1
        await inside.look(0)

        async def come_one_by_one() -> None:
            nonlocal errors, done, run, runs, first
            for place in places:
                await asyncio.sleep(max(0.0, inside.began + 3600 * hours * place / visits - time.monotonic()))
                errors += await visit(http, address, place, drawn, run)
                done += 1
                if done % every == 0:
                    found = await inside.look(done)
                    first = first or found
                    if not process.children():  # the training has ended
                        run, runs = await start_run(http, address), runs + 1

        await asyncio.gather(*(come_one_by_one() for _ in range(AT_ONCE)))
        await asyncio.sleep(config.get_option("server.disconnectedSessionTTL") + 5)
        errors += await visit(http, address, 1, drawn, run)  # sessions are forgotten when another one ends
        await asyncio.sleep(2)
        last = await inside.look(f"all gone, {visits + 1}")
    grown = ", ".join(f"{name} {count:+,}" for name, count in (last - first).most_common(GROWN))
    click.echo(f"\n{errors} errors. More than after the first {every}: {grown or 'nothing'}.")
    click.echo(f"Started {runs} trainings; {visits // AGREES} visitors agreed to keep a drawing. Left on the disk:")
    for line in left_in(inside.server):
        click.echo(f"- {line}")


def left_in(server: Server) -> Iterator[str]:
    """List what visitors have left on the disk."""
    for folder in sorted(server.runs.iterdir()) if server.runs.exists() else []:
        yield f"{server.runs.name}/{folder.name}"
    for path in sorted(server.visitors.rglob("*")) if server.visitors.exists() else []:
        yield f"{server.visitors.name}/{path.relative_to(server.visitors)}, {path.stat().st_size:,} bytes"
    collection = server.visitors / "collection.sqlite"
    if collection.exists():
        with contextlib.closing(sqlite3.connect(collection)) as database:
            drawings, owners = database.execute("SELECT count(*), count(DISTINCT owner) FROM drawings").fetchone()
        yield f"drawings in the collection: {drawings}, of {owners} visitors"


@click.command()
@click.option("--strokes", type=click.Path(exists=True, path_type=Path), required=True, help="A file of pen strokes.")
@click.option("--visits", default=2000, show_default=True, help="How many come.")
@click.option("--every", default=200, show_default=True, help="Visits between two rows.")
@click.option("--hours", default=0.0, help="Over which they are spread; if not given, they come as fast as they can.")
def main(strokes: Path, visits: int, every: int, hours: float) -> None:
    """Print one table, and what is left."""
    drawn = digits(strokes, 200)
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.json"
        with served(PYTHONPATH=str(Path(__file__).parent / "inside"), COUNTS=str(counts)) as server:
            click.echo(f"{visits} visits, {AT_ONCE} at once")
            print_heads("visits", "server, MB", "sessions kept", "objects", "open files", "threads", "seconds")
            asyncio.run(measure(Inside(server, counts), drawn, visits, every, hours))


if __name__ == "__main__":
    main()
