"""How to get others to the same place: links to these settings and to this run, and a QR code for a class."""

import html
from urllib.parse import quote, urlencode, urlsplit

import streamlit as st

from webapp.components.copy_button import copy_button
from webapp.components.qr_code import qr_code
from webapp.i18n import gettext as _
from webapp.runs.job import Job
from webapp.runs.snapshot import Snapshot
from webapp.settings.links import local_address, settings_query

TRAINING_PAGE = "train"


def share_button(label: str, icon: str, job: Job | None, run: Snapshot | None) -> None:
    """Show a button that opens `share` in a dialog, which has room on every screen, and stays until it is closed.

    Args:
        label: of the button, and title of the dialog.
        icon: of the button.
        job: what is shared; None while there is nothing that makes sense.
        run: see `share`.
    """
    key = "share-settings" if run is None else "share"
    if st.button(label, key=key, icon=icon, disabled=job is None):
        st.session_state["sharing"] = key
    if job is not None and st.session_state.get("sharing") == key:
        st.dialog(label, width="medium", on_dismiss=_close)(share)(job, run)


def _close() -> None:
    st.session_state["sharing"] = None


def share(job: Job, run: Snapshot | None) -> None:
    """Show the links with their copy buttons, and the QR code.

    Args:
        job: the settings that are shared.
        run: the run of this job that is shared as well; None: there is none yet.
    """
    page = _training_page(st.context.url or "http://localhost:8501")
    for_others = local_address(page, st.get_option("server.address"))
    settings_link = f"{for_others or page}?{urlencode(settings_query(job), quote_via=quote, safe=',')}"
    place = "settings" if run is None else "run"  # a page may have both
    with st.container(horizontal=True, key=f"sharing-{place}"):
        with st.container(gap="small"):
            began_elsewhere = job.parent is not None
            was_changed = run is not None and any("fork" not in change for change in run.records.changes)
            if began_elsewhere or was_changed:
                st.markdown(_("**These settings:** open this link and press Start."))
            else:
                st.markdown(_("**These settings:** open this link, press Start, and you get the identical run."))
            _link(settings_link, f"copy-settings-{place}")
            if began_elsewhere:
                st.caption(_("This run began with the weights of another one: they are not in the link."))
            if was_changed:
                st.caption(_("What was changed while the run went is not in the link."))
            if run is not None:
                st.markdown(_("**This run:** watch it together."))
                _link(f"{for_others or page}?run={quote(run.id)}", "copy-run")
        with st.container(gap="small"):
            if for_others is None:
                st.info(
                    _(
                        "Only this computer can open the app now. To let the class in, connect it to their network, "
                        "end the app and start it again with `make run HOST=0.0.0.0`."
                    ),
                    icon=":material/wifi_off:",
                )
            else:
                qr_code(settings_link, f"share-qr-{place}")
                st.caption(_("For phones in the same network. Press the code to enlarge it."))


def _training_page(url: str) -> str:
    """Return the address of the training page on the server that a page came from."""
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    path = f"/{base}/{TRAINING_PAGE}" if base else f"/{TRAINING_PAGE}"
    return urlsplit(url)._replace(path=path, query="", fragment="").geturl()


def _link(address: str, key: str) -> None:
    """Show a link in full with its copy button."""
    st.html(f'<p class="address">{html.escape(address)}</p>')
    copy_button(address, _("Copy the link"), key)
