"""The source of one module of `mnist_core`, with the asked line marked."""

import html

import streamlit as st

from webapp.components.scroll_to import scroll_to
from webapp.formulas.sources import core_files, first_sentence
from webapp.frame.page_title import page_title
from webapp.i18n import gettext
from webapp.i18n import gettext as _
from webapp.pages.source.code_html import code_html

FIRST_FILE = "mnist_core/nn/layers.py"


def asked_line(lines: int) -> int | None:
    """Read the line from the URL: 1 to `lines`; None if it names no such line."""
    text = st.query_params.get("line", "")
    line = int(text) if text.isdecimal() and len(text) < 6 else 0
    return line if 1 <= line <= lines else None


def entry(file: str) -> str:
    """Return what the list says of a file; it knows no Markdown."""
    what_for = gettext(first_sentence(sources[file])).replace("`", "")
    return f"{file.removeprefix('mnist_core/')} — {what_for}"


def open_file() -> None:
    """Show the file that was just chosen, from its beginning."""
    st.query_params["file"] = st.session_state["code_file"]
    st.query_params.pop("line", None)


files = core_files()
sources = {name: path.read_text(encoding="utf-8") for name, path in files.items()}
page_title(
    _("The code"),
    _(
        "The code behind these pages. The network itself, forward, backward and every optimizer, is the folder nn/, "
        "from scratch in NumPy alone."
    ),
)
asked = st.query_params.get("file", FIRST_FILE)
# Only a name in the list is ever opened: a path made by somebody else leads nowhere. Links of before the core had rooms
# say "mnist_core/layers.py".
moved = {f"mnist_core/{path.name}": name for name, path in files.items()}
name = next((place for place in (asked, moved.get(asked)) if place in files), FIRST_FILE)
if asked not in files and asked not in moved:
    st.warning(_("There is no file of this name in the package; this is the first one."))
st.session_state["code_file"] = name
st.selectbox(
    _("File"),
    list(files),
    format_func=entry,
    key="code_file",
    on_change=open_file,
)
line = asked_line(sources[name].count("\n"))
title = name if line is None else _("{file}, line {line}").format(file=name, line=line)
st.html(f'<h2 class="file">{html.escape(title)}</h2>')
st.html(code_html(sources[name], name, line))
scroll_to(".source .marked", f"{name}:{line}", key="scroll")
