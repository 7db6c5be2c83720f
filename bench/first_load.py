"""Measure the first load of a page: what comes over the wire, and how long it takes when thirty phones open it at once.

    CHROMIUM=… python -m bench.first_load [--phones 30] [--browsers 4] [--rounds 3]

A real Chromium tells what is asked for. Then clients without a browser ask for the same: with six connections each, as
browsers have, first for what Chromium needed before its websocket, then for the rest while the page's script runs. In
the last table a few are real browsers, which also have to run the scripts, on the same processor as everything else.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import click
from playwright.async_api import Browser, Page, async_playwright

from bench.served import print_heads, print_row, served, spread
from bench.visitors import Visitor
from tests.browser.chromium import ADVICE, find
from tests.browser.conftest import CHROMIUM_FLAGS, PATIENCE, PHONE

READY = {"": ".st-key-pad .pad-hint", "train": ".st-key-start button:enabled"}
"""For each page, what is there once one can draw, or start a training."""
NAMES = {"": "/ (drawing)", "train": "/train"}
CONNECTIONS = 6
NETWORKS = 20, 100
"""Megabits a second that a shared network carries."""


@dataclass
class Load:
    """What a browser asked for, in this order.

    Attributes:
        sizes: bytes on the wire, headers included, by paths.
        requests: how many there were.
        before: how many paths were asked for before the websocket.
        socket: bytes that came over the websocket.
        seconds: until the page was ready.
    """

    sizes: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    before: int = 0
    socket: int = 0
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """All bytes that came."""
        return sum(self.sizes.values()) + self.socket

    async def listen(self, page: Page, address: str) -> None:
        """Note all that a page will ask for."""
        paths: dict[str, str] = {}
        protocol = await page.context.new_cdp_session(page)
        await protocol.send("Network.enable")

        def begin(event: Any) -> None:
            url = event["request"]["url"]
            if url.startswith(address):
                self.requests += 1
                paths[event["requestId"]] = url.removeprefix(address)
                self.sizes.setdefault(url.removeprefix(address), 0)

        def end(event: Any) -> None:
            if event["requestId"] in paths:
                self.sizes[paths[event["requestId"]]] += int(event["encodedDataLength"])

        def frame(event: Any) -> None:
            self.socket += len(event["response"]["payloadData"]) * 3 // 4  # it is told in base64

        protocol.on("Network.requestWillBeSent", begin)
        protocol.on("Network.loadingFinished", end)
        protocol.on("Network.webSocketCreated", lambda _: setattr(self, "before", len(self.sizes)))
        protocol.on("Network.webSocketFrameReceived", frame)


@asynccontextmanager
async def phone(browser: Browser) -> AsyncIterator[Page]:
    """Open a page that knows nothing of the app yet."""
    settings: dict[str, Any] = {"locale": "en-US", **PHONE}
    context = await browser.new_context(**settings)
    try:
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        yield page
    finally:
        await context.close()


async def open_page(page: Page, address: str, path: str) -> float:
    """Open a page of the app, and return after how many seconds it is ready."""
    began = time.perf_counter()
    await page.goto(f"{address}/{path}", wait_until="commit")
    await page.locator(READY[path]).first.wait_for(state="attached")
    return time.perf_counter() - began


async def ask(http: aiohttp.ClientSession, address: str, path: str, load: Load) -> float:
    """Ask for a page and for all that a browser asked for, without one; return after how many seconds all is there."""
    began = time.perf_counter()
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    accepted = {"Accept-Encoding": "gzip, deflate, br, zstd"}
    async with aiohttp.ClientSession(connector=connector, headers=accepted, auto_decompress=False) as own:

        async def fetch(file: str) -> None:
            async with own.get(address + file) as response:
                await response.read()

        files = list(load.sizes)
        await fetch(files[0])
        await asyncio.gather(*(fetch(file) for file in files[1 : load.before]))
        visitor = Visitor(http, address, path)
        await asyncio.gather(visitor.come(), *(fetch(file) for file in files[load.before :]))
        seconds = time.perf_counter() - began
        await visitor.leave()
    return seconds


async def list_requests(browser: Browser, address: str, path: str) -> Load:
    """Open a page in a browser that has nothing of it yet, and print what it asked for."""
    load = Load()
    async with phone(browser) as page:
        await load.listen(page, address)
        load.seconds = await open_page(page, address, path)
        await page.wait_for_load_state("networkidle")
    click.echo(f"\n### {NAMES[path]}")
    print_heads("request", "bytes on the wire")
    for file, size in load.sizes.items():
        print_row(file, size)
    print_row("websocket", load.socket)
    print_row(f"{load.requests} requests and the websocket", load.total)
    return load


async def measure(browser: Browser, address: str, phones: int, browsers: int, rounds: int) -> None:
    """Print a table of requests for each page, and one of what they take together."""
    loads = {path: await list_requests(browser, address, path) for path in READY}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:
        click.echo(f"\nUntil each has all, in seconds: {phones} at once, without browsers")
        print_heads("page", "median", "95th percentile", "all")
        for path, load in [*loads.items()] * rounds:
            found = await asyncio.gather(*(ask(http, address, path, load) for _ in range(phones)))
            print_row(NAMES[path], *spread(found))
        click.echo(f"\nUntil one can draw, in seconds: {browsers} real browsers, {phones - browsers} clients beside")
        print_heads("browsers, each", "median", "clients beside, median", "all")
        for _ in range(rounds):
            clients = [ask(http, address, "", loads[""]) for _ in range(phones - browsers)]
            drawing, asking = await asyncio.gather(
                asyncio.gather(*(_open(browser, address) for _ in range(browsers))), asyncio.gather(*clients)
            )
            each = ", ".join(f"{seconds:.1f}" for seconds in sorted(drawing))
            print_row(each, f"{statistics.median(drawing):.1f}", *spread(asking)[::2])
    click.echo(f"\nArithmetic, not measured: {phones} times these bytes over one network, in seconds")
    print_heads("page", "MB", *(f"{rate} Mbit/s" for rate in NETWORKS))
    for path, load in loads.items():
        megabytes = load.total * phones / 1e6
        print_row(NAMES[path], f"{megabytes:.1f}", *(f"{megabytes * 8 / rate:.1f}" for rate in NETWORKS))


async def _open(browser: Browser, address: str) -> float:
    async with phone(browser) as page:
        return await open_page(page, address, "")


async def measure_with_chromium(path: str, address: str, phones: int, browsers: int, rounds: int) -> None:
    """Start a Chromium for `measure`."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        try:
            await measure(browser, address, phones, browsers, rounds)
        finally:
            await browser.close()


@click.command()
@click.option("--phones", default=30, show_default=True, help="How many open the page at once.")
@click.option("--browsers", default=4, show_default=True, help="How many of them are real, in the last table.")
@click.option("--rounds", default=3, show_default=True, help="How often each is measured.")
def main(phones: int, browsers: int, rounds: int) -> None:
    """Print all tables."""
    path = find()
    if path is None:
        raise click.ClickException(ADVICE)
    with served() as server:
        asyncio.run(measure_with_chromium(path, server.address, phones, browsers, rounds))


if __name__ == "__main__":
    main()
