"""How the class's drawings were read, in figures: all together, each digit, and what was taken for what."""

from webapp.charts.confusion import confusion_figure
from webapp.charts.curve import Figure
from webapp.i18n import gettext as _
from webapp.visitors.wall import ENOUGH, ClassDrawings


def misreading(label: int, read: int | None) -> str:
    """Return in words what was meant and what was read."""
    if read is None:
        return _("{asked}, no digit seen").format(asked=label)
    if read == label:
        return _("{asked}, read correctly").format(asked=label)
    return _("{asked}, read as {read}").format(asked=label, read=read)


def accuracy_html(drawings: ClassDrawings) -> str:
    """Write how many drawings were read as they were meant, and how many have drawn them."""
    count = len(drawings.labels)
    if not count:
        return ""
    right = int((drawings.read == drawings.labels).sum())
    figures = (
        (f"{right / count:.0%}", _("read as they were meant: {right} of {count}").format(right=right, count=count)),
        (f"{drawings.writer_count}", _("writers") if drawings.writer_count > 1 else _("writer")),
    )
    shown = "".join(f"<div><strong>{number}</strong><span>{text}</span></div>" for number, text in figures)
    return f'<div class="wall-figures">{shown}</div>'


def count_html(drawings: ClassDrawings) -> str:
    """Write for each digit how many drawings there are of it, and which share of them was read."""
    matrix = drawings.confusion
    cells = []
    for digit, row in enumerate(matrix):
        count = int(row.sum())
        share = f"{row[digit] / count:.0%}" if count else "–"
        cells.append(
            f'<li class="{"" if count else "none"}"><b>{digit}</b><span>×{count}</span><span>{share}</span></li>'
        )
    title = _("How many drawings there are of each digit, and how many of them were read")
    return f'<p>{title}</p><ul class="wall-counts">{"".join(cells)}</ul>'


def enough_html(drawings: ClassDrawings) -> str:
    """Write how many drawings there are, and how many it takes for a data set while there are too few."""
    count = len(drawings.labels)
    if count >= ENOUGH:
        return "<p>" + _("Drawings on the wall: {count}").format(count=count) + "</p>"
    text = _("For a data set it takes at least {enough} drawings; there are {count}.")
    return "<p>" + text.format(enough=ENOUGH, count=count) + "</p>"


def confusion(drawings: ClassDrawings) -> Figure:
    """Draw which digits were taken for which; the last column is for what looked like no digit."""
    names = {
        "true": _("what was meant"),
        "read": _("what the network read"),
        "none": "–",
        "cell": _("{digit} read as {read}: {count:,} of {total:,} ({share:.1%})"),
    }
    return confusion_figure(drawings.confusion, None, names)
