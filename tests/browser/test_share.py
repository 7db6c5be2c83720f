"""Sharing in a real browser: links are copied on every kind of address, and the QR code fills the window."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Server
from tests.browser.training_page import open_training, press

# What a page finds that comes over plain http from another computer, as in a class.
PLAIN_HTTP = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"


def pasted(page: Page) -> str:
    """What is on the clipboard, found out as a person would."""
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<textarea id=\"here\"></textarea>')")
    page.evaluate("document.querySelector('#here').focus()")
    page.keyboard.press("Control+V")
    return page.locator("#here").input_value()


@pytest.mark.slow
@pytest.mark.parametrize("clipboard", [True, False], ids=["localhost", "plain http"])
def test_links_are_copied_with_mouse_and_keyboard(
    server: Server, finished_run: str, new_page: NewPage, clipboard: bool
) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"] if clipboard else [])
    if not clipboard:
        page.add_init_script(PLAIN_HTTP)
    open_training(page, server.address, f"?run={finished_run}")
    press(page, "share")
    expect(page.locator(".address")).to_have_count(2)
    addresses = page.locator(".address").all_inner_texts()
    assert urlsplit(addresses[0]).query == "recipe=quick&data=mnist&epochs=1"
    assert addresses[1] == f"{server.address}/train?run={finished_run}"
    buttons = page.locator(".copy-button")
    buttons.first.click()
    expect(buttons.first).to_have_text("Copied")
    expect(buttons.first).to_have_text("Copy the link", timeout=4000)
    buttons.last.focus()
    page.keyboard.press("Enter")
    expect(buttons.last).to_have_text("Copied")
    expect(buttons.last).to_be_focused()
    page.keyboard.press("Escape")
    expect(buttons).to_have_count(0)
    assert pasted(page) == addresses[1]


@pytest.fixture
def class_server(server: Server, tmp_path: Path) -> Iterator[Server]:
    """The same app, open to the network: `make run HOST=0.0.0.0`."""
    options = {"STREAMLIT_SERVER_ADDRESS": "0.0.0.0", "STREAMLIT_BROWSER_SERVER_ADDRESS": "localhost"}  # noqa: S104
    running = Server(tmp_path, RUNS_DIR=str(server.runs), **options)
    yield running
    running.stop()


@pytest.mark.slow
def test_the_code_for_a_class_is_shown_large_where_others_can_open_the_app(
    server: Server, class_server: Server, finished_run: str, new_page: NewPage
) -> None:
    page = new_page()
    open_training(page, server.address, f"?run={finished_run}")
    press(page, "share")
    expect(page.get_by_text("make run HOST=0.0.0.0")).to_be_visible()  # this server listens to localhost only
    expect(page.locator(".qr-code")).to_have_count(0)
    open_training(page, class_server.address, f"?run={finished_run}")
    press(page, "share")
    address = page.locator(".address").first.inner_text()
    assert urlsplit(address).port == urlsplit(class_server.address).port
    assert urlsplit(address).hostname != "localhost"
    page.locator(".qr-code").click()
    large = page.locator(".qr-large")
    expect(large).to_be_visible()
    expect(large.locator("p")).to_have_text(address)
    box = large.locator("img").bounding_box()
    assert box is not None and box["width"] == box["height"] > 700  # of 900 pixels
    assert large.locator("img").evaluate("picture => picture.complete && picture.naturalWidth > 0")
    large.click()
    expect(large).to_be_hidden()
    page.goto("about:blank")  # before its server goes
