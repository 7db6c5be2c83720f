"""A Plotly chart that is updated in place.

`st.plotly_chart` mounts a new chart whenever its figure changes, which blinks. This one keeps its node and lets
`Plotly.react` change only what differs.
"""

from typing import Any

import plotly

from webapp.components.address import address_of
from webapp.components.register import component

PLOTLY = "/assets/plotly.min.js"
"""Where this machine's own server has Plotly's script."""

_chart = component("live_chart", __file__, '<div class="live-chart" role="img"></div>')


def live_chart(
    figure: dict[str, Any],
    label: str,
    key: str,
    height: int = 270,
    clickable: bool = False,
    source: str = "",
    stage: str = "",
) -> None:
    """Show a figure, or change the one that is shown.

    Args:
        figure: {"data": [...], "layout": {...}}, as Plotly understands it; see `webapp.charts`.
        label: what the chart shows, for those who hear the page.
        key: names the chart on its page.
        height: in CSS pixels.
        clickable: whether a click on a point runs the page again. The session then has {"clicked": …} under the key:
            the point that was clicked last, as "x", "y" and "customdata" of the figure, with a "count" that tells one
            click from the next; None before the first. It comes from a browser, so it may be anything.
        source: where the browser asks for newer figures a few times a second; "" for nowhere. It answers with
            {"version": …, "stage": …, "going": …, "figures": {key: figure, …}}, asked with the last version as "after",
            and with status 204 if there is nothing new. After a 404 it is asked no more. Charts with the same source
            ask together.
        stage: if the source tells another one, the calling fragment runs again.
    """
    data = {
        "source": source,
        "stage": stage,
        "key": key,
        "figure": figure,
        "label": label,
        "height": height,
        "clickable": clickable,
        "script": plotly_script(),
    }
    if clickable:
        _chart(key=key, data=data, on_clicked_change=lambda: None, default={"clicked": None})
    else:
        _chart(key=key, data=data, on_stage_change=lambda: None)


def plotly_script() -> str:
    """Return the address of the installed Plotly's script; another one for each version."""
    return address_of(f"{PLOTLY}?v={plotly.__version__}")
