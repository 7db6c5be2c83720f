"""What the browser does when a card comes, and when it is done."""

from webapp.components.register import component

_guide = component("tour_guide", __file__, '<span role="status"></span>')


def guide(reason: str, selector: str, said: str = "") -> None:
    """Bring a part of the page into sight; for a new card the focus goes there, so that a keyboard goes on from it.

    Args:
        reason: the page is touched again only when it changes.
        selector: CSS selector of the part; nothing is moved if there is none.
        said: what a screen reader says of it; "" for a new card, which it reads as the focus comes.
    """
    _guide(key="tour-guide", data={"reason": reason, "selector": selector, "said": said})
