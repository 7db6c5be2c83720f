"""Why this digit and not another one: the ink that spoke for and against it, and the nearest training images."""

from html import escape

import numpy as np
import streamlit as st
from PIL import Image

from mnist_core.errors import DataError
from mnist_core.explain.attribution import gradient_times_input, occlusion, without_ninths
from mnist_core.explain.nearest_images import Neighbours
from mnist_core.network import Network
from mnist_core.recognizer import Recognition, Recognizer
from webapp.charts.signs import LOWERS, RAISES, signs_legend
from webapp.components.data_uri import grey_address, picture_address
from webapp.components.empty import nothing_drawn
from webapp.datasets import MNIST, SYNTHETIC, data_folders, data_name, dataset, default_data
from webapp.formats import in_a_row, share_in_words
from webapp.i18n import error_text
from webapp.i18n import gettext as _

PLAIN_INK = 0.4
"""How bright ink is that says nothing: grey, so that the colours stand out."""
TILES = 12
CLEARLY = 0.1
"""From this share of the strongest evidence on, what speaks against a digit is worth a sentence."""
NOTICED = 0.01
"""A probability that falls by less has not changed in whole percent: nobody says "from more than 99% to 99%"."""
AT_ALL = -1
"""Stands for "no other digit" in the choice."""


def show(reader: Recognizer, read: Recognition | None) -> None:
    """Show which ink speaks for the digit and which against it, and the nearest training images; see `show_view`."""
    with st.container(key="why"):
        if read is None or read.probabilities is None:
            nothing_drawn(_("Draw a digit: here the ink is coloured by what it says to the network."))
            return
        left, right = st.columns(2, gap="large")
        with left:
            _ink(reader.network, read.image, read.probabilities)
        with right:
            _nearest_images(reader.network, read.image, int(read.probabilities.argmax()))


def coloured(image: np.ndarray, values: np.ndarray) -> Image.Image:
    """Colour an image by what speaks for (orange) and against (blue); the strongest value has the full colour.

    Args:
        image: float (28, 28) in [0, 1]; where nothing speaks, ink stays grey.
        values: float (28, 28), positive for, negative against; not-a-number counts as 0.
    """
    values = np.nan_to_num(values, posinf=0, neginf=0)
    strength = np.abs(values) / max(float(np.abs(values).max()), 1e-12)
    colours = np.where(values[..., None] > 0, RAISES, LOWERS)  # (28, 28, 3)
    grey = 255 * PLAIN_INK * image[..., None]
    pixels = grey + strength[..., None] * (colours - grey)
    return Image.fromarray(pixels.round().astype(np.uint8))


def _ink(network: Network, image: np.ndarray, probabilities: np.ndarray) -> None:
    """Ask for two digits, and show which ink speaks for the one and which for the other."""
    digit, other = _asked_digits(probabilities)
    falls = occlusion(network, image, digit, other)
    whole, without = without_ninths(network, image)
    slopes = gradient_times_input(network, image, digit, other)
    case = str(digit) if other is None else _("{digit} rather than {other}").format(digit=digit, other=other)
    figures = (
        (_("Slope × ink"), _("What would change if this ink grew a little fainter"), slopes),
        (_("Wiped"), _("What changes when a small patch here is wiped"), falls),
    )
    pictures = "".join(
        f'<figure><img alt="{title}: {text}" src="{picture_address(coloured(image, values))}">'
        f"<figcaption><b>{title}</b><br>{text}</figcaption></figure>"
        for title, text, values in figures
    )
    note = _("Two ways to ask, and neither gives the whole reason. Look where they agree.")
    legend = signs_legend(_("for {case}").format(case=case), _("against"))
    st.html(
        f'<p class="why-words">{sentence(network, whole, without, digit, other, case)}</p>'
        f'<div class="why-pictures">{pictures}</div>'
        f'{legend}<p class="caption">{note}</p>'
    )


def _asked_digits(probabilities: np.ndarray) -> tuple[int, int | None]:
    """Ask which digit is meant, and which other one it is compared with.

    The best and the second best digit, until the visitor chooses; what was chosen holds while the answer is the same.
    """
    order = np.argsort(-probabilities, kind="stable").tolist()
    kept = st.session_state.get("why_kept", {})
    digit, other = kept.get(order[0], order[:2])
    if other == digit:
        other = next(best for best in order if best != digit)
    st.session_state["why_digit"], st.session_state["why_other"] = digit, other

    def keep() -> None:
        chosen = st.session_state["why_digit"], st.session_state["why_other"]
        st.session_state["why_kept"] = {order[0]: chosen}

    digits = {option: _("Why {digit}").format(digit=option) for option in range(10)}
    others = {AT_ALL: _("by itself?")} | {option: _("and not {digit}?").format(digit=option) for option in range(10)}
    with st.container(horizontal=True):
        for label, names, key, width in (
            (_("Digit"), digits, "why_digit", 130),
            (_("Compared with"), others, "why_other", 170),
        ):
            st.selectbox(
                label,
                list(names),
                key=key,
                format_func=names.__getitem__,
                label_visibility="collapsed",
                width=width,
                on_change=keep,
            )
    return digit, None if other == AT_ALL else other


