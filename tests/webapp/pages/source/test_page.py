"""The page of code: the lines it shows, and that nothing but the package can be read."""

import html
import re

import pytest
from streamlit.testing.v1 import AppTest

from mnist_core.nn.layers import Linear
from tests.paths import ROOT
from webapp.formulas.sources import PACKAGE, core_files, first_sentence, source_of
from webapp.pages.source.code_html import code_html

PAGE = ROOT / "webapp" / "pages" / "source" / "page.py"


def rows_of(page: str) -> list[str]:
    """The text of each line, with neither tags nor numbers."""
    rows = re.findall(r"<span(?: class=\"marked\")?><i>\d+</i><code>(.*?)</code></span>", page, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", row)) for row in rows]


def marked_in(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<span class="marked"><i>(\d+)</i>', page)]


def open_page(**query: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    return next(text.proto.body for text in app.get("html") if 'class="source"' in text.proto.body)


@pytest.mark.parametrize("path", core_files().values(), ids=lambda path: path.stem)
def test_every_file_is_shown_letter_by_letter(path):
    source = path.read_text(encoding="utf-8")
    assert [row.rstrip() for row in rows_of(code_html(source, path.name))] == [
        line.rstrip() for line in source.splitlines()
    ]


def test_words_are_coloured_and_text_is_escaped():
    page = code_html('def f(x):\n    return "<b>" < 3  # & so on\n', "f.py", marked=2)
    assert '<span class="keyword">def</span> <span class="name">f</span>' in page
    assert '<span class="string">&quot;&lt;b&gt;&quot;</span>' in page
    assert '<span class="number">3</span>' in page
    assert '<span class="comment"># &amp; so on</span>' in page
    assert "<b>" not in page
    assert marked_in(page) == [2]


def test_the_keyboard_can_scroll_the_code_which_has_a_name():
    assert '<pre class="source" tabindex="0" role="region" aria-label="a&amp;b.py">' in code_html("x = 1", "a&b.py")


def test_a_text_over_several_lines_stays_in_its_lines():
    page = code_html('x = """a\n\nb"""\n', "x.py")
    assert rows_of(page) == ['x = """a', " ", 'b"""']
    assert page.count('<span class="string">') == 2


def test_the_asked_line_is_marked():
    source = source_of(Linear.forward)
    app = open_page(file=source.file, line=str(source.line))
    assert app.selectbox(key="code_file").value == "mnist_core/nn/layers.py"
    assert marked_in(shown(app)) == [source.line]
    assert any(f"layers.py, line {source.line}</h2>" in text.proto.body for text in app.get("html"))
    assert rows_of(shown(app))[source.line - 1].strip().startswith("def forward(self")


@pytest.mark.parametrize("line", ["0", "-3", "9999999", "100000", "one", "", "²"])
def test_a_line_that_is_not_there_marks_nothing(line):
    assert marked_in(shown(open_page(file="mnist_core/nn/layers.py", line=line))) == []


def test_without_a_question_the_first_file_is_shown():
    app = open_page()
    assert not app.warning
    assert rows_of(shown(app))[0] == (PACKAGE / "nn" / "layers.py").read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize(
    "file",
    [
        "../app.py",
        "mnist_core/../app.py",
        "mnist_core/../mnist_core/nn/layers.py",
        "/etc/passwd",
        str(PACKAGE / "nn" / "layers.py"),
        "mnist_core/__pycache__/layers.cpython-311.pyc",
        "webapp/i18n.py",
        "layers.py",
        "mnist_core",
        "mnist_core/nn/layers.py\0",
        "<script>",
        "",
    ],
)
def test_nothing_else_can_be_read(file):
    app = open_page(file=file)
    assert "no file of this name" in app.warning[0].value
    assert rows_of(shown(app)) == rows_of(
        code_html((PACKAGE / "nn" / "layers.py").read_text(encoding="utf-8"), "layers.py")
    )


def test_another_file_is_chosen_and_begins_at_its_top():
    app = open_page(file="mnist_core/nn/layers.py", line="57")
    app.selectbox(key="code_file").set_value("mnist_core/nn/losses.py").run()
    assert not app.exception
    assert rows_of(shown(app))[0].startswith('"""The heads of a network')
    assert marked_in(shown(app)) == []


def test_files_stand_room_by_room_with_what_they_are_for():
    names = list(core_files())
    assert names[0].startswith("mnist_core/nn/")
    assert set(names) == {
        path.relative_to(PACKAGE.parent).as_posix() for path in PACKAGE.rglob("*.py") if not path.stem.startswith("__")
    }
    options = open_page().selectbox[0].options
    assert any(option.startswith("nn/layers.py — The layers of a network: each computes") for option in options)
    assert not any("`" in option for option in options)  # the list knows no Markdown


def test_a_link_of_before_the_core_had_rooms_finds_its_file():
    app = open_page(file="mnist_core/losses.py")
    assert not app.warning
    assert app.selectbox(key="code_file").value == "mnist_core/nn/losses.py"


@pytest.mark.parametrize("path", core_files().values(), ids=lambda path: path.stem)
def test_every_file_says_what_it_is_for(path):
    sentence = first_sentence(path.read_text(encoding="utf-8"))
    assert sentence[-1] in ".?!" and "\n" not in sentence


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ('"""One thing\nat a time. And more."""', "One thing at a time."),
        ('"""A.b is c."""', "A.b is c."),
        ("x = 1", ""),
    ],
)
def test_the_first_sentence(source, sentence):
    assert first_sentence(source) == sentence
