"""Pictures in place of the pad: chosen, dropped, pasted and photographed, by mouse and by touch, they are read.

The pictures are made here: digits of the tests' hand in pencil, on ruled paper in uneven light.
"""

import base64
import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, JSHandle, Locator, Page, expect

from tests.browser.chromium import find
from tests.browser.conftest import CHROMIUM_FLAGS, PHONE, NewPage, wait_for
from tests.browser.hand import Hand, press, wait_until_settled

HEIGHT, WIDTH = 480, 640
INK = 0.65  # of the light is swallowed by the pencil


def paper(text: str) -> np.ndarray:
    """Write digits in a row on ruled paper, with a light from the left; uint8 (HEIGHT, WIDTH)."""
    ink = Image.new("L", (WIDTH, HEIGHT))
    pencil = ImageDraw.Draw(ink)
    size = 110
    for place, digit in enumerate(text):
        left, top = 60 + place * 140, 180 + 12 * (-1) ** place
        for stroke in Hand.strokes(int(digit), left, top, size):
            pencil.line(stroke, fill=255, width=9, joint="curve")
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    white = np.where(y % 32 < 2, 0.75, 1.0) * (1 - INK * np.asarray(ink) / 255)
    light = 0.9 * 0.5 ** (x / WIDTH)
    grain = np.random.default_rng(0).normal(0, 2, white.shape)
    return (255 * white * light + grain).clip(0, 255).astype(np.uint8)


