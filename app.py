"""The web server: Streamlit, which runs `webapp/pages/menu.py` for every visitor, and what is served besides."""

import atexit
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.lessons.handout import ROUTE as HANDOUT
from webapp.pages.draw.read_route import ROUTE as READ
from webapp.pages.draw.read_route import read_route
from webapp.pages.train.views.curves import ROUTE as CURVES
from webapp.pages.train.views.curves_route import curves_route
from webapp.pages.wall.wall_route import ROUTE as WALL
from webapp.pages.wall.wall_route import wall_route
from webapp.runs.shared import runs
from webapp.server.class_route import ROUTE as CLASS
from webapp.server.class_route import class_route
from webapp.server.cookies import BrowserCookie, order_route
from webapp.server.counts_route import ROUTE as COUNTS
from webapp.server.counts_route import counts_route
from webapp.server.files import CompressedFiles, served_files
from webapp.server.handout_route import handout_route
from webapp.server.hosts import KnownHosts, allowed_hosts
from webapp.server.log import set_up_log
from webapp.server.messages import CachesStay
from webapp.server.open_files import RoomForVisitors, raise_open_files
from webapp.server.security_headers import SecurityHeaders, content_security_policy
from webapp.server.uploads import BoundedUploads
from webapp.visitors.identity import ORDER_ROUTE


def own_routes(app: ASGIApp) -> ASGIApp:
    """Serve our own routes before Streamlit's: as routes of `st.App` they would pass all of its middleware."""
    router = Router(
        [
            Route(READ, read_route, methods=["POST"]),
            Route(CURVES, curves_route),
            Route(ORDER_ROUTE, order_route, methods=["POST"]),
            Route(COUNTS, counts_route),
            Route(WALL, wall_route),
            Route(CLASS, class_route),
            Route(HANDOUT, handout_route),
        ],
        default=app,
    )

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        # Start and end of the server are Streamlit's business: a router would answer them itself.
        await (app if scope["type"] == "lifespan" else router)(scope, receive, send)

    return route


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Go on with what was in training when the server was shut down; at the end, let trainings keep checkpoints."""
    set_up_log()  # once more: the web server has set up its own
    atexit.register(runs().close)  # a second Ctrl-C breaks off what stands below
    await run_in_threadpool(runs().go_on)
    yield
    await run_in_threadpool(runs().close)


set_up_log()
app = st.App(
    "webapp/pages/menu.py",
    lifespan=lifespan,
    middleware=[
        Middleware(SecurityHeaders, policy=content_security_policy()),
        Middleware(KnownHosts, allowed=allowed_hosts()),
        Middleware(RoomForVisitors, limit=raise_open_files()),
        Middleware(BoundedUploads),
        Middleware(CachesStay),
        Middleware(BrowserCookie),
        Middleware(own_routes),
        Middleware(CompressedFiles, files=served_files()),
    ],
)
