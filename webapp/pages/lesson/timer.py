"""A timer that counts down in the browser."""

from webapp.components.register import component
from webapp.i18n import gettext as _

_timer = component(
    "lesson_timer",
    __file__,
    '<div class="lesson-timer"><output role="timer"></output><button type="button" class="go"></button>'
    '<button type="button" class="reset"></button></div>',
)


def timer(minutes: int, name: str) -> None:
    """Show a timer; it goes on while the page is drawn anew, or left and opened again.

    Args:
        minutes: how long it counts.
        name: of what it counts for: another name has another time.
    """
    texts = {"start": _("Start"), "pause": _("Pause"), "reset": _("Reset"), "over": _("Time is up")}
    _timer(key="lesson-timer", data={"seconds": 60 * minutes, "name": name, **texts})
