"""Everybody come here: the teacher's call, and the bar that brings it to all pages."""

from collections.abc import Mapping
from contextlib import suppress

import streamlit as st

from webapp.components.address import address_of
from webapp.components.register import component
from webapp.components.turn import fragment
from webapp.i18n import gettext as _
from webapp.visitors.classroom import call, current_call, end_call
from webapp.visitors.folder import StorageError
from webapp.visitors.identity import browser
from webapp.visitors.rights import is_teacher

ROUTE = "/api/class"
"""Where browsers ask; `server/class_route.py` answers, and no page imports the server."""

_bar = component(
    "call_bar",
    __file__,
    '<div class="call-bar" hidden><span role="status"></span><button type="button" class="call-go"></button>'
    '<button type="button" class="call-end"></button><button type="button" class="call-away">✕</button></div>',
)


def call_bar(pages: Mapping[str, str]) -> None:
    """Be ready for a call, on every page; whoever has called sees how many have come, and ends the call.

    Args:
        pages: their names in the menu, by their addresses: {"/train": "Train"}.
    """
    data = {
        "route": address_of(ROUTE),
        "base": address_of(""),
        "calls": _("The teacher calls you: {page}"),
        "go": _("Go"),
        "away": _("Stay on this page"),
        "calling": _("{page}: {come} of {present} have come"),
        "alone": _("{page}: nobody else is here yet"),
        "pages": dict(pages),
        "end": _("End"),
        "made": _made(),
    }
    with st.container(key="call-bar"):
        _bar(key="call", data=data, on_ended_change=_end)


def _made() -> int:
    """Return the number of this visitor's own call: once it changes, the bar asks at once; 0 for none."""
    try:
        made = current_call()
    except StorageError:  # its own pages say so
        return 0
    return made.number if made is not None and made.caller == browser() else 0


def call_button(address: str) -> None:
    """Show the teacher, and nobody else, the button that calls everybody to a page.

    Args:
        address: of the page, relative to this server: "/wall", "/train?recipe=quick".
    """
    if is_teacher():
        with st.container(width="content"):
            _button(address)


@fragment
def _button(address: str) -> None:
    """Show the button.

    Without a callback, in a fragment of its own: what else the page sends at this moment would call a second time.
    """
    pressed = st.button(
        _("Everybody come here"),
        icon=":material/campaign:",
        key=f"call-{address}",
        help=_("Shows a bar with “Go” on all pages that are open in the class."),
    )
    if pressed and is_teacher():
        try:
            call(address)
        except StorageError as error:
            st.error(str(error), icon=":material/error:")
        else:
            st.rerun()  # the bar learns of it


def _end() -> None:
    if is_teacher():
        with suppress(StorageError):  # the bar stays, and the call ends by itself
            end_call()
