"""The route that reads while the pen moves: the same answer as the page's, and an error for all else."""

import asyncio
import base64
import dataclasses
import gc
import io
import json
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from mnist_core.imaging.preprocess import PreprocessOptions
from mnist_core.network import Network
from mnist_core.recognizer import Recognizer
from mnist_core.training.fine_tuning import Scores
from webapp.i18n import texts_in
from webapp.pages.draw import reading
from webapp.pages.draw.answer import answer_content, digit_in_question
from webapp.pages.draw.read_route import read_route
from webapp.pages.draw.reading import KEPT_READINGS, Wanted, read_drawing
from webapp.pages.draw.stages import way_html
from webapp.visitors.handwriting_networks import Hand, keep_hand


def number() -> np.ndarray:
    """Two upright sticks on a pad of 200 pixels."""
    pad = Image.new("L", (200, 200))
    draw = ImageDraw.Draw(pad)
    for x in (60, 140):
        draw.line([(x, 30), (x, 170)], 255, 14)
    return np.asarray(pad)


def png(ink: np.ndarray) -> bytes:
    layers = [Image.new("L", ink.shape[::-1], 255)] * 3
    file = io.BytesIO()
    Image.merge("RGBA", [*layers, Image.fromarray(ink)]).save(file, "PNG")
    return file.getvalue()


def address(ink: np.ndarray) -> bytes:
    return b"data:image/png;base64," + base64.b64encode(png(ink))


def ask(body: bytes, query: str, cookie: str = "", leaves: bool = False) -> Response:
    """Send a request to the route, in pieces as a network does; the browser may leave before the answer."""
    pieces = [body[i : i + 1000] for i in range(0, len(body), 1000)] or [b""]

    async def receive() -> dict[str, Any]:
        if leaves and not pieces:
            return {"type": "http.disconnect"}
        if not pieces:
            await asyncio.sleep(60)
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    headers = [(b"cookie", f"mnist_visitor={cookie}".encode())]
    scope = {"type": "http", "method": "POST", "query_string": query.encode(), "headers": headers}
    return asyncio.run(read_route(Request(scope, receive)))


def answer_to(body: bytes, query: str, cookie: str = "") -> Any:
    response = ask(body, query, cookie)
    assert response.status_code == 200, response.body
    return json.loads(bytes(response.body))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_answer_is_the_one_that_the_page_gives(page_runs, language):
    wish = Wanted("default", PreprocessOptions(centre=False), place=1, count=2, language=language)
    read = read_drawing(Recognizer(Network.load(), wish.steps), png(number()))
    with texts_in(language):
        expected = answer_content(read, digit_in_question(read, 1, 2))
    assert len(read) == 2

    content = answer_to(address(number()), wish.to_query())

    assert content == json.loads(json.dumps(expected))
    assert ("第" in content["certainty"]) == (language == "zh")


def test_the_way_into_the_network_comes_when_it_is_asked_for(page_runs):
    reader = Recognizer(Network.load())
    (shown, _) = read_drawing(reader, png(number()))
    with texts_in("zh"):
        expected = way_html(reader, shown)
    query = Wanted("default", place=0, count=2, language="zh").to_query()

    assert answer_to(address(number()), query)["view"] is None
    assert answer_to(address(number()), query + "&view=1")["view"] == expected


def test_no_view_is_computed_for_a_browser_that_has_gone_on(page_runs):
    query = Wanted("default").to_query()
    assert ask(address(number()), query + "&view=1", leaves=True).status_code == 204
    assert ask(address(number()), query, leaves=True).status_code == 200


def test_a_picture_is_read_once_for_each_network_and_each_choice_of_steps(small_network):
    reader, other = Recognizer(small_network), Recognizer(small_network, PreprocessOptions(centre=False))
    first = read_drawing(reader, png(number()))

    assert read_drawing(Recognizer(small_network), png(number())) is first
    assert read_drawing(other, png(number())) is not first
    for count in range(KEPT_READINGS):
        read_drawing(reader, png(bar(count)))
    again = read_drawing(reader, png(number()))
    assert again is not first and [read.digit for read in again] == [read.digit for read in first]


def bar(count: int) -> np.ndarray:
    """A drawing that is another one for each number below 3,000."""
    height, width = 10 + count % 150, 20 + count // 150
    return np.pad(np.full((height, width), 255, np.uint8), ((0, 200 - height), (0, 200 - width)))


def test_however_many_networks_are_asked_few_readings_are_kept(small_network):
    networks = [dataclasses.replace(small_network) for _ in range(4)]
    first = [read_drawing(Recognizer(network), png(number())) for network in networks]
    for count in range(KEPT_READINGS):
        read_drawing(Recognizer(networks[0]), png(bar(count)))
    kept = [read_drawing(Recognizer(network), png(number())) for network in networks]
    assert [one is other for one, other in zip(kept, first, strict=True)] == [False, True, True, True]  # who asks most
    assert sum(map(len, reading._readings.values())) <= KEPT_READINGS


def test_readings_go_with_their_network():
    network = Network.load()
    gone = weakref.ref(network)
    read_drawing(Recognizer(network), png(number()))

    del network
    gc.collect()

    assert gone() is None


def test_an_empty_pad_has_an_answer_too(page_runs):
    content = answer_to(address(np.zeros((200, 200), np.uint8)), Wanted("default").to_query())
    assert content["digits"] == content["probabilities"] == []


def test_a_network_that_has_learnt_a_hand_reads_for_its_visitor_only(page_runs, tmp_path, monkeypatch, small_network):
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path))
    mine, others = "a" * 32, "b" * 32
    score = Scores(0.5, 0.5)
    keep_hand(mine, small_network, Hand("default", 3, score, score, "mnist", False))
    read = read_drawing(Recognizer(small_network), png(number()))

    content = answer_to(address(number()), "network=hand", mine)

    assert [text for text, _ in content["digits"]] == [text for text, _ in answer_content(read, None)["digits"]]
    for cookie in (others, "", "../" + mine, "A" * 32):
        assert ask(address(number()), "network=hand", cookie).status_code == 404


@pytest.mark.parametrize("network", ["", "none", "../weights/default", "/etc/passwd", "default.npz", "a-b-c123"])
def test_a_network_that_is_none_is_refused(page_runs, network):
    assert ask(address(number()), Wanted(network).to_query()).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"\xff\xfe", 400, id="bytes"),
        pytest.param(b"data:image/png;base64,AAAA", 400, id="no picture"),
        pytest.param(address(number())[:-9], 400, id="cut off"),
        pytest.param(b"data:image/png;base64," + b"A" * 500_000, 413, id="too long"),
    ],
)
def test_what_is_no_picture_of_a_pad_is_refused(page_runs, body, status):
    response = ask(body, "network=default")
    assert response.status_code == status
    assert b"expected" in response.body


options = st.builds(PreprocessOptions, *[st.booleans()] * 4)
places = st.one_of(
    st.just((None, 0)), st.integers(1, 99).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n)))
)


@given(st.text(max_size=20), options, places, st.sampled_from(["en", "zh"]))
def test_what_is_wanted_survives_the_way_to_the_browser_and_back(network, steps, place, language):
    wish = Wanted(network, steps, place[0], place[1], language)
    assert Wanted.from_query(QueryParams(wish.to_query())) == wish


@given(st.dictionaries(st.sampled_from(["network", "steps", "place", "count", "lang"]), st.text(max_size=12)))
def test_whatever_a_browser_sends_is_some_wish(query):
    wish = Wanted.from_query(QueryParams(query))
    assert wish.place is None or 0 <= wish.place < wish.count
