"""Visitors without a browser: they talk to a running server as the page does, over its websocket and its route.

One process holds hundreds of them, so that the measured server gets most of the computer. What a browser does besides
(it draws) is measured with a few real ones.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState, FileURLs, UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

PATIENCE = 60.0
"""Seconds after which an answer counts as lost."""


@dataclass
class Widget:
    """A widget as the server describes it: its id, the fragment that it stands in, and a component's data."""

    id: str
    fragment: str
    data: Any = None


@dataclass
class Visitor:
    """One session.

    Args:
        http: shared by all.
        address: of the server.
        path: of the page.
        query: of its address, without "?".

    Attributes:
        widgets: those on the page, by their keys.
        exceptions: how many errors the page has shown.
        received: bytes over the websocket.
    """

    http: aiohttp.ClientSession
    address: str
    path: str = ""
    query: str = ""
    widgets: dict[str, Widget] = field(default_factory=dict)
    exceptions: int = 0
    received: int = 0
    _states: dict[str, WidgetState] = field(default_factory=dict)
    _page: str = ""
    _waiting: list[tuple[str, asyncio.Future[None]]] = field(default_factory=list)
    _polls: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _places: asyncio.Queue[FileURLs] = field(default_factory=asyncio.Queue)

    async def come(self) -> None:
        """Open the page, and wait until it is there."""
        async with self.http.get(f"{self.address}/{self.path}") as response:
            await response.read()
        url = self.address.replace("http", "ws", 1) + "/_stcore/stream"
        self._socket = await self.http.ws_connect(url, protocols=("streamlit",), max_msg_size=0)
        self._reader = asyncio.create_task(self._read())
        await self.run()

    async def leave(self) -> None:
        """Close the page."""
        for task in (*self._polls.values(), self._reader):
            task.cancel()
        await self._socket.close()

    async def run(self, fragment: str = "", polled: bool = False, **values: WidgetState) -> float:
        """Have the page or one of its fragments run, with new values of widgets; return after how many seconds.

        Raises:
            TimeoutError: if it has not run after `PATIENCE`.
        """
        began = time.perf_counter()
        async with self._turn:  # as the server does it: else nobody could tell which of two has ended
            await asyncio.wait_for(self._run(fragment, polled, values), PATIENCE)
        return time.perf_counter() - began

    async def _run(self, fragment: str, polled: bool, values: dict[str, WidgetState]) -> None:
        triggers = {key for key, state in values.items() if state.WhichOneof("value") == "trigger_value"}
        self._states |= values
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.fragment_id = self.query, self._page, fragment
        state.page_name, state.is_auto_rerun = "" if self._page else self.path, polled
        state.widget_states.widgets.extend(self._states.values())
        self._states = {key: value for key, value in self._states.items() if key not in triggers}
        finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((fragment, finished))
        await self._socket.send_bytes(message.SerializeToString())
        await finished

    def state(self, key: str, **value: Any) -> dict[str, WidgetState]:
        """Make a new value of a widget, for `run`."""
        return {key: WidgetState(id=self.widgets[key].id, **value)}

    async def press(self, key: str) -> float:
        """Press a button; see `run`."""
        return await self.run(self.widgets[key].fragment, **self.state(key, trigger_value=True))

    async def ask(self, picture: str, more: str = "") -> Any:
        """Send a picture of the pad to the route, as the pad does; return what it answers, None if it refuses."""
        route = self.widgets["pad_helper"].data["ask"]
        async with self.http.post(self.address + route + more, data=picture) as response:
            return await response.json() if response.status == 200 else None

    async def ask_curves(self, version: str) -> str | None:
        """Ask for newer curves of a training, as the chart does; return their version, None if that is refused."""
        route = self.widgets["loss"].data["source"]
        async with self.http.get(f"{self.address}{route}&after={version}") as response:
            if response.status == 200:
                version = (await response.json())["version"]
            return version if response.status in (200, 204) else None

    def drawn(self, picture: str, strokes: Sequence[object]) -> dict[str, WidgetState]:
        """Make the pad's report of a drawing, for `run`: its picture, an address, and its strokes."""
        canvas = self.widgets["pad_canvas"]
        raw = {"lockScalingFlip": canvas.data["initialDrawing"]["lockScalingFlip"], "objects": strokes}
        shown = {"picture": {"at": time.time(), "address": picture}}
        return {
            **self.state("pad_canvas", json_value=json.dumps({"drawing": {"raw": raw}})),
            **self.state("pad_helper", json_value=json.dumps(shown)),
        }

    async def upload(self, key: str, name: str, content: bytes) -> float:
        """Choose a file in an uploader, and wait until the page has taken it in; see `run`."""
        message = BackMsg()
        message.file_urls_request.file_names.append(name)
        await self._socket.send_bytes(message.SerializeToString())
        place = await asyncio.wait_for(self._places.get(), PATIENCE)
        async with self.http.get(f"{self.address}/_stcore/health") as response:
            token = response.cookies["_streamlit_xsrf"].value
        headers = {"X-Xsrftoken": token, "Cookie": f"_streamlit_xsrf={token}"}
        form = aiohttp.FormData()
        form.add_field(name, content, filename=name)
        async with self.http.put(self.address + place.upload_url, data=form, headers=headers) as response:
            response.raise_for_status()
        file = UploadedFileInfo(name=name, size=len(content), file_id=place.file_id, file_urls=place)
        value = FileUploaderState(uploaded_file_info=[file])
        return await self.run(self.widgets[key].fragment, **self.state(key, file_uploader_state_value=value))

    async def _read(self) -> None:
        async for frame in self._socket:
            self.received += len(frame.data)
            message = ForwardMsg.FromString(frame.data)
            match message.WhichOneof("type"):
                case "delta":
                    self._note_element(message.delta)
                case "navigation":
                    self._page = message.navigation.page_script_hash
                case "page_info_changed":
                    self.query = message.page_info_changed.query_string
                case "file_urls_response":
                    self._places.put_nowait(message.file_urls_response.file_urls[0])
                case "auto_rerun":
                    poll = message.auto_rerun
                    if poll.fragment_id not in self._polls:
                        self._polls[poll.fragment_id] = asyncio.create_task(self._poll(poll.fragment_id, poll.interval))
                case "script_finished":
                    ran = set(message.metadata.run.fragment_ids) or {""}
                    for entry in [entry for entry in self._waiting if entry[0] in ran or "" in ran]:
                        self._waiting.remove(entry)
                        if not entry[1].done():
                            entry[1].set_result(None)

    def _note_element(self, delta: Any) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        kind = delta.new_element.WhichOneof("type")
        self.exceptions += kind == "exception"
        element = getattr(delta.new_element, kind)
        name = getattr(element, "id", "")
        if name.startswith("$$ID-"):
            data = json.loads(element.json) if kind == "bidi_component" and element.json else None
            self.widgets[name.split("-", 2)[2]] = Widget(name, delta.fragment_id, data)

    async def _poll(self, fragment: str, seconds: float) -> None:
        """Do as the browser does: ask for a fragment again and again, and not while the last request is open."""
        while True:
            await asyncio.sleep(seconds)
            with contextlib.suppress(TimeoutError):
                await self.run(fragment, polled=True)


async def start_run(http: aiohttp.ClientSession, address: str) -> str:
    """Start a long training as a visitor does; return its id."""
    visitor = Visitor(http, address, "train", "recipe=quick&epochs=500")
    await visitor.come()
    await visitor.press("start")
    await asyncio.sleep(1)
    await visitor.leave()
    return visitor.query.partition("run=")[2].partition("&")[0]
