"""The presentation mode: asked for by a link or a switch, kept on all pages."""

from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from tests.webapp.components.events import data_of
from tests.webapp.frame.test_top_row import open_menu
from tests.webapp.pages.test_pages import htmls, open_app

pytestmark = pytest.mark.usefixtures("page_runs")


def is_large(app: AppTest) -> bool:
    return "presentation mode" in htmls(app)  # the style sheet's own first line


def test_a_link_asks_for_it_and_every_page_keeps_it():
    app = open_app(present="1")
    assert is_large(app)
    app.switch_page("lab/page.py").run()
    assert is_large(app)
    assert app.query_params["present"] == "1"


def test_the_switch_ends_it_for_all_pages():
    app = open_menu(open_app(present="1"))
    app.toggle(key="present-switch").set_value(False).run()
    assert not app.exception
    assert not is_large(app)
    assert "present" not in app.query_params
    app.switch_page("train/page.py").run()
    assert not is_large(app)


def test_who_joins_by_the_code_comes_to_the_same_place_but_neither_presents_nor_has_guessed():
    app = open_app("lab/page.py", present="1")
    app.pills(key="lab-failure").set_value("raw-pixels").run()
    app.radio(key="guess-raw-pixels").set_value(1).run()
    assert app.query_params["guess"] == "1"
    query = parse_qs(data_of(app, "join-qr")["address"].removeprefix("?"))
    assert query["failure"] == ["raw-pixels"]
    assert not {"present", "guess"} & set(query)


def test_nobody_gets_it_without_asking():
    assert not is_large(open_app())
    assert not is_large(open_app(present="yes"))


@pytest.mark.parametrize(("address", "said"), [("http://localhost:8501/lab", True), ("http://192.168.1.7/lab", False)])
def test_whoever_presents_learns_why_there_is_no_code_to_join(address, said, monkeypatch):
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.url", address)
    monkeypatch.setattr("webapp.settings.links.get_internal_ip", lambda: None)
    app = open_menu(open_app(present="1"))
    assert any("make run HOST=0.0.0.0" in caption.value for caption in app.caption) is said
