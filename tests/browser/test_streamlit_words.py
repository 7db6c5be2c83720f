"""Streamlit's own words are in the visitor's language, also those that only its script shows."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import NewPage, Server

WORDS = """() => {
  const found = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!element.closest('noscript, script, style, svg, code, pre, .katex, .stHtml, [data-testid="stIconMaterial"]'))
      found.add(texts.currentNode.data.trim());
  }
  for (const name of ['aria-label', 'title', 'placeholder'])
    for (const element of document.querySelectorAll(`[${name}]`)) found.add(element.getAttribute(name));
  return [...found].filter((text) => /[A-Za-z]{3}/.test(text) && !/[\\u4e00-\\u9fff]/.test(text));
}"""
"""All that is written in letters and has no Chinese."""
NAMES = re.compile(
    r"English|MNIST.*|ReLU|Adam|N\(0, 1\).*|a\.txt.*|\d+MB per file|• PNG.*|add icon|(Ctrl \+ )?\w+|\w+/.*\.py"
)
"""Names; a file; keys; what is hidden: sizes and formats, which a line of ours tells, and the name of an icon."""


def english(page: Page) -> set[str]:
    """Return the English words on a Chinese page."""
    return {text for text in page.evaluate(WORDS) if not NAMES.fullmatch(text)}


@pytest.mark.slow
def test_widgets_speak_chinese_and_english_again(new_page: NewPage, address: str):
    page = new_page(locale="zh-CN")
    page.goto(f"{address}/train")
    recipe = page.get_by_role("combobox", name="配方")
    recipe.fill("zzz")
    expect(page.get_by_text("没有匹配的选项")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("隐藏层", exact=True).fill("32")
    expect(page.get_by_text("按回车键确认")).to_be_visible()
    expect(page.get_by_label("学习率：说明")).to_be_visible()
    assert english(page) == set()
    page.locator(".st-key-language-en button").click()
    expect(page.get_by_label("Help for Learning rate")).to_be_visible()  # what stays on the page as well
    expect(page.get_by_label("Increment").first).to_be_attached()


def test_the_uploader_speaks_chinese(new_page: NewPage, address: str):
    page = new_page(locale="zh-CN")
    page.goto(address)
    page.locator(".st-key-picture button").click()
    expect(page.get_by_text("选择文件", exact=True)).to_be_visible()
    files = [{"name": "a.txt", "mimeType": "text/plain", "buffer": b"no picture"}]
    page.locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    expect(page.get_by_label("移除 a.txt")).to_be_attached()
    expect(page.get_by_text("不能使用 text/plain 类型的文件。")).to_be_attached()
    assert english(page) == set()


@pytest.mark.slow
def test_a_lost_connection_is_told_in_the_visitors_language(browser: Browser, tmp_path: Path):
    server = Server(tmp_path)
    pages = {language: browser.new_page(locale=language) for language in ("zh-CN", "en-US")}
    try:
        for page in pages.values():
            page.goto(f"{server.address}/code")
            page.locator(".source").first.wait_for()
        server.process.kill()
        server.process.wait()
        for language, (title, advice) in {
            "zh-CN": ("连接已断开", "应用没有响应"),
            "en-US": ("No connection", "The app does not answer"),
        }.items():
            dialog = pages[language].get_by_role("dialog")
            expect(dialog).to_contain_text(title)
            expect(dialog).to_contain_text(advice)
            expect(dialog.get_by_text("streamlit run")).to_be_hidden()
        server.start()
        for page in pages.values():
            expect(page.get_by_role("dialog")).to_be_hidden()  # "this page goes on"
    finally:
        server.stop()
        for page in pages.values():
            page.close()
