"""Picture files: every common kind is read, every wrong one is refused in words."""

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from mnist_core.errors import ImageError
from mnist_core.imaging.image_file import MAX_BYTES, read_picture
from mnist_core.imaging.preprocess import find_ink


def drawing(mode: str = "L") -> Image.Image:
    """An L in black on white, 30 wide and 40 high."""
    picture = Image.new("L", (30, 40), 255)
    ImageDraw.Draw(picture).line([(8, 6), (8, 32), (22, 32)], fill=0, width=4)
    return picture.convert(mode)


INK = np.asarray(drawing()) == 0


def content(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def with_orientation(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "A camera"
    return exif


def message(source: bytes | Path) -> str:
    with pytest.raises(ImageError) as caught:
        read_picture(source)
    text = str(caught.value)
    assert "found " in text and "expected " in text and "\n" not in text
    return text


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_three_formats(tmp_path, kind, mode):
    (tmp_path / "picture.dat").write_bytes(content(drawing(mode), kind))  # the content tells, not the name
    pixels = read_picture(tmp_path / "picture.dat")
    assert pixels.dtype == np.uint8 and pixels.shape[:2] == (40, 30)
    assert np.abs((find_ink(pixels) > 0.5).astype(int) - INK).sum() <= 2
    np.testing.assert_array_equal(read_picture((tmp_path / "picture.dat").read_bytes()), pixels)
    np.testing.assert_array_equal(read_picture(str(tmp_path / "picture.dat")), pixels)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA"])
def test_every_mode_of_a_png(mode):
    pixels = read_picture(content(drawing(mode), "PNG"))
    assert pixels.dtype == np.uint8 and (pixels.ndim == 2 or pixels.shape[2] in (3, 4))
    np.testing.assert_array_equal(find_ink(pixels) > 0.5, INK)


def test_a_cmyk_jpeg():
    pixels = read_picture(content(drawing("CMYK"), "JPEG", quality=95))
    assert pixels.shape == (40, 30, 3)
    assert np.abs((find_ink(pixels) > 0.5).astype(int) - INK).sum() <= 2


def test_a_png_of_16_bits_a_pixel_keeps_its_contrast():
    deep = np.where(INK, 3000, 60_000).astype(np.uint16)
    pixels = read_picture(content(Image.fromarray(deep), "PNG"))
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(find_ink(pixels) > 0.5, INK)


def test_a_transparent_background_stays_transparent():
    glass = np.zeros((40, 30, 4), np.uint8)
    glass[INK] = 0, 0, 0, 255
    pixels = read_picture(content(Image.fromarray(glass), "PNG"))
    np.testing.assert_array_equal(pixels, glass)


def test_a_palette_with_a_transparent_colour():
    picture = drawing("P")
    pixels = read_picture(content(picture, "PNG", transparency=picture.getpixel((0, 0))))
    assert pixels.shape == (40, 30, 4)
    np.testing.assert_array_equal(pixels[..., 3] > 0, INK)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "turn"),
    [(1, lambda a: a), (3, lambda a: a[::-1, ::-1]), (6, lambda a: np.rot90(a, -1)), (8, np.rot90), (2, np.fliplr)],
)
def test_pictures_are_turned_upright_as_the_camera_noted(kind, orientation, turn):
    pixels = read_picture(content(drawing("RGB"), kind, exif=with_orientation(orientation)))
    assert np.abs((find_ink(pixels) > 0.5).astype(int) - turn(INK)).sum() <= 2


# What is refused


def test_no_such_file_and_a_folder(tmp_path):
    text = message(tmp_path / "nowhere.png")
    assert text.startswith(f"{tmp_path / 'nowhere.png'}: found no readable file (No such file or directory), expected")
    assert "found no readable file (Is a directory)" in message(tmp_path)


@pytest.mark.parametrize("wrong", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"])
def test_what_is_no_picture(wrong):
    text = message(wrong)
    assert text.startswith("the picture: found no readable picture (")
    assert "expected a PNG, JPEG or WebP file. Save it again in one of these formats." in text


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM", "ICO", "PDF"])
def test_other_formats_are_refused(kind):
    assert "expected a PNG, JPEG or WebP file" in message(content(drawing("RGB"), kind))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
def test_a_cut_picture(kind, part):
    whole = content(Image.effect_noise((64, 64), 100), kind)
    assert "found no readable picture" in message(whole[: int(len(whole) * part)])


def test_a_file_above_20_mb_is_refused_unread(tmp_path):
    (tmp_path / "large.png").write_bytes(content(drawing(), "PNG") + bytes(MAX_BYTES))
    assert f"found {MAX_BYTES + 1} bytes, expected at most {MAX_BYTES}. Make the picture smaller." in message(
        tmp_path / "large.png"
    )


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(10_000, 5_001), (100_000, 100_000), (2**31 - 1, 2**31 - 1)])
def test_a_picture_that_claims_more_than_50_million_pixels_is_not_decoded(width, height):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = message(png_claiming(width, height))
    assert f"found {width} × {height} pixels, expected at most 50000000 in all" in text or "exceeds limit" in text


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_damaged_note_of_the_camera_is_an_image_error_or_does_no_harm(kind):
    """Every byte of the EXIF block in turn is replaced by several others."""
    good = content(drawing("RGB"), kind, exif=with_orientation(6))
    start = good.index(b"MM\0*")
    problems = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of corrupt EXIF data
        for position in range(start, start + 50):
            for value in (0, 1, 2, 5, 7, 10, 12, 13, 255):
                bad = good[:position] + bytes([value]) + good[position + 1 :]
                if kind == "PNG":  # its blocks carry a checksum
                    block = bad.index(b"eXIf")
                    (length,) = struct.unpack(">I", bad[block - 4 : block])
                    end = block + 4 + length
                    bad = bad[:end] + struct.pack(">I", zlib.crc32(bad[block:end])) + bad[end + 4 :]
                try:
                    assert read_picture(bad).dtype == np.uint8
                except ImageError:
                    pass
                except Exception as error:  # the test is that there is none
                    problems.append(f"byte {position - start} = {value}: {error!r}")
    assert problems == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_bytes_changed_give_a_picture_or_an_image_error(kind, data):
    bad = bytearray(content(drawing("RGB"), kind))
    for position, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(bad) - 1), st.integers(0, 255)), min_size=1, max_size=4)
    ):
        bad[position] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pixels = read_picture(bytes(bad[: data.draw(st.just(len(bad)) | st.integers(0, len(bad)))]))
        except ImageError:
            return
    assert pixels.dtype == np.uint8 and pixels.ndim in (2, 3)
