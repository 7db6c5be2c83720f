"""A picture in place of the pad: chosen, dropped, pasted or taken with the camera, with what was read marked on it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

import numpy as np
import streamlit as st
from PIL import Image

from mnist_core.errors import ImageError
from mnist_core.imaging.image_file import MAX_BYTES, LargePictureError, read_picture
from mnist_core.imaging.photo import WORK_SIDE
from mnist_core.recognizer import NumberPart, Recognition, Recognizer
from webapp.components.data_uri import picture_address
from webapp.components.paste import pasted_picture
from webapp.i18n import gettext as _

PICTURE = "picture_taken"
"""Where the session keeps the picture, also while another page is open. ("picture" is the button that leads here.)"""
READING = "picture_reading"
REFUSAL = "picture_refusal"
CAMERA = "picture_camera"
ROUND = "picture_round"
"""Counts the pictures that were put away or refused: with a new key, the widgets are empty again."""

OTHER_FORMATS: dict[str, tuple[int, tuple[bytes, ...]]] = {
    "GIF": (0, (b"GIF8",)),
    "PDF": (0, (b"%PDF",)),
    "BMP": (0, (b"BM",)),
    "TIFF": (0, (b"II*\0", b"MM\0*")),
    "SVG": (0, (b"<svg", b"<?xml")),
    "AVIF": (4, (b"ftypavi",)),
    "HEIC": (4, (b"ftyphe", b"ftypmif1")),
}
"""Where what bytes stand at the beginning of files that people try."""


OFFERED = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "svg", "pdf", "avif"]
"""What the uploader lets through: ours, and others that are then refused with a word of what to do. HEIC isn't named:
an iPhone turns its photos into JPEG for pages that do not ask for it."""

_decoder = ThreadPoolExecutor(1, "picture decoder")
"""Decodes the pictures of all visitors, one after the other: the largest takes a quarter of a gigabyte. It is a thread
of its own, not a lock, since the allocator keeps such memory for the thread that freed it."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as it is shown and read.

    Attributes:
        pixels: uint8 (H, W), (H, W, 3) or (H, W, 4), no side longer than `WORK_SIDE`.
        address: holds all its content, for the page.
    """

    pixels: np.ndarray
    address: str


def picture_pad(reader: Recognizer) -> list[Recognition] | None:
    """Ask for a picture, or show the one that is there with its digits boxed.

    Args:
        reader: the network that reads it.

    Returns:
        What was read, in reading order; None before there is a picture.
    """
    pasted = pasted_picture("picture-paste")
    if pasted is not None:
        take(pasted)
    if refusal := st.session_state.get(REFUSAL):
        st.warning(refusal, icon=":material/broken_image:")
    picture: Picture | None = st.session_state.get(PICTURE)
    if picture is None:
        _ask()
        return None
    parts = _read(reader, picture)
    st.html(boxed(picture, parts))
    if all(part.recognition.certainty == "no digit" for part in parts):
        st.info(
            _(
                "No digit found. It helps to write larger, with a thicker pen and in more light, and to move the "
                "camera closer."
            ),
            icon=":material/lightbulb:",
        )
    return [part.recognition for part in parts]


def take(content: bytes) -> None:
    """Keep a file's content as this visitor's picture, or the reason why it is refused."""
    try:
        st.session_state[PICTURE] = make_picture(content)
        st.session_state.pop(REFUSAL, None)
    except ImageError as error:
        st.session_state[REFUSAL] = refusal_of(content, error)
        _empty_widgets()


def has_picture() -> bool:
    """Return whether a picture is shown."""
    return PICTURE in st.session_state


def row_starts() -> list[int]:
    """Return which digits of the picture that was read last begin another row than the one before them."""
    _asked, parts = st.session_state.get(READING, (None, []))
    return [
        place
        for place, ((_t, left_before, bottom, _r), (top, left, _b, _s)) in enumerate(
            pairwise(part.box for part in parts), start=1
        )
        if left < left_before or top >= bottom
    ]


def put_away() -> None:
    """Forget the picture and ask for another one."""
    for key in (PICTURE, READING, REFUSAL, CAMERA):
        st.session_state.pop(key, None)
    _empty_widgets()


def _empty_widgets() -> None:
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1


def make_picture(content: bytes) -> Picture:
    """Read a file and shrink it to what is read and shown.

    Raises:
        ImageError: if it is no picture that the product reads.
    """
    picture = Image.fromarray(_decoder.submit(read_picture, content, longest=WORK_SIDE).result())
    form = "PNG" if picture.mode == "RGBA" or max(picture.size) < 400 else "JPEG"
    return Picture(np.asarray(picture), picture_address(picture, form))


def refusal_of(content: bytes, error: ImageError) -> str:
    """Explain in the visitor's language why a file is refused, and what to do.

    Args:
        content: the file.
        error: that was raised when it was read.
    """
    if len(content) > MAX_BYTES:
        return _("This file is larger than {size} MB. Please choose a smaller picture.").format(
            size=MAX_BYTES // 1_000_000
        )
    for name, (start, marks) in OTHER_FORMATS.items():
        if content.startswith(marks, start):
            return _(
                "This is a {name} file. Please save it as PNG, JPEG or WebP first, or take a screenshot of it."
            ).format(name=name)
    if isinstance(error, LargePictureError):
        return _(
            "This picture has too many pixels: in a file of its kind, {most} million are read here. "
            "Please make it smaller, or take a screenshot of it."
        ).format(most=error.most)
    if content[:2] in (b"\x89P", b"\xff\xd8", b"RI"):
        return _(
            "This picture cannot be read: it is damaged, or saved in an unusual way. "
            "Please choose another one, or take a screenshot of it."
        )
    return _("This file can't be read here as a picture. Please choose a PNG, JPEG or WebP file.")


def boxed(picture: Picture, parts: list[NumberPart]) -> str:
    """Write a picture with a box around each digit as HTML; the boxes grow and shrink with it."""
    height, width = picture.pixels.shape[:2]
    boxes = ""
    for part in parts:
        top, left, bottom, right = part.box
        read = part.recognition
        kind = {"sure": "sure", "unsure": "unsure", "no digit": "none"}[read.certainty]
        name = "?" if read.certainty == "no digit" else read.digit
        place = (
            f"left: {left / width:.2%}; top: {top / height:.2%}; "
            f"width: {(right - left) / width:.2%}; height: {(bottom - top) / height:.2%}"
        )
        boxes += f'<span class="picture-box {kind}" style="{place}"><b>{name}</b></span>'
    described = _("Your picture, with {count} boxes around what was found").format(count=len(parts))
    small = " small" if max(height, width) < 100 else ""
    return (
        f'<div class="picture{small}" style="--ratio: {width / height:.4f}">'
        f'<img alt="{described}" src="{picture.address}">{boxes}</div>'
    )


def _read(reader: Recognizer, picture: Picture) -> list[NumberPart]:
    """Read a picture; as long as nothing changes, what was read before is the answer."""
    asked = picture, reader.network, reader.options
    known = st.session_state.get(READING)
    if known is None or known[0] != asked:
        known = st.session_state[READING] = asked, reader.recognize_picture(picture.pixels)
    parts: list[NumberPart] = known[1]
    return parts


def _ask() -> None:
    """Offer all ways in which a picture comes."""
    shown = st.session_state.get(ROUND, 0)
    upload, photo = f"picture-upload-{shown}", f"picture-photo-{shown}"
    with st.container(key="picture-ask"):
        st.file_uploader(
            _("Choose a picture of digits, or drop it here"),
            type=OFFERED,
            key=upload,
            max_upload_size=MAX_BYTES // 1_000_000,
            on_change=_take_from,
            args=(upload,),
        )
        formats = _("PNG, JPEG or WebP, up to {size} MB.").format(size=MAX_BYTES // 1_000_000)
        paste = _("Or paste a picture with Ctrl+V.")
        paper = _("Photos of paper are welcome: pencil, lines and shadows do no harm.")
        st.html(
            f'<p class="caption">{formats}</p><p class="caption picture-paste">{paste}</p>'
            f'<p class="caption">{paper}</p>'
        )
        if not camera_works(st.context.url):
            st.caption(_("On a phone, “choose a picture” also offers the camera."))
        elif st.session_state.get(CAMERA):
            st.camera_input(_("Hold the paper in front of the camera"), key=photo, on_change=_take_from, args=(photo,))
        else:
            st.button(
                _("Use the camera"),
                icon=":material/photo_camera:",
                key="picture-use-camera",
                on_click=lambda: st.session_state.update({CAMERA: True}),
            )


def _take_from(key: str) -> None:
    """Keep the file that a widget received, unless it was removed from there."""
    file = st.session_state.get(key)
    if file is not None:
        take(file.getvalue())


def camera_works(address: str | None) -> bool:
    """Return whether browsers let a page at this address use the camera: over https, or from this computer."""
    parts = urlsplit(address or "")
    return parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")
