"""Picture files: every common kind is read, every wrong one is refused in words."""

import io
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnist_core.errors import ImageError
from mnist_core.imaging.image_file import MAX_BYTES, MAX_MEMORY, LargePictureError, read_picture
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


# Large pictures, shrunk


def smooth(width: int, height: int, mode: str) -> Image.Image:
    """Colours and opacities that rise and fall slowly, with a sharp edge."""
    y, x = np.mgrid[:height, :width]
    bands = [128 + 127 * np.sin(x / 97 + k) * np.cos(y / 71 - k) for k in range(4)]
    pixels = np.stack(bands, axis=-1).astype(np.uint8)
    pixels[height // 3 : height // 2, width // 4 :] = 0, 0, 0, 255
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize("mode", ["L", "RGB", "LA", "RGBA", "P", "1"])
def test_up_to_four_times_the_side_a_picture_is_shrunk_as_pillow_does_it(mode):
    picture = smooth(399, 250, mode)
    for kind in ("PNG", "JPEG") if mode in ("L", "RGB") else ("PNG",):
        file = content(picture, kind)
        expected = Image.fromarray(read_picture(file))
        expected.thumbnail((100, 100), Image.Resampling.BOX)
        np.testing.assert_array_equal(read_picture(file, longest=100), np.asarray(expected))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(1300, 777), (777, 1300), (2500, 30), (30, 2500), (3000, 1), (1, 3000)])
def test_larger_ones_are_shrunk_in_pieces_to_what_they_are(kind, size):
    picture = smooth(size[0], size[1], "RGB" if kind == "JPEG" else "RGBA")
    pixels = read_picture(content(picture, kind, quality=95), longest=100)
    assert max(pixels.shape[:2]) == 100
    expected = picture.resize(pixels.shape[1::-1], Image.Resampling.BOX)
    assert np.abs(pixels.astype(int) - np.asarray(expected)).mean() < 6


def test_16_bits_of_grey_are_shrunk_to_8():
    deep = np.full((400, 300), 30_000, np.uint16)
    np.testing.assert_array_equal(read_picture(content(Image.fromarray(deep), "PNG"), longest=100), np.uint8(117))


def test_a_shrunk_picture_is_turned_upright():
    picture = Image.new("L", (600, 300))
    picture.paste(255, (0, 0, 600, 150))  # its upper half, that is right if it is turned clockwise
    pixels = read_picture(content(picture, "JPEG", exif=with_orientation(6)), longest=100)
    assert pixels.shape == (100, 50)
    assert pixels[:, :20].max() < 50 and pixels[:, 30:].min() > 200


@pytest.mark.skipif(sys.platform != "linux", reason="reads a process's peak of memory where only Linux tells it")
def test_50_million_pixels_are_shrunk_in_a_quarter_of_a_gigabyte(tmp_path):
    Image.new("RGB", (8000, 6250)).save(tmp_path / "large.png", compress_level=1)
    code = """
import sys
from pathlib import Path
from mnist_core.imaging.image_file import read_picture
def peak(): return 1024 * int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
before = peak()
assert read_picture(sys.argv[1], longest=1200).shape == (938, 1200, 3)
print(peak() - before)
"""
    command = [sys.executable, "-c", code, tmp_path / "large.png"]
    assert int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) < 1.25 * MAX_MEMORY


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
    found = f"{width} × {height}" if width == 10_000 else "far too many"
    assert f"found {found} pixels, expected at most 50000000 in all" in text


def test_what_takes_too_much_memory_to_shrink_is_refused_with_what_could_be():
    large = content(Image.new("L", (4500, 4000)), "WEBP", method=0)  # decoders of WebP need four times the picture
    with pytest.raises(LargePictureError, match="that is 15 million pixels in such a file") as caught:
        read_picture(large, longest=1200)
    assert caught.value.most == 15
    with pytest.raises(LargePictureError) as caught:
        read_picture(png_claiming(10_000, 5_001))
    assert caught.value.most == 50


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