def sentence(network: Network, whole: np.ndarray, without: np.ndarray, digit: int, other: int | None, case: str) -> str:
    """Describe where the strongest evidence is, and what the network would read without it.

    Args:
        network: the network.
        whole: (10,), the logits of the drawing.
        without: (3, 3, 10), the logits without each ninth of the field.
        digit: the digit that is asked for.
        other: the one that it is compared with.
        case: the two in words.
    """
    scores = without[..., digit] if other is None else without[..., digit] - without[..., other]
    falls = (whole[digit] if other is None else whole[digit] - whole[other]) - scores.ravel()  # (9,)
    logits = np.stack([whole, without.reshape(9, -1)[falls.argmax()]])
    before, after = network.probabilities(logits)
    places = (
        *(_("in the upper left"), _("at the top"), _("in the upper right")),
        *(_("on the left"), _("in the middle"), _("on the right")),
        *(_("in the lower left"), _("at the bottom"), _("in the lower right")),
    )
    sentences = []
    if falls.max() > 0:
        text, asked, read = _("The ink {place} speaks most for {case}."), digit, int(after.argmax())
        if before.argmax() != read:
            asked = read
            text = _("The ink {place} speaks most for {case}: without it, the network would read {read} ({share}).")
        elif before[digit] - after[digit] >= NOTICED:
            text = _("The ink {place} speaks most for {case}: without it, {digit} goes from {before} to {share}.")
        elif before[digit] > after[digit]:
            asked = read
            text = _(
                "The ink {place} speaks most for {case}: without it, the network would still read {read} ({share})."
            )
        sentences.append(
            text.format(
                place=places[falls.argmax()],
                case=case,
                digit=digit,
                read=read,
                before=share_in_words(before[digit]),
                share=share_in_words(after[asked]),
            )
        )
    if falls.min() < -CLEARLY * np.abs(falls).max():
        sentences.append(_("The ink {place} speaks most against it.").format(place=places[falls.argmin()]))
    return in_a_row(*sentences)


def _nearest_images(network: Network, image: np.ndarray, digit: int) -> None:
    """Show the training images that are most like the drawing."""
    try:
        data, is_own = training_data(network)
        found, neighbours = dataset(data), _neighbours(data)
    except DataError as error:
        st.error(error_text(error), icon=":material/error:")
        return
    places, _distances = neighbours.nearest(image, TILES)
    labels = neighbours.labels[places].tolist()
    figures = "".join(
        f'<figure class="{"same" if label == digit else "other"}">'
        f'<img alt="{label}" src="{grey_address(found.train_images[place] / 255)}">'
        f"<figcaption>{label}</figcaption></figure>"
        for place, label in zip(places, labels, strict=True)
    )
    title = _("The nearest training images ({data})").format(data=data_name(found.name, found.synthetic))
    same = _("{same} of {count} are labelled {digit}, which the network finds most probable.").format(
        same=labels.count(digit), count=len(labels), digit=digit
    )
    note = _(
        "The network does not look these up: it keeps no image, only its weights. A program that compares pixels would."
    )
    st.html(
        f'<p class="why-words"><b>{escape(title)}</b><br>{same}</p>'
        f'<div class="why-nearest">{figures}</div><p class="caption">{note}</p>'
    )
    if not is_own:
        st.caption(_("MNIST is not on this computer: these digits are drawn by code."))
        st.page_link("train/page.py", label=_("Download MNIST on the training page"), icon=":material/school:")


def training_data(network: Network) -> tuple[str, bool]:
    """Return the data set to search, as `load_dataset` takes it, and whether the network learned from its kind."""
    own = [str(folder) for folder in data_folders() if folder.name == network.data_name]
    if own or network.synthetic:
        return (own or [SYNTHETIC])[0], True
    data = default_data()
    return data, data == MNIST


@st.cache_resource(show_spinner=False, max_entries=2)
def _neighbours(data: str) -> Neighbours:
    found = dataset(data)
    return Neighbours(found.train_images, found.train_labels)
