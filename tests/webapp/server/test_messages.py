"""Nobody clears the caches of all visitors."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg

from webapp.server.messages import CachesStay

CLEAR = BackMsg(clear_cache=True).SerializeToString()
RERUN = BackMsg()
RERUN.rerun_script.query_string = "lang=zh"


@pytest.fixture
def client() -> TestClient:
    """A browser, and a server that sends back what it hears."""

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        async for message in socket.iter_bytes():
            await socket.send_bytes(message)

    return TestClient(Starlette(routes=[WebSocketRoute("/", echo)], middleware=[Middleware(CachesStay)]))


@pytest.mark.parametrize("hidden", [CLEAR, RERUN.SerializeToString() + CLEAR, b"\x92\x03\x7f" + bytes(127) + CLEAR])
def test_an_order_to_clear_the_caches_is_not_heard_and_all_else_is(client, hidden):
    assert BackMsg.FromString(hidden).WhichOneof("type") == "clear_cache"  # as Streamlit would read it
    others = (RERUN.SerializeToString(), b"", b"\xff no message", CLEAR + RERUN.SerializeToString())  # the last counts
    with client.websocket_connect("/") as socket:
        for message in others:
            socket.send_bytes(hidden)
            socket.send_bytes(message)
            assert socket.receive_bytes() == message
