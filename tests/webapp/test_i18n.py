"""Every text of the app has a translation, and every translation fits its text."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import streamlit as st
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from mnist_core.errors import DataError, WeightsError
from tests.paths import ROOT
from webapp.formulas.sources import core_files, first_sentence
from webapp.i18n import LANGUAGES, LOCALES, current_language, error_text, languages_in, texts_in, translation

SOURCES = [ROOT / "app.py", *sorted((ROOT / "webapp").rglob("*.py"))]
CORE = sorted(path for path in (ROOT / "mnist_core").rglob("*.py") if "cli" not in path.parts)
ERRORS = ("MnistCoreError", "DataError", "WeightsError")
"""Those that the app shows as they are; the command line has some of its own, which nobody else sees."""
TRANSLATED = [language for language in LANGUAGES if language != "en"]
CJK = "[\u4e00-\u9fff]"
CHINESE_TERMS = {
    r"epochs?": "轮",
    r"steps?": "步",
    r"batch(es)?": "批",
    r"loss(es)?": "损失",
    r"accurac(y|ies)": "准确率",
    r"weights?": "权重",
    r"bias(es)?": "偏置",
    r"gradients?": "梯度",
    r"learning rates?": "学习率",
    r"layers?": "层",
    r"units?": "单元",
    r"neurons?": "神经元",
    r"activations?": "激活",
    r"optimizers?": "优化器",
    r"overfitting": "过拟合",
    r"momentum": "动量",
    r"validation images?": "验证",
    r"training images?": "训练图像",
    r"test images?": "测试",
    r"recipes?": "配方",
    r"pixels?": "像素",
    r"probabilit(y|ies)": "概率",
    r"dropout": "Dropout",
    r"backpropagation": "反向传播",
    r"seed": "种子",
    r"ink": "笔迹",
    r"label": "标签",
    r"teacher('s)?": "老师",
    r"visitors?": "访客",
}
"""One Chinese word for one idea: where an English text has the first, its translation has the second."""
CHINESE_FORBIDDEN = ("您", "计算机", "正确率", "墨迹", "乱猜", "幅画", "读对", "读错", "读成", "代码绘制", "「", "」")
"""Words for which the catalogue has taken another one: 你, 电脑, 准确率, 笔迹, 瞎猜, 手写数字, 认对 …"""


def calls_in(source: Path, names: tuple[str, ...]) -> list[ast.Call]:
    """Find all calls of these functions."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in names]


def all_texts() -> set[str]:
    calls = [call for source in SOURCES for call in calls_in(source, ("_", "N_", *ERRORS))]
    calls += [call for source in CORE for call in calls_in(source, ERRORS)]
    sentences = {first_sentence(path.read_text(encoding="utf-8")) for path in core_files().values()}  # on the page Code
    return sentences | {
        call.args[0].value
        for call in calls
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


@cache
def catalogue(language: str) -> Catalog:
    with (LOCALES / language / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def translations(language: str) -> list[tuple[str, str]]:
    """Return all texts with their translations, but for those that have none yet."""
    return [(str(found.id), str(found.string)) for found in catalogue(language) if found.id and found.string]


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"{[^}]*}", text))


def test_texts_can_be_extracted():
    for source in SOURCES:
        for template in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(template, ast.JoinedStr):
                calls = [node.func for node in ast.walk(template) if isinstance(node, ast.Call)]
                names = {function.id for function in calls if isinstance(function, ast.Name)}
                assert "_" not in names, f"{source.name}:{template.lineno}: take `_()` out of the f-string"
        for call in calls_in(source, ("_", "N_")):
            assert isinstance(call.args[0], ast.Constant), f"{source.name}:{call.lineno}: `_()` needs a plain string"
    for source in CORE:
        for call in calls_in(source, ERRORS):
            assert isinstance(call.args[0], ast.Constant), f"{source}:{call.lineno}: an error needs a plain sentence"


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
    for text, translated in translations(language):
        assert placeholders(translated) == placeholders(text)


def test_the_catalogue_is_what_the_app_reads():
    assert translation("zh").gettext("Start") == "开始"
    assert translation("en").gettext("Start") == "Start"


