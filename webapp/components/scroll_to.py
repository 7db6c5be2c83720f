"""Brings a part of the page into sight, once."""

from typing import Literal

from webapp.components.register import component

_scroll = component("scroll_to", __file__, "<span></span>")


def scroll_to(selector: str, reason: str, key: str, block: Literal["center", "nearest"] = "center") -> None:
    """Scroll the page so that an element stands in its middle, or no further than until it is in sight.

    Args:
        selector: CSS selector of the element; nothing happens if there is none.
        reason: the page is scrolled again only when it changes.
        key: names this on its page.
        block: where the element is to stand, as `scrollIntoView` calls it.
    """
    _scroll(key=key, data={"selector": selector, "reason": reason, "block": block})
