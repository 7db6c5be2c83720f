"""Uploaded files, received by Streamlit's own route: whatever is sent, only so much stays."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import pytest
from anyio.from_thread import start_blocking_portal
from starlette.applications import Starlette
from starlette.middleware import Middleware
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1.util import patch_config_options
from streamlit.web.server.starlette.starlette_routes import create_upload_routes

from webapp.server import uploads as uploads_module
from webapp.server.uploads import AT_ONCE, BoundedUploads

Result = TypeVar("Result")
SESSIONS = ["anna", "ben", *(f"pupil-{number}" for number in range(30))]


def in_a_loop(task: Callable[[], Awaitable[Result]]) -> Result:
    """Run a task in a thread of its own: in this one, the browser of other tests may have left a loop running."""
    with start_blocking_portal() as portal:
        return portal.call(task)


@dataclass
class Uploads:
    """Streamlit's route for uploads, bounded: three files for each, 100,000 bytes for all."""

    here: set[str] = field(default_factory=lambda: set(SESSIONS))
    kept: MemoryUploadedFileManager = field(default_factory=lambda: MemoryUploadedFileManager("/_stcore/upload_file"))

    def __post_init__(self) -> None:
        known = SimpleNamespace(is_active_session=self.here.__contains__, uploaded_file_mgr=self.kept)
        self.runtime = cast(runtime.Runtime, known)
        bounded = Middleware(BoundedUploads, files=3, total=100_000)
        self.app = Starlette(routes=create_upload_routes(self.runtime, self.kept, ""), middleware=[bounded])

    async def put(self, session: str, file: str, size: int, announced: bool = True, waiting: Any = None) -> int:
        """Upload a file as a browser does; return the answer's status."""
        head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
        body = head + b"." * (size - len(head) - 9) + b"\r\n--x--\r\n"
        statuses = []

        async def receive() -> Any:
            if waiting is not None:
                await waiting.wait()
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            statuses.append(message.get("status"))

        headers = [(b"content-type", b"multipart/form-data; boundary=x")]
        if announced:
            headers.append((b"content-length", str(size).encode()))
        path = f"/_stcore/upload_file/{session}/{file}"
        scope = {"type": "http", "method": "PUT", "path": path, "headers": headers, "query_string": b""}
        await self.app(scope, receive, send)
        return statuses[0]

    def upload(self, session: str, file: str, size: int = 1_000, **how: Any) -> int:
        return in_a_loop(partial(self.put, session, file, size, **how))

    def files(self, session: str) -> list[str]:
        return list(self.kept.file_storage.get(session, ()))

    @property
    def bytes(self) -> int:
        return sum(len(file.data) for files in self.kept.file_storage.values() for file in files.values())


@pytest.fixture
def uploads(monkeypatch):
    found = Uploads()
    monkeypatch.setattr(runtime, "get_instance", lambda: found.runtime)
    with patch_config_options({"server.enableXsrfProtection": False}):
        yield found


def test_invented_ids_leave_only_the_newest_three(uploads):
    assert {uploads.upload("anna", f"invented-{number}") for number in range(12)} == {204}
    assert uploads.files("anna") == ["invented-9", "invented-10", "invented-11"]


def test_a_picture_is_replaced_a_hundred_times(uploads):
    for number in range(100):
        assert uploads.upload("anna", f"picture-{number}", 30_000) == 204
        assert f"picture-{number}" in uploads.files("anna")


def test_the_same_id_again_counts_once(uploads):
    assert [uploads.upload("anna", name) for name in ("a", "b", "c", "c", "c")] == [204] * 5
    assert uploads.files("anna") == ["a", "b", "c"]


def test_thirty_people_keep_their_photos(uploads):
    assert {uploads.upload(f"pupil-{number}", "photo", 3_000) for number in range(30)} == {204}
    assert all(uploads.files(f"pupil-{number}") == ["photo"] for number in range(30))


def test_who_keeps_most_makes_room_for_the_others(uploads):
    uploads.upload("ben", "his", 20_000)
    for number in range(3):
        uploads.upload("anna", f"hers-{number}", 30_000)

    assert uploads.files("ben") == ["his"] and uploads.files("anna") == ["hers-1", "hers-2"]
    assert uploads.bytes <= 100_000


def test_too_much_on_its_way_at_once_is_refused_in_words_and_later_taken(uploads):
    async def crowd() -> list[int]:
        waiting = asyncio.Event()
        slow = [asyncio.create_task(uploads.put("anna", f"slow-{n}", 30_000, waiting=waiting)) for n in range(3)]
        await asyncio.sleep(0)
        refused = await uploads.put("ben", "his", 20_000)
        waiting.set()
        return [*await asyncio.gather(*slow), refused, await uploads.put("ben", "his", 20_000)]

    assert in_a_loop(crowd) == [204, 204, 204, 413, 204]
    assert uploads.bytes <= 100_000


def test_what_never_comes_keeps_no_room_from_the_others(uploads, monkeypatch):
    monkeypatch.setattr(uploads_module, "PATIENCE", 0.05)

    async def idle() -> list[int]:
        never = asyncio.Event()
        idlers = [uploads.put(f"pupil-{n}", "photo", 30_000, waiting=never) for n in range(3)]
        return [*await asyncio.gather(*idlers), await uploads.put("ben", "his", 20_000)]

    assert in_a_loop(idle) == [408, 408, 408, 204]


def test_one_visitor_keeps_no_room_from_the_others(uploads):
    async def greedy() -> list[int]:
        waiting = asyncio.Event()
        slow = [asyncio.create_task(uploads.put("anna", f"slow-{n}", 1_000, waiting=waiting)) for n in range(AT_ONCE)]
        await asyncio.sleep(0)
        refused, other = await uploads.put("anna", "more", 1_000), await uploads.put("ben", "his", 1_000)
        waiting.set()
        return [*await asyncio.gather(*slow), refused, other, await uploads.put("anna", "more", 1_000)]

    assert in_a_loop(greedy) == [204, 204, 204, 413, 204, 204]


def test_an_upload_that_does_not_say_how_long_it_is_counts_as_the_largest(uploads):
    assert uploads.upload("anna", "endless", announced=False) == 413


def test_an_upload_for_an_unknown_session_is_refused_and_leaves_nothing(uploads):
    assert uploads.upload("nobody", "photo") == 400
    assert "nobody" not in uploads.kept.file_storage


def test_the_upload_of_one_who_leaves_meanwhile_does_not_stay(uploads):
    async def leave() -> int:
        waiting = asyncio.Event()
        arriving = asyncio.create_task(uploads.put("anna", "photo", 1_000, waiting=waiting))
        await asyncio.sleep(0)
        uploads.here.remove("anna")
        waiting.set()
        return await arriving

    assert in_a_loop(leave) == 204
    assert "anna" not in uploads.kept.file_storage