@pytest.mark.parametrize("language", TRANSLATED)
def test_bold_text_ends_where_markdown_sees_its_end(language):
    """Asterisks between punctuation and a letter close nothing there (CommonMark 6.2); a language without spaces has
    them sooner."""
    for _text, translated in translations(language):
        text = re.sub(r"{[^}]*}", "x", translated)
        for before, bold, after in re.findall(r"(.?)\*\*(.+?)\*\*(?=(.?))", text):
            assert re.match(r"\w", bold) or not re.match(r"\w", before), text
            assert re.search(r"\w$", bold) or not re.match(r"\w", after), text
        assert text.count("**") % 2 == 0, text
        assert not re.search(r"\*\*\s[^*]*\*\*|\*\*[^*]*\s\*\*", "".join(re.findall(r"\*\*.+?\*\*", text))), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_begin_and_end_as_their_texts_do(language):
    """Some are put together with others: a blank or a line break at an end is meant."""
    for text, translated in translations(language):
        for space in (r"^\s*", r"\s*$"):
            assert re.findall(space, text) == re.findall(space, translated), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_figures_are_translated_unchanged(language):
    def figures(text: str) -> list[str]:
        return sorted(re.findall(r"(?<![\w.])\d[\d,.]*\d%?", re.sub(r"{[^}]*}", "", text)))

    in_words = {"zh": ("10,000 weights, 100 images", "First come all zeros, then all ones")}
    for text, translated in translations(language):
        if not text.startswith(in_words.get(language, ())):
            assert figures(text) == figures(translated), text


def chinese() -> list[tuple[str, str]]:
    """Return all texts with their Chinese; code and file names are "x" there, and Markdown's colours are left out."""
    code, colour = r"`[^`]*`|https?:\S*|png/\S*", r":(orange|blue)\[(.*?)\]"
    return [(text, re.sub(colour, r"\2", re.sub(code, "x", translated))) for text, translated in translations("zh")]


def test_chinese_has_chinese_punctuation():
    for _text, translated in chinese():
        assert not re.search(rf"{CJK}[,.;:!?()\"']|[,;:!?()\"']{CJK}", translated), translated
        assert not re.search(r" [，。：；、（）“”！？]|[，。：；、（）“！？] ", translated), translated


def test_chinese_stands_apart_from_letters_and_figures():
    for _text, translated in chinese():
        plain = re.sub(r"{[^}]*}", "{}", translated)
        assert not re.search(rf"{CJK}[A-Za-z0-9]|[A-Za-z0-9%]{CJK}", plain), translated
        before_chinese = plain.removeprefix("{}的笔迹")  # a place: it is Chinese itself
        assert not re.search(rf"{CJK}{{}}|{{}}{CJK}".replace("{}", r"\{\}"), before_chinese), translated


@pytest.mark.parametrize(("english", "term"), CHINESE_TERMS.items())
def test_one_idea_has_one_chinese_word(english, term):
    """Where a text speaks of an idea in passing, its translation may do without: those are few, and counted."""
    texts = [(re.sub(r"{[^}]*}|`[^`]*`", "", text), translated) for text, translated in chinese()]
    texts = [(text, translated) for text, translated in texts if re.search(rf"\b{english}\b", text, re.IGNORECASE)]
    without = [text for text, translated in texts if term not in translated]
    assert len(texts) > 0 and len(without) <= len(texts) / 20 + 1, without


def test_chinese_uses_no_second_word_for_an_idea():
    for _text, translated in chinese():
        assert not [word for word in CHINESE_FORBIDDEN if word in translated], translated


def test_each_catalogue_is_a_language(tmp_path):
    for code in ("zh", "de", "pt_BR"):
        (tmp_path / code).mkdir()
        (tmp_path / code / "messages.po").touch()
    (tmp_path / "fr").mkdir()  # without a catalogue
    assert languages_in(tmp_path) == {"en": "English", "de": "Deutsch", "pt_BR": "português", "zh": "中文"}


NEAREST = {"zh-CN": "zh", "zh-TW": "zh", "de": "de", "de-AT": "de_AT", "de-CH": "de", "pt": "pt_BR", "en-GB": "en"}


@pytest.mark.parametrize(
    ("locale", "language"), [*NEAREST.items(), ("fr", "en"), ("", "en"), (None, "en"), ("zhx", "en")]
)
def test_the_browser_gets_the_nearest_language(locale, language, monkeypatch):
    for code in ("de", "de_AT", "pt_BR"):
        monkeypatch.setitem(LANGUAGES, code, code)
    monkeypatch.setattr(type(st.context), "locale", property(lambda _context: locale))
    assert current_language() == language


def test_an_error_of_the_core_is_said_in_the_visitors_language():
    lost = WeightsError("{path}: there is no such file; check the path", path="my/net.npz")
    nested = DataError("MNIST_DIR names the wrong folder: {reason} Or unset MNIST_DIR.", reason=lost)
    assert error_text(nested) == str(nested)
    with texts_in("zh"):
        assert error_text(lost) == "my/net.npz：没有这个文件；请检查路径"
        assert (
            error_text(nested)
            == "MNIST_DIR 指向的文件夹不对（也可以取消这个设置）：my/net.npz：没有这个文件；请检查路径"
        )
        assert error_text(DataError("{not} a template")) == "{not} a template"
        assert error_text(OSError("disk")) == "disk"
    assert str(lost) == "my/net.npz: there is no such file; check the path"
