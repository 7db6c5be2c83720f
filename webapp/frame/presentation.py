"""The presentation mode for a projector: large type over the full width, no settings, a QR code to join."""

from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from webapp.components.qr_code import qr_code
from webapp.i18n import gettext as _
from webapp.settings.links import local_address

PARAMETER = "present"
OWN = (PARAMETER, "guess")
"""What of an address is not for those who join: they don't present, and guess for themselves."""
STYLE = Path(__file__).with_suffix(".css")


def is_on() -> bool:
    """Return whether this visitor presents: since a link said so, or the switch was pressed."""
    return bool(st.session_state.get(PARAMETER))


def use_url() -> None:
    """Adopt what a link asks for, and note it in the URL of every page: a reload keeps it."""
    if PARAMETER not in st.session_state:
        st.session_state[PARAMETER] = st.query_params.get(PARAMETER) == "1"
    if is_on():
        st.query_params[PARAMETER] = "1"
    else:
        st.query_params.pop(PARAMETER, None)


def switch() -> None:
    """Show the switch."""
    st.toggle(
        _("Presentation mode"),
        value=is_on(),
        key="present-switch",
        help=_("For a projector: large type over the full width, without settings, with a QR code to join."),
        on_change=lambda: st.session_state.update({PARAMETER: not is_on()}),
    )
    if is_on() and _address_for_others() is None:
        st.caption(
            _(
                "Only this computer can open the app now. To let the class in, connect it to their network, "
                "end the app and start it again with `make run HOST=0.0.0.0`."
            )
        )


def join_code() -> None:
    """Show the QR code of what the page shows, at the page's end: by then its address is complete."""
    address = _address_for_others()
    if address is not None:
        query = {name: value for name, value in st.query_params.to_dict().items() if name not in OWN}
        with st.container(key="join"):
            qr_code(f"{address}?{urlencode(query)}" if query else address, "join-qr")


def _address_for_others() -> str | None:
    """Return where the class finds the page, without its query; None if only this computer can open it."""
    return local_address((st.context.url or "").partition("?")[0], st.get_option("server.address"))
