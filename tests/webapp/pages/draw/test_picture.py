"""A picture in place of the pad: taken in, boxed, kept, put away, and refused in a friendly way."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from mnist_core.errors import ImageError
from mnist_core.imaging.image_file import MAX_BYTES, MAX_MEMORY
from mnist_core.imaging.photo import WORK_SIDE
from mnist_core.recognizer import Recognizer
from webapp.pages.draw.picture import PICTURE, Picture, boxed, camera_works, make_picture, refusal_of


def file_of(pixels: np.ndarray, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


def two_sticks(width: int = 400) -> np.ndarray:
    pixels = np.zeros((300, width), np.uint8)
    pixels[80:200, 60:75] = pixels[80:200, 240:255] = 255
    return pixels


def page() -> None:
    import streamlit as st

    from mnist_core.recognizer import Recognizer
    from webapp.networks.choice import chosen
    from webapp.pages.draw.picture import picture_pad, row_starts
    from webapp.pages.draw.tools import picture_tools

    read = picture_pad(Recognizer.load())
    picture_tools(chosen())
    st.text("none" if read is None else str([found.digit for found in read]))
    st.text(row_starts())


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_function(page, default_timeout=20).run()


def test_before_there_is_a_picture_one_is_asked_for(app):
    assert not app.exception
    assert app.text[0].value == "none"


def test_a_chosen_picture_is_read_kept_and_put_away(app):
    app.file_uploader[0].set_value(("sticks.png", file_of(two_sticks()), "image/png")).run()
    assert not app.exception
    assert app.text[0].value == "[1, 1]"
    assert app.run().text[0].value == "[1, 1]"  # as after a visit to another page
    app.button(key="picture-another").click().run()
    assert app.text[0].value == "none"
    assert PICTURE not in app.session_state


def test_an_empty_picture_gets_advice(app):
    app.file_uploader[0].set_value(("empty.png", file_of(np.full((300, 300), 200, np.uint8)), "image/png")).run()
    assert app.text[0].value == "[]"
    assert "No digit found" in app.info[0].value


def test_rows_of_digits_are_told_apart(app):
    pixels = np.zeros((300, 400), np.uint8)
    for top, left in ((30, 100), (30, 200), (180, 60), (180, 150), (180, 300)):
        pixels[top : top + 100, left : left + 14] = 255
    app.file_uploader[0].set_value(("rows.png", file_of(pixels), "image/png")).run()
    assert app.text[0].value == "[1, 1, 1, 1, 1]"
    assert app.text[1].value == "[2]"
    app.button(key="picture-another").click().run()
    assert app.text[1].value == "[]"


def test_what_is_no_picture_is_refused_and_the_next_one_is_taken(app):
    app.file_uploader[0].set_value(("fake.png", b"GIF89a and so on", "image/png")).run()
    assert not app.exception
    assert "GIF" in app.warning[0].value
    app.file_uploader[0].set_value(("sticks.png", file_of(two_sticks()), "image/png")).run()
    assert not app.warning
    assert app.text[0].value == "[1, 1]"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"GIF89a", "GIF"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"\0\0\0\x18ftypavif", "AVIF"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\xff\xd8\xff\xe0", "damaged"),
        (b"", "choose a PNG, JPEG or WebP file"),
        (b"hello", "as a picture"),
        (bytes(MAX_BYTES + 1), "20 MB"),
    ],
)
def test_a_refusal_says_what_the_file_is(content, word):
    with pytest.raises(ImageError) as caught:
        make_picture(content)
    assert word in refusal_of(content, caught.value)


@pytest.mark.parametrize(
    ("form", "size", "most"),
    [("PNG", (10_000, 5001), "50"), ("PNG", (20_000, 10_000), "50"), ("WEBP", (4500, 4000), "15")],
)
def test_a_refusal_says_how_many_pixels_a_picture_may_have(app, form, size, most):
    file = io.BytesIO()
    Image.new("1" if form == "PNG" else "L", size).save(file, form, method=0)
    app.file_uploader[0].set_value((f"large.{form}", file.getvalue(), f"image/{form}".lower())).run()
    assert not app.exception
    assert f"too many pixels: in a file of its kind, {most} million are read here" in app.warning[0].value


def test_a_picture_that_would_be_decoded_for_half_a_minute_is_refused_at_once(app):
    file = io.BytesIO()
    Image.new("L", (7000, 7000)).save(file, "JPEG", progressive=True)
    content, last = file.getvalue(), file.getvalue().rindex(b"\xff\xda")
    again = content[last:-2]  # the last scan, of a hundred bytes
    app.file_uploader[0].set_value(("scans.jpg", content[:-2] + 3000 * again + content[-2:], "image/jpeg")).run()
    assert not app.exception
    assert "damaged, or saved in an unusual way" in app.warning[0].value


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads a process's peak of memory where only Linux tells it")
def test_four_visitors_with_the_largest_picture_take_little_more_memory_than_one(tmp_path):
    Image.new("RGB", (8000, 6250)).save(tmp_path / "large.png", compress_level=1)
    code = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from webapp.pages.draw.picture import make_picture
content = Path(sys.argv[1]).read_bytes()
def peak(): return 1024 * int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
before = peak()
with ThreadPoolExecutor(4) as visitors:
    assert [picture.pixels.shape for picture in visitors.map(make_picture, [content] * 4)] == [(938, 1200, 3)] * 4
print(peak() - before)
"""
    command = [sys.executable, "-c", code, tmp_path / "large.png"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1.5 * MAX_MEMORY


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_large_pictures_are_shrunk(form):
    picture = make_picture(file_of(two_sticks(2 * WORK_SIDE), form))
    assert picture.pixels.shape[1] == WORK_SIDE
    assert picture.address.startswith("data:image/jpeg;base64,")


def test_boxes_stand_in_shares_of_the_picture():
    pixels = two_sticks()
    picture = Picture(pixels, "data:,")
    html = boxed(picture, Recognizer.load().recognize_picture(pixels))
    assert html.count("picture-box") == 2
    assert "left: 15.00%; top: 26.67%; width: 3.75%; height: 40.00%" in html
    assert "<b>1</b>" in html


@pytest.mark.parametrize(
    ("address", "works"),
    [
        ("https://school.example/", True),
        ("http://localhost:8501/", True),
        ("http://127.0.0.1:8501/draw", True),
        ("http://192.168.1.7:8501/", False),
        (None, False),
    ],
)
def test_the_camera_needs_a_secure_page(address, works):
    assert camera_works(address) == works
