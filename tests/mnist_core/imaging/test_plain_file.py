"""Crafted pictures: each is read or refused, at once, without a flood of warnings, whatever its parts claim."""

import io
import re
import struct
import time
import warnings
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mnist_core.errors import ImageError
from mnist_core.imaging.image_file import MAX_BYTES, read_picture
from mnist_core.imaging.plain_file import MAX_SCANS

SECONDS = 1.0
"""Of the processor: no crafted picture may take longer."""
ENOUGH = 100
"""The side to which pictures are shrunk here."""
GREEN = Image.new("RGB", (64, 48), (9, 99, 9))


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


PNG, JPEG, WEBP = (saved(GREEN, kind) for kind in ("PNG", "JPEG", "WEBP"))
ZEROS = zlib.compress(bytes(1_000_000), 9)
SCANS = saved(GREEN, "JPEG", progressive=True)
FRAMES = saved(GREEN, "WEBP", save_all=True, append_images=[Image.new("RGB", GREEN.size, (k, 9, 9)) for k in range(3)])


# Parts of files


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*chunks: bytes, size: tuple[int, int] = (8, 8), depth=8, colour=0, packing=0, lace=0, data=bytes(99)) -> bytes:
    """A PNG of 8 × 8 greys, if nothing else is said, with more chunks between its header and its data."""
    header = struct.pack(">IIBBBBB", *size, depth, colour, packing, 0, lace)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", zlib.compress(data)), chunk(b"IEND")]
    )


def segment(marker: int, body: bytes = b"") -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg(*segments: bytes, of: bytes = JPEG) -> bytes:
    """A JPEG with more segments at its beginning."""
    return of[:2] + b"".join(segments) + of[2:]


def with_frame(of: bytes = JPEG, marker: int | None = None, **changed: int) -> bytes:
    """A JPEG with bytes of its frame's header changed, named as in the standard, and perhaps another kind of frame."""
    places = {"P": 4, "Y": 5, "X": 7, "Nf": 9, "HV": 11}
    start = next(re.finditer(rb"\xff[\xc0\xc2]\0\x11", of)).start()
    bad = bytearray(of)
    for name, value in changed.items():
        place = start + places[name]
        bad[place : place + 1 + (name in "XY")] = value.to_bytes(1 + (name in "XY"))
    if marker is not None:
        bad[start + 1] = marker
    return bytes(bad)


def with_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    last, end = SCANS.rindex(b"\xff\xda"), SCANS.rindex(b"\xff\xd9")
    again = count - SCANS.count(b"\xff\xda")
    return SCANS[:end] + SCANS[last:end] * again + SCANS[end:]


