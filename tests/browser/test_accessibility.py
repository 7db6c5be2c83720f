"""Every page for everybody: what axe finds, the keyboard, small screens, fingertips, and those whom motion disturbs."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.conftest import NewPage, Server
from tests.browser.hand import wait_until_settled
from tests.browser.page_checks import (
    grave_violations,
    keyboard_gaps,
    motion,
    overlaps,
    sideways_scrolling,
    small_targets,
)
from tests.webapp.written_runs import write_run
from webapp.pages.lab.failures import FAILURES

TALL = ViewportSize(width=1440, height=7000)
"""Axe sees colours only where the screen is: every page fits on this one."""
PHONE_SIZE = ViewportSize(width=390, height=844)
SMALL_SIZES = (ViewportSize(width=640, height=400), ViewportSize(width=320, height=640))
"""A laptop's page at 200%, and the narrowest phone's."""

NOT_OURS = {
    r"katex-display": "a formula wider than its place scrolls; the element is Streamlit's, browsers let keys scroll it",
    r"stNumberInputStep(Up|Down) .* is out": "Streamlit: in the field, the arrow keys do the same",
    r"stSelectbox button .* is out": "Streamlit: in the field, the arrow keys do the same",
    r"stDialog button .* is out": "Streamlit: one pixel for screen readers, beside a larger button and Escape",
    r"stTabsScroll(Left|Right)": "Streamlit: arrows, 20 pixels wide, over tabs, which can be dragged as well",
    r"stTooltipHoverTarget .* is \d+ by \d+": "Streamlit: 16 pixels, with the room around that WCAG 2.5.8 asks for",
    r"play-clock": "the clock of a game moves for everybody: it is information",
    r"dc-toolbar": "streamlit-drawable-canvas: its bar of tools, in a shadow of its own",
}
"""What the checks find and we can't mend: patterns of findings, each with its reason."""


@dataclass(frozen=True)
class Place:
    """A page as a link opens it.

    Attributes:
        link: its path and query.
        landmark: what stands there when all is shown: a page of errors has no faults either.
        presses: what is pressed, one after the other; what comes then is looked at as well.
    """

    link: str
    landmark: str
    presses: Sequence[str] = ()


RUN, OTHER_RUN, FAILURE, REMEDY = "quick-000001", "quick-000002", "lab-failure", "lab-remedy"
TABS = tuple(f"[role=tab] >> nth={place}" for place in range(1, 8))
START, MENU = ".st-key-play-start button", ".st-key-corner-menu button"
LESSON = "lesson=how-a-computer-sees"
PLACES = {
    "draw": Place("/?", ".st-key-pad canvas"),
    "stages": Place("/?test=0&view=stages", ".st-key-stages-way img"),
    "why": Place("/?test=0&view=why", ".why-words"),
    "neurons": Place("/?test=0&view=neurons", ".neurons .units button"),
    "walk": Place("/?test=0&view=walk", ".walk-where"),
    "teach": Place("/?test=0&view=teach", ".st-key-view-body button"),
    "train": Place("/train?", ".st-key-start button", ("summary",)),
    "run": Place(f"/train?run={RUN}", ".st-key-status-finished", TABS),
    "curves": Place(f"/train?run={RUN}", ".st-key-status-finished"),
    "compare": Place(f"/compare?runs={RUN},{OTHER_RUN}", ".comparison"),
    "lab": Place("/lab?", ".st-key-lab-buttons button"),
    "experiment": Place(f"/lab?failure={FAILURES[0].key}&fail={FAILURE}&mend={REMEDY}", ".st-key-again button"),
    "lessons": Place("/lesson?", "[class*=st-key-lesson] a, [class*=st-key-lesson] button"),
    "lesson": Place(f"/lesson?{LESSON}&step=0", ".st-key-lesson-goals"),
    "step": Place(f"/lesson?{LESSON}&step=2", ".st-key-lesson-do"),
    "wall": Place("/wall?", ".st-key-wall-tiles"),
    "play": Place("/play?game=draw", START),
    "game": Place("/play?game=draw", START, (START,)),
    "duel": Place("/play?game=duel", START, (START, ".st-key-play-digit-1 button")),
    "class": Place("/play?game=class", ".st-key-play_open"),
    "code": Place("/code?file=mnist_core/nn/layers.py&line=57", ".source .marked"),
    "tour": Place("/?tour=1", ".st-key-tour"),
    "presentation": Place("/?test=0&present=1", ".st-key-answer"),
    "embedded": Place("/?embed=true", ".st-key-pad canvas"),
    "glossary": Place("/code?", ".source", (MENU, ".st-key-glossary button")),
    "about": Place("/code?", ".source", (MENU, ".st-key-about button")),
}
ALWAYS = ("stages", "en")
"""The page that `make test` looks at."""


