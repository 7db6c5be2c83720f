"""What browsers may say to Streamlit: all but that it clear the caches of all visitors, which it does for anybody."""

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg


class CachesStay:
    """ASGI middleware that drops such messages; our pages send none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and of a WebSocket all messages but those."""

        async def receive_others() -> Message:
            while True:
                message = await receive()
                if not clears_caches(message.get("bytes") or b""):
                    return message

        await self._app(scope, receive_others if scope["type"] == "websocket" else receive, send)


def clears_caches(content: bytes) -> bool:
    """Return whether a browser's message is an order to clear the caches; what is no message isn't."""
    try:
        return BackMsg.FromString(content).WhichOneof("type") == "clear_cache"
    except DecodeError:
        return False
