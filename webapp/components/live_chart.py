"""A Plotly chart that is updated in place, and words that are.

`st.plotly_chart` mounts a new chart whenever its figure changes, which blinks. This one keeps its node and lets
`Plotly.react` change only what differs.
"""

from typing import Any

import plotly

from webapp.components.address import address_of
from webapp.components.register import component

PLOTLY = "/assets/plotly.min.js"
"""Where this machine's own server has Plotly's script."""

_live = component("live_chart", __file__, "<div></div>")


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
            {"version": …, "stage": …, "going": …, "shown": {key: figure or HTML, …}}, asked with the last version as
            "after", and with status 204 if there is nothing new; "every" says after how many milliseconds it is asked.
            After a 404 it is asked no more. Charts and words with the same source ask together.
        stage: if the source tells another one, the calling fragment runs again.
    """
    data = {
        "source": source,
        "stage": stage,
        "key": key,
        "shown": figure,
        "label": label,
        "height": height,
        "clickable": clickable,
        "script": plotly_script(),
    }
    if clickable:
        _live(key=key, data=data, on_clicked_change=lambda: None, default={"clicked": None})
    else:
        _live(key=key, data=data, on_stage_change=lambda: None)


def live_words(html: str, key: str, source: str = "", stage: str = "") -> None:
    """Show words that change together with charts; the arguments are those of `live_chart`.

    Args:
        html: what is said; whatever a visitor wrote is escaped in it.
        key: names the words on their page.
        source: of newer ones.
        stage: see there.
    """
    data = {"source": source, "stage": stage, "key": key, "shown": html}
    _live(key=key, data=data, on_stage_change=lambda: None)


def plotly_script() -> str:
    """Return the address of the installed Plotly's script; another one for each version."""
    return address_of(f"{PLOTLY}?v={plotly.__version__}")
