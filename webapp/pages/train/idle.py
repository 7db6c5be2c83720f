"""What the training page shows before there is a run: what will be here, and runs that are there already."""

from itertools import islice

import streamlit as st

from webapp.components.empty import nothing_yet
from webapp.formats import as_written, named
from webapp.i18n import gettext as _
from webapp.runs.facts import accuracy_on_test
from webapp.runs.names import run_name
from webapp.runs.shared import runs

SHOWN = 3
LOOKED_AT = 30
"""Of the newest runs: hundreds that never came to their end are not all read for each visitor."""


def idle() -> None:
    """Say what a training shows, and lead to the newest ones on this server that are finished."""
    with nothing_yet(
        "status-idle",
        _("Nothing is training yet"),
        _("Choose a recipe and press **Start**: the curves grow here while the network learns."),
        _(
            "- **Loss**: how wrong the network is. Training pushes it down.\n"
            "- **Accuracy**: the share of the digits that it reads correctly.\n"
            "- **Step**: one small change of all weights, after a look at one batch of images. **Epoch**: once "
            "through all training images.\n"
            "- **Validation**: images that are kept out of the training. They tell whether the network has "
            "learned to read, or has only learned its images by heart."
        ),
    ):
        found = (runs().snapshot(run_id, curves=False) for run_id in runs().all()[:LOOKED_AT])
        finished = islice((run for run in found if run is not None and accuracy_on_test(run) is not None), SHOWN)
        right = _("{share:.2%} on the test images")
        for place, run in enumerate(finished):
            if not place:
                st.caption(_("Or look at one that is there already:"))
            st.page_link(
                "train/page.py",
                label=named(as_written(run_name(run)), right.format(share=accuracy_on_test(run))),
                icon=":material/stacked_line_chart:",
                query_params={"run": run.id},
            )
