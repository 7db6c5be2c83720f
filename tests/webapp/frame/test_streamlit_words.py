"""Which of Streamlit's words are replaced, and by what."""

import pytest

from tests.webapp.components.events import data_of
from tests.webapp.pages.test_pages import open_app
from webapp.frame.streamlit_words import OTHER_WORDS, WORDS

pytestmark = pytest.mark.usefixtures("page_runs")


def test_english_pages_keep_all_words_that_a_visitor_understands():
    assert [word for word, _own in data_of(open_app(), "words")["streamlit"]] == list(OTHER_WORDS)


def test_chinese_pages_keep_none():
    replaced = dict(data_of(open_app(lang="zh"), "words")["streamlit"])
    assert list(replaced) == [*WORDS, *OTHER_WORDS]
    assert replaced["No results"] == "没有匹配的选项" and replaced["Help for {name}"] == "{name}：说明"
    assert replaced["Connection error"] == "连接已断开"
