"""Print the handouts of the lessons that ship as PDF: `make handouts`, after a lesson has changed.

Chromium prints the same pages that the app serves, with the fonts of this computer, of which the files hold the
characters that they use: so a classroom needs neither the fonts nor Chromium. `printed.json` notes what each file
shows; the app offers none that is out of date, and a test fails.
"""

import json
import re
from collections.abc import Iterator

from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import ADVICE, find
from webapp.i18n import LANGUAGES, texts_in
from webapp.lessons.handout import KINDS, PRINTED, Kind, fingerprint, handout_html, handout_name
from webapp.lessons.lesson import Lesson, shipped_lessons

MAX_BYTES = 150_000
"""The files are part of the repository."""
SHEET = 2
"""Pages of a worksheet."""
ROOM = {"--line": (11.0, 10.0, 9.0, 8.0, 7.2, 6.4), "--box": range(30, 16, -1)}
"""Heights in mm of the lines and boxes to write into on a worksheet: of each, the first that keeps it to its sheet."""
CHINESE = """
:lang(zh) { font-family: "Liberation Sans", "Droid Sans Fallback" !important; }
:lang(zh) :is(h1, h2, h3, strong) { font-weight: 400; text-shadow: 0.25pt 0 0 #000; }
"""
"""Of this font (Debian's fonts-droid-fallback, Apache licence) Chromium embeds the characters that are used. From fonts
with other outlines, and for letters that it makes bold itself, it embeds drawings instead: files of 600 kB."""


def handouts() -> Iterator[tuple[Lesson, Kind]]:
    """List all handouts, in the language in which they are to be printed."""
    for language in LANGUAGES:
        with texts_in(language):
            for lesson in shipped_lessons():
                yield from ((lesson, kind) for kind in KINDS)


def print_handout(page: Page, html: str, kind: Kind) -> bytes:
    """Print a page; its links become plain text, since nobody knows where a file is opened."""
    page.set_content(re.sub(r"</?a\b[^>]*>", "", html))
    page.add_style_tag(content=CHINESE)
    pdf = page.pdf(prefer_css_page_size=True, tagged=True)
    for name, heights in ROOM.items() if kind == "worksheet" else ():
        for height in heights:
            page.add_style_tag(content=f":root {{ {name}: {height}mm; }}")
            pdf = page.pdf(prefer_css_page_size=True, tagged=True)
            if count_pages(pdf) <= SHEET:
                break
    return pdf


def count_pages(pdf: bytes) -> int:
    """Count the pages of a file that Chromium has printed."""
    return len(re.findall(rb"/Type /Page\b", pdf))


def main() -> None:
    """Print those that have changed, and delete what is none any more."""
    path = find()
    if path is None:
        raise SystemExit(ADVICE)
    PRINTED.mkdir(exist_ok=True)
    noted = PRINTED / "printed.json"
    before = json.loads(noted.read_text(encoding="utf-8")) if noted.exists() else {}
    printed = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        for lesson, kind in handouts():
            name = handout_name(lesson, kind, "pdf")
            printed[name] = fingerprint(lesson, kind)
            if before.get(name) == printed[name] and (PRINTED / name).exists():
                continue
            pdf = print_handout(page, handout_html(lesson, kind), kind)
            if len(pdf) > MAX_BYTES:
                raise SystemExit(f"{name} has {len(pdf):,} bytes: is the font fonts-droid-fallback installed?")
            (PRINTED / name).write_bytes(pdf)
            pages = count_pages(pdf)
            print(f"{name}: {pages} pages, {len(pdf) / 1000:.0f} kB")
            if kind == "worksheet" and pages != SHEET:
                raise SystemExit(f"{name} has {pages} pages: a worksheet is one sheet, with two")
        browser.close()
    for old in {path.name for path in PRINTED.glob("*.pdf")} - set(printed):
        (PRINTED / old).unlink()
    noted.write_text(json.dumps(printed, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
