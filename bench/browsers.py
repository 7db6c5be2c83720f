"""Real browsers beside a load: what somebody sees who draws with the mouse meanwhile."""

import random
import time
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM_FLAGS, LAPTOP, PATIENCE
from tests.browser.hand import DIGITS, Hand
from tests.browser.test_draw import PLACES, STOPWATCH, clear, latencies

BETWEEN = 2.0
"""Seconds from one stroke to the next."""


def draw_by_mouse(chromium: str, address: str, until: float) -> list[float]:
    """Draw digits with the mouse in a browser of its own, and clear the pad after each.

    Args:
        chromium: path of the browser's program.
        address: of the server.
        until: when to end, in the seconds of `time.monotonic`.

    Returns:
        For each stroke after which the page shows something else, the seconds from pen-up to the frame that shows it.
    """
    found: list[float] = []
    settings: dict[str, Any] = {"locale": "en-US", **LAPTOP}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        page = browser.new_page(**settings)
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        hand = Hand(page)
        page.evaluate(STOPWATCH)
        while time.monotonic() < until:
            for stroke in hand.strokes(random.choice(list(DIGITS)), *random.choice(PLACES)):
                began = time.monotonic()
                hand.draw(stroke)
                page.wait_for_timeout(1000 * max(0.5, began + BETWEEN - time.monotonic()))
            found += [milliseconds / 1000 for milliseconds in latencies(page, "answer")]
            clear(page)
            page.evaluate("window.lifted = []; window.shown = { answer: [], bars: [] }")
        browser.close()
    return found
