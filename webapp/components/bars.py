"""Ten bars, one for each digit, that move to their new lengths."""

import numpy as np

from webapp.components.register import component

_BAR = (
    '<div class="bar" role="listitem">'
    '<span>{}</span><div class="track"><div class="fill"></div></div><span class="value"></span></div>'
)
_HTML = f'<div class="bars" role="list">{"".join(map(_BAR.format, range(10)))}</div>'
_bars = component("probability_bars", __file__, _HTML)


def probability_bars(probabilities: np.ndarray | None, label: str, key: str) -> None:
    """Show ten probabilities.

    Args:
        probabilities: (10,) in [0, 1]; None for ten empty bars.
        label: what the bars show, for those who hear the page.
        key: names the bars on their page.
    """
    values = [0.0] * 10 if probabilities is None else [round(float(p), 4) for p in probabilities]
    _bars(key=key, data={"values": values, "known": probabilities is not None, "label": label})
