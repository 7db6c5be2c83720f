"""A Plotly chart that is updated in place.

`st.plotly_chart` mounts a new chart whenever its figure changes, which blinks. This one keeps its node and lets
`Plotly.react` change only what differs.
"""

from pathlib import Path
from typing import Any

import plotly
import streamlit as st

from mnist_core.io.atomic_file import atomic_write
from webapp.components.register import component

_chart = component("live_chart", __file__, '<div class="live-chart" role="img"></div>')


def live_chart(figure: dict[str, Any], label: str, key: str, height: int = 270, clickable: bool = False) -> None:
    """Show a figure, or change the one that is shown.

    Args:
        figure: {"data": [...], "layout": {...}}, as Plotly understands it; see `webapp.charts`.
        label: what the chart shows, for those who hear the page.
        key: names the chart on its page.
        height: in CSS pixels.
        clickable: whether a click on a point runs the page again. The session then has {"clicked": …} under the key:
            the point that was clicked last, as "x", "y" and "customdata" of the figure, with a "count" that tells one
            click from the next; None before the first. It comes from a browser, so it may be anything.
    """
    data = {"figure": figure, "label": label, "height": height, "clickable": clickable, "script": plotly_script()}
    if clickable:
        _chart(key=key, data=data, on_clicked_change=lambda: None, default={"clicked": None})
    else:
        _chart(key=key, data=data)


@st.cache_resource(show_spinner=False)
def plotly_script() -> str:
    """Copy the installed Plotly's script to where Streamlit serves it, and give its address."""
    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    target = Path("static") / "plotly.min.js"
    if not target.exists() or target.stat().st_size != source.stat().st_size:
        with atomic_write(target) as file:
            file.write(source.read_bytes())
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"{'/' + base if base else ''}/app/static/{target.name}?v={plotly.__version__}"