@pytest.fixture(scope="module")
def own_address(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with two finished runs and a finished experiment of the lab."""
    running = Server(tmp_path_factory.mktemp("everybody"))
    for run_id in (RUN, OTHER_RUN):
        shutil.copytree(trained, running.runs / run_id)
    write_run(running.runs, FAILURE, FAILURES[0].recipe, accuracy=0.11, data="mnist")
    write_run(running.runs, REMEDY, FAILURES[0].remedy, data="mnist")
    yield running.address
    running.stop()


def every_place(*languages: str) -> pytest.MarkDecorator:
    """Do a test on every page in these languages; all but one of them only in `make test-slow`."""
    return pytest.mark.parametrize(
        ("place", "language"),
        [
            pytest.param(
                PLACES[name],
                language,
                id=f"{name}-{language}",
                marks=() if (name, language) == ALWAYS else pytest.mark.slow,
            )
            for name, language in product(PLACES, languages)
        ],
    )


def visit(page: Page, address: str, place: Place, language: str) -> Iterator[str]:
    """Open a place, and press what is to be pressed; give the name of each state as it is there to be looked at."""
    page.goto(f"{address}{place.link}&lang={language}")
    page.locator(place.landmark).first.wait_for()
    wait_until_settled(page)
    yield "at first"
    for press in place.presses:
        page.locator(press).first.click()
        wait_until_settled(page)
        yield f"after {press}"


def ours(where: str, findings: list[str]) -> list[str]:
    """The findings that are ours to mend, with the words for where they were made."""
    return [f"{where}: {finding}" for finding in findings if not any(re.search(known, finding) for known in NOT_OURS)]


@every_place("en", "zh")
def test_axe_finds_nothing_grave(place: Place, language: str, own_address: str, new_page: NewPage) -> None:
    page = new_page(viewport=TALL)
    found = []
    for state in visit(page, own_address, place, language):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found += ours(f"{state}, {scheme}", grave_violations(page))
        assert page.evaluate("document.querySelector('.stMain').scrollHeight") <= TALL["height"]
    assert found == []


@every_place("en")
def test_keys_lead_everywhere_and_nothing_moves_needlessly(
    place: Place, language: str, own_address: str, new_page: NewPage
) -> None:
    page = new_page(reduced_motion="reduce")
    found = []
    for state in visit(page, own_address, place, language):
        found += ours(state, motion(page) + keyboard_gaps(page))
    assert found == []


@every_place("en", "zh")
def test_small_screens_and_fingertips_have_room(
    place: Place, language: str, own_address: str, new_page: NewPage
) -> None:
    page = new_page(viewport=PHONE_SIZE)
    found = []
    for state in visit(page, own_address, place, language):
        found += ours(state, small_targets(page))
        for size in SMALL_SIZES:
            page.set_viewport_size(size)
            wait_until_settled(page)
            found += ours(f"{state}, {size['width']} wide", sideways_scrolling(page) + overlaps(page))
        page.set_viewport_size(PHONE_SIZE)
    assert found == []


FAULTY = """<!doctype html><html lang="en"><title>t</title><style>
  main { width: 100%; overflow: auto }
  .slow { transition: color 1s }
  .dull:focus { outline: none }
  .over { position: relative; top: -28px }
</style><main class="stMain" data-testid="stMain">
  <h1>One</h1><h3>Three</h3><p style="color: #999; background: #fff">pale</p>
  <button class="dull">dull</button><button tabindex="-1">hidden from keys</button>
  <p><button>low</button></p><p class="over"><button>over it</button></p>
  <button style="width: 9px; height: 9px; padding: 0" aria-label="tiny"></button>
  <div class="slow">slow</div><div style="width: 3000px">wide</div>
</main></html>"""
"""A fault for each check."""


def test_the_checks_find_what_is_wrong(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_content(FAULTY)
    checks: dict[str, Callable[[Page], list[str]]] = {
        "Heading order": grave_violations,
        "contrast of 2.8": grave_violations,
        'stMain div "wide"': sideways_scrolling,
        'button "low" lies over stMain button "over it"': overlaps,
        'button "tiny" is 9 by 9': small_targets,
        'div.slow "slow" changes slowly': motion,
        'button.dull "dull" does not show': keyboard_gaps,
        'button "hidden from keys" is out': keyboard_gaps,
    }
    for words, check in checks.items():
        findings = check(page)
        assert any(words in finding for finding in findings), (words, findings)
    page.close()
