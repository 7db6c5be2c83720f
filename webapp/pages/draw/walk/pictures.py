"""The numbers of a walk as pictures: a vector as coloured cells, ten numbers as bars."""

import math
import re
from html import escape

import numpy as np
from PIL import Image

from webapp.charts.weight_images import round_scale, weight_pictures
from webapp.components.data_uri import picture_address
from webapp.i18n import gettext as _
from webapp.pages.draw.walk.content import number


def cells_address(values: np.ndarray) -> str:
    """Draw a vector as a nearly square picture, a pixel for each number: blue below 0, orange above, 0 transparent.

    Args:
        values: float (U,); 784 of them are the pixels of an image.

    Returns:
        The address of a PNG; what is left of its last row is transparent.
    """
    columns, rows = grid(len(values))
    padded = np.zeros(rows * columns, values.dtype)
    padded[: len(values)] = values
    peak = float(np.abs(values).max())
    if peak:
        padded /= peak  # where the network is very sure, all slopes are tiny, and their picture should still be seen
    return picture_address(Image.fromarray(weight_pictures(padded.reshape(rows, columns), round_scale(padded))))


def cells(address: str, values: np.ndarray, chosen: int) -> str:
    """Return a vector's picture as HTML: the chosen number is framed, and the range of all stands below."""
    columns, rows = grid(len(values))
    row, column = divmod(chosen, columns)
    place = f"left:{100 * column / columns:.3f}%;top:{100 * row / rows:.3f}%"
    frame = f'<i style="{place};width:{100 / columns:.3f}%;height:{100 / rows:.3f}%"></i>'
    described = _("{count:,} numbers as a picture").format(count=len(values))
    facts = _("{low} to {high}, mean {mean}; {zero:,} of {count:,} are 0.").format(
        low=html_number(values.min()),
        high=html_number(values.max()),
        mean=html_number(values.mean()),
        zero=int((values == 0).sum()),
        count=len(values),
    )
    picture = f'<div style="aspect-ratio:{columns}/{rows}"><img alt="{escape(described)}" src="{address}">{frame}</div>'
    return f'<figure class="walk-cells">{picture}<figcaption>{facts}</figcaption></figure>'


def grid(count: int) -> tuple[int, int]:
    """Return columns and rows of a nearly square grid with room for a count."""
    columns = math.isqrt(count - 1) + 1
    return columns, -(-count // columns)


def bars(values: np.ndarray, chosen: int, before: np.ndarray | None = None) -> str:
    """Draw ten numbers, one for each digit, as bars to both sides of 0: blue below it, orange above.

    Args:
        values: (10,).
        chosen: the digit that stands out.
        before: (10,), drawn as thin lines for comparison.

    Returns:
        HTML.
    """
    shown = values if before is None else np.concatenate([values, before])
    low, high = min(float(shown.min()), 0.0), max(float(shown.max()), 0.0)
    span = (high - low) or 1.0

    def fill(value: float, kind: str) -> str:
        left, width = (min(value, 0.0) - low) / span, abs(value) / span
        sign = "negative" if value < 0 else "positive"
        return f'<i class="{kind} {sign}" style="left:{100 * left:.2f}%;width:{100 * width:.2f}%"></i>'

    rows = []
    for digit, value in enumerate(values):
        old = "" if before is None else fill(float(before[digit]), "before")
        mark = ' class="chosen"' if digit == chosen else ""
        track = f"<div>{fill(float(value), 'now')}{old}</div>"
        rows.append(f"<div{mark}><span>{digit}</span>{track}<span>{html_number(value)}</span></div>")
    return f'<div class="walk-bars">{"".join(rows)}</div>'


def html_number(value: float) -> str:
    """Return a number as `number` does, for HTML: with a real minus sign, and the power of ten raised."""
    text = number(value).replace("-", "−")
    return re.sub(r" \\cdot 10\^\{(.+)\}", r"·10<sup>\1</sup>", text)
