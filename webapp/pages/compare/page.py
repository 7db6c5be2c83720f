"""The page that lists all runs of this server, and puts chosen ones side by side."""

import streamlit as st

from webapp.components.empty import nothing_yet
from webapp.components.turn import fragment
from webapp.frame.page_title import page_title
from webapp.i18n import gettext as _
from webapp.pages.compare.comparison import watch
from webapp.pages.compare.places import compared
from webapp.pages.compare.run_list import run_list
from webapp.runs.shared import runs
from webapp.runs.snapshot import ACTIVE

POLL_SECONDS = 1.0

page_title(_("Compare runs"), _("Tick runs in the list: their curves, settings and results stand side by side."))
if runs().all():
    places = compared()
    left, right = st.columns([5, 9], gap="medium")
    with left, st.container(key="runs"):
        texts = run_list(places)
        if any(places):
            st.html('<a class="jump" href="#comparison">' + _("See the comparison") + "</a>")
    in_sight = [runs().snapshot(run_id, curves=False) for run_id in {*texts, *places}]
    going = frozenset(run.id for run in in_sight if run is not None and run.state in ACTIVE)
    with right:
        fragment(watch, run_every=POLL_SECONDS if going else None)(places, texts, going)
else:
    with nothing_yet(
        "no-runs",
        _("There are no runs yet"),
        _("Every training on this server is listed here, with its curves, its settings and its results."),
    ):
        st.page_link("train/page.py", label=_("Train a network"), icon=":material/model_training:")
