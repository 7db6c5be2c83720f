"""The cookies of browsers: set by the server, out of reach of scripts, and nobody's is replaced."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from webapp.server.cookies import MAX_ORDER, YEAR, BrowserCookie, order_route
from webapp.visitors import identity
from webapp.visitors.identity import BROWSER_COOKIE, ORDER_ROUTE, VISITOR_COOKIE, read_id

PAGE = {"accept": "text/html,*/*;q=0.8"}
ANNA, BEN = "a" * 32, "b" * 32


@pytest.fixture
def client() -> TestClient:
    """A browser, and a server with a page that it may have kept, a script, and the route for orders."""
    routes = [
        Route("/", lambda _request: HTMLResponse("page")),
        Route("/kept", lambda _request: Response(status_code=304)),
        Route("/script.js", lambda _request: JSONResponse({})),
        Route(ORDER_ROUTE, order_route, methods=["POST"]),
    ]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(BrowserCookie)]))


def words(cookie: str) -> set[str]:
    """What a cookie's header says besides its value."""
    return {part.strip().lower() for part in cookie.split(";")[1:]}


@pytest.mark.parametrize("address", ["/", "/kept"])
def test_the_first_page_brings_a_number_that_no_script_can_read_and_that_ends_with_the_browser(client, address):
    header = client.get(address, headers=PAGE).headers["set-cookie"]
    assert words(header) == {"httponly", "path=/", "samesite=lax"}
    number = client.cookies[BROWSER_COOKIE]
    assert read_id(number) == number
    assert "set-cookie" not in client.get(address, headers=PAGE).headers
    client.cookies.clear()
    client.get(address, headers=PAGE)
    assert client.cookies[BROWSER_COOKIE] != number


def test_over_tls_it_goes_nowhere_else(client):
    client.base_url = "https://testserver"
    assert "secure" in words(client.get("/", headers=PAGE).headers["set-cookie"])


def test_what_is_no_page_brings_none(client):
    for address in ("/script.js", "/"):
        assert "set-cookie" not in client.get(address).headers


@pytest.mark.parametrize("nonsense", ["x", "A" * 32, "../../etc", "0" * 33])
def test_nonsense_is_replaced(client, nonsense):
    client.cookies.set(BROWSER_COOKIE, nonsense)
    assert BROWSER_COOKIE in client.get("/", headers=PAGE).headers["set-cookie"]


def test_a_visitors_cookie_of_an_earlier_version_goes_on_and_is_kept_from_scripts(client):
    client.cookies.set(BROWSER_COOKIE, BEN)
    client.cookies.set(VISITOR_COOKIE, ANNA)
    header = client.get("/", headers=PAGE).headers["set-cookie"]
    assert header.startswith(f"{VISITOR_COOKIE}={ANNA};")
    assert words(header) == {"httponly", "path=/", "samesite=lax", f"max-age={YEAR}"}


def test_an_order_is_brought_as_often_as_it_is_fetched_and_nobody_elses_can_be_guessed(client, monkeypatch):
    monkeypatch.setattr(identity, "_orders", {"first": ANNA, "second": ""})
    for _ in range(2):  # the first answer may have been lost
        response = client.post(ORDER_ROUTE, content="first")
        assert response.status_code == 204 and client.cookies[VISITOR_COOKIE] == ANNA
        assert words(response.headers["set-cookie"]) == {"httponly", "path=/", "samesite=lax", f"max-age={YEAR}"}
    client.post(ORDER_ROUTE, content="second")
    assert VISITOR_COOKIE not in client.cookies
    for guess in (b"", b"third", b"\xff", ANNA.encode()):
        response = client.post(ORDER_ROUTE, content=guess)
        assert response.status_code == 404 and "set-cookie" not in response.headers
    assert client.post(ORDER_ROUTE, content=b"x" * (MAX_ORDER + 1)).status_code == 413
