"""The drawing page: draw a digit or a number, and see at once what the network reads."""

import math
from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from mnist_core.errors import DataError, WeightsError
from mnist_core.preprocess import Stages, Steps
from mnist_core.recognizer import Recognition, Recognizer
from webapp import pad
from webapp.bars import probability_bars
from webapp.evaluations import dataset, is_offered
from webapp.frame import page_title
from webapp.networks import Choice, choices, choose, chosen
from webapp.resources import recognizer
from webapp.sheets import grey_address
from webapp.texts import gettext as _

DEFAULT_PEN = 30
"""Width of the pen on a board of 400: about as thick as the strokes of MNIST in a digit that fills the board."""

DOUBTS = ("no digit", "unsure", "sure")
"""From the greatest doubt to none: what is no digit may still have one large probability."""
SMALLEST_FROM = 6
"""From so many digits on they are shown as small as they get."""


class TestImage(NamedTuple):
    """A test image of a data set.

    Attributes:
        place: counted from 0.
        pixels: uint8 (28, 28).
        label: the digit that it is.
        data_name: of the data set, in the visitor's language.
    """

    place: int
    pixels: np.ndarray
    label: int
    data_name: str


@st.fragment
def pad_and_answer() -> None:
    """Show the pad with its tools and the answer beside it; a stroke runs this again, and nothing else."""
    image = _asked_image()
    reader = _chosen_recognizer()
    left, right = st.columns([6, 7], gap="large")
    with left:
        if image is None:
            ink = pad.pad(_("Draw a digit or a whole number here"), st.session_state.get("kept_pen", DEFAULT_PEN))
            _tools()
        else:
            _show_image(image)
    read: list[Recognition] = []
    if reader is not None and image is not None:
        read = [reader.recognize(image.pixels)]
    elif reader is not None and ink is not None:
        read = [part.recognition for part in reader.recognize_number(ink)]
    with right:
        _answer(read)
    # Below both, so that on a phone the answer follows the pad.
    left, right = st.columns([6, 7], gap="large")
    with left:
        if image is None:
            _pen_width()
        elif reader is not None:
            _way_into_the_network(reader, image, read[0].stages)
    with right:
        _network_choice()


def _asked_image() -> TestImage | None:
    """Look up the test image that the URL asks for; None if it asks for none, or for one that is not there."""
    asked = st.query_params.get("test", "")
    data = st.query_params.get("data", "mnist")
    if not asked:
        return None
    try:
        # The link may come from anyone: no other folder than those on offer is looked at.
        if asked.isascii() and asked.isdecimal() and len(asked) < 8 and is_offered(data):
            found, place = dataset(data), int(asked)
            if place < len(found.test_images):
                name = _("synthetic digits") if found.synthetic else found.name
                return TestImage(place, found.test_images[place], int(found.test_labels[place]), name)
    except DataError as error:
        st.warning(str(error), icon=":material/warning:")
        return None
    st.warning(_("The link asks for a test image that is not on this computer."), icon=":material/warning:")
    return None


def _show_image(image: TestImage) -> None:
    """Show a test image in place of the pad, and the way back to it."""
    address = grey_address(image.pixels / 255)
    described = _("Test image {place:,} of {data}, labelled {label}").format(
        place=image.place + 1, data=image.data_name, label=image.label
    )
    st.html(f'<img class="board" alt="{escape(described)}" src="{address}" width="432" height="432">')
    with st.container(horizontal=True, vertical_alignment="center", key="test-image"):
        st.markdown(described, width="content")
        st.button(_("Draw yourself"), icon=":material/draw:", key="draw-yourself", on_click=_leave_image)


def _leave_image() -> None:
    for name in ("test", "data"):
        st.query_params.pop(name, None)


def _way_into_the_network(reader: Recognizer, image: TestImage, stages: Stages) -> None:
    """Show what happens to a picture before it is read, and how it is read without that."""
    pictures = {
        _("cut out"): stages.crop,
        _("strokes evened"): stages.evened,
        _("scaled"): stages.fitted,
        _("centred"): stages.centred,
    }
    shown = "".join(
        f'<figure><img alt="" src="{grey_address(picture)}"><figcaption>{name}</figcaption></figure>'
        for name, picture in pictures.items()
        if picture.size
    )
    st.html(f'<div class="stages">{shown}</div>')
    plain = Recognizer(reader.network, Steps(crop=False)).recognize(image.pixels)
    if plain.digit is not None:
        text = _(
            "The answer is for the image as this page prepares every drawing. Read as it lies in the data set, as in "
            "training, the network reads **{digit}** ({share})."
        )
        st.caption(text.format(digit=plain.digit, share=_percent(_confidence(plain))))


