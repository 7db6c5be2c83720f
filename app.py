"""The web server: Streamlit, which runs `webapp/pages/menu.py` for every visitor, and what is served besides."""

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from webapp.pages.draw.read_route import ROUTE as READ
from webapp.pages.draw.read_route import read_route
from webapp.pages.train.views.curves import ROUTE as CURVES
from webapp.pages.train.views.curves_route import curves_route
from webapp.server.files import CompressedFiles, served_files


def own_routes(app: ASGIApp) -> Router:
    """Serve our own routes before Streamlit's: as routes of `st.App` they would pass all of its middleware."""
    return Router([Route(READ, read_route, methods=["POST"]), Route(CURVES, curves_route)], default=app)


app = st.App(
    "webapp/pages/menu.py",
    middleware=[Middleware(own_routes), Middleware(CompressedFiles, files=served_files())],
)
