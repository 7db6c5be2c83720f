"""The failure lab: trainings that go wrong on purpose, each beside the one setting that mends it."""

import streamlit as st

from webapp.components.turn import fragment
from webapp.datasets import MNIST, default_data
from webapp.frame.page_title import page_title
from webapp.i18n import gettext
from webapp.i18n import gettext as _
from webapp.pages.lab.experiment import buttons, current_runs, is_going, open_failure
from webapp.pages.lab.observation import explain, watch
from webapp.pages.lab.prediction import prediction

POLL_SECONDS = 0.5

page_title(_("Failure lab"), _("Let a training go wrong on purpose, see how that looks, and mend it with one setting."))
chosen = open_failure()
started = current_runs(chosen)
data = started["fail"].job.data if "fail" in started else default_data()
st.html(f'<h2 class="failure">{gettext(chosen.title)}</h2><p class="failure">{gettext(chosen.setup)}</p>')
if data != MNIST:
    st.caption(_("MNIST is not on this computer: the lab trains with digits drawn by code, and the figures differ."))
prediction(chosen, started)
buttons(chosen, started, data)
st.session_state["lab-watched"] = is_going(started)
fragment(watch, run_every=POLL_SECONDS if is_going(started) else None)(chosen)
if started:
    explain(chosen)
