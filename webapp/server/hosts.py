"""Whom browsers may believe to talk to: only requests that call this server by a known name are answered.

A page elsewhere can point its own name at this computer (DNS rebinding): to the browser both are then one site, and
that page reads and sends here whatever it likes. Its requests still carry its name. An address in digits is safe, since
no name was looked up; so a classroom needs no setting. Streamlit's `server.allowedHosts` guards only its WebSocket, and
knows no "any address in digits"; nor does Starlette's `TrustedHostMiddleware`.

Pages of other sites may not ask at all. Streamlit refuses them, too, but not before it has asked a server on the
internet for its own address, to compare.
"""

import os
import re
from collections.abc import Collection
from fnmatch import fnmatchcase
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from webapp.visitors.rights import own_names

ALLOWED_HOSTS = "ALLOWED_HOSTS"
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:/@\[\]]+)(:\d+)?", re.IGNORECASE)


def allowed_hosts() -> frozenset[str]:
    """Return this computer's own names, and those in the environment variable `ALLOWED_HOSTS`, separated by commas.

    Raises:
        ValueError: if something else than names stands there.
    """
    listed = {name.strip().lower() for name in os.environ.get(ALLOWED_HOSTS, "").split(",")} - {""}
    for name in listed:
        if re.search(r"[\s:/@]", name):
            raise ValueError(
                f"{ALLOWED_HOSTS} contains {name!r}, expected names separated by commas, without https:// and port: "
                "set it to, for example, digits.example.org,*.school.example"
            )
    return own_names() | {"localhost"} | listed


def is_allowed(host: str, allowed: Collection[str]) -> bool:
    """Return whether requests to a host are answered.

    Args:
        host: as in the request's header: a name or an address, perhaps with a port.
        allowed: names, in small letters; `*.example.org` is every name that ends so.
    """
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    name = found[1].strip("[]").rstrip(".").lower()
    try:
        ip_address(name)
    except ValueError:
        return any(fnmatchcase(name, pattern) for pattern in allowed)
    return True


def refusal(headers: Headers, allowed: Collection[str]) -> str | None:
    """Return why a request is not answered; None if it is.

    Args:
        headers: of the request.
        allowed: see `is_allowed`.
    """
    hosts, origin = headers.getlist("host"), headers.get("origin")
    if len(hosts) != 1 or not is_allowed(hosts[0], allowed):
        found = " and ".join(hosts)[:200] or "no host"
        return (
            f"This server was called {found}, which is none of its names: open it by its address in digits, "
            f"or start it with {ALLOWED_HOSTS} set to the name."
        )
    if origin is not None and origin.partition("://")[2] != hosts[0]:
        return (
            f"A page of {origin[:200]} asked, and this server, called {hosts[0][:200]}, answers its own pages only: "
            "a proxy must pass on the header Host."
        )
    return None


class KnownHosts:
    """ASGI middleware that refuses what `refusal` names, WebSockets before they open.

    Args:
        app: answers all others.
        allowed: as in `is_allowed`.
    """

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "lifespan":
            why = refusal(Headers(scope=scope), self._allowed)
            if why is not None:
                # No browser shows what a refused WebSocket says.
                answer = PlainTextResponse(f"{why}\n", 400) if scope["type"] == "http" else WebSocketClose(1008)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)
