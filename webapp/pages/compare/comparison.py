"""The chosen runs side by side: curves over each other, results, and the settings that differ."""

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from webapp.charts.comparison import Axis, Measure, Subset, overlay_figure, run_curve
from webapp.components.empty import nothing_yet
from webapp.components.kept import kept, kept_choice
from webapp.components.live_chart import live_chart
from webapp.i18n import gettext as _
from webapp.pages.compare.run_list import row_of
from webapp.pages.compare.tables import Placed, comparison_table, legend, without_validation
from webapp.runs.names import run_name
from webapp.runs.shared import runs
from webapp.runs.snapshot import ACTIVE


def watch(places: Sequence[str], texts: Mapping[str, DeltaGenerator], going: frozenset[str]) -> None:
    """Show the comparison; while one of the runs in sight is going, this runs again and renews its row as well.

    Args:
        places: see `compared`.
        texts: see `run_list`.
        going: the runs in sight that were going when the page was built.
    """
    still = False
    for run_id in going:
        run = runs().snapshot(run_id, curves=False)
        still = still or (run is not None and run.state in ACTIVE)
        if run is not None and run_id in texts:
            texts[run_id].html(row_of(run, places))
    if going and not still:
        st.rerun()  # once: the polling ends
    chosen = [(place, run) for place, run_id in enumerate(places) if (run := runs().snapshot(run_id)) is not None]
    if chosen:
        _comparison(chosen)
        return
    nothing_yet(
        "nothing-chosen",
        _("Nothing is compared yet"),
        _("Tick runs in the list: their curves are drawn over each other here."),
    )


def _comparison(chosen: Placed) -> None:
    subsets: dict[Subset, str] = {"validation": _("Validation images"), "training": _("Training images")}
    axes: dict[Axis, str] = {"epochs": _("Epochs"), "seconds": _("Seconds")}
    with st.container(horizontal=True, vertical_alignment="center", key="curve-options"):
        subset: Subset = kept_choice(_("Which images"), "compare-part", subsets)
        axis: Axis = kept_choice(_("Horizontal axis"), "compare-axis", axes)
        logarithmic = kept(st.toggle, _("Logarithmic loss"), "compare-log", False)
    st.html(legend(chosen, without_validation(chosen) if subset == "validation" else ""))
    x_title = _("epoch") if axis == "epochs" else _("seconds of training")
    measures: dict[Measure, str] = {"accuracy": _("accuracy"), "loss": _("loss")}
    overlays = st.container(key="overlays")
    for measure, name in measures.items():
        curves = [
            run_curve(run_name(run), place, run.job.recipe, run.records, measure, subset, axis) for place, run in chosen
        ]
        with overlays.container(key=f"{measure}-overlay"):
            live_chart(overlay_figure(curves, measure, x_title, name, logarithmic), name, f"compare-{measure}")
    st.html(comparison_table(chosen))
