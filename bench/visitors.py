"""Visitors without a browser: they talk to a running server as the page does, over its websocket and its route.

One process holds hundreds of them, so that the measured server gets most of the computer. What a browser does besides
(it draws) is measured with a few real ones.
"""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from streamlit.proto.BackMsg_pb2 import BackMsg
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
        bytes: how many came over the websocket.
    """

    http: aiohttp.ClientSession
    address: str
    path: str = ""
    query: str = ""
    widgets: dict[str, Widget] = field(default_factory=dict)
    exceptions: int = 0
    bytes: int = 0
    _states: dict[str, WidgetState] = field(default_factory=dict)
    _page: str = ""
    _waiting: list[tuple[str, asyncio.Future[None]]] = field(default_factory=list)
    _polls: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

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

    async def _read(self) -> None:
        async for frame in self._socket:
            self.bytes += len(frame.data)
            message = ForwardMsg.FromString(frame.data)
            match message.WhichOneof("type"):
                case "delta":
                    self._note_element(message.delta)
                case "navigation":
                    self._page = message.navigation.page_script_hash
                case "page_info_changed":
                    self.query = message.page_info_changed.query_string
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
