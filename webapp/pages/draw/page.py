"""The drawing page: draw a digit or a number, and see at once what the network reads."""

import math
import zlib
from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from mnist_core.errors import DataError, WeightsError
from mnist_core.imaging.preprocess import PreprocessOptions
from mnist_core.recognizer import Recognition, Recognizer
from webapp.components import drawing_pad as pad
from webapp.components.bars import probability_bars
from webapp.components.data_uri import grey_address
from webapp.components.follow import announce, follow
from webapp.components.frame import page_title
from webapp.datasets import dataset, is_offered
from webapp.formats import share_text
from webapp.i18n import gettext as _
from webapp.networks.choice import Choice, choices, choose, chosen
from webapp.networks.recognizers import recognizer
from webapp.pages.draw import neurons, stages, teach, why
from webapp.pages.draw.picture import picture_pad
from webapp.pages.draw.walk import view as walk

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


class Drawn(NamedTuple):
    """What the page has read, for the view below the answer.

    Attributes:
        reader: the network that reads, with the steps that are switched on; None if it cannot be loaded.
        read: the digits from left to right.
        shown: the one that the page is about.
        asked: what the visitor had chosen by then, see `_asked`.
        number: another one for everything else that is read.
    """

    reader: Recognizer | None
    read: list[Recognition]
    shown: Recognition | None
    asked: tuple[object, ...]
    number: int


@st.fragment
def pad_and_answer() -> None:
    """Show the pad and the answer beside it; a stroke runs this again, and nothing else until the pen rests."""
    image = _asked_image()
    reader = _chosen_recognizer()
    draws = image is None and st.session_state.get("input") != "picture"
    left, right = st.columns([6, 7], gap="large")
    if draws:
        read = _read_drawing(reader)
    else:
        with left:
            read = _show_image(reader, image) if image is not None else _take_picture(reader)
    shown = _digit_in_question(read)
    with right:
        _answer(read, shown)
    if draws:
        with left:  # after the answer, which must not wait for it
            hint = _("Draw a digit or a whole number here")
            pad.pad(hint, st.session_state.get("kept_pen", DEFAULT_PEN), st.session_state.get("tool") == "eraser")
            _tools()
    # Below both, so that on a phone the answer follows the pad.
    left, right = st.columns([6, 7], gap="large")
    with left:
        if draws:
            _pen_width()
        elif image is not None and reader is not None and read:
            _as_in_training(reader, image)
    with right:
        _network_choice()
    pictures = b"".join(recognition.image.tobytes() for recognition in read)
    number = zlib.crc32(pictures + repr((_asked(), None if shown is None else read.index(shown))).encode())
    st.session_state["drawn"] = Drawn(reader, read, shown, _asked(), number)
    announce(number, pad.is_down())


@st.fragment
def view() -> None:
    """Show the chosen view of the drawing, and which of several digits it is about."""
    drawn: Drawn = st.session_state["drawn"]
    if drawn.asked != _asked():  # something in the view was pressed that the answer depends on
        st.rerun()
    follow(drawn.number)
    if drawn.reader is not None:
        _view(drawn.reader, drawn.read, drawn.shown)


def _asked() -> tuple[object, ...]:
    """Give all that the answer's part of the page depends on, besides the pen.

    A view may change some of it. And a press of one of that part's own buttons, at the moment at which the view
    follows, can reach the server together with that, in a message that has only the view run.
    """
    mine = (st.session_state.get(key) for key in ("input", "tool", "kept_pen", "place"))
    return pad.version(), stages.chosen_steps(), chosen().key, *mine


def _read_drawing(reader: Recognizer | None) -> list[Recognition]:
    """Read what is on the pad."""
    ink = pad.current_ink()
    if reader is None or ink is None:
        return []
    found = [part.recognition for part in reader.recognize_number(ink, background=0)]
    return [recognition for recognition in found if recognition.digit is not None]


def _take_picture(reader: Recognizer | None) -> list[Recognition]:
    """Take in a picture in place of the pad, and read it."""
    found = None if reader is None else picture_pad(reader)
    st.button(_("Draw yourself"), icon=":material/draw:", key="draw-yourself", on_click=_choose_input, args=("pad",))
    return found or []


def _choose_input(name: str) -> None:
    st.session_state["input"] = name


def _digit_in_question(read: list[Recognition]) -> Recognition | None:
    """Say which digit the page is about: the one that the visitor chose, else the one that is least sure."""
    if not read:
        return None
    place = st.session_state.get("place")
    if place is not None and st.session_state.get("places") == len(read):
        return read[place]
    return min(read, key=lambda found: (DOUBTS.index(found.certainty), _confidence(found)))