def riff(body: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def webp_frame() -> bytes:
    start = FRAMES.index(b"ANMF")
    return FRAMES[start : start + 8 + int.from_bytes(FRAMES[start + 4 : start + 8], "little")]


def canvas(width: int, height: int) -> bytes:
    """An animated WebP whose canvas claims a size."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return FRAMES[:24] + size + FRAMES[30:]


def notes(*entries: tuple[int, int, int, int], length: int = 0) -> bytes:
    """EXIF: tag, type, number of values, and the value or where it is."""
    table = struct.pack(">H", len(entries)) + b"".join(struct.pack(">HHII", *entry) for entry in entries)
    return (b"MM\0*" + struct.pack(">I", 8) + table + bytes(4)).ljust(length, b"\0")


def filling(part: bytes) -> bytes:
    """So many copies of a part that the file just isn't too large."""
    return part * ((MAX_BYTES - 10_000) // len(part))


def bomb(length: int, entries: int) -> bytes:
    """EXIF in which each entry claims nearly all bytes as its own."""
    return notes(*[(tag + 1, 7, length // 2, 8) for tag in range(entries)], length=length)


HELD_UPSIDE_DOWN = notes((0x0112, 3, 1, 3 << 16))

READ: dict[str, Callable[[], bytes]] = {
    "png, one pixel": lambda: png(size=(1, 1)),
    "png, 1 × 400": lambda: saved(Image.new("L", (400, 1)), "PNG"),
    "png, 400 × 1": lambda: saved(Image.new("L", (1, 400)), "PNG"),
    "png, 2 × 5000": lambda: saved(Image.new("RGBA", (5000, 2)), "PNG"),
    "png, 100,000 × 1": lambda: saved(Image.new("1", (1, 100_000)), "PNG"),
    "png, more data than pixels": lambda: png(data=bytes(20_000_000)),
    "png, 16 bits of grey": lambda: png(depth=16, data=bytes(999)),
    "png, 16 bits of each colour, interlaced": lambda: png(depth=16, colour=6, lace=1, data=bytes(999)),
    "png, interlaced": lambda: png(lace=1),
    "png, one bit": lambda: png(depth=1),
    "png, palette shorter than its indices": lambda: png(
        chunk(b"PLTE", bytes(3)), colour=3, data=(b"\0" + b"\xff" * 8) * 8
    ),
    "png, more opacities than colours": lambda: png(chunk(b"PLTE", bytes(6)), chunk(b"tRNS", bytes(200)), colour=3),
    "png, empty opacities": lambda: png(chunk(b"PLTE", bytes(6)), chunk(b"tRNS"), colour=3),
    "png, no end": lambda: png()[:-12],
    "png, wrong checksum of the data": lambda: png()[:-16] + b"\0\0\0\0" + png()[-12:],
    "png, texts that unfold to 2 GB": lambda: png(*[chunk(b"zTXt", b"k\0\0" + ZEROS)] * 2000),
    "png, international text that is none": lambda: png(chunk(b"iTXt", b"\xff\0\1\0\0\0\xff\xff")),
    "png, colour profile that unfolds to 1 MB": lambda: png(chunk(b"iCCP", b"k\0\0" + ZEROS)),
    "png, colour profile that is none": lambda: png(chunk(b"iCCP", b"")),
    "png, a thousand notes of 1 MB in 2 MB": lambda: png(chunk(b"eXIf", bomb(2_000_000, 1000))),
    "png, notes cut off": lambda: png(chunk(b"eXIf", b"MM\0*")),
    "png, notes that point outside": lambda: png(chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff")),
    "png, four billion frames": lambda: png(chunk(b"acTL", b"\xff" * 8), chunk(b"fcTL", bytes(26))),
    "png, a frame outside": lambda: png(chunk(b"acTL", b"\0\0\0\2" * 2), chunk(b"fcTL", b"\xff" * 26)),
    "png, a web page behind": lambda: png() + b"<script>alert(1)</script>",
    "jpeg, one pixel": lambda: saved(Image.new("L", (1, 1)), "JPEG"),
    "jpeg, 1 × 5000": lambda: saved(Image.new("RGB", (5000, 1)), "JPEG"),
    "jpeg, as many scans as are allowed": lambda: with_scans(MAX_SCANS),
    "jpeg, CMYK": lambda: saved(GREEN.convert("CMYK"), "JPEG"),
    "jpeg, a colour transform that nobody knows": lambda: jpeg(segment(0xEE, b"Adobe" + bytes(6) + b"\x09")),
    "jpeg, restarts that never come": lambda: jpeg(segment(0xDD, b"\0\1")),
    "jpeg, a restart after each block": lambda: saved(GREEN, "JPEG", restart_marker_blocks=1),
    "jpeg, 20 MB between segments": lambda: jpeg(filling(b"\xff")),
    "jpeg, 20 MB of junk": lambda: jpeg(segment(0xE5), filling(b"a")),
    "jpeg, notes that each claim all": lambda: jpeg(segment(0xE1, b"Exif\0\0" + bomb(65_000, 5000))),
    "jpeg, notes in many pieces": lambda: jpeg(*[segment(0xE1, b"Exif\0\0" + bomb(65_000, 5000))] * 30),
    "jpeg, an index of pictures that each claim all": lambda: jpeg(segment(0xE2, b"MPF\0" + bomb(65_000, 5000))),
    "jpeg, an index of four billion pictures": lambda: jpeg(segment(0xE2, b"MPF\0" + notes((0xB001, 4, 1, 2**32 - 1)))),
    "jpeg, held in no known way": lambda: jpeg(segment(0xE1, b"Exif\0\0" + notes((0x0112, 3, 1, 0xFFFF0000)))),
    "jpeg, held as a text": lambda: jpeg(segment(0xE1, b"Exif\0\0" + notes((0x0112, 2, 2**31, 8)))),
    "jpeg, a colour profile of no pieces": lambda: jpeg(segment(0xE2, b"ICC_PROFILE\0")),
    "jpeg, Photoshop's block cut off": lambda: jpeg(segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x03\xed")),
    "jpeg, a segment shorter than its length": lambda: jpeg(b"\xff\xe5\0\0"),
    "jpeg, a film behind": lambda: JPEG + b"\0\0\0\x18ftypmp42" + b"\xff\xda" * 1000,
    "jpeg, a zip archive behind": lambda: JPEG + b"PK\5\6" + bytes(18),
    "webp, one pixel": lambda: saved(Image.new("RGB", (1, 1)), "WEBP"),
    "webp, lossless with opacity": lambda: saved(GREEN.convert("RGBA"), "WEBP", lossless=True),
    "webp, animated": lambda: FRAMES,
    "webp, hundred thousands of frames": lambda: riff(FRAMES[12:] + filling(webp_frame())),
    "webp, millions of parts": lambda: riff(WEBP[12:] + filling(b"abcd\0\0\0\0")),
    "webp, a canvas larger than its frames": lambda: canvas(500, 500),
    "webp, notes that are none": lambda: saved(GREEN, "WEBP", exif=b"garbage"),
}
LARGE: dict[str, Callable[[], bytes]] = {
    "png of 2 billion × 2 billion": lambda: png(size=(2**31 - 1, 2**31 - 1)),
    "png of 50 million and one": lambda: png(size=(50_000_001, 1)),
    "png, a row of 2 million": lambda: png(size=(2_000_000, 1)),
    "png of 100 million": lambda: png(size=(10_000, 10_000), depth=1),
    "jpeg of 65,500 × 65,500": lambda: with_frame(X=65_500, Y=65_500),
    "jpeg, coefficients of 300 MB": lambda: with_frame(SCANS, X=9900, Y=5000, HV=0x11),
    "webp of 16,383 × 16,383": lambda: canvas(16_383, 16_383),
    "webp, canvases of 320 MB": lambda: canvas(5000, 4000),
}
REFUSED: dict[str, Callable[[], bytes]] = {
    "png, no width": lambda: png(size=(0, 8)),
    "png, no height": lambda: png(size=(8, 0)),
    "png, less data than pixels": lambda: png(size=(5000, 5000)),
    "png, wrong checksum of the header": lambda: png()[:29] + b"\0\0\0\0" + png()[33:],
    "png, no data": lambda: png()[:33] + png()[-12:],
    "png, no header": lambda: png()[:8] + png()[33:],
    "png, header cut off": lambda: png()[:20],
    "png, palette missing": lambda: png(colour=3),
    "png, 3 bits": lambda: png(depth=3),
    "png, a kind of colour that nobody knows": lambda: png(colour=9),
    "png, a filter that nobody knows": lambda: png(data=b"\x09" * 999),
    "png, a part of 4 GB": lambda: png(b"\xff\xff\xff\xffabcd"),
    "png, data that isn't packed": lambda: png()[:33] + chunk(b"IDAT", b"garbage") + png()[-12:],
    "png, a million empty parts": lambda: png(filling(chunk(b"abCd"))),
    "png, a million empty pieces of data": lambda: png(filling(chunk(b"IDAT"))),
    "png, a million empty texts": lambda: png(filling(chunk(b"tEXt", b"a\0"))),
    "png in name, jpeg in fact": lambda: b"\x89PNG\r\n\x1a\n" + JPEG,
    "jpeg, no size": lambda: with_frame(X=0, Y=0),
    "jpeg, one scan too many": lambda: with_scans(MAX_SCANS + 1),
    "jpeg, thousands of scans": lambda: with_scans(3500),
    "jpeg, cut within its scans": lambda: SCANS[: len(SCANS) * 3 // 4],
    "jpeg, no scan": lambda: JPEG[: JPEG.index(b"\xff\xda")] + b"\xff\xd9",
    "jpeg, two frames": lambda: jpeg(segment(0xC0, bytes.fromhex("08000800080101 1100"))),
    "jpeg, 12 bits": lambda: with_frame(P=12),
    "jpeg, five colours": lambda: with_frame(Nf=5),
    "jpeg, a colour without samples": lambda: with_frame(HV=0),
    "jpeg, arithmetic coding": lambda: with_frame(marker=0xC9),
    "jpeg, lossless": lambda: with_frame(marker=0xC3),
    "jpeg, millions of empty segments": lambda: jpeg(filling(segment(0xE5))),
    "jpeg, millions of empty tables": lambda: jpeg(filling(segment(0xC4))),
    "jpeg, a million pieces of notes": lambda: jpeg(filling(segment(0xE1, b"Exif\0\0"))),
    "jpeg, nothing but beginnings": lambda: filling(b"\xff\xd8"),
    "webp, cut": lambda: WEBP[: len(WEBP) // 2],
    "webp, a length that is none": lambda: WEBP[:4] + b"\xff\xff\xff\xff" + WEBP[8:30],
    "webp, a canvas smaller than its frames": lambda: canvas(9, 9),
    "webp in name, sound in fact": lambda: b"RIFF\x24\0\0\0WAVEfmt " + bytes(30),
    "gif in name, png in fact": lambda: b"GIF89a" + PNG,
}


def read(content: bytes) -> np.ndarray:
    """The pixels, or an `ImageError`; anything else that happens is what these tests look for."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        began = time.thread_time()
        try:
            pixels = read_picture(content, longest=ENOUGH)
        finally:
            assert time.thread_time() - began < SECONDS
            assert len(warned) <= 1
    assert pixels.dtype == np.uint8 and min(pixels.shape[:2]) >= 1 and max(pixels.shape[:2]) <= ENOUGH
    return pixels


@pytest.mark.parametrize("name", READ)
def test_a_crafted_picture_is_read(name):
    read(READ[name]())


@pytest.mark.parametrize("name", LARGE)
def test_a_crafted_picture_is_too_large(name):
    with pytest.raises(ImageError, match=r"found .*pixels.*expected at most"):
        read(LARGE[name]())


@pytest.mark.parametrize("name", REFUSED)
def test_a_crafted_picture_is_refused(name):
    with pytest.raises(ImageError, match="found no readable picture"):
        read(REFUSED[name]())


@pytest.mark.parametrize("name", [*READ, *REFUSED])
def test_a_crafted_picture_is_treated_alike_where_none_is_shrunk(name):
    try:
        assert read_picture({**READ, **REFUSED}[name]()).dtype == np.uint8
        assert name in READ
    except ImageError:
        assert name in REFUSED


# What is left out takes nothing away


def test_notes_and_second_pictures_change_no_pixel():
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (40, 50, 3), np.uint8))
    for options in ({}, {"progressive": True}, {"subsampling": 0}):
        plain = saved(picture, "JPEG", **options)
        more = jpeg(segment(0xFE, b"a comment"), segment(0xE2, b"MPF\0" + notes()), of=plain) + plain
        np.testing.assert_array_equal(read_picture(more), np.asarray(Image.open(io.BytesIO(plain))))
    film = saved(picture, "PNG", save_all=True, append_images=[GREEN.resize(picture.size)])
    np.testing.assert_array_equal(read_picture(film), np.asarray(picture))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["HH2x", "II"])
def test_how_the_camera_was_held_is_read_in_either_order_and_size(order, kind):
    value = struct.pack(f"{order}{kind[0]}", 3).ljust(4, b"\0")
    table = struct.pack(f"{order}H", 1) + struct.pack(f"{order}HHI", 0x0112, 3 if kind[0] == "H" else 4, 1) + value
    exif = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8) + table
    half = Image.new("L", (32, 32))
    half.paste(255, (0, 0, 32, 16))
    for kind in ("PNG", "JPEG", "WEBP"):
        pixels = read_picture(saved(half, kind, exif=exif if kind == "WEBP" else b"Exif\0\0" + exif))
        assert pixels[:8].max() < 50 and pixels[-8:].min() > 200


def test_a_picture_whose_xmp_alone_says_how_it_was_held_is_turned():
    half = Image.new("L", (32, 32))
    half.paste(255, (0, 0, 32, 16))
    xmp = b'http://ns.adobe.com/xap/1.0/\0<rdf:Description tiff:Orientation="3"/>'
    assert read_picture(jpeg(segment(0xE1, xmp), of=saved(half, "JPEG")))[:8].max() < 50


# Anything changed anywhere

VALID = {
    "png": PNG,
    "png, palette": saved(GREEN.convert("P"), "PNG", transparency=0),
    "png, interlaced": png(lace=1, colour=6, data=bytes(999)),
    "jpeg": jpeg(segment(0xE1, b"Exif\0\0" + HELD_UPSIDE_DOWN)),
    "jpeg, progressive": SCANS,
    "jpeg, CMYK": saved(GREEN.convert("CMYK"), "JPEG"),
    "webp": WEBP,
    "webp, animated": FRAMES,
}


@pytest.mark.parametrize("name", VALID)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_bytes_changed_moved_or_cut_give_a_picture_or_an_image_error(name, data):
    bad = bytearray(VALID[name])
    place = st.integers(0, len(bad) - 1)
    for start, end, to in data.draw(st.lists(st.tuples(place, place, place), max_size=2)):
        bad[to:to] = bad[start:end]
    for position, value in data.draw(st.lists(st.tuples(place, st.integers(0, 255)), max_size=4)):
        bad[position] = value
    try:
        read(bytes(bad[: data.draw(st.just(len(bad)) | place)]))
    except ImageError as error:
        assert "found " in str(error) and "expected " in str(error)
