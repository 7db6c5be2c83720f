"""Measure how fast the training page answers a click while two runs train, and how often its curves grow.

    MNIST_DIR=… python -m bench.clicks [--runs 2] [--clicks 25]

A server as `make run` starts it, as many trainings as asked for, and a real Chromium that pauses and resumes one of
them and switches tabs. Each time is from the click to the frame that shows its effect. Then the curves are watched,
once they have 10,000 steps: how often they are drawn, whether the chart is still the same one, and how the memory
grows.
"""

import statistics
import tempfile
from pathlib import Path

import click
from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import ADVICE, find
from tests.browser.conftest import CHROMIUM_FLAGS, Server
from tests.browser.training_page import press, start, wait_for_epochs, wait_for_state

CLICK = """([button, place, effect]) => new Promise((resolve) => {
  const began = performance.now();
  const look = () => {
    if (document.querySelector(effect)) resolve(performance.now() - began);
    else requestAnimationFrame(look);
  };
  document.querySelectorAll(button)[place].click();
  look();
})"""
"""JavaScript: click, and wait for the first frame with what the click is to bring about."""
CLICKS = {
    "Pause": (".st-key-pause button", 0, ".st-key-resume button"),
    "Resume": (".st-key-resume button", 0, ".st-key-pause button"),
    "the tab Weights": ('[role="tab"]', 1, ".gallery"),
    "the tab Curves": ('[role="tab"]', 0, ".st-key-loss-chart .live-chart .trace"),
}
"""What is clicked: a selector and a place among what it finds; and what shows that the page has answered."""


WATCH = """(seconds) => new Promise((resolve) => {
  const chart = document.querySelector('.st-key-loss-chart .live-chart');
  const times = [], heap = performance.memory.usedJSHeapSize;
  chart.on('plotly_afterplot', () => times.push(performance.now()));
  setTimeout(() => {
    const gaps = times.slice(1).map((time, i) => time - times[i]);
    const same = chart === document.querySelector('.st-key-loss-chart .live-chart');
    resolve([times.length / seconds, Math.max(...gaps), same, (performance.memory.usedJSHeapSize - heap) / 1e6]);
  }, 1000 * seconds);
})"""
"""JavaScript: watch the chart of the loss."""
WATCH_SECONDS = 60


def measure(page: Page, clicks: int) -> dict[str, list[float]]:
    """Click on everything in turn; give the milliseconds of each click."""
    found: dict[str, list[float]] = {name: [] for name in CLICKS}
    for _ in range(clicks):
        for name, click_and_effect in CLICKS.items():
            page.wait_for_timeout(700)
            found[name].append(float(page.evaluate(CLICK, list(click_and_effect))))
    return found


@click.command()
@click.option("--runs", default=2, show_default=True, help="How many trainings go on meanwhile.")
@click.option("--clicks", default=25, show_default=True, help="How often each button is clicked.")
def main(runs: int, clicks: int) -> None:
    """Print median and 95th percentile for each kind of click."""
    path = find()
    if path is None:
        raise click.ClickException(ADVICE)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder), RUNS_AT_ONCE=str(max(runs, 1)))
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        try:
            pages = []
            for _ in range(runs):
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                start(page, server.address, epochs=500)
                wait_for_epochs(page, 0.5)
                pages.append(page)
            click.echo(f"| click, {runs} runs training | median, ms | 95th percentile | clicks |\n|---|---|---|---|")
            for name, times in measure(pages[0], clicks).items():
                high = statistics.quantiles(times, n=20)[-1]
                click.echo(f"| {name} | {statistics.median(times):.0f} | {high:.0f} | {len(times)} |")
            wait_for_epochs(pages[0], 12)
            rate, gap, same, grown = pages[0].evaluate(WATCH, WATCH_SECONDS)
            click.echo(
                f"\nCurves of 10,000 steps and more, watched for {WATCH_SECONDS} s: drawn {rate:.1f} times a second, "
                f"at most {gap:.0f} ms apart, {'the same' if same else 'not the same'} chart, memory {grown:+.1f} MB"
            )
            for page in pages:
                press(page, "stop")
                wait_for_state(page, "stopped")
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
