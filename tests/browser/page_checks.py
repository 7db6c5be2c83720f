"""What is looked for on every page, whatever it shows. Each check returns its findings as sentences: none is good.

Everything is asked for by `evaluate`, which the page's content security policy does not bind.
"""

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

AXE = Axe()
GRAVE = ("serious", "critical")
SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
MOST_CONTROLS = 500
"""No page has as many: the focus goes round in a part of it."""


def grave_violations(page: Page) -> list[str]:
    """What axe calls serious or critical, and headings out of order."""
    results = AXE.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:90]} – {' '.join(_messages(node))[:200]}"
        for rule in results
        if rule["impact"] in GRAVE or rule["id"] == "heading-order"
        for node in rule["nodes"]
    ]


def _messages(node: dict[str, Any]) -> list[str]:
    return [check["message"] for kind in ("any", "all", "none") for check in node[kind]]


def sideways_scrolling(page: Page) -> list[str]:
    """What makes the page wider than the screen."""
    return _ask(page, "sidewaysScrolling")


def overlaps(page: Page) -> list[str]:
    """Controls that lie over others, or over a text that is not their own."""
    return _ask(page, "overlaps")


def small_targets(page: Page) -> list[str]:
    """Controls of less than 24 pixels either way, links within a sentence excepted."""
    return _ask(page, "smallTargets")


def motion(page: Page) -> list[str]:
    """What would move or change slowly."""
    return _ask(page, "motion")


def keyboard_gaps(page: Page) -> list[str]:
    """Controls that Tab does not come to, and those that don't show it when it does."""
    page.evaluate("window.visited = new Map()")
    for _ in range(MOST_CONTROLS):
        page.keyboard.press("Tab")
        if not _ask(page, "visit"):
            break
    return _ask(page, "keyboardGaps")


def _ask(page: Page, function: str) -> Any:
    return page.evaluate(f"(() => {{ {SCRIPT}\nreturn {function}(); }})()")
