"""Teach it, in a real browser: drawings are kept, learnt, taken home and deleted, by mouse and by finger."""

import re
import sqlite3
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from mnist_core.data.dataset import load_dataset
from tests.browser.conftest import PATIENCE, PHONE, NewPage, Server, mouse_and_touch
from tests.browser.hand import Hand, Stroke, press, wait_until_settled
from webapp.visitors.identity import VISITOR_COOKIE, owner_of, read_id

SHORT_SEVEN: list[Stroke] = [[(0.45, 0.2), (0.58, 0.14), (0.5, 0.85)]]
"""A seven in an odd hand: with so small a head that it is read as a one."""
MOST_FORGOTTEN = 0.5
"""Percentage points of the MNIST test images."""


def wait_until(page: Page, condition: Callable[[], bool]) -> None:
    """Wait for what the page's scripts cannot see."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not condition():
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)


class Pupil:
    """A visitor's browser with the view open in which a network is taught.

    Args:
        new_page: opens the browser's page.
        address: where the app answers.
        touch: whether it is a phone.
    """

    def __init__(self, new_page: NewPage, address: str, touch: bool) -> None:
        self.page = new_page(**PHONE) if touch else new_page()
        self._touch = touch
        self.page.goto(address)
        self.hand = Hand(self.page, touch)
        self.press(self.page.locator(".st-key-views button", has_text="Teach it"))

    def press(self, what: str | Locator) -> None:
        """Press a button, by its key or as found."""
        button = self.page.locator(f".st-key-{what} button:visible").first if isinstance(what, str) else what
        expect(button).to_be_enabled()
        press(button, self._touch)

    def agree(self) -> str:
        """Agree that the server keeps the drawings, and return the name under which it does."""
        self.press("teach-agree")
        expect(self.title).to_have_text("Your collection: 0")
        wait_until(self.page, lambda: self.visitor is not None)
        assert self.visitor is not None and "mnist" not in self.page.evaluate("document.cookie")
        return owner_of(self.visitor)

    def write(self, digit: int) -> None:
        """Write a digit and wait until the page has read it."""
        self.draw(Hand.strokes(digit, 0.25, 0.15, 0.65), digit)

    def draw(self, strokes: Sequence[Stroke], read: int) -> None:
        """Draw, and wait until the page has read what it should."""
        self.page.locator(".st-key-pad").scroll_into_view_if_needed()
        wait_until_settled(self.page)
        for stroke in strokes:
            self.hand.draw(stroke)
        expect(self.answer).to_have_text(str(read))
        wait_until_settled(self.page)

    def label(self, digit: int) -> None:
        """Label the drawing, and wait until it is kept and the board is bare again."""
        count = int(self.title.inner_text().removeprefix("Your collection: "))
        self.press(self.digit("teach-label", digit))
        expect(self.title).to_have_text(f"Your collection: {count + 1}")
        expect(self.page.locator(".st-key-teach-kept")).to_contain_text(f"Kept as {digit}.")
        expect(self.answer).to_have_text("—")

    def digit(self, key: str, digit: int) -> Locator:
        """Find one of the ten digits that a drawing can be."""
        return self.page.locator(f"[class*='st-key-{key}'] button", has_text=re.compile(f"^{digit}$"))

    @property
    def answer(self) -> Locator:
        """What is read."""
        return self.page.locator(".st-key-digit .digit")

    @property
    def title(self) -> Locator:
        """How many drawings there are."""
        return self.page.locator(".teach-counts p")

    @property
    def tiles(self) -> Locator:
        """The drawings, the newest first."""
        return self.page.locator(".st-key-teach-gallery .gallery > *")

    @property
    def network(self) -> Locator:
        """The name of the network that reads, if it is not the default one."""
        return self.page.locator(".answer .reader")

    @property
    def network_choice(self) -> Locator:
        """The choice of the network, among the settings, which are opened for it."""
        self.press("settings")
        return self.page.get_by_label("Network", exact=True)

    @property
    def visitor(self) -> str | None:
        """The number in the cookie; None while there is none."""
        found = {cookie["name"]: cookie["value"] for cookie in self.page.context.cookies()}
        return read_id(found.get(VISITOR_COOKIE))

    def learn(self) -> None:
        """Start the learning of a copy of the network, and wait until it reads."""
        self.press("teach-go")
        expect(self.page.get_by_role("progressbar")).to_be_visible()
        expect(self.network).to_have_text("Network: default, my hand", timeout=90_000)
        expect(self.page.get_by_role("progressbar")).to_have_count(0)


OpenPupil = Callable[[], Pupil]


@pytest.fixture
def open_pupil(touch: bool, new_page: NewPage, server: Server) -> OpenPupil:
    """Opens the browsers of visitors who do not know of each other."""
    return lambda: Pupil(new_page, server.address, touch)


def rows_of(server: Server, owner: str) -> list[tuple[int, int | None]]:
    """What the server keeps of somebody's drawings, the oldest first: what they are, and what was read."""
    with closing(sqlite3.connect(server.visitors / "collection.sqlite")) as database:
        return database.execute("SELECT label, read FROM drawings WHERE owner = ? ORDER BY id", (owner,)).fetchall()