def _tools() -> None:
    """Show undo, redo and clear."""
    with st.container(horizontal=True, key="tools"):
        st.button(_("Undo"), icon=":material/undo:", key="undo", on_click=pad.undo, disabled=not pad.can_undo())
        st.button(_("Redo"), icon=":material/redo:", key="redo", on_click=pad.redo, disabled=not pad.can_redo())
        st.button(_("Clear"), icon=":material/delete:", key="clear", on_click=pad.clear)


def _pen_width() -> None:
    """Show the slider of the pen's width; the value outlives a visit to another page."""
    if "pen" not in st.session_state:
        st.session_state["pen"] = st.session_state.get("kept_pen", DEFAULT_PEN)
    st.slider(
        _("Pen width"),
        10,
        60,
        step=2,
        key="pen",
        on_change=lambda: st.session_state.update(kept_pen=st.session_state["pen"]),
    )


def _answer(found: list[Recognition]) -> None:
    """Show what was read, how sure that is, what the network saw, and the ten probabilities."""
    read = [recognition for recognition in found if recognition.digit is not None]
    # Of several digits, the one that is least sure.
    shown = min(read, key=lambda found: (DOUBTS.index(found.certainty), _confidence(found)), default=None)
    with st.container(horizontal=True, vertical_alignment="center", gap="large"):
        with st.container(key="digit", width="stretch"):
            digits = "".join(_digit_html(recognition) for recognition in read)
            size = f"digits-{min(len(read), SMALLEST_FROM)}"
            st.html(
                f'<div class="digit {size if read else "none"}" aria-live="polite">{digits or "—"}</div>'
                f'<p class="certainty">{_certainty(read, shown)}</p>'
            )
        with st.container(width="content", gap="small"):
            caption = _("What the network sees")
            with st.container(key="seen"):
                images = [recognition.image for recognition in read] or [np.zeros((28, 28))]
                columns = math.ceil(math.sqrt(len(images)))
                pictures = "".join(f'<img alt="{caption}" src="{grey_address(image)}">' for image in images)
                st.html(f'<div class="seen" style="--columns: {columns}">{pictures}</div>')
            st.html(f'<p class="caption">{caption}</p>')
    with st.container(key="probabilities"):
        probabilities = None if shown is None else shown.probabilities
        probability_bars(probabilities, _("Probability of each digit"), key="bars")


def _confidence(recognition: Recognition) -> float:
    return 0.0 if recognition.probabilities is None else float(recognition.probabilities.max())


def _percent(share: float) -> str:
    return f"{share:.0%}" if share < 0.995 else ">99%"


def _digit_html(recognition: Recognition) -> str:
    """Give a digit as it is shown: paler when it is not sure, a question mark where no digit is."""
    if recognition.certainty == "sure":
        return f"<span>{recognition.digit}</span>"
    text = "?" if recognition.certainty == "no digit" else str(recognition.digit)
    return f'<span class="doubtful">{text}</span>'


def _certainty(read: list[Recognition], shown: Recognition | None) -> str:
    """Say in words how sure the answer is; of several digits, what the bars below show."""
    if shown is None or shown.probabilities is None:
        return "&nbsp;"  # keeps its line
    best, second = np.argsort(shown.probabilities)[:-3:-1]
    share = _confidence(shown)
    texts = {
        "sure": _("{share:.0%} sure") if share < 0.995 else _("more than 99% sure"),
        "unsure": _("not sure: {best} or {second}"),
        "no digit": _("this doesn't look like a digit"),
    }
    text = texts[shown.certainty].format(share=share, best=best, second=second)
    if len(read) == 1:
        return text
    return _("digit {place} of {count}: {text}").format(place=read.index(shown) + 1, count=len(read), text=text)


def _network_choice() -> None:
    """Let the visitor choose which network reads."""
    names = {choice.key: _network_name(choice) for choice in choices()}
    if st.session_state.get("network_choice") not in names:
        st.session_state["network_choice"] = chosen().key
    key = st.selectbox(
        _("Network"),
        list(names),
        format_func=names.__getitem__,
        key="network_choice",
        on_change=lambda: choose(st.session_state["network_choice"]),
    )
    if key == "default":
        st.query_params.pop("network", None)
    else:
        st.query_params["network"] = key


def _network_name(choice: Choice) -> str:
    """Name a network, and say how well it reads which test images."""
    if choice.trains:
        return _("{name} — in training").format(name=choice.name)
    try:
        network = recognizer(choice.path).network
    except WeightsError:
        return choice.name
    if network.test_accuracy is None:
        return choice.name
    data = _("synthetic digits") if network.synthetic else network.data_name
    return _("{name} — reads {accuracy:.2%} of the {data} test images").format(
        name=choice.name, accuracy=network.test_accuracy, data=data
    )


def _chosen_recognizer() -> Recognizer | None:
    try:
        return recognizer(chosen().path)
    except WeightsError as error:
        st.error(_("This network cannot be loaded: {reason}").format(reason=error), icon=":material/error:")
        return None


page_title(_("Draw a digit"), _("A neural network, written from scratch in NumPy, reads it as you draw."))
pad_and_answer()
