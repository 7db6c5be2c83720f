"""How much is going on, for the teacher and for what watches the server; no figure is about anybody."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from webapp.visitors.counts import counts
from webapp.visitors.identity import BROWSER_COOKIE, owner_of, read_id
from webapp.visitors.rights import TooManyTriesError, is_password, teaches

ROUTE = "/api/counts"


async def counts_route(request: Request) -> Response:
    """Return the counts as JSON to the teacher, or to whoever sends the password as a bearer token."""
    address = None if request.client is None else request.client.host
    kind, _space, token = request.headers.get("authorization", "").partition(" ")
    number = read_id(request.cookies.get(BROWSER_COOKIE))
    try:
        allowed = teaches(number and owner_of(number), address, request.headers) or (
            kind.lower() == "bearer" and is_password(token.encode("latin-1").decode("utf-8", "replace"), address)
        )
    except TooManyTriesError:
        return Response("Too many wrong passwords: wait a minute.\n", 429)
    if not allowed:
        text = "Only for the teacher: send the header `Authorization: Bearer …` with what TEACHER_PASSWORD says, or"
        return Response(f"{text} ask from the computer that runs the app, if no password is set.\n", 403)
    return JSONResponse((await run_in_threadpool(counts))._asdict())
