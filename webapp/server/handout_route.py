"""What is handed out for a lesson, as a page for the printer, as PDF or as Markdown."""

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from webapp.i18n import texts_in
from webapp.lessons.handout import FORMATS, KINDS, Kind, handout_html, handout_markdown, handout_name, handout_pdf
from webapp.lessons.lesson import lesson_of
from webapp.visitors.identity import BROWSER_COOKIE, owner_of, read_id
from webapp.visitors.rights import teaches

TYPES = {"html": "text/html; charset=utf-8", "pdf": "application/pdf", "md": "text/markdown; charset=utf-8"}


async def handout_route(request: Request) -> Response:
    """Return a handout; the teacher's page, with the answers to the quiz, to the teacher alone."""
    kind = next((kind for kind in KINDS if kind == request.query_params.get("kind", KINDS[0])), None)
    form = request.query_params.get("format", FORMATS[0])
    if kind is None or form not in FORMATS:
        return Response("There is no such handout.\n", 404)
    address = None if request.client is None else request.client.host
    number = read_id(request.cookies.get(BROWSER_COOKIE))
    if kind == "teacher" and not teaches(number and owner_of(number), address, request.headers):
        return Response("Only for the teacher.\n", 403)
    return await run_in_threadpool(
        _handout, request.path_params["lesson"], kind, form, request.query_params.get("lang")
    )


def _handout(key: str, kind: Kind, form: str, language: str | None) -> Response:
    with texts_in(language or "en"):
        lesson = lesson_of(key)
        if lesson is None:
            return Response("There is no such lesson.\n", 404)
        write = {"html": handout_html, "md": handout_markdown, "pdf": handout_pdf}[form]
        content = write(lesson, kind)
        if content is None:
            return Response("No PDF was made of it: open it as a page, and print that.\n", 404)
        headers = {"Cache-Control": "no-cache"}
        if form != "html":
            name = quote(handout_name(lesson, kind, form))
            headers["Content-Disposition"] = f"{'inline' if form == 'pdf' else 'attachment'}; filename*=UTF-8''{name}"
        return Response(content, headers=headers, media_type=TYPES[form])
