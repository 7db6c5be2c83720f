"""Leave out of a picture's file all that its pixels don't need, before a decoder sees it.

A PNG or JPEG is a row of parts. Most harm that a hostile one does lies in parts that no reader of digits needs: a
million empty ones, notes that claim gigabytes, a text that unfolds to a thousand times its size. (W3C 2025, Portable
Network Graphics, third edition, https://www.w3.org/TR/png-3/; ITU-T T.81 1992, annex B,
https://www.w3.org/Graphics/JPEG/itu-t81.pdf)
"""

import re
import struct
from dataclasses import dataclass

MAX_PARTS = 20_000
"""Decoders spend microseconds on each part. In 20 MB, common programs write a few thousand."""
MAX_SCANS = 32
"""A progressive JPEG comes in scans, and a decoder walks over all pixels for each. Programs write about ten, 18 for
CMYK."""

PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_PARTS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf")

JPEG_START = b"\xff\xd8\xff"
_FRAMES = b"\xc0\xc1\xc2"
_PROGRESSIVE, _TABLES, _END, _SCAN, _EXIF = b"\xc2", b"\xc4\xdb\xdd", b"\xd9", b"\xda", b"\xe1"
_COLOURS = b"\xe0\xee"  # of JFIF and Adobe, which say how colours are meant
_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd9-\xfe])")  # in the data of a scan, no 0xFF is followed by one of these


@dataclass(frozen=True)
class PlainFile:
    """A picture's file as a decoder gets it.

    Attributes:
        content: all that decoding takes.
        exif: the notes of the camera in a JPEG, b"" if there are none. (Those of a PNG stay in its content.)
        held: how many bytes a decoder keeps beside the picture, until it has read the last scan of a JPEG.
    """

    content: bytes
    exif: bytes = b""
    held: int = 0


def plain_file(content: bytes) -> PlainFile:
    """Return what decoding takes of a PNG or JPEG; any other file is returned as it is.

    What is missing or wrong in a damaged file is left to the decoder.

    Raises:
        ValueError: if the file has so many parts or scans that decoding it would take long.
        Exception: almost any, if the file is damaged.
    """
    if content.startswith(PNG_START):
        return _plain_png(content)
    if content.startswith(JPEG_START):
        return _plain_jpeg(content)
    return PlainFile(content)


def _plain_png(content: bytes) -> PlainFile:
    kept, start, kind = [PNG_START], len(PNG_START), b""
    for _ in range(MAX_PARTS):
        end = start + 12 + int.from_bytes(content[start : start + 4])  # length, kind, body, checksum
        kind = content[start + 4 : start + 8]
        if kind in _PNG_PARTS:
            kept.append(content[start:end])
        if kind == b"IEND" or end > len(content):
            return PlainFile(b"".join(kept))
        start = end
    raise ValueError(f"more than {MAX_PARTS} parts")


def _plain_jpeg(content: bytes) -> PlainFile:
    kept, exif, held, scans, parts = [JPEG_START[:2]], b"", 0, 0, 0
    frame, components = b"", 0
    marker = _MARKER.search(content, 2)
    while marker and marker[1] != _END:
        kind, start = marker[1], marker.start()
        end = start + 2 + max(2, int.from_bytes(content[start + 2 : start + 4]))
        body = content[start + 4 : end]
        marker = _MARKER.search(content, end)
        parts += 1
        if kind in _FRAMES:
            frame, components = kind, body[5]
            held = max(held, _coefficients(body))
        elif kind == _SCAN:
            scans += 1
            end = marker.start() if marker else len(content)
            if scans == 1 and frame != _PROGRESSIVE and body[0] == components:
                held = 0  # it is decoded row by row
        elif kind == _EXIF and not exif:
            exif = body if body.startswith(b"Exif\0\0") else b""
        if kind in _FRAMES + _SCAN + _TABLES + _COLOURS:
            kept.append(content[start:end])
        if scans > MAX_SCANS:
            raise ValueError(f"more than {MAX_SCANS} scans")
        if parts > MAX_PARTS:
            raise ValueError(f"more than {MAX_PARTS} parts")
    kept.append(b"\xff\xd9" if marker else b"")
    return PlainFile(b"".join(kept), exif, held)


def _coefficients(frame: bytes) -> int:
    """Compute the bytes of all coefficients of a frame: two for each sample, of which colours may have fewer."""
    height, width = struct.unpack(">xHH", frame[:5])
    across, down = [factors >> 4 for factors in frame[7::3]], [factors & 15 for factors in frame[7::3]]
    samples = sum(x * y for x, y in zip(across, down, strict=True)) / (max(across) * max(down))
    return int(2 * height * width * samples)
