"""The whole server as a user starts it: from one start to the next, and what it tells the teacher."""

import asyncio
import dataclasses
import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

import aiohttp
import psutil
import pytest
from anyio.from_thread import start_blocking_portal

from bench.visitors import Visitor
from mnist_core.io.npz import NpzReader
from tests.browser.conftest import Server
from tests.webapp.real_runs import look, wait_until, workers_of
from webapp.runs.job import Job
from webapp.runs.registry import Runs
from webapp.runs.snapshot import Snapshot

PASSWORD = "correct horse"  # noqa: S105


def counts(server: Server, password: str) -> dict[str, int]:
    request = urllib.request.Request(f"{server.address}/api/counts", headers={"Authorization": f"Bearer {password}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, int] = json.load(answer)
    return found


def is_beyond(step: int, run: Snapshot) -> bool:
    return run.elsewhere and run.step > step


def ctrl_c_twice(server: Server) -> None:
    for _ in range(2):
        server.process.send_signal(signal.SIGINT)
        time.sleep(0.05)
    server.process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("stop", [Server.stop, ctrl_c_twice])
def test_shut_down_it_keeps_its_trainings_and_goes_on_with_them_at_the_next_start(
    tmp_path: Path, tiny_recipe, data_folder, stop: Callable[[Server], None]
) -> None:
    job = Job(dataclasses.replace(tiny_recipe, epochs=5000), str(data_folder))
    watching = Runs(tmp_path / "runs", at_once=1)
    ids = [watching.start(job) for _ in range(3)]
    watching.close()
    server = Server(tmp_path, TEACHER_PASSWORD=PASSWORD, RUNS_AT_ONCE="2")
    try:
        for run_id in ids[:2]:
            wait_until(watching, run_id, partial(is_beyond, 20))
        found = counts(server, PASSWORD)
        assert {name: found[name] for name in ("pages", "training", "queued", "runs")} == {
            "pages": 0,
            "training": 2,
            "queued": 1,
            "runs": 3,
        }
        assert 100e6 < found["memory"] < 3e9
        with pytest.raises(urllib.error.HTTPError, match="403"):
            counts(server, "wrong")
        stop(server)
        assert not any(map(workers_of, ids))
        steps = {}
        for run_id in ids[:2]:
            run = look(watching, run_id)
            with NpzReader(run.folder.checkpoint) as checkpoint:  # whole
                assert "data_fingerprint" in checkpoint.meta
            assert not list(run.folder.path.glob("**/.*.tmp"))
            steps[run_id] = run.step
        server.start()
        for run_id, step in steps.items():
            wait_until(watching, run_id, partial(is_beyond, step))
    finally:
        server.stop()
    log = (tmp_path / "server.log").read_text()
    assert "lifespan hooks will be skipped" not in log
    assert "Traceback" not in log or stop is ctrl_c_twice  # then the web server has one


async def come_and_go(address: str, visits: int) -> None:
    """Open the drawing page so often, ten at a time, and close it again."""
    connector = aiohttp.TCPConnector(limit=10)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:
        for _ in range(visits // 10):
            visitors = [Visitor(http, address) for _ in range(10)]
            await asyncio.gather(*(visitor.come() for visitor in visitors))
            await asyncio.gather(*(visitor.leave() for visitor in visitors))
            assert not sum(visitor.exceptions for visitor in visitors)


@pytest.mark.slow
def test_three_hundred_sessions_leave_the_server_as_large_as_it_was(tmp_path: Path) -> None:
    server = Server(tmp_path)
    try:
        process = psutil.Process(server.process.pid)
        with start_blocking_portal() as portal:
            portal.call(come_and_go, server.address, 150)  # Streamlit keeps 128 of those who left
            before = process.memory_info().rss, process.num_fds()
            portal.call(come_and_go, server.address, 300)
        grown = process.memory_info().rss - before[0], process.num_fds() - before[1]
    finally:
        server.stop()
    assert grown[0] < 40e6 and grown[1] < 60, grown
