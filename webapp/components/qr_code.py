"""A QR code that a phone reads from the screen; pressed, it fills the window for the last row of a classroom."""

import segno
import streamlit as st

from webapp.components.register import component
from webapp.i18n import gettext as _

QUIET_ZONE = 4
"""Modules of white around the code, as the standard asks (ISO/IEC 18004): dark mode must not touch it."""

_qr_code = component(
    "qr_code",
    __file__,
    '<button class="qr-code" type="button"><img alt=""></button><dialog class="qr-large"><img alt=""><p></p></dialog>',
)


def qr_picture(text: str) -> str | None:
    """Draw a QR code, black on white.

    Args:
        text: what it says.

    Returns:
        The data URI of an SVG; None if the text is longer than a QR code can be (some 2,900 letters).
    """
    try:
        code = segno.make_qr(text, error="l")  # nothing soils a screen, and few large modules are read from far away
    except segno.DataOverflowError:
        return None
    return code.svg_data_uri(border=QUIET_ZONE, dark="#000", light="#fff", omitsize=True)


def qr_code(address: str, key: str) -> None:
    """Show the QR code of an address.

    Args:
        address: what it says; shown as a text below the large code.
        key: names it on its page.
    """
    picture = qr_picture(address)
    if picture is None:
        st.caption(_("This link is too long for a QR code."))
        return
    label = _("QR code: press to enlarge")
    _qr_code(key=key, data={"picture": picture, "address": address, "label": label})