def file_of(pixels: np.ndarray, form: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


def film_of(picture: np.ndarray) -> bytes:
    """Make a film of one grey picture, as Chromium's false camera takes it: YUV4MPEG2, with neutral colours.

    Source: the format is described at https://wiki.multimedia.cx/index.php/YUV4MPEG2
    """
    head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\nFRAME\n".encode()
    return head + picture.tobytes() + bytes([128]) * (HEIGHT * WIDTH // 2)


@pytest.fixture(scope="module")
def browser(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser before whose camera there is a paper with 3 and 8; it may use the camera unasked."""
    film = tmp_path_factory.mktemp("camera") / "paper.y4m"
    film.write_bytes(film_of(paper("38")))
    camera = (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    with browser.browser_type.launch(executable_path=find(), args=[*CHROMIUM_FLAGS, *camera]) as chromium:
        yield chromium


TRANSFER = """([name, type, content]) => {
  const transfer = new DataTransfer();
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  transfer.items.add(new File([bytes], name, { type }));
  return transfer;
}"""
# Says whether the page left it to the browser.
PASTE = """clipboardData =>
  document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
"""


class Visitor:
    """Someone before the drawing page, with a mouse or with a finger.

    Args:
        page: new and empty.
        address: of the app.
        touch: whether they tap instead of clicking.
    """

    def __init__(self, page: Page, address: str, touch: bool) -> None:
        self.page = page
        self._touch = touch
        page.goto(address)
        self.hand = Hand(page, touch)

    def press(self, place: Locator) -> None:
        press(place, self._touch)

    def press_key(self, key: str) -> None:
        """Press the button that Streamlit knows by a key."""
        self.press(self.page.locator(f".st-key-{key} button"))

    def ask_for_picture(self) -> None:
        self.press_key("picture")
        expect(self.page.locator(".st-key-picture-ask")).to_be_visible()

    def choose(self, name: str, kind: str, content: bytes) -> None:
        """Choose a file as visitors do: through the window that the button opens."""
        wait_until_settled(self.page)  # else the button may belong to the page of before
        with self.page.expect_file_chooser() as chooser:
            self.press(self.page.locator("[data-testid=stFileUploader] button").first)
        chooser.value.set_files({"name": name, "mimeType": kind, "buffer": content})

    def transfer(self, name: str, kind: str, content: bytes) -> JSHandle:
        """Make what a browser hands to a page with a file that is dropped or pasted."""
        return self.page.evaluate_handle(TRANSFER, [name, kind, base64.b64encode(content).decode()])

    def paste(self, name: str, kind: str, content: bytes) -> None:
        self.page.evaluate(PASTE, self.transfer(name, kind, content))

    def expect_answer(self, text: str) -> None:
        """Expect digits in the answer, a box with its digit on each of the picture's, and bars."""
        expect(self.page.locator(".st-key-digit .digit")).to_have_text(text)
        boxes = self.page.locator(".picture-box")
        expect(boxes).to_have_text(list(text))
        expect(self.page.locator(".st-key-probabilities .value").first).to_contain_text("%")
        picture = self.page.locator(".picture img").bounding_box()
        assert picture is not None
        for place, box in enumerate(boxes.all()):
            found = box.bounding_box()
            assert found is not None
            middle = (found["x"] + found["width"] / 2 - picture["x"]) / picture["width"]
            assert middle == pytest.approx((115 + place * 140) / WIDTH, abs=0.06)
            assert 0.35 < (found["y"] + found["height"] / 2 - picture["y"]) / picture["height"] < 0.65


@pytest.fixture
def visitor(new_page: NewPage, address: str, request: pytest.FixtureRequest) -> Visitor:
    """Someone with a mouse, or with what the test's parameter says."""
    touch = getattr(request, "param", False)
    return Visitor(new_page(**PHONE) if touch else new_page(), address, touch)


by_mouse_and_touch = pytest.mark.parametrize(
    "visitor", [pytest.param(False, marks=pytest.mark.slow), True], ids=["mouse", "touch"], indirect=True
)


@by_mouse_and_touch
def test_a_chosen_photograph_is_read_and_every_view_is_about_it(visitor):
    page = visitor.page
    visitor.ask_for_picture()
    visitor.choose("paper.jpg", "image/jpeg", file_of(paper("2475")))
    visitor.expect_answer("2475")
    expect(page.locator(".st-key-seen img")).to_have_count(4)
    expect(page.locator(".st-key-view-body img").first).to_be_visible()  # the stages
    views = page.locator(".st-key-views")
    visitor.press(views.get_by_text("Why?", exact=True))
    expect(page.locator(".st-key-why .why-pictures img")).to_have_count(2)
    visitor.press(views.get_by_text("3: 7", exact=True))
    expect(page.locator(".st-key-digit .certainty")).to_contain_text("digit 3 of 4")
    expect(page.locator(".st-key-why .why-pictures img").first).to_be_visible()
    expect(page.locator(".st-key-why .why-words").first).to_contain_text("7")
    assert page.evaluate("document.querySelector('.stMain').scrollWidth <= innerWidth")


@pytest.mark.slow
def test_a_webp_is_read(visitor):
    visitor.ask_for_picture()
    visitor.choose("paper.webp", "image/webp", file_of(paper("90"), "WEBP"))
    visitor.expect_answer("90")


def test_a_dropped_picture_is_read(visitor):
    visitor.ask_for_picture()
    dropped = visitor.transfer("paper.png", "image/png", file_of(paper("71"), "PNG"))
    zone = visitor.page.locator("[data-testid=stFileUploaderDropzone]")
    for event in ("dragenter", "dragover", "drop"):
        zone.dispatch_event(event, {"dataTransfer": dropped})
    visitor.expect_answer("71")


def test_a_pasted_picture_is_read_and_the_next_one_replaces_it(visitor):
    visitor.ask_for_picture()
    for text, form in (("27", "PNG"), ("5", "JPEG")):
        visitor.paste(f"paper.{form.lower()}", f"image/{form.lower()}", file_of(paper(text), form))
        visitor.expect_answer(text)


@pytest.mark.slow
def test_text_pasted_into_a_field_is_left_to_it(visitor):
    visitor.ask_for_picture()
    pasted = visitor.page.evaluate_handle(
        "() => { const transfer = new DataTransfer(); transfer.setData('text/plain', '7'); return transfer; }"
    )
    assert visitor.page.evaluate(PASTE, pasted)
    expect(visitor.page.locator(".st-key-picture-ask")).to_be_visible()


REFUSED = [
    (
        "paper.gif",
        "image/gif",
        lambda: file_of(paper("3"), "GIF"),
        "This is a GIF file. Please save it as PNG",
    ),
    ("notes.png", "image/png", lambda: b"No picture at all.", "This file can't be read here as a picture"),
    (
        "white.png",
        "image/png",
        lambda: file_of(np.full((9000, 9000), True), "PNG"),
        "50 million are read here",
    ),
]


def test_what_cannot_be_read_is_refused_in_words_and_the_next_picture_is_read(visitor):
    page = visitor.page
    visitor.ask_for_picture()
    for name, kind, content, words in REFUSED:
        visitor.choose(name, kind, content())
        expect(page.locator("[data-testid=stAlert]")).to_contain_text(words)
        expect(page.locator(".st-key-digit .digit")).to_have_text("—")
        expect(page.locator("[data-testid=stException]")).to_have_count(0)
        visitor.choose("paper.jpg", "image/jpeg", file_of(paper("6")))
        visitor.expect_answer("6")
        expect(page.locator("[data-testid=stAlert]")).to_have_count(0)
        visitor.press_key("picture-another")


@pytest.mark.slow
def test_a_pasted_file_that_the_browser_cannot_read_is_refused_in_words(visitor):
    visitor.ask_for_picture()
    visitor.paste("broken.png", "image/png", b"No picture at all.")
    expect(visitor.page.locator("[data-testid=stAlert]")).to_contain_text("This file can't be read here as a picture")
    visitor.paste("paper.png", "image/png", file_of(paper("6"), "PNG"))
    visitor.expect_answer("6")


def test_a_picture_of_nothing_gets_advice_and_no_digit(visitor):
    visitor.ask_for_picture()
    visitor.choose("paper.jpg", "image/jpeg", file_of(paper("")))
    expect(visitor.page.locator("[data-testid=stAlert]")).to_contain_text("No digit found. It helps to write larger")
    expect(visitor.page.locator(".picture img")).to_be_visible()
    expect(visitor.page.locator(".picture-box:not(.none)")).to_have_count(0)
    expect(visitor.page.locator(".st-key-digit .digit")).to_have_text(re.compile(r"^(—|\?+)$"))


@by_mouse_and_touch
def test_a_photograph_is_taken_and_read(visitor):
    visitor.ask_for_picture()
    visitor.press_key("picture-use-camera")
    wait_for(visitor.page, "document.querySelector('video')?.videoWidth > 0")  # they see what they take
    visitor.press(visitor.page.get_by_role("button", name="Take Photo"))
    visitor.expect_answer("38")
    visitor.press_key("picture-another")  # and the camera is off again
    expect(visitor.page.locator(".st-key-picture-use-camera")).to_be_visible()
    expect(visitor.page.locator("video")).to_have_count(0)


@pytest.mark.slow
@by_mouse_and_touch
def test_the_way_back_leads_to_the_drawing_and_the_picture_is_kept(visitor):
    page = visitor.page
    answer = page.locator(".st-key-digit .digit")
    visitor.hand.write(4)
    expect(answer).to_have_text("4")
    wait_until_settled(page)
    visitor.ask_for_picture()
    expect(answer).to_have_text("—")
    visitor.choose("paper.jpg", "image/jpeg", file_of(paper("75")))
    visitor.expect_answer("75")

    visitor.press_key("draw-yourself")
    expect(answer).to_have_text("4")
    visitor.press_key("undo")  # its strokes are there too
    expect(answer).not_to_have_text("4")
    visitor.press_key("redo")
    expect(answer).to_have_text("4")

    visitor.press_key("picture")
    visitor.expect_answer("75")
    visitor.press_key("draw-yourself")
    expect(answer).to_have_text("4")
    wait_until_settled(page)
    visitor.press_key("picture")
    visitor.press_key("picture-another")
    expect(answer).to_have_text("—")
    visitor.choose("paper.jpg", "image/jpeg", file_of(paper("2")))
    visitor.expect_answer("2")


@pytest.mark.slow
def test_the_picture_is_still_there_after_a_visit_to_another_page(visitor):
    page = visitor.page
    visitor.ask_for_picture()
    visitor.choose("paper.jpg", "image/jpeg", file_of(paper("27")))
    visitor.expect_answer("27")
    wait_until_settled(page)  # a click that meets a running script may be lost
    page.get_by_role("link", name="Train").click()
    expect(page.locator(".st-key-start")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Draw").click()
    visitor.expect_answer("27")
