"""The report in a real browser, from a file and without a network: its charts are drawn, and nothing is asked for."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from mnist_core.recipes.recipe import Recipe
from tests.browser.conftest import LAPTOP, PHONE
from tests.webapp.real_runs import look, train_job
from webapp.pages.train.downloads import report_file
from webapp.runs.job import Job
from webapp.runs.registry import Runs


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> str:
    """The address of a file with the report of a finished run."""
    folder = tmp_path_factory.mktemp("report")
    recipe = Recipe(name="tiny", source="test", hidden_sizes=(16,), batch_size=25, epochs=3, learning_rate=0.2)
    train_job(folder / "tiny", Job(recipe, str(data_folder)))
    runs = Runs(folder, at_once=0)
    runs.describe("tiny", "<i>mine</i>", "")
    path = folder / "report.html"
    path.write_bytes(report_file(look(runs, "tiny")))
    return path.as_uri()


@pytest.mark.parametrize("device", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_the_report_opens_offline_with_both_charts(browser: Browser, report: str, device: dict[str, Any]) -> None:
    context = browser.new_context(offline=True, **device)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    page.on("request", lambda request: faults.append(request.url) if request.url != report else None)
    page.goto(report)
    page.locator(".scatterlayer .trace").first.wait_for()
    assert page.locator(".plotly-graph-div .main-svg .scatterlayer").count() == 2
    assert page.locator("h1").inner_text() == "<i>mine</i>"
    assert page.locator(".confusion td").count() == 100
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert faults == []
    context.close()


@pytest.mark.slow
def test_on_paper_no_chart_is_cut_off(browser: Browser, report: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(report)
    page.locator(".scatterlayer .trace").first.wait_for()
    charts = page.locator(".main-svg").evaluate_all("charts => charts.map(chart => chart.clientWidth)")
    a4_without_margins = (210 - 2 * 15) / 25.4 * 96
    assert 600 < max(charts) <= a4_without_margins
    page.close()