def _view(reader: Recognizer, read: list[Recognition], shown: Recognition | None) -> None:
    views = {
        "stages": (_("From pen to 28×28"), stages.show),
        "why": (_("Why?"), why.show),
        "neurons": (_("Neurons"), neurons.show),
        "walk": (_("Step by step"), walk.show),
        "teach": (_("Teach it"), teach.show),
    }
    with st.container(horizontal=True, vertical_alignment="center", key="views"):
        asked = st.query_params.get("view") or st.session_state.get("kept_view")
        chosen_view = st.segmented_control(
            _("What to look at"),
            list(views),
            default=asked if asked in views else next(iter(views)),
            required=True,
            format_func=lambda name: views[name][0],
            key="view",
            label_visibility="collapsed",
            wrap=True,
        )
        if len(read) > 1 and shown is not None:
            st.session_state["digit-choice"] = read.index(shown)
            st.segmented_control(
                _("Which digit"),
                list(range(len(read))),
                required=True,
                format_func=lambda place: f"{place + 1}: {read[place].digit}",
                key="digit-choice",
                on_change=_choose_place,
                args=(len(read),),
                label_visibility="collapsed",
            )
    if chosen_view != asked:
        st.session_state["kept_view"] = st.query_params["view"] = chosen_view
    with st.container(key="view-body"):
        views[chosen_view][1](reader, shown)


def _choose_place(count: int) -> None:
    st.session_state["place"] = st.session_state["digit-choice"]
    st.session_state["places"] = count


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


def _show_image(reader: Recognizer | None, image: TestImage) -> list[Recognition]:
    """Show a test image in place of the pad, with the way back to it, and read it."""
    address = grey_address(image.pixels / 255)
    described = _("Test image {place:,} of {data}, labelled {label}").format(
        place=image.place + 1, data=image.data_name, label=image.label
    )
    st.html(f'<img class="board" alt="{escape(described)}" src="{address}" width="432" height="432">')
    with st.container(horizontal=True, vertical_alignment="center", key="test-image"):
        st.markdown(described, width="content")
        st.button(_("Draw yourself"), icon=":material/draw:", key="draw-yourself", on_click=_leave_image)
    return [] if reader is None else [reader.recognize(image.pixels)]


def _leave_image() -> None:
    for name in ("test", "data"):
        st.query_params.pop(name, None)


def _as_in_training(reader: Recognizer, image: TestImage) -> None:
    """Say how a test image is read without being prepared as drawings are."""
    plain = Recognizer(reader.network, PreprocessOptions(crop=False)).recognize(image.pixels)
    if plain.digit is not None:
        text = _(
            "The answer is for the image as this page prepares every drawing. Read as it lies in the data set, as in "
            "training, the network reads **{digit}** ({share})."
        )
        st.caption(text.format(digit=plain.digit, share=share_text(_confidence(plain))))


def _tools() -> None:
    """Show pen and eraser, undo, redo and clear, and the way to pictures."""
    with st.container(horizontal=True, key="tools"):
        erases = st.session_state.get("tool") == "eraser"
        st.button(
            _("Eraser"),
            icon=":material/ink_eraser:",
            key="eraser",
            type="primary" if erases else "secondary",
            shortcut="E",
            on_click=lambda: st.session_state.update(tool="pen" if erases else "eraser"),
        )
        st.button(
            _("Undo"),
            icon=":material/undo:",
            key="undo",
            shortcut="Ctrl+Z",
            on_click=pad.undo,
            disabled=not pad.can_undo(),
        )
        st.button(
            _("Redo"),
            icon=":material/redo:",
            key="redo",
            shortcut="Ctrl+Y",
            on_click=pad.redo,
            disabled=not pad.can_redo(),
        )
        st.button(_("Clear"), icon=":material/delete:", key="clear", shortcut="Delete", on_click=_clear)
        st.button(_("Picture"), icon=":material/add_a_photo:", key="picture", on_click=_choose_input, args=("picture",))

    keys = _("Keys: Ctrl+Z undo, Ctrl+Y redo, Delete clear, E eraser")
    st.html(f'<p class="caption keys">{keys}</p>')


def _clear() -> None:
    st.session_state["tool"] = "pen"
    pad.clear()


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


def _answer(read: list[Recognition], shown: Recognition | None) -> None:
    """Show what was read, how sure that is, what the network saw, and the ten probabilities."""
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
    st.session_state["network_choice"] = chosen().key  # which teaching may have changed
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
        return Recognizer(recognizer(chosen().path).network, stages.chosen_steps())
    except WeightsError as error:
        st.error(_("This network cannot be loaded: {reason}").format(reason=error), icon=":material/error:")
        return None


page_title(_("Draw a digit"), _("A neural network, written from scratch in NumPy, reads it as you draw."))
pad_and_answer()
view()
