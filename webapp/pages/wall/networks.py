"""How networks read the class: each of them, all drawings, and the writers that are read worst."""

from hashlib import sha256
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

from mnist_core.errors import WeightsError
from mnist_core.network import Network
from webapp.components.turn import out_of_turn
from webapp.datasets import class_folder
from webapp.i18n import gettext as _
from webapp.networks.choice import Choice, choices, chosen
from webapp.networks.file_cache import FileCache
from webapp.networks.recognizers import recognizer
from webapp.runs.names import run_name
from webapp.runs.shared import runs
from webapp.visitors.wall import ClassDrawings, class_drawings

MAX_NETWORKS = 6
MAX_WRITERS = 6
MIN_DRAWINGS = 3
"""Of a writer: fewer say little."""
MIN_ACCURACY = 0.5
"""Of the test images: a network that reads fewer, as some of an experiment do, says nothing about a handwriting."""
MAX_BYTES = 2_000_000
"""Of all readings that are held ready, a byte for each drawing."""

_read: FileCache[np.ndarray] = FileCache(MAX_BYTES, lambda digits: digits.nbytes)


class Row(NamedTuple):
    """How a network reads the class.

    Attributes:
        name: of the network, as a visitor may have written it.
        tested: the share of its data set's test images that it reads; None if nobody has measured that.
        right: bool (N,), which of the class's drawings it reads as they were meant.
    """

    name: str
    tested: float | None
    right: np.ndarray


def networks() -> None:
    """Show a table: a row for each network, a column for each of the writers that are read worst."""
    drawings = class_drawings()
    if not len(drawings.labels):
        st.info(_("Nothing is on the wall yet. What the class sends appears here by itself."))
        return
    with out_of_turn():  # a large network takes a moment for two thousand drawings
        rows = [row for choice in compared() if (row := _row(choice, drawings)) is not None]
    st.html(table_html(rows, drawings))
    st.caption(
        _(
            "A writer is a phone or a computer that has sent at least {count} drawings. The letters say nothing about "
            "who it is. Those who are read worst come first, by the networks that read at least half of their test "
            "images."
        ).format(count=MIN_DRAWINGS)
    )
    st.button(_("Read again"), icon=":material/refresh:", key="wall-again")


def compared() -> list[Choice]:
    """List the networks: the one that ships, this visitor's, the newest that learned from the class, other new ones."""
    first = {choice.key: choice for choice in (choices()[0], chosen())}
    from_class: dict[str, Choice] = {}
    others: dict[str, Choice] = {}
    for run_id in runs().all():
        run = runs().snapshot(run_id, curves=False)
        if run is not None and run.state == "finished" and run.weights is not None:
            group = from_class if not from_class and Path(run.job.data).name == class_folder().name else others
            group[run_id] = Choice(run_id, run_name(run), run.weights)
    return list((first | from_class | others).values())[:MAX_NETWORKS]


def _row(choice: Choice, drawings: ClassDrawings) -> Row | None:
    """Read the class with a network; None if it cannot be loaded."""
    try:
        network = recognizer(choice.path).network
    except WeightsError:
        return None
    which = sha256(drawings.images.tobytes()).digest()
    digits = _read.get(choice.path, lambda: digits_read(network, drawings.images), which)
    has_seen = network.data_name == class_folder().name
    name = _("{network}, which learned from these").format(network=choice.name) if has_seen else choice.name
    return Row(name, network.test_accuracy, digits == drawings.labels)


def digits_read(network: Network, images: np.ndarray) -> np.ndarray:
    """Read images (N, 28, 28) as `Recognizer` reads drawings: uint8 (N,), 10 for what looks like no digit."""
    logits = network.logits(images)
    digits = logits.argmax(axis=1).astype(np.uint8)
    if network.ood_threshold is not None:
        digits[np.logaddexp.reduce(logits, axis=1) < network.ood_threshold] = 10
    return digits


def worst_writers(rows: list[Row], drawings: ClassDrawings) -> list[int]:
    """List the writers whose drawings are read worst by all networks that read digits at all, the worst first.

    Args:
        rows: at least one network.
        drawings: of the class.
    """
    able = [row for row in rows if row.tested is not None and row.tested >= MIN_ACCURACY]
    right = np.mean([row.right for row in able or rows], axis=0)
    shares = {
        writer: float(right[drawings.writers == writer].mean())
        for writer in range(drawings.writer_count)
        if (drawings.writers == writer).sum() >= MIN_DRAWINGS
    }
    return sorted(shares, key=shares.__getitem__)[:MAX_WRITERS]


def table_html(rows: list[Row], drawings: ClassDrawings) -> str:
    """Write the table; the more of a writer's drawings are misread, the stronger the colour behind the share."""
    writers = worst_writers(rows, drawings) if rows else []
    heads = [_("Network"), _("Its test images"), _("The class"), *(writer_name(writer) for writer in writers)]
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    body = ""
    for row in rows:
        parts = [slice(None), *(drawings.writers == writer for writer in writers)]
        cells = "".join(_cell(row.right[part]) for part in parts)
        tested = "–" if row.tested is None else f"{row.tested:.1%}"
        body += f'<tr><th scope="row">{escape(row.name)}</th><td>{tested}</td>{cells}</tr>'
    return f'<div class="wall-networks"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def writer_name(writer: int) -> str:
    """Return what a writer is called: writer A to writer Z, then writer A2 and so on."""
    letter, again = chr(ord("A") + writer % 26), writer // 26
    return _("Writer {letter}").format(letter=f"{letter}{again + 1}" if again else letter)


def _cell(right: np.ndarray) -> str:
    wrong = 1 - float(right.mean())
    count = f"{int(right.sum())}/{len(right)}"
    return f'<td style="--wrong:{wrong:.2f}">{1 - wrong:.0%} <small>{count}</small></td>'
