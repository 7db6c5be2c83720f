"""Measure the app under load: many visitors who draw, others who follow a training, and trainings under way.

    MNIST_DIR=… python -m bench.load --strokes FILE [--visitors 60] [--watchers 30] [--runs 4] [--browsers 2]

A server as `make run` starts it, with two places for trainings, and the visitors of `visitors.py` in this process. One
who draws makes a stroke every two seconds: pictures under the pen for 0.6 s, one when it is lifted, and once it has
rested the view and the report; after every fourth the pad is cleared. One who follows has the training page open and
its curves growing, and clicks there every ten seconds. Each answer is compared with what `Recognizer` reads. Real
browsers may draw beside them.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import asyncio
import random
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import click
import psutil
from streamlit.proto.WidgetStates_pb2 import WidgetState

from bench.browsers import draw_by_mouse
from bench.drawings import Digit, digits
from bench.served import print_heads, print_row, served, spread
from bench.visitors import Visitor, start_run
from tests.browser.chromium import ADVICE, find
from tests.browser.conftest import Server

BETWEEN = 1.0, 3.0
"""Seconds from one stroke to the next: two on average."""
STROKE = 0.6
"""Seconds that the pen is down."""
LIVE_EVERY, LIVE_SHARE, REST, LONG_REST = 0.2, 1 / 5, 0.35, 1.5
"""As in `drawing_pad.js`."""
CLICK_EVERY = 10.0
"""Seconds between two clicks of one who follows a training."""
CLEAR_AFTER = 4
"""Strokes; then the pad is cleared."""
RUNS_AT_ONCE = 2


@dataclass
class Times:
    """What was measured, in seconds, and what went wrong."""

    live: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    views: list[float] = field(default_factory=list)
    reports: list[float] = field(default_factory=list)
    clears: list[float] = field(default_factory=list)
    clicks: list[float] = field(default_factory=list)
    curves: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)
    lost: int = 0
    wrong: int = 0
    errors: int = 0


async def draw(visitor: Visitor, drawn: Sequence[Digit], times: Times, until: float) -> None:
    """Draw one digit after the other, and report the strokes when the pen has rested, as the pad does."""
    chance = random.Random(id(visitor))
    await asyncio.sleep(chance.random() * 2)
    strokes: list[object] = []
    resting: asyncio.Task[None] | None = None
    while time.monotonic() < until:
        if resting is not None and not resting.done():
            resting.cancel()
        began = time.monotonic()
        digit = chance.choice(drawn)
        wait = LIVE_EVERY
        while time.monotonic() + wait < began + STROKE:
            await asyncio.sleep(wait)
            await _ask(visitor, digit.picture, times.live, times, more="&live=1")
            wait = max(LIVE_EVERY, times.live[-1] / LIVE_SHARE)
        await asyncio.sleep(max(0.0, began + STROKE - time.monotonic()))
        await _ask(visitor, digit.picture, times.answers, times, digit.expected)
        strokes.append(digit.stroke)
        resting = asyncio.create_task(_rest(visitor, digit, list(strokes), times))
        await asyncio.sleep(max(0.0, began + chance.uniform(*BETWEEN) - time.monotonic()))
        if len(strokes) == CLEAR_AFTER:
            resting.cancel()
            press = visitor.drawn(digit.picture, strokes) | visitor.state("clear", trigger_value=True)
            times.clears.append(await visitor.run(visitor.widgets["clear"].fragment, **press))
            strokes = []
            times.wrong += bool(visitor.widgets["answer"].data["content"]["digits"])
    if resting is not None:
        resting.cancel()


async def _rest(visitor: Visitor, digit: Digit, strokes: Sequence[object], times: Times) -> None:
    """Do what the pad does when the pen rests: ask for the view, then report."""
    await asyncio.sleep(REST)
    await _ask(visitor, digit.picture, times.views, times, more="&view=1")
    if len(strokes) > 1:
        await asyncio.sleep(LONG_REST - REST)
    report = visitor.drawn(digit.picture, strokes)
    # What is on its way is not called back.
    await asyncio.shield(asyncio.create_task(_send(visitor, digit, report, times)))


async def _send(visitor: Visitor, digit: Digit, report: dict[str, WidgetState], times: Times) -> None:
    try:
        times.reports.append(await visitor.run(visitor.widgets["pad_canvas"].fragment, **report))
    except TimeoutError:
        times.lost += 1
        return
    shown = [text for text, _ in visitor.widgets["answer"].data["content"]["digits"]]
    times.wrong += shown not in (digit.expected, [])  # empty if it was cleared meanwhile


async def _ask(
    visitor: Visitor, picture: str, found: list[float], times: Times, expected: list[str] | None = None, more: str = ""
) -> None:
    """Send a picture as the pad does, and check what is read."""
    began = time.perf_counter()
    content = await visitor.ask(picture, more)
    found.append(time.perf_counter() - began)
    times.errors += content is None
    if content is not None and expected is not None:
        times.wrong += [text for text, _ in content["digits"]] != expected


async def follow(visitor: Visitor, times: Times, until: float) -> None:
    """Click now and then on the page of a training that goes on."""
    chance = random.Random(id(visitor))
    await asyncio.sleep(chance.random() * CLICK_EVERY)
    on = False
    watching = asyncio.create_task(watch(visitor, times))
    while time.monotonic() < until:
        on = not on
        widget = visitor.widgets["log-axis"]
        try:
            times.clicks.append(await visitor.run(widget.fragment, **visitor.state("log-axis", bool_value=on)))
        except TimeoutError:
            times.lost += 1
        await asyncio.sleep(CLICK_EVERY)
    watching.cancel()


async def watch(visitor: Visitor, times: Times) -> None:
    """Ask for newer curves, as `live_chart.js` does."""
    version = ""
    while True:
        began = time.perf_counter()
        newer = await visitor.ask_curves(version)
        times.errors += newer is None
        version = newer or version
        times.curves.append(time.perf_counter() - began)
        await asyncio.sleep(max(0.4, 5 * times.curves[-1]))


async def look(server: Server, times: Times, until: float) -> None:
    """Draw in a real browser."""
    chromium = find()
    if chromium is None:
        raise click.ClickException(ADVICE)
    times.seen += await asyncio.to_thread(draw_by_mouse, chromium, server.address, until)


async def measure(
    server: Server, drawn: Sequence[Digit], visitors: int, watchers: int, runs: int, browsers: int, seconds: float
) -> None:
    """Have everybody come, draw and follow; print what was measured."""
    times = Times()
    process = psutil.Process(server.process.pid)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:
        started = [await start_run(http, server.address) for _ in range(runs)]
        first = Visitor(http, server.address)
        await first.come()
        await first.leave()
        before = process.memory_info().rss
        pens = [Visitor(http, server.address) for _ in range(visitors)]
        eyes = [
            Visitor(http, server.address, "train", f"run={started[i % min(runs, RUNS_AT_ONCE)]}")
            for i in range(watchers if runs else 0)
        ]
        began = time.perf_counter()
        for group in (pens, eyes):
            for i in range(0, len(group), 10):
                await asyncio.gather(*(visitor.come() for visitor in group[i : i + 10]))
        click.echo(f"{len(pens) + len(eyes)} pages opened in {time.perf_counter() - began:.1f} s")
        until = time.monotonic() + seconds
        before_cpu, own = sum(process.cpu_times()[:2]), sum(psutil.Process().cpu_times()[:2])
        work: list[Coroutine[Any, Any, None]] = [draw(visitor, drawn, times, until) for visitor in pens]
        work += [follow(visitor, times, until) for visitor in eyes]
        work += [look(server, times, until) for _ in range(browsers)]
        for result in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(result, BaseException):
                click.echo(f"a visitor gave up: {result!r}")
                times.lost += 1
        used = sum(process.cpu_times()[:2]) - before_cpu
        grown = process.memory_info().rss - before
        for visitor in (*pens, *eyes):
            times.errors += visitor.exceptions
            await visitor.leave()
    print_heads("what", "median, ms", "95th percentile", "largest", "count")
    names = {
        "answer when the pen is lifted": times.answers,
        "answer while it moves": times.live,
        "view when the pen has rested": times.views,
        "undo and the strokes after a reload": times.reports,
        "Clear": times.clears,
        "click on the training page": times.clicks,
        "newer curves": times.curves,
        "from pen-up to the answer's frame in a real browser": times.seen,
    }
    for name, found in names.items():
        if len(found) > 1:
            print_row(name, *spread([1000 * value for value in found]), len(found))
    mine = sum(psutil.Process().cpu_times()[:2]) - own
    click.echo(
        f"\nlost {times.lost}, wrong {times.wrong}, errors {times.errors}; "
        f"memory {grown / max(1, len(pens) + len(eyes)) / 1e6:+.1f} MB a visitor; "
        f"server {used / seconds:.0%} of a core, this process {mine / seconds:.0%}"
    )


@click.command()
@click.option("--strokes", type=click.Path(exists=True, path_type=Path), required=True, help="A file of pen strokes.")
@click.option("--visitors", default=60, show_default=True, help="How many draw.")
@click.option("--watchers", default=30, show_default=True, help="How many follow a training.")
@click.option("--runs", default=4, show_default=True, help="How many trainings are started; two go on at a time.")
@click.option("--browsers", default=0, type=click.IntRange(0, 4), show_default=True, help="Real ones that draw, too.")
@click.option("--seconds", default=300.0, show_default=True)
def main(strokes: Path, visitors: int, watchers: int, runs: int, browsers: int, seconds: float) -> None:
    """Print one table."""
    drawn = digits(strokes, 200)
    with served(RUNS_AT_ONCE=str(RUNS_AT_ONCE)) as server:
        click.echo(f"{visitors} draw, {watchers} follow, {runs} trainings, {browsers} real browsers, {seconds:.0f} s")
        asyncio.run(measure(server, drawn, visitors, watchers, runs, browsers, seconds))


if __name__ == "__main__":
    main()
