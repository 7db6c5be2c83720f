"""The visitor's own drawing, read again with the network of every epoch: its ten probabilities over time."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from mnist_core.data.synthetic import synthetic_digits
from mnist_core.errors import WeightsError
from mnist_core.imaging.preprocess import to_network_input
from mnist_core.network import Network
from webapp.charts.probability_ribbon import ribbon_figure, settled_since
from webapp.components.data_uri import grey_address
from webapp.components.drawing_pad import current_ink
from webapp.components.live_chart import live_chart
from webapp.formats import in_a_row, share_in_words
from webapp.i18n import gettext as _
from webapp.runs.snapshot import ACTIVE, Snapshot

MAX_EPOCHS = 40
"""Epochs that a picture is read with, at most: more could hardly be told apart, and each file takes its time."""
EXAMPLE = 2
"""The digit that stands in for a drawing; with this seed it has a loop, and looks like an 8 for a while."""
EXAMPLE_SEED = 53
GUESS = 0.5
"""An answer that is less sure is called a guess."""


def show(snapshot: Snapshot) -> None:
    """Show this tab of a run."""
    ink = current_ink()
    image = example() if ink is None else to_network_input(ink).centred
    epochs, probabilities = readings(snapshot, image)
    with st.container(horizontal=True, vertical_alignment="center", key="own-digit"):
        address = grey_address(image)
        described = _("What the network sees")
        st.html(f'<img class="own-digit" alt="{described}" src="{address}">', width="content")
        with st.container(gap="small"):
            if ink is None:
                st.markdown(_("An example, drawn by code: a {digit}. What of your own?").format(digit=EXAMPLE))
            if epochs:
                st.markdown(story(epochs, probabilities))
            else:
                st.markdown(_("The network is not there yet. What it says of this picture will appear here."))
            label = _("Draw your own") if ink is None else _("Draw another one")
            with st.container(key="draw-own", width="content"):
                st.page_link("draw/page.py", label=label, icon=":material/draw:")
    if epochs:
        names = {"epoch": _("epoch"), "probability": _("probability")}
        end = snapshot.recipe.epochs if snapshot.state in ACTIVE else round(epochs[-1])
        figure = ribbon_figure(epochs, probabilities, max(end, 1), names)
        live_chart(figure, _("Probability of each digit"), "ribbon", height=340)
    st.caption(
        _(
            "After every epoch the network reads the same picture again. Each band is one digit, as wide as the "
            "network finds it probable."
        )
    )


def spread(epochs: Sequence[int], limit: int = MAX_EPOCHS) -> list[int]:
    """Choose epochs of a long run, so that a growing run keeps those that were chosen, or every other one of them.

    Args:
        epochs: ascending.
        limit: how many at most, besides the first and the last.

    Returns:
        Multiples of the smallest power of two that leaves few enough, with the first and the last epoch.
    """
    stride = 1
    while sum(epoch % stride == 0 for epoch in epochs) > limit:
        stride *= 2
    return [epoch for epoch in epochs if epoch % stride == 0 or epoch in (epochs[0], epochs[-1])]


def readings(snapshot: Snapshot, image: np.ndarray) -> tuple[list[float], np.ndarray]:
    """Read a picture with all networks of a run: after how many epochs, (R,), and what each says, (R, 10)."""
    folder = snapshot.folder
    files = [(float(epoch), folder.epoch_checkpoint(epoch)) for epoch in spread(folder.kept_epochs())]
    weights = snapshot.weights
    if weights is not None and snapshot.state in ACTIVE and snapshot.steps_per_epoch:
        now = snapshot.step / snapshot.steps_per_epoch
        if not files or now > files[-1][0]:
            files.append((now, weights))
    epochs, rows = [], []
    for epoch, path in files:
        try:
            rows.append(_probabilities(path, path.stat().st_mtime_ns, image.tobytes()))
            epochs.append(epoch)
        except (WeightsError, OSError):
            continue  # the file has just been replaced or deleted; the others still tell the story
    return epochs, np.array(rows)


@st.cache_data(show_spinner=False, max_entries=10_000)
def _probabilities(path: Path, changed: int, image: bytes) -> np.ndarray:
    """Read a picture, the bytes of a float32 (28, 28), with the network of a checkpoint or of a file of weights."""
    pixels = np.frombuffer(image, np.float32).reshape(1, 28, 28)
    return Network.load(path).predict_proba(pixels)[0]


def story(epochs: Sequence[float], probabilities: np.ndarray) -> str:
    """Describe what the ribbon shows."""
    digits = probabilities.argmax(axis=1)
    first, now = float(probabilities[0].max()), float(probabilities[-1].max())
    if first >= GUESS:
        beginning = _("In epoch {epoch:g} it said {digit} ({share}).")
    elif epochs[0] == 0:
        beginning = _("Before the first step it could only guess: {digit} ({share}).")
    else:
        beginning = _("In epoch {epoch:g} it could only guess: {digit} ({share}).")
    since = settled_since(digits.tolist())
    if now < GUESS:
        end = _("Now it is not sure: perhaps **{digit}** ({share}).")
    elif since == 0:
        end = _("It has stayed with **{digit}**, now with {share}.")
    else:
        end = _("Since epoch {epoch:g} it says **{digit}**, now with {share}.")
    return in_a_row(
        beginning.format(epoch=round(epochs[0], 1), digit=digits[0], share=share_in_words(first)),
        end.format(epoch=round(epochs[since], 1), digit=digits[-1], share=share_in_words(now)),
    )


@st.cache_data(show_spinner=False)
def example() -> np.ndarray:
    """Draw the digit that stands in for a drawing: float32 (28, 28) in [0, 1]."""
    images, labels = synthetic_digits(10, np.random.default_rng(EXAMPLE_SEED))  # each digit once
    return (images[labels == EXAMPLE][0] / 255).astype(np.float32)
