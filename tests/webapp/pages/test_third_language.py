"""One more catalogue is one more language: in a made-up one, no page shows a text that was not translated."""

import html
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from google.protobuf.message import Message
from streamlit.proto.Markdown_pb2 import Markdown
from streamlit.testing.v1 import AppTest

from tests.webapp.pages.test_pages import open_app
from tests.webapp.real_runs import train_job
from tests.webapp.test_i18n import all_texts
from webapp import i18n
from webapp.i18n import LANGUAGES, languages_in, translation
from webapp.pages.draw.views import VIEWS
from webapp.runs.job import Job

LANGUAGE = "eo"  # a real code, which the browser and Babel know
LEFT_ALONE = r"{[^}]*}|`[^`]*`|:\w+\[|\*+|https?:\S*|\n|\w+/\w*"
"""What a program reads in a text: no translator touches it."""
ACCENTS = str.maketrans("aeiouAEIOU", "åéîöûÅÉÎÖÛ")
NAMES = (
    "MNIST from scratch|MNIST|NumPy|ReLU|SGD|Adam|AdamW|AdaGrad|RMSprop|GELU|SiLU|Leaky ReLU|Sigmoid|Tanh|swish|"
    r"PyTorch|ONNX|English|Esperanto|tiny|failed|small digits|max|[\w/]+\.py(:None)?( — .*)?"
)
"""The same in every language: proper names; what runs and data sets were named; files of the source, each with its own
first sentence."""
NOT_READ = re.compile(
    "id|key|type|icon|format|shortcut|page|page_script_hash|tag|color|component_name|(js|css|html)_(content|source_path)|"
    "arrow_data|address|seen|ask|about|language|script|selector|reason|url|query|query_string|order|weights|current|"
    "stage|streamlit|width|mode|side|drawingMode|backgroundImageFit"
)
"""Fields of messages, and parts of what components with JavaScript get, that no visitor reads."""
READ_IN_FIGURES = {"name", "text", "title", "ticktext", "hovertemplate"}
"""Of Plotly's figures, nothing else is read."""


def pseudo(text: str) -> str:
    """Translate a text: into brackets, with accents, and a third longer."""
    parts = re.split(f"({LEFT_ALONE})", text)
    accented = "".join(part if place % 2 else part.translate(ACCENTS) for place, part in enumerate(parts))
    begin, end = len(text) - len(text.lstrip()), len(text.rstrip())
    return f"{text[:begin]}⟦{accented.strip()}{'·' * (len(text) // 3)}⟧{text[end:]}"


def write_language(folder: Path, texts: set[str]) -> None:
    """Do a translator's work."""
    catalogue = Catalog(locale=LANGUAGE)
    for text in texts:
        catalogue.add(text, pseudo(text))
    (folder / LANGUAGE).mkdir(parents=True)
    with (folder / LANGUAGE / "messages.po").open("wb") as file:
        write_po(file, catalogue)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """The folder of catalogues as the translator leaves it."""
    folder: Path = tmp_path_factory.mktemp("locales")
    write_language(folder, all_texts())
    return folder


@pytest.fixture
def locales(tmp_path, written, monkeypatch) -> Iterator[Path]:
    """Where the app finds its catalogues: a folder with that of the new language alone."""
    folder = tmp_path / "locales"
    shutil.copytree(written, folder)
    monkeypatch.setattr(i18n, "LOCALES", folder)
    for code, name in languages_in(folder).items():
        monkeypatch.setitem(LANGUAGES, code, name)
    translation.cache_clear()
    yield folder
    translation.cache_clear()


def messages(app: AppTest) -> Iterator[Message]:
    """Return what the page is made of."""

    def walk(node: object) -> Iterator[Message]:
        if isinstance(proto := getattr(node, "proto", None), Message):
            yield proto
        for child in getattr(node, "children", {}).values():
            yield from walk(child)

    yield from walk(app._tree)


def texts_of(message: Message) -> Iterator[str]:
    """Return what a visitor may read of a message to the browser; formulas are the same in every language."""
    if isinstance(message, Markdown) and message.element_type == Markdown.Type.LATEX:
        return
    for field, value in message.ListFields():
        for part in [value] if isinstance(value, str | bytes | int | float | Message) else value:
            if isinstance(part, Message):
                yield from texts_of(part)
            elif isinstance(part, str) and field.name == "json":
                yield from leaves(json.loads(part))
            elif isinstance(part, str) and not NOT_READ.fullmatch(field.name):
                yield part


