"""What stands above every page: the menu, and what is one press away."""

import re

import pytest
from babel.messages.pofile import read_po
from streamlit.testing.v1 import AppTest

from tests.paths import ROOT
from tests.webapp.components.events import data_of
from tests.webapp.pages.test_pages import htmls, open_app
from webapp.frame.glossary import TERMS
from webapp.i18n import LOCALES

pytestmark = pytest.mark.usefixtures("page_runs")


def open_menu(app: AppTest) -> AppTest:
    app.session_state["corner-menu"] = True
    return app.run()


def test_the_menu_has_five_entries_at_most_and_code_is_one_of_them():
    menu = (ROOT / "webapp/pages/menu.py").read_text(encoding="utf-8")
    entries = re.findall(r'(?m)^    _\("(\w+)"\): \{', menu)
    assert 2 < len(entries) <= 5
    assert "Code" in entries


def test_an_entry_with_several_pages_shows_them_when_it_is_open():
    labels = [link.proto.label for link in open_app("compare/page.py").get("page_link")]
    assert labels.count("Compare") == 1 and "One run" in labels
    assert "Compare" not in [link.proto.label for link in open_app().get("page_link")]


@pytest.mark.parametrize(("language", "line"), [("en", "A neural network in NumPy"), ("zh", "神经网络")])
@pytest.mark.parametrize("page", ["", "train/page.py", "source/page.py", "play/page.py"])
def test_each_page_says_what_this_is(language, line, page):
    assert line in htmls(open_app(page, lang=language))


def test_the_glossary_explains_every_term_and_closes_the_menu():
    app = open_menu(open_app())
    app.button(key="glossary").click().run()
    assert not app.exception
    assert htmls(app).count("<dt>") == len(TERMS)
    assert not app.session_state["corner-menu"]
    app.run()
    assert "<dt>" not in htmls(app)  # a dialog comes once


def test_about_says_how_well_the_network_reads():
    app = open_menu(open_app())
    app.button(key="about").click().run()
    assert not app.exception
    assert re.search(r"reads 99\.\d\d% of the 10,000 test images", htmls(app))


def test_the_theme_is_chosen_for_all_pages_at_once():
    data = data_of(open_menu(open_app()), "theme-choice")
    assert set(data["names"]) == {"System", "Light", "Dark"}
    assert {"/", "/train", "/compare", "/code", "/lab", "/play"} <= set(data["paths"])


def test_every_term_of_the_glossary_is_translated():
    with (LOCALES / "zh" / "messages.po").open("rb") as file:
        catalogue = {message.id: message.string for message in read_po(file)}
    assert all(catalogue.get(text) for pair in TERMS for text in pair)
