"""The failure lab in a real browser: a failure, its remedy over it, and a link that keeps both."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, NewPage, wait_for

LENGTHS = """() => {
  const chart = document.querySelector('.st-key-lab-loss .live-chart');
  return (chart?.data ?? []).map((curve) => Math.max(...curve.x, 0));
}"""
"""JavaScript: the epochs that each curve of the loss has come to; two curves for each run."""

SIDE_BY_SIDE = """() => {
  const [failure, remedy] = ['fail', 'mend'].map((part) =>
    document.querySelector(`.st-key-lab-${part}`).getBoundingClientRect());
  return failure.top === remedy.top && failure.right < remedy.left && remedy.right <= innerWidth;
}"""
"""JavaScript: whether both cards stand in one row, and on the screen."""


def press(page: Page, key: str) -> None:
    page.locator(f".st-key-{key} button").click()


def accuracy(page: Page, part: str) -> float:
    text = page.locator(f".st-key-lab-{part} strong").inner_text()
    return float(text.rstrip("%"))


@pytest.mark.slow
def test_a_failure_its_remedy_and_the_link_to_both(address: str, new_page: NewPage, real_mnist: Path) -> None:
    page = new_page()
    page.goto(f"{address}/lab?failure=zero-init")
    expect(page.get_by_text("All weights zero")).to_be_visible()
    expect(page.locator(".st-key-apply-the-remedy button")).to_be_disabled()
    page.get_by_text("It learns nothing: it reads one image in ten").click()
    press(page, "let-it-fail")
    expect(page.locator(".prediction")).to_have_text(
        "You guessed: It learns nothing: it reads one image in ten, as if it guessed."
    )
    wait_for(page, f"({LENGTHS})()[0] > 0.2")
    page.evaluate("document.querySelector('.st-key-lab-loss .live-chart').dataset.mark = 'mine'")
    early = page.evaluate(LENGTHS)[0]
    wait_for(page, f"({LENGTHS})()[0] > {early}")
    press(page, "apply-the-remedy")
    wait_for(page, f"({LENGTHS})()[2] > 0.2")
    expect(page.locator(".st-key-lab-loss .live-chart[data-mark]")).to_have_count(1)  # not mounted anew

    page.reload()
    wait_for(page, f"({LENGTHS})()[2] > 0.2")
    page.locator(".st-key-again").wait_for(timeout=120_000)  # the polling has ended
    expect(page.get_by_text("With zeros the loss ended at 2.30")).to_be_visible()
    assert accuracy(page, "fail") < 20
    assert accuracy(page, "mend") > 90

    other = new_page(**PHONE)
    assert "guess=1" in page.url  # which a reload keeps
    other.goto(page.url.replace("guess=1", ""))
    expect(other.get_by_text("With zeros the loss ended at 2.30")).to_be_visible()
    expect(other.locator(".prediction")).to_contain_text("What happened: It learns nothing")
    wait_for(other, SIDE_BY_SIDE)

    page.get_by_role("link", name="Draw").click()
    page.locator(".st-key-pad").wait_for()
    page.get_by_role("link", name="Lab").click()
    wait_for(page, f"({LENGTHS})().length == 4")
    assert "fail=" in page.url and "mend=" in page.url
    page.locator(".st-key-lab-mend a").click()
    page.locator(".st-key-status-finished").wait_for()
    assert "/train?run=" in page.url
