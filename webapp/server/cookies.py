"""The cookies by which a browser is known, see `visitors/identity.py`: no script of a page can read them."""

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.visitors.identity import BROWSER_COOKIE, VISITOR_COOKIE, new_id, ordered, read_id

YEAR = 365 * 24 * 60 * 60  # seconds
MAX_ORDER = 100
"""Bytes of an order."""


class BrowserCookie:
    """ASGI middleware that gives every browser a number with the page that it fetches first.

    It also renews the cookie of visitors who agreed to be known: their year begins anew, and where a script of an
    earlier version had set it, scripts can no longer read it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and if it asks for a page, add the cookies to the answer."""
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self._app(scope, receive, send)
            return

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_cookies(Request(scope))]
            await send(message)

        await self._app(scope, receive, send_with_cookies)


async def order_route(request: Request) -> Response:
    """Set or clear the cookie of a visitor as a page has ordered it; the request's body is the order."""
    order = b""
    async for part in request.stream():
        order += part
        if len(order) > MAX_ORDER:
            return Response(status_code=413)
    visitor = ordered(order.decode("ascii", "replace"))
    if visitor is None:
        return Response(status_code=404)
    response = Response(status_code=204)
    _set(request, response, VISITOR_COOKIE, visitor, YEAR if visitor else 0)
    return response


def _cookies(request: Request) -> list[tuple[bytes, bytes]]:
    response = Response()
    if read_id(request.cookies.get(BROWSER_COOKIE)) is None:
        _set(request, response, BROWSER_COOKIE, new_id(), None)
    visitor = read_id(request.cookies.get(VISITOR_COOKIE))
    if visitor is not None:
        _set(request, response, VISITOR_COOKIE, visitor, YEAR)
    return [(name, value) for name, value in response.raw_headers if name == b"set-cookie"]


def _set(request: Request, response: Response, name: str, value: str, seconds: int | None) -> None:
    secure = request.url.scheme == "https"
    # Lax, not strict: else whoever follows a link from another site would come as somebody new.
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure)
