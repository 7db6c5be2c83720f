"""The training page: choose a recipe, press Start, and watch the network learn."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from webapp.components.live_chart import live_chart
from webapp.components.scroll_to import scroll_to
from webapp.components.turn import fragment
from webapp.frame.page_title import page_title
from webapp.i18n import gettext as _
from webapp.pages.train.actions import actions
from webapp.pages.train.current_run import current_run, is_gone, keep_in_url, linked_job, show_started, start
from webapp.pages.train.idle import idle
from webapp.pages.train.status import status, steer
from webapp.pages.train.views import confusion, curves, formulas, gradients, layers, mistakes, weights, your_digit
from webapp.runs.shared import runs
from webapp.runs.snapshot import ACTIVE, Snapshot
from webapp.settings.form import settings_form
from webapp.tour.cards import Seen
from webapp.tour.progress import watch as follow_tour
from webapp.visitors.rights import starter

POLL_SECONDS = 2.0
"""Of what is no curve: those come by themselves, several times a second, and when the run's stage changes."""


def run_now() -> Snapshot | None:
    """Return the run as it stands now, if there is one; if it was deleted meanwhile, begin the whole page anew."""
    snapshot = current_run()
    if snapshot is None and st.session_state.get("stage") is not None:
        st.rerun()
    return snapshot


def show_now(show: Callable[[Snapshot], None]) -> Snapshot | None:
    """Show something of the run as it stands now; return the run, if there is one."""
    snapshot = run_now()
    if snapshot is not None:
        show(snapshot)
    return snapshot


def watch(show: Callable[[Snapshot], None]) -> None:
    """Show something of the run; when its stage has changed, once the whole page, which has other buttons then."""
    snapshot = show_now(show)
    if snapshot is not None and snapshot.stage != st.session_state.get("stage"):
        st.rerun()


def view(poll: float | None) -> None:
    """Show the chosen view of the run.

    No poll runs the tabs: Streamlit disables them while it draws them anew, and what it draws sets back a later click.

    Args:
        poll: seconds between two looks at the run.
    """
    if run_now() is None:
        with st.container(key="unseen-chart"):  # Plotly is loaded by the time that there is something to draw
            live_chart({"data": [], "layout": {}}, "", "nothing")
        return
    views: dict[str, tuple[str, Callable[[Snapshot], None]]] = {
        "curves": (_("Curves"), curves.show),
        "weights": (_("Weights"), weights.show),
        "layers": (_("Layers"), layers.show),
        "confusion": (_("Confusion"), confusion.show),
        "mistakes": (_("Mistakes"), mistakes.show),
        "your-digit": (_("Your digit"), your_digit.show),
        "gradients": (_("Gradient check"), gradients.show),
        "formulas": (_("Formulas"), formulas.show),
    }
    linked = st.query_params.get("tab", "curves")
    begins = linked in views and "tab" not in st.session_state
    st.session_state["tab-by-link"] = begins and linked != "curves"
    if begins:
        st.session_state["tab"] = views[linked][0]
    tabs = st.tabs([name for name, _show in views.values()], key="tab", on_change="rerun")
    for tab, (key, (_name, show)) in zip(tabs, views.items(), strict=True):
        if tab.open:
            if key != linked:
                st.query_params["tab"] = key
            with tab:
                fragment(watch, run_every=None if show is curves.show else poll)(show)


page_title(_("Train a network"), _("Choose a recipe, press Start, and watch loss and accuracy move."))
show_started()
run = current_run()
st.session_state["stage"] = run and run.stage
left, right = st.columns([5, 12], gap="medium")
# First of all, and with and without a run: a poll that meets a page which is just being built finds its place there.
status_place, actions_place, view_place = right.container(), right.container(), right.container()
with left, st.container(border=True, key="settings"):
    heading = _("Settings")
    st.html(f'<h2 class="unseen">{heading}</h2>')
    job, pressed = settings_form(linked_job() or (None if run is None else run.job))
    if job is not None:
        keep_in_url(job)
        if pressed:
            start(partial(runs().start, job, starter=starter()))
poll = POLL_SECONDS if run is not None and run.state in ACTIVE else None
with status_place:
    if run is None:
        if is_gone():
            st.warning(_("This training was deleted, or its link is wrong."), icon=":material/warning:")
        idle()
    else:
        fragment(watch)(steer)
        fragment(watch, run_every=poll)(status)
with actions_place:
    fragment(show_now)(actions)
with view_place:
    fragment(view)(poll)
over = run is not None and run.state not in ACTIVE and run.weights is not None
follow_tour(Seen("train", trained=run.id if run is not None and over else ""))
# On a phone, Start stands where nothing of the run is in sight, and so may a view that a link leads to.
is_linked = over and st.session_state.get("tab-by-link")
scroll_to(
    '.stTabs [role="tab"][aria-selected="true"]' if is_linked else ".st-key-top",
    st.session_state.get("run", ""),
    "to-the-run",
)
