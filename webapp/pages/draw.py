"""The drawing page: draw a digit, and see at once what the network reads."""

import base64
import io

import numpy as np
import streamlit as st
from PIL import Image

from mnist_core.errors import WeightsError
from mnist_core.recognizer import Recognition, Recognizer
from webapp import pad
from webapp.bars import probability_bars
from webapp.frame import page_title
from webapp.networks import Choice, choices, choose, chosen
from webapp.resources import recognizer
from webapp.texts import gettext as _

DEFAULT_PEN = 30
"""Width of the pen on a board of 400: about as thick as the strokes of MNIST in a digit that fills the board."""


@st.fragment
def pad_and_answer() -> None:
    """Show the pad with its tools and the answer beside it; a stroke runs this again, and nothing else."""
    left, right = st.columns([6, 7], gap="large")
    with left:
        ink = pad.pad(_("Draw a digit from 0 to 9 here"), st.session_state.get("kept_pen", DEFAULT_PEN))
        _tools()
    with right:
        reader = _chosen_recognizer()
        if reader is not None:
            _answer(None if ink is None else reader.recognize(ink))
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


def _answer(recognition: Recognition | None) -> None:
    """Show the digit, what the network saw, and the ten probabilities."""
    known = recognition is not None and recognition.digit is not None
    image = np.zeros((28, 28)) if recognition is None else recognition.image
    caption = _("What the network sees")
    with st.container(horizontal=True, vertical_alignment="center", gap="large"):
        with st.container(key="digit", width="stretch"):
            text = str(recognition.digit) if recognition is not None and known else "—"
            st.html(f'<div class="digit{"" if known else " none"}" aria-live="polite">{text}</div>')
        with st.container(width="content", gap="small"):
            with st.container(key="seen"):
                st.html(f'<img class="seen" alt="{caption}" src="{_data_url(image)}">')
            st.html(f'<p class="caption">{caption}</p>')
    with st.container(key="probabilities"):
        probabilities = recognition.probabilities if recognition is not None else None
        probability_bars(probabilities, _("Probability of each digit"), key="bars")


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
