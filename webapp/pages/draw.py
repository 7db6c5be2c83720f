"""The drawing page: draw a digit or a number, and see at once what the network reads."""

import base64
import io
import math

import numpy as np
import streamlit as st
from PIL import Image

from mnist_core.errors import WeightsError
from mnist_core.recognizer import NumberPart, Recognition, Recognizer
from webapp import pad
from webapp.bars import probability_bars
from webapp.frame import page_title
from webapp.networks import Choice, choices, choose, chosen
from webapp.resources import recognizer
from webapp.texts import gettext as _

DEFAULT_PEN = 30
"""Width of the pen on a board of 400: about as thick as the strokes of MNIST in a digit that fills the board."""

DOUBTS = ("no digit", "unsure", "sure")
"""From the greatest doubt to none: what is no digit may still have one large probability."""
SMALLEST_FROM = 6
"""From so many digits on they are shown as small as they get."""


@st.fragment
def pad_and_answer() -> None:
    """Show the pad with its tools and the answer beside it; a stroke runs this again, and nothing else."""
    left, right = st.columns([6, 7], gap="large")
    with left:
        ink = pad.pad(_("Draw a digit or a whole number here"), st.session_state.get("kept_pen", DEFAULT_PEN))
        _tools()
    with right:
        reader = _chosen_recognizer()
        if reader is not None:
            _answer([] if ink is None else reader.recognize_number(ink))
    # Below both, so that on a phone the answer follows the pad.
    left, right = st.columns([6, 7], gap="large")
    with left:
        _pen_width()
    with right:
        _network_choice()


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


def _answer(parts: list[NumberPart]) -> None:
    """Show what was read, how sure that is, what the network saw, and the ten probabilities."""
    read = [part.recognition for part in parts if part.recognition.digit is not None]
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
                pictures = "".join(f'<img alt="{caption}" src="{_data_url(image)}">' for image in images)
                st.html(f'<div class="seen" style="--columns: {columns}">{pictures}</div>')
            st.html(f'<p class="caption">{caption}</p>')
    with st.container(key="probabilities"):
        probabilities = None if shown is None else shown.probabilities
        probability_bars(probabilities, _("Probability of each digit"), key="bars")


def _confidence(recognition: Recognition) -> float:
    return 0.0 if recognition.probabilities is None else float(recognition.probabilities.max())


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
    try:
        network = recognizer(choice.path).network
    except WeightsError:
        return choice.key
    data = _("synthetic digits") if network.synthetic else network.data_name
    return _("{name} — reads {accuracy:.2%} of the {data} test images").format(
        name=choice.key, accuracy=network.test_accuracy, data=data
    )


def _chosen_recognizer() -> Recognizer | None:
    try:
        return recognizer(chosen().path)
    except WeightsError as error:
        st.error(_("This network cannot be loaded: {reason}").format(reason=error), icon=":material/error:")
        return None


def _data_url(image: np.ndarray) -> str:
    """Give a picture of floats in [0, 1] as the address of a PNG."""
    content = io.BytesIO()
    Image.fromarray((image * 255).round().astype(np.uint8)).save(content, "PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode('ascii')}"


page_title(_("Draw a digit"), _("A neural network, written from scratch in NumPy, reads it as you draw."))
pad_and_answer()
