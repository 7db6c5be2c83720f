"""Read a picture file, which may be damaged or something else entirely."""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from mnist_core.errors import ImageError

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000


def read_picture(source: str | os.PathLike[str] | bytes) -> np.ndarray:
    """Read the pixels of a PNG, JPEG or WebP, turned upright if its camera noted how it was held.

    Args:
        source: the path of a file, or its content.

    Returns:
        uint8 (H, W), (H, W, 3) or (H, W, 4), as `Recognizer.recognize` takes it.

    Raises:
        ImageError: if there is no such file, or it is damaged, of another format, or larger than 20 MB or 50 million
            pixels (both are checked before it is decoded).
    """
    name, content = ("the picture", source) if isinstance(source, bytes) else (str(source), _read_bytes(Path(source)))
    if len(content) > MAX_BYTES:
        raise ImageError(f"{name}: found {len(content)} bytes, expected at most {MAX_BYTES}. Make the picture smaller.")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise ImageError(
                    f"{name}: found {width} × {height} pixels, expected at most {MAX_PIXELS} in all. "
                    f"Make the picture smaller."
                )
            return _pixels(ImageOps.exif_transpose(picture))
    except ImageError:
        raise
    except Exception as error:  # damaged files make Pillow's many readers raise almost anything
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ImageError(
            f"{name}: found no readable picture ({reason}), expected a PNG, JPEG or WebP file. "
            f"Save it again in one of these formats."
        ) from error


def _pixels(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith("I"):  # 16 bits of grey: Pillow would cut off all that is brighter than 255
        return (np.asarray(picture) >> 8).astype(np.uint8)
    if picture.mode == "L":
        return np.asarray(picture)
    return np.asarray(picture.convert("RGBA" if picture.has_transparency_data else "RGB"))


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ImageError(
            f"{path}: found no readable file ({error.strerror or error}), expected a picture. Check the path."
        ) from error
