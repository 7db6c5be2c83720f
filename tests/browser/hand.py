"""A hand that writes digits on the pad, with the mouse or with a finger."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
from playwright.sync_api import Locator, Page

from tests.browser.conftest import wait_for

Point = tuple[float, float]
Stroke = Sequence[Point]


def _arc(x: float, y: float, radius_x: float, radius_y: float, begin: float, end: float) -> list[Point]:
    """Points on an ellipse, by angles in degrees: 0 is right, 90 is down."""
    angles = np.radians(np.linspace(begin, end, 14))
    return [(x + radius_x * float(np.cos(a)), y + radius_y * float(np.sin(a))) for a in angles]


# Each digit's strokes in a box of 1 × 1, y downwards, as they are written by hand.
DIGITS: dict[int, list[Stroke]] = {
    0: [_arc(0.5, 0.5, 0.32, 0.5, -90, 270)],
    1: [[(0.55, 0.0), (0.45, 1.0)]],
    2: [[*_arc(0.5, 0.28, 0.36, 0.28, -170, 40), (0.15, 1.0), (0.9, 0.97)]],
    3: [[*_arc(0.45, 0.25, 0.33, 0.25, -150, 80), *_arc(0.45, 0.73, 0.38, 0.27, -80, 150)]],
    4: [[(0.25, 0.0), (0.15, 0.55), (0.9, 0.52)], [(0.72, 0.1), (0.66, 1.0)]],
    5: [[(0.3, 0.0), (0.24, 0.45), *_arc(0.42, 0.68, 0.38, 0.3, -100, 140)], [(0.3, 0.0), (0.82, 0.0)]],
    6: [[(0.7, 0.0), (0.35, 0.3), *_arc(0.48, 0.7, 0.27, 0.29, -180, 180)]],
    7: [[(0.12, 0.02), (0.88, 0.0), (0.42, 1.0)]],
    8: [[*_arc(0.5, 0.24, 0.25, 0.24, 90, -270), *_arc(0.5, 0.74, 0.31, 0.26, -90, 270)]],
    9: [[*_arc(0.48, 0.3, 0.28, 0.28, 0, -360), (0.72, 0.55), (0.62, 1.0)]],
}


# Whether the page has had no more to do for a while: all is built, nothing runs, and what was drawn has been reported.
SETTLED = """() => {
  const board = document.querySelector('.st-key-pad');
  const pad = board?.pad;
  const isDressed = !board || [...board.querySelectorAll('*')].some(({ shadowRoot }) =>
    shadowRoot?.querySelector('.pad-hint'));
  const isBuilt = isDressed && !document.querySelector('[data-testid="stSkeleton"]');
  const isQuiet = isBuilt && document.querySelector('.stApp').dataset.testScriptState === 'notRunning';
  const isBehind = pad && (pad.drawing || pad.unsent || pad.data.unpictured);
  if (isQuiet && !isBehind) window.quietSince ??= performance.now();
  else window.quietSince = null;
  return window.quietSince !== null && performance.now() - window.quietSince > 300;
}"""


def wait_until_settled(page: Page) -> None:
    """Wait until the page has answered the last press or stroke, and the drawing's view has followed the answer."""
    page.evaluate("window.quietSince = null")
    wait_for(page, SETTLED)


IS_INKED = """canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, place) => place % 4 === 3 && value);
}"""


def expect_ink(page: Page) -> None:
    """Expect that what was drawn is still on the pad once the page has settled."""
    wait_until_settled(page)
    assert page.locator(".st-key-pad canvas.dc-canvas.lower-canvas").evaluate(IS_INKED)


def press(place: Locator, touch: bool) -> None:
    """Press a button or the like, with a finger or with the mouse."""
    if touch:
        place.tap()
    else:
        place.click()


class Hand:
    """Draws on a page's pad.

    Args:
        page: with the drawing page open.
        touch: whether it draws with a finger instead of the mouse.
    """

    def __init__(self, page: Page, touch: bool = False) -> None:
        self.page = page
        self._canvas = page.locator(".st-key-pad canvas").last
        self._canvas.wait_for()
        page.locator(".st-key-pad .pad-hint").wait_for(state="attached")
        self._cdp = page.context.new_cdp_session(page) if touch else None

    def write(self, digit: int, left: float = 0.25, top: float = 0.15, size: float = 0.65) -> None:
        """Write a digit into the square of that place and size, given as shares of the board."""
        for stroke in self.strokes(digit, left, top, size):
            self.draw(stroke)

    @staticmethod
    def strokes(digit: int, left: float, top: float, size: float) -> list[Stroke]:
        """Return a digit's strokes in such a square, for `draw`."""
        return [[(left + size * x, top + size * y) for x, y in stroke] for stroke in DIGITS[digit]]

    @contextmanager
    def pen_down(self, start: Point) -> Iterator[Callable[[Point], None]]:
        """Put the mouse's pen down, hand out what moves it on, and lift it when the block ends."""
        mouse = self.page.mouse
        mouse.move(*self._on_page([start])[0])
        mouse.down()
        yield lambda point: mouse.move(*self._on_page([point])[0], steps=5)
        mouse.up()

    def draw(self, stroke: Stroke) -> None:
        """Draw one stroke; coordinates are shares of the board."""
        points = self._on_page(stroke)
        if self._cdp is None:
            self.page.mouse.move(*points[0])
            self.page.mouse.down()
            for point in points[1:]:
                self.page.mouse.move(*point, steps=2)
            self.page.mouse.up()
            return
        self._touch("touchStart", [points[0]])
        for (x0, y0), (x1, y1) in pairwise(points):
            for share in (1 / 3, 2 / 3, 1):
                self._touch("touchMove", [(x0 + share * (x1 - x0), y0 + share * (y1 - y0))])
        self._touch("touchEnd", [])

    def _on_page(self, stroke: Stroke) -> list[Point]:
        box = self._canvas.bounding_box()
        assert box is not None
        return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]

    def _touch(self, kind: str, points: Sequence[Point]) -> None:
        assert self._cdp is not None
        self._cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})
