"""Brings a part of the page into sight, once."""

from webapp.components.register import component

_scroll = component("scroll_to", __file__, "<span></span>")


def scroll_to(selector: str, reason: str, key: str) -> None:
    """Scroll the page so that an element stands in its middle.

    Args:
        selector: CSS selector of the element; nothing happens if there is none.
        reason: the page is scrolled again only when it changes.
        key: names this on its page.
    """
    _scroll(key=key, data={"selector": selector, "reason": reason})
