"""What every open page asks every few seconds: does the teacher call? The answer comes from memory, and is short."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from webapp.visitors.classroom import come, current_call, heard
from webapp.visitors.folder import StorageError
from webapp.visitors.identity import BROWSER_COOKIE, owner_of, read_id

ROUTE = "/api/class"
MAX_NUMBER = 2**31
"""Of a call."""


async def class_route(request: Request) -> Response:
    """Return the teacher's call as JSON, {} if there is none; to whoever called, also how many have come.

    With the cookie of a browser, and the number of the call that it has followed as "came" in the query, it is noted
    that this browser is there.
    """
    number = read_id(request.cookies.get(BROWSER_COOKIE))
    owner = number and owner_of(number)
    try:
        answer = await run_in_threadpool(_answer, owner, read_number(request.query_params.get("came", "")))
    except StorageError:
        return Response(status_code=503)
    return JSONResponse(answer, headers={"cache-control": "no-store"})


def read_number(text: str) -> int:
    """Return the number of a call as a browser sends it; 0 if it is none."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else 0
    return number if number <= MAX_NUMBER else 0


def _answer(owner: str | None, came: int) -> dict[str, object]:
    if owner is not None:
        heard(owner, came)
    call = current_call()
    if call is None:
        return {}
    answer: dict[str, object] = {"number": call.number, "address": call.address}
    if call.caller == owner:
        answer["come"], answer["present"] = come(call)
    return answer