@pytest.mark.slow
@mouse_and_touch()
def test_drawings_are_kept_mended_found_again_and_taken_home(
    open_pupil: OpenPupil, server: Server, tmp_path: Path
) -> None:
    pupil = open_pupil()
    expect(pupil.page.locator(".st-key-teach-agree button")).to_be_enabled()
    assert pupil.visitor is None
    owner = pupil.agree()
    for digit in (3, 4, 5, 7):
        pupil.write(digit)
        pupil.label(digit)
    assert rows_of(server, owner) == [(3, 3), (4, 4), (5, 5), (7, 7)]  # each with all its strokes
    expect(pupil.title).to_have_text("Your collection: 4")

    pupil.write(2)
    pupil.label(8)
    expect(pupil.tiles).to_have_text(["8", "7", "5", "4", "3"])
    pupil.press("teach-undo")
    expect(pupil.tiles).to_have_text(["7", "5", "4", "3"])

    pupil.press(pupil.tiles.nth(0))
    expect(pupil.page.get_by_text("You said 7, it had read 7. It is:")).to_be_visible()
    pupil.press(pupil.digit("teach-relabel", 1))
    expect(pupil.tiles).to_have_text(["1", "5", "4", "3"])
    pupil.press(pupil.tiles.nth(2))
    expect(pupil.page.get_by_text("You said 4, it had read 4. It is:")).to_be_visible()
    pupil.press("teach-delete")
    expect(pupil.tiles).to_have_text(["1", "5", "3"])
    assert rows_of(server, owner) == [(3, 3), (5, 5), (1, 7)]

    pupil.write(6)
    wait_until_settled(pupil.page)
    pupil.page.reload()
    expect(pupil.tiles).to_have_text(["1", "5", "3"])
    expect(pupil.answer).to_have_text("6")

    with pupil.page.expect_download() as download:
        pupil.press("teach-take")
    assert re.fullmatch(r"my-digits-\d{4}-\d\d-\d\d\.zip", download.value.suggested_filename)
    with zipfile.ZipFile(download.value.path()) as archive:
        archive.extractall(tmp_path)
    taken = load_dataset(tmp_path)
    assert taken.train_labels.tolist() == [3, 5, 1]
    assert taken.test_labels.tolist() == [3, 5, 1]  # too few to be divided
    assert (taken.train_images.max(axis=(1, 2)) > 200).all()
    assert len(list((tmp_path / "png").glob("*.png"))) == 3


@pytest.mark.slow
@mouse_and_touch()
def test_a_hand_is_learnt_unlearnt_and_forgotten(
    open_pupil: OpenPupil, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    pupil, other = open_pupil(), open_pupil()
    page = pupil.page
    expect(pupil.network).to_have_text("")
    owner = pupil.agree()
    expect(page.locator(".st-key-teach-go button")).to_be_disabled()
    for digit in (3, 4, 7):
        pupil.write(digit)
        pupil.label(digit)
    pupil.draw(SHORT_SEVEN, 1)
    pupil.label(7)  # the same digit again

    pupil.learn()
    own, test = page.locator(".teach-scores strong").all_inner_texts()
    assert own == "75% → 100%"
    mnist_before, mnist_after = (float(share) for share in re.findall(r"([\d.]+)%", test))
    with capsys.disabled():
        print(f"\nMNIST test images read, before and after a hand was learnt: {test}")
    assert mnist_before > 99
    assert mnist_after >= mnist_before - MOST_FORGOTTEN
    name = f"default, my hand — reads {mnist_after:.2f}% of MNIST"
    expect(pupil.network_choice).to_have_value(name)
    page.keyboard.press("Escape")
    pupil.draw(SHORT_SEVEN, 7)  # now it knows better

    pupil.press("teach-unlearn")
    expect(pupil.network).to_have_text("")
    expect(pupil.answer).to_have_text("1")
    expect(page.locator(".teach-scores")).to_have_count(0)

    pupil.learn()
    hand = server.visitors / "hands" / f"{owner}.npz"
    assert hand.exists() and hand.with_suffix(".json").exists()
    other.agree()  # a visitor who sees none of it
    expect(other.tiles).to_have_count(0)
    expect(other.network).to_have_text("")
    expect(other.page.locator(".st-key-teach-go button")).to_be_disabled()

    pupil.press("teach-delete-all")
    expect(page.get_by_text("This deletes all your drawings (4)")).to_be_visible()
    assert len(rows_of(server, owner)) == 4  # nothing has happened so far
    pupil.press("teach-delete-now")
    expect(page.get_by_text("Everything is deleted.")).to_be_visible()
    expect(page.locator(".stAppHeader")).to_be_hidden()  # the page has kept its style sheet
    expect(pupil.network).to_have_text("")
    wait_until(page, lambda: pupil.visitor is None)
    assert not hand.exists() and not hand.with_suffix(".json").exists()
    assert [
        file.name for file in server.visitors.rglob("*") if file.is_file() and owner.encode() in file.read_bytes()
    ] == []
    page.reload()
    expect(page.locator(".st-key-teach-agree button")).to_be_enabled()
    expect(pupil.network).to_have_text("")
