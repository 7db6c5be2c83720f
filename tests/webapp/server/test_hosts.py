"""Names under which the server may be called: its own, those that were allowed, and all addresses in digits."""

import socket

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from webapp.server.hosts import KnownHosts, allowed_hosts, is_allowed

ALLOWED = frozenset({"localhost", "laptop", "laptop.local", "*.school.example"})


@pytest.mark.parametrize(
    "host",
    ["192.168.1.7:8501", "192.168.1.7", "[::1]:8501", "[fe80::1]", "localhost:8501", "LOCALHOST", "localhost.",
     "laptop.local:8501", "digits.school.example", "a.b.school.example:443"],
)  # fmt: skip
def test_a_known_name_and_any_address_in_digits_are_served(host):
    assert is_allowed(host, ALLOWED)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8501", "localhost.evil.example", "192.168.1.7.evil.example", "school.example",
     "evilschool.example", "", ":8501", "[evil]", "[::1].evil.example", "evil@localhost", "localhost/evil",
     "127.0.0.1:x", "laptop\n", "*.school.example.evil"],
)  # fmt: skip
def test_any_other_name_is_not(host):
    assert not is_allowed(host, ALLOWED)


def test_this_computers_own_names_are_known(monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "Annas-Laptop.lan")
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)

    assert allowed_hosts() == {"localhost", "annas-laptop.lan", "annas-laptop.local"}


def test_others_are_named_in_a_variable(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", " Digits.example.org , *.school.example,")

    assert {"digits.example.org", "*.school.example", "localhost"} <= allowed_hosts()
    assert is_allowed("digits.example.org:443", allowed_hosts())


@pytest.mark.parametrize("listed", ["https://digits.example.org", "digits.example.org:8501", "a.example b.example"])
def test_what_is_no_name_is_refused_at_the_start(monkeypatch, listed):
    monkeypatch.setenv("ALLOWED_HOSTS", listed)

    with pytest.raises(ValueError, match=r"ALLOWED_HOSTS contains .* expected names separated by commas"):
        allowed_hosts()


@pytest.fixture
def client() -> TestClient:
    """A browser that can call a server by any name."""
    page = Route("/", lambda _request: PlainTextResponse("page"))

    async def stream(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    known = Middleware(KnownHosts, allowed=ALLOWED)
    return TestClient(Starlette(routes=[page, WebSocketRoute("/stream", stream)], middleware=[known]))


def test_a_refusal_says_which_host_was_found_and_how_to_allow_it(client):
    answer = client.get("/", headers={"host": "evil.example"})

    assert answer.status_code == 400
    assert "called evil.example" in answer.text and "ALLOWED_HOSTS" in answer.text


@pytest.mark.parametrize("hosts", [("localhost", "evil.example"), ("evil.example", "localhost")])
def test_a_request_with_two_hosts_is_refused(client, hosts):
    assert client.get("/", headers=[("host", host) for host in hosts]).status_code == 400


def test_a_websocket_is_closed_before_it_opens(client):
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/stream", headers={"host": "evil.example"}):
        pass


def test_known_hosts_are_passed_on(client):
    assert client.get("/", headers={"host": "laptop.local:8501"}).text == "page"
    with client.websocket_connect("/stream", headers={"host": "10.0.0.5:8501"}):
        pass


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost:8502",
        "https://localhost",
        "null",
        "",
        "http://localhost:8501.evil.example",
    ],
)
def test_a_page_of_another_site_is_not_answered(client, origin):
    headers = {"host": "localhost:8501", "origin": origin}
    answer = client.post("/", headers=headers)
    assert answer.status_code == 400 and "answers its own pages only" in answer.text
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/stream", headers=headers):
        pass


@pytest.mark.parametrize("host", ["localhost:8501", "192.168.1.7", "[::1]:8501"])
def test_an_own_page_is_answered(client, host):
    headers = {"host": host, "origin": f"http://{host}"}
    assert client.get("/", headers=headers).text == "page"
    with client.websocket_connect("/stream", headers=headers):
        pass
