"""Every text that a person reads, in the visitor's language.

Texts are English in the code, wrapped in `_()`. Translations stand in `locales/LANGUAGE/messages.po`: each such file is
a language of the app, and a test fails when a text is missing in one. The language is chosen per session: by `?lang=`,
by the switch on the page, else by the browser.
"""

import gettext as standard_gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import streamlit as st
from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mnist_core.errors import MnistCoreError

LOCALES = Path(__file__).parent / "locales"


def languages_in(folder: Path) -> dict[str, str]:
    """Return the languages that have a catalogue in a folder, and English: codes, and each language's own name."""
    codes = ["en", *sorted(catalogue.parent.name for catalogue in folder.glob("*/messages.po"))]
    return {code: Locale.parse(code).get_language_name(code) or code for code in codes}


LANGUAGES = languages_in(LOCALES)
"""Codes as they stand in the URL, and each language's name for itself."""
N_ = str
"""Marks a text in a table for translation; whoever shows it calls `gettext`, in the language of that visitor."""


_language: ContextVar[str | None] = ContextVar("language", default=None)
"""Of the script that runs; looked up once, as a page asks for a hundred texts."""


@contextmanager
def texts_in(language: str) -> Iterator[None]:
    """Use a language where there is no visitor's session; English if it is none of `LANGUAGES`."""
    before = _language.set(language if language in LANGUAGES else "en")
    try:
        yield
    finally:
        _language.reset(before)


def gettext(message: str) -> str:
    """Return a text in the visitor's language; pages import this as `_`."""
    return translation(current_language()).gettext(message)


def error_text(error: Exception) -> str:
    """Return what an error of the core says, in the visitor's language; of any other, its text as it is."""
    if not isinstance(error, MnistCoreError):
        return str(error)
    values = {
        name: error_text(value) if isinstance(value, MnistCoreError) else value for name, value in error.values.items()
    }
    return gettext(error.template).format(**values) if values else gettext(error.template)


def current_language() -> str:
    """Return which of `LANGUAGES` this visitor reads."""
    language = _language.get()
    if language is None:
        chosen = st.session_state.get("language")
        language = chosen if chosen in LANGUAGES else _first_language()
        if get_script_run_ctx(suppress_warning=True) is not None:
            _language.set(language)
    return language


def use_language_of_url() -> None:
    """Adopt the language of `?lang=`, and note it there if it is not the browser's: a reload then keeps it."""
    _language.set(None)
    asked = st.query_params.get("lang")
    if asked in LANGUAGES and "language" not in st.session_state:
        st.session_state["language"] = asked
    if current_language() != _first_language():
        st.query_params["lang"] = current_language()
    else:
        st.query_params.pop("lang", None)


def choose_language(language: str) -> None:
    """Switch this visitor's texts to one of `LANGUAGES`."""
    st.session_state["language"] = language
    _language.set(None)


@cache
def translation(language: str) -> standard_gettext.NullTranslations:
    """Load a catalogue; English needs none."""
    catalogue = LOCALES / language / "messages.po"
    if not catalogue.exists():
        return standard_gettext.NullTranslations()
    compiled = io.BytesIO()
    with catalogue.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return standard_gettext.GNUTranslations(compiled)


def _first_language() -> str:
    """Return the language that the browser asks for, or its nearest relative, if we have it; else English."""
    asked = (st.context.locale or "en").lower().replace("-", "_")
    exact = [code for code in LANGUAGES if code.lower() == asked]
    related = [code for code in LANGUAGES if code.lower().split("_")[0] == asked.split("_")[0]]
    return [*exact, *related, "en"][0]
