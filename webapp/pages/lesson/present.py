"""The switch between the page for one's own screen and the one for the projector."""

import streamlit as st

from webapp.frame import presentation
from webapp.i18n import gettext as _


def present_button() -> None:
    """Show the switch."""
    st.button(
        _("End presentation") if presentation.is_on() else _("For the projector"),
        key="lesson-present",
        icon=":material/cast:",
        on_click=lambda: st.session_state.update({presentation.PARAMETER: not presentation.is_on()}),
    )
