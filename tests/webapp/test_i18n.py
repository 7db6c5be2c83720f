"""Every text of the app has a translation, and every translation fits its text."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from tests.paths import ROOT
from webapp.i18n import LANGUAGES, LOCALES, translation

SOURCES = [ROOT / "app.py", *sorted((ROOT / "webapp").rglob("*.py"))]
TRANSLATED = [language for language in LANGUAGES if language != "en"]


def texts_in(source: Path) -> list[ast.Call]:
    """Find all calls of `_()` and `N_()`."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in ("_", "N_")]


def all_texts() -> set[str]:
    return {
        call.args[0].value
        for source in SOURCES
        for call in texts_in(source)
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


def catalogue(language: str) -> Catalog:
    with (LOCALES / language / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"{[^}]*}", text))


def test_texts_can_be_extracted():
    for source in SOURCES:
        for template in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(template, ast.JoinedStr):
                calls = [node.func for node in ast.walk(template) if isinstance(node, ast.Call)]
                names = {function.id for function in calls if isinstance(function, ast.Name)}
                assert "_" not in names, f"{source.name}:{template.lineno}: take `_()` out of the f-string"
        for call in texts_in(source):
            assert isinstance(call.args[0], ast.Constant), f"{source.name}:{call.lineno}: `_()` needs a plain string"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language):
    translated = {message.id for message in catalogue(language) if message.id and message.string and not message.fuzzy}
    missing = all_texts() - translated
    assert not missing, f"run `make texts` and translate in locales/{language}: {sorted(missing)}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_left_over(language):
    assert {message.id for message in catalogue(language) if message.id} <= all_texts()


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_the_placeholders(language):
    for message in catalogue(language):
        if message.id:
            assert placeholders(str(message.string)) == placeholders(str(message.id))


def test_the_catalogue_is_what_the_app_reads():
    assert translation("zh").gettext("Start") == "开始"
    assert translation("en").gettext("Start") == "Start"


@pytest.mark.parametrize("language", TRANSLATED)
def test_bold_text_ends_where_markdown_sees_its_end(language):
    """Asterisks between punctuation and a letter close nothing there (CommonMark 6.2); a language without spaces has
    them sooner."""
    for message in catalogue(language):
        text = re.sub(r"{[^}]*}", "x", str(message.string))
        for before, bold, after in re.findall(r"(.?)\*\*(.+?)\*\*(?=(.?))", text):
            assert re.match(r"\w", bold) or not re.match(r"\w", before), text
            assert re.search(r"\w$", bold) or not re.match(r"\w", after), text
