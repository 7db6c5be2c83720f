"""What changes of a run that goes on, for everybody who watches it: computed once, and fetched by `live_chart.js`."""

import gzip
import json

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from webapp.i18n import texts_in
from webapp.networks.file_cache import FileCache
from webapp.pages.train.findings import finding_html
from webapp.pages.train.progress import progress_html
from webapp.pages.train.views.curves import figures
from webapp.runs.shared import runs
from webapp.runs.snapshot import ACTIVE

MAX_BYTES = 20_000_000
"""Of the answers that are kept, 5 to 20 kB each."""

_answers: FileCache[bytes] = FileCache(MAX_BYTES, len)


async def curves_route(request: Request) -> Response:
    """Return figures and words of a run as JSON; 204: nothing new since the version in the query, 404: no run."""
    query = request.query_params
    log, language, known = query.get("log") == "1", query.get("lang", ""), query.get("after", "")
    return await run_in_threadpool(_respond, request.path_params["run"], log, language, known)


def _respond(run_id: str, log: bool, language: str, known: str) -> Response:
    snapshot = runs().snapshot(run_id)
    if snapshot is None:
        return Response(status_code=404)
    stage = snapshot.stage
    version = f"{stage} {snapshot.records.steps} {len(snapshot.records.changes)}"
    if version == known:
        return Response(status_code=204)

    def pack() -> bytes:
        with texts_in(language):
            loss, accuracy, rate = figures(snapshot.records, snapshot.recipe, snapshot.steps_per_epoch, log)
            words = {"progress": progress_html(snapshot), "finding": finding_html(snapshot)}
        going = snapshot.state in ACTIVE and not snapshot.elsewhere
        shown = {"loss": loss, "accuracy": accuracy, "rate": rate, **words}
        news = {"version": version, "stage": stage, "going": going, "shown": shown}
        return gzip.compress(json.dumps(news).encode(), 5)

    content = _answers.get(snapshot.folder.records, pack, log, language, stage)
    return Response(content, media_type="application/json", headers={"content-encoding": "gzip"})
