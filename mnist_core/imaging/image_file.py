"""Read a picture file, which may be damaged, hostile, or something else entirely."""

import io
import os
import re
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from mnist_core.errors import ImageError
from mnist_core.imaging.plain_file import plain_file

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
MAX_SIDE = 1_000_000
"""In pixels; a decoder of PNG holds two rows at once."""
MAX_MEMORY = 240_000_000
"""Bytes that decoding a picture may take if it is then shrunk. A PNG of `MAX_PIXELS` takes 200 million."""
WEBP_HELD = 12
"""Bytes a pixel that a decoder of WebP keeps beside the picture: two canvases and a copy."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright, by the camera's note (CIPA DC-008, Exchangeable image file format, 4.6.5.1)."""


class LargePictureError(ImageError):
    """A picture has more pixels than are decoded.

    Attributes:
        most: how many millions of pixels a file of its kind may have.
    """

    def __init__(self, message: str, most: int) -> None:
        super().__init__(message)
        self.most = most


def read_picture(source: str | os.PathLike[str] | bytes, longest: int | None = None) -> np.ndarray:
    """Read the pixels of a PNG, JPEG or WebP, turned upright if its camera noted how it was held.

    Whatever the file is, this takes a few seconds at most, and with `longest` little more than `MAX_MEMORY` bytes.

    Args:
        source: the path of a file, or its content.
        longest: the longer side in pixels that is enough; larger pictures are shrunk to it. None: none is shrunk.

    Returns:
        uint8 (H, W), (H, W, 3) or (H, W, 4), as `Recognizer.recognize` takes it.

    Raises:
        LargePictureError: if it has more than 50 million pixels, or needs more than `MAX_MEMORY` to be shrunk; this is
            checked before it is decoded.
        ImageError: if there is no such file, or it is damaged, of another format, larger than 20 MB, or in so many
            parts that decoding it would take long.
    """
    name, content = ("the picture", source) if isinstance(source, bytes) else (str(source), _read_bytes(Path(source)))
    if len(content) > MAX_BYTES:
        raise ImageError(f"{name}: found {len(content)} bytes, expected at most {MAX_BYTES}. Make the picture smaller.")
    try:
        plain = plain_file(content)
        with Image.open(io.BytesIO(plain.content), formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
                raise LargePictureError(
                    f"{name}: found {width} × {height} pixels, expected at most {MAX_PIXELS} in all and {MAX_SIDE} a "
                    f"side. Make the picture smaller.",
                    MAX_PIXELS // 1_000_000,
                )
            if longest is None:
                pixels = _simple(picture)
            else:
                _expect_modest(name, picture, plain.held, longest)
                pixels = _shrunk(picture, longest)
            turn = _TURNS.get(_orientation(plain.exif or picture.info.get("exif", b""), content))
            return np.asarray(pixels if turn is None else pixels.transpose(turn))
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise LargePictureError(
            f"{name}: found far too many pixels, expected at most {MAX_PIXELS} in all. Make the picture smaller.",
            MAX_PIXELS // 1_000_000,
        ) from error
    except Exception as error:  # damaged files make Pillow's many readers raise almost anything
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ImageError(
            f"{name}: found no readable picture ({reason}), expected a PNG, JPEG or WebP file. "
            f"Save it again in one of these formats."
        ) from error


def _expect_modest(name: str, picture: Image.Image, held: int, longest: int) -> None:
    """Choose how small a JPEG is decoded, and raise a `LargePictureError` if decoding takes too much memory even so."""
    pixels = picture.width * picture.height
    # Decoding at a half, a quarter or an eighth costs nothing: the size is kept at twice of what is enough.
    enough = [max(1, side * 2 * longest // max(picture.size)) for side in picture.size]
    picture.draft(None, (enough[0], enough[1]))
    held = WEBP_HELD * pixels if picture.format == "WEBP" else held
    memory = held + 4 * picture.width * picture.height
    if memory > MAX_MEMORY:
        most = pixels * MAX_MEMORY // memory // 1_000_000
        raise LargePictureError(
            f"{name}: found {pixels} pixels in a {picture.format} file which needs {memory} bytes to be decoded, "
            f"expected at most {MAX_MEMORY} bytes, that is {most} million pixels in such a file. "
            f"Make the picture smaller, or save it as a plain JPEG.",
            most,
        )


def _shrunk(picture: Image.Image, longest: int) -> Image.Image:
    """Return a picture as `_simple` does, no side longer than `longest`; it is never copied as a whole."""
    width, height = picture.size
    scale = longest / max(width, height)
    if scale >= 1:
        return _simple(picture)
    # First by a whole number, piece by piece; the last pixels of a row or column then mean less of the picture.
    factor = max(1, max(width, height) // (2 * longest))
    step = factor * max(1, 1000 // factor)
    mode = _premultiplied(picture.crop((0, 0, 1, 1))).mode
    small = Image.new(mode, (-(-width // factor), -(-height // factor)))
    for top in range(0, height, step):
        for left in range(0, width, step):
            piece = picture.crop((left, top, min(left + step, width), min(top + step, height)))
            small.paste(_premultiplied(piece).reduce(factor), (left // factor, top // factor))
    small = small.resize(
        (max(1, round(width * scale)), max(1, round(height * scale))),
        Image.Resampling.BOX,
        (0, 0, width / factor, height / factor),
    )
    return small.convert("RGBA") if mode == "RGBa" else small


def _premultiplied(picture: Image.Image) -> Image.Image:
    """Return a picture as `_simple` does, ready for means of pixels: what is transparent has no colour."""
    simple = _simple(picture)
    return simple.convert("RGBa") if simple.mode == "RGBA" else simple


def _simple(picture: Image.Image) -> Image.Image:
    """Return a picture in one of the modes L, RGB and RGBA."""
    if picture.mode.startswith("I"):  # 16 bits of grey: Pillow would cut off all that is brighter than 255
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode == "L":
        return picture
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _orientation(exif: bytes, content: bytes) -> int:
    """Read how the camera was held; only this entry, since Pillow would unfold all of them.

    Args:
        exif: the camera's notes, a small TIFF file; see `_TURNS`.
        content: the picture's file: if they don't say it, its XMP may, which is plain text.

    Returns:
        A key of `_TURNS`, or another number if the picture is upright or nobody knows.
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    order = "<" if tiff.startswith(b"II") else ">"
    try:
        (table,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, table)
        # Each entry: its tag, type and number of values, and the value, of 16 bits, or 32 in either order.
        for tag, _, _, first, second in struct.iter_unpack(f"{order}HHIHH", tiff[table + 2 :][: 12 * count]):
            if tag == 0x0112:
                return first or second
    except struct.error:  # no notes, or damaged ones
        pass
    note = re.search(rb'tiff:Orientation(?:="|>)([0-9])', content)
    return int(note[1]) if note else 1


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ImageError(
            f"{path}: found no readable file ({error.strerror or error}), expected a picture. Check the path."
        ) from error