def leaves(data: object, name: str = "", in_figure: bool = False) -> Iterator[str]:
    """Return what a visitor may read of what a component gets."""
    if isinstance(data, dict):
        in_figure = in_figure or {"data", "layout"} <= data.keys()
        for key, value in data.items():
            yield from leaves(value, key, in_figure)
    elif isinstance(data, list):
        for value in data:
            yield from leaves(value, name, in_figure)
    elif isinstance(data, str) and (name in READ_IN_FIGURES if in_figure else not NOT_READ.fullmatch(name)):
        yield data


def foreign(text: str) -> str:
    """Return what stands in a text beside translations, code, formulas, addresses and names."""
    before = None
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", "", text)
    text = re.sub(r"(?s)<(style|script|svg|math|code|pre)\b.*?</\1>|<!--.*?-->", "", text)
    attributes = re.findall(r'\b(?:alt|title|aria-label|placeholder)="([^"]*)"', text)
    text = html.unescape(" ".join([re.sub(r"<[^>]*>", " ", text), *attributes]))
    text = re.sub(
        rf":material/\w+:|`[^`]*`|\$[^$]*\$|\\begin.*|https?:\S+|^data:\S+|^[\w+/=]{{40,}}$|^\.?/\S+|^#\w+$|%{{.*?}}|\b({NAMES})(?!\w)",
        "",
        text,
    )
    return " ".join(text.split())


def untranslated(app: AppTest) -> set[str]:
    """Return the texts on a page with words that are not translated."""
    assert not app.exception
    rest = {foreign(text) for message in messages(app) for text in texts_of(message)}
    return {text[:200] for text in rest if re.search(r"[A-Za-z]{2}", text)}


def open_page(page: str, **query: str) -> AppTest:
    """Open a page in the new language."""
    app = open_app(lang=LANGUAGE, **({} if page else query))
    if page:
        app.switch_page(page)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
    return app


@pytest.mark.parametrize("page", ["train", "compare", "lab", "source", "wall"])
def test_a_page_is_translated(locales, page_runs, page):
    """The page of lessons is left out: a lesson's file has its texts in the languages that its author writes."""
    assert untranslated(open_page(f"{page}/page.py")) == set()


@pytest.mark.parametrize("view", VIEWS)
def test_a_drawing_is_explained_in_the_new_language(locales, page_runs, real_mnist, view):
    assert untranslated(open_page("", view=view)) == set()
    assert untranslated(open_page("", view=view, test="3")) == set()


def test_pictures_are_asked_for_in_the_new_language(locales, page_runs):
    app = open_page("")
    assert untranslated(app.button(key="picture").click().run()) == set()


@pytest.mark.parametrize("game", ["draw", "duel", "class"])
def test_games_are_played_in_the_new_language(locales, page_runs, real_mnist, game):
    app = open_page("play/page.py", game=game)
    assert untranslated(app) == set()
    if game != "class":
        assert untranslated(app.button(key="play-start").click().run()) == set()


def test_a_run_is_shown_in_the_new_language(locales, page_runs, tiny_recipe, data_folder, tmp_path):
    train_job(tmp_path / "runs" / "tiny", Job(tiny_recipe, str(data_folder)))
    tabs = open_page("train/page.py", run="tiny").tabs
    assert len(tabs) > 6
    for tab in tabs:
        app = open_page("train/page.py", run="tiny")
        app.session_state["tab"] = tab.label
        app.run()
        assert untranslated(app) == set(), tab
    assert untranslated(open_page("compare/page.py", runs="tiny")) == set()


def test_what_the_core_refuses_is_said_in_the_new_language(locales, page_runs, tiny_recipe, tmp_path):
    train_job(tmp_path / "runs" / "failed", Job(tiny_recipe, str(tmp_path / "nowhere")))
    app = open_page("train/page.py", run="failed")
    (error,) = (found.value for found in app.error if "⟦" in found.value)
    assert pseudo("{folder}: found no {missing}")[:20] in error.replace(str(tmp_path / "nowhere"), "{folder}")


def test_a_text_that_is_missing_is_found(locales, page_runs):
    shutil.rmtree(locales / LANGUAGE)
    write_language(locales, all_texts() - {"Start", "Choose a recipe, press Start, and watch loss and accuracy move."})
    translation.cache_clear()
    left = untranslated(open_page("train/page.py"))
    assert left == {"Start", "Choose a recipe, press Start, and watch loss and accuracy move."}


def test_the_browser_is_offered_the_new_language(locales, page_runs):
    assert "Esperanto" in [button.label for button in open_app().button]
