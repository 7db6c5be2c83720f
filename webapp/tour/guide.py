"""What the browser does when a card comes, and when there is something to be seen."""

from webapp.components.register import component

_guide = component("tour_guide", __file__, '<span role="status"></span>')


def guide(reason: str, selector: str, comes: bool, said: str = "") -> None:
    """Bring a part of the page into sight; for a new card, take the focus there, so that a keyboard goes on from it.

    Args:
        reason: the page is touched again only when it changes.
        selector: CSS selector of the part; nothing is moved if there is none, or if `selector` is "".
        comes: whether it is a new card that comes, at whose beginning the part stands at the top.
        said: what a screen reader says; "" for a new card, which it reads as the focus comes.
    """
    _guide(key="tour-guide", data={"reason": reason, "selector": selector, "comes": comes, "said": said})
