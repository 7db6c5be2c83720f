"""Lets one fragment of a page run after another one, when that one has something new.

Streamlit finishes a fragment's run before it begins the next one, so whatever a fragment does after the answer delays
the answer to the next stroke. What explains the answer therefore is a fragment of its own, and runs once the pen rests.
"""

from webapp.components.register import component

_follow = component("follow", __file__)


def announce(number: int, pen_down: bool) -> None:
    """Announce, at the end of a fragment, that it has something new.

    Args:
        number: changes whenever there is something new.
        pen_down: whether more is about to follow, so that the followers may wait.
    """
    _follow(key="announce", data={"role": "announce", "read": number, "pen_down": pen_down})


def follow(number: int) -> object:
    """Run the calling fragment again as soon as a number other than this one is announced.

    Returns:
        The number that the browser had heard of when it asked for this run; None if it did not ask for it.
    """
    return _follow(key="follow", data={"role": "follow", "read": number}, on_read_change=lambda: None).read
