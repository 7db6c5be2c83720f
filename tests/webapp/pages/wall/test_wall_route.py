"""What browsers fetch of the wall: all that is new once, in their language, and what a writer typed as text."""

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from webapp.pages.draw.read_route import ROUTE as READ_ROUTE
from webapp.pages.wall import wall_route as route
from webapp.pages.wall.reading import READ
from webapp.pages.wall.wall_route import EVERY, ROUTE, wall_route
from webapp.visitors import wall
from webapp.visitors.wall import TEACHER, hide, send

OWNER = "a" * 64


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where the wall is kept."""
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[Route(ROUTE, wall_route)]))


def sent(number: int, label: int, read: int | None, name: str = "") -> int:
    return send(OWNER, np.random.default_rng(number).random((28, 28)), label, read, 0.9, name)


def test_the_pad_asks_where_drawings_are_read():
    assert READ == READ_ROUTE


def test_an_empty_wall_is_an_answer_too(client):
    news = client.get(ROUTE).json()
    assert news["shown"]["wall-tiles"] == [] and news["shown"]["wall-accuracy"] == ""
    assert (news["going"], news["every"]) == (True, EVERY)


def test_each_drawing_has_what_was_meant_and_what_was_read(client):
    for number, read in enumerate((7, 1, None)):
        sent(number, 7, read, "<i>Mia</i>")
    tiles = client.get(ROUTE, params={"lang": "en"}).json()["shown"]["wall-tiles"]
    assert [tile["words"] for tile in tiles] == ["7, no digit seen", "7, read as 1", "7, read correctly"]
    assert [tile["short"] for tile in tiles] == ["7 → –", "7 → 1", "7"]
    assert [tile["right"] for tile in tiles] == [False, False, True]
    assert {tile["name"] for tile in tiles} == {"<i>Mia</i>"}  # tiles.js shows it as text
    assert tiles[0]["picture"].startswith("data:image/png;base64,")


def test_figures_go_along(client):
    for number in range(4):
        sent(number, 3, 5 if number else 3)
    shown = client.get(ROUTE, params={"lang": "en"}).json()["shown"]
    assert "25%" in shown["wall-accuracy"] and "1 of 4" in shown["wall-accuracy"]
    assert "<b>3</b><span>×4</span><span>25%</span>" in shown["wall-counts"]
    assert shown["wall-confusion"]["data"][0]["text"][3][5] == "3"


def test_what_is_known_is_not_sent_again(client):
    key = sent(1, 7, 7)
    first = client.get(ROUTE).json()
    known = {"after": first["version"]}
    assert client.get(ROUTE, params=known).status_code == 204
    hide(key, TEACHER)
    after = client.get(ROUTE, params=known).json()
    assert after["version"] != first["version"] and after["shown"]["wall-tiles"] == []


def test_it_is_computed_once_for_all_who_look(client, monkeypatch):
    sent(1, 7, 7)
    computed: list[wall.ClassDrawings] = []

    def compute() -> wall.ClassDrawings:
        computed.append(wall.class_drawings())
        return computed[-1]

    monkeypatch.setattr(route, "class_drawings", compute)
    answers = [client.get(ROUTE, params={"lang": language}).content for language in ("en", "zh", "en", "zh")]
    assert len(computed) == 2 and answers[:2] == answers[2:]
    assert answers[0] != answers[1]


@pytest.mark.parametrize("query", ["lang=xx&after=", "after=-1", "lang=%00&after=%F0%9F", "lang=en&lang=zh"])
def test_whatever_is_asked_there_is_an_answer(client, query):
    assert client.get(f"{ROUTE}?{query}").status_code == 200


def test_a_file_that_cannot_be_used_ends_no_page(client, folder):
    (folder / wall.FILE).write_bytes(b"no database" * 100)
    assert client.get(ROUTE).status_code == 503
