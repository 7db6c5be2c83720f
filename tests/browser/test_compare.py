"""The page that compares runs in a real browser: ticked rows, overlaid and growing curves, names, deletion, a link."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, NewPage, Server, wait_for

TRACES = """(measure) => {
  const chart = document.querySelector(`.st-key-${measure}-overlay .live-chart`);
  return (chart?.data ?? []).map(({ name, x, line }) => ({ name, end: x.at(-1), colour: line.color }));
}"""


TOP = "(measure) => document.querySelector(`.st-key-${measure}-overlay`).getBoundingClientRect().top"


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that lists only the runs of these tests."""
    running = Server(tmp_path_factory.mktemp("compare"))
    yield running
    running.stop()


def start(page: Page, address: str, **changes: object) -> str:
    """Start a run on synthetic digits, and give its id."""
    query = "&".join(f"{name}={value}" for name, value in changes.items())
    page.goto(f"{address}/train?recipe=quick&data=synthetic&{query}")
    page.locator(".st-key-start button").click()
    page.wait_for_url("**run=*")
    return page.url.split("run=")[1].split("&")[0]


def row(page: Page, run_id: str) -> str:
    page.locator(f".st-key-run-{run_id} .run").wait_for()
    return page.locator(f".st-key-run-{run_id}").inner_text()


def tick(page: Page, run_id: str, touch: bool = False) -> None:
    """Press in the middle of a row, far from its box."""
    middle = page.locator(f".st-key-run-{run_id} .run")
    middle.scroll_into_view_if_needed()
    box = middle.bounding_box()
    assert box is not None
    press = page.touchscreen.tap if touch else page.mouse.click
    press(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def cells(page: Page, name: str) -> list[str]:
    """A row of the table, by its name."""
    return page.locator(".comparison tr", has=page.locator(f"th:text-is('{name}')")).locator("td").all_inner_texts()


def open_menu(page: Page, run_id: str) -> None:
    page.locator(f".st-key-menu-{run_id} button").click()
    page.get_by_label("Note").wait_for()


@pytest.mark.slow
def test_two_runs_from_the_list_to_curves_tables_and_deletion(own_server: Server, new_page: NewPage) -> None:
    page = new_page()
    large = start(page, own_server.address, epochs=3, hidden_sizes="64,32")
    page.locator(".st-key-status-finished").wait_for()
    small = start(page, own_server.address, epochs=2)
    page.locator(".st-key-status-finished").wait_for()

    page.get_by_role("link", name="Compare").click()
    for run_id, layers in ((large, "784-64-32-10"), (small, "784-256-10")):
        text = row(page, run_id)
        assert all(part in text for part in (layers, "Finished", "% validation", "% test", "parameters"))
    assert "mine" in row(page, small)
    expect(page.get_by_text("Nothing is compared yet")).to_be_visible()

    tick(page, large)
    wait_for(page, f"({TRACES})('loss').length == 1")
    tick(page, small)
    wait_for(page, f"({TRACES})('loss').length == 2 && ({TRACES})('accuracy').length == 2")
    first, second = page.evaluate(TRACES, "accuracy")
    called = [run_id.replace("-", " · ") for run_id in (large, small)]
    assert [(first["name"], first["end"]), (second["name"], second["end"])] == [(called[0], 3), (called[1], 2)]
    assert first["colour"] != second["colour"]
    assert cells(page, "Hidden layers") == ["64, 32", "256"]
    assert cells(page, "Epochs") == ["3", "2"]
    assert cells(page, "Batch size") == []  # the same in both
    expect(page.locator(".comparison strong").first).to_be_visible()

    page.get_by_role("radio", name="Training images").click()
    page.get_by_role("radio", name="Seconds").click()
    wait_for(page, f"({TRACES})('loss')[0].end != 3")
    page.locator(".st-key-compare-log label").first.click()
    wait_for(page, "document.querySelector('.st-key-loss-overlay .live-chart').layout.yaxis.type == 'log'")

    page.reload()
    wait_for(page, f"({TRACES})('loss').length == 2")
    other = new_page()
    other.goto(page.url)
    wait_for(other, f"({TRACES})('loss').length == 2")
    assert other.evaluate(TRACES, "accuracy") == [first, second]
    assert "mine" not in row(other, small)

    tick(page, large)
    wait_for(page, f"({TRACES})('loss').length == 1")
    assert page.evaluate(TRACES, "loss")[0]["colour"] == second["colour"]  # whoever stays keeps the colour
    tick(page, large)
    wait_for(page, f"({TRACES})('loss').length == 2")

    open_menu(page, large)
    page.get_by_label("Name", exact=True).fill("<b>Two</b> *layers*")
    page.get_by_label("Note").fill("![x](http://example.org/x.png) deeper")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Note")).to_have_count(0)
    text = row(page, large)
    assert "<b>Two</b> *layers*" in text and "![x](http://example.org/x.png) deeper" in text
    wait_for(page, f"({TRACES})('loss')[0].name == '&lt;b&gt;Two&lt;/b&gt; *layers*'")

    page.get_by_role("radio", name="Size").click()
    rows = page.locator("[class*='st-key-run-']")
    expect(rows.first).to_contain_text("784-64-32-10")
    page.get_by_role("radio", name="Newest").click()
    expect(rows.first).to_contain_text("784-256-10")

    open_menu(page, large)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(rows).to_have_count(1)
    wait_for(page, f"({TRACES})('loss').length == 1")
    assert large not in page.url and small in page.url
    assert not (own_server.runs / large).exists()

    open_menu(page, small)
    page.get_by_role("link", name="Open on the training page").click()
    page.locator(".st-key-status-finished").wait_for()
    assert f"run={small}" in page.url


@pytest.mark.slow
def test_curves_grow_while_a_run_is_going_which_can_not_be_deleted(own_server: Server, new_page: NewPage) -> None:
    training = new_page()
    run_id = start(training, own_server.address, epochs=400)
    page = new_page()
    # Slow as a phone: the first poll comes before it has built what the curves are chosen with.
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    page.goto(f"{own_server.address}/compare?runs={run_id}")
    wait_for(page, f"({TRACES})('loss')[0]?.end > 0", timeout=60_000)
    for chosen in ("Validation images", "Epochs"):
        expect(page.get_by_role("radio", name=chosen)).to_be_checked()
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    wait_for(page, f"({TOP})('accuracy') === ({TOP})('loss')")
    page.set_viewport_size({"width": 768, "height": 1024})
    expect(page.get_by_role("radio", name="Size")).to_be_in_viewport(ratio=1)
    runs, charts = (page.locator(f".st-key-{key}").bounding_box() for key in ("runs", "overlays"))
    assert runs is not None and charts is not None and runs["x"] + runs["width"] < charts["x"]
    page.evaluate("document.querySelector('.st-key-loss-overlay .live-chart').dataset.mark = 'mine'")
    early = page.evaluate(TRACES, "loss")[0]["end"]
    before = row(page, run_id)
    wait_for(page, f"({TRACES})('loss')[0].end > {early} + 1")
    assert "Training" in before
    changed = "([row, before]) => document.querySelector(row).innerText !== before"
    wait_for(page, changed, arg=[f".st-key-run-{run_id}", before])  # its row goes on as well
    expect(page.locator(".st-key-loss-overlay .live-chart[data-mark]")).to_have_count(1)  # not mounted anew
    open_menu(page, run_id)
    expect(page.get_by_role("button", name="Delete")).to_be_disabled()
    expect(page.get_by_text("stop it on the training page first")).to_be_visible()
    training.locator(".st-key-stop button").click()
    expect(page.locator(f".st-key-run-{run_id}")).to_contain_text("Stopped")
    expect(page.get_by_role("button", name="Delete")).to_be_enabled()


@pytest.mark.slow
def test_on_a_phone_a_tap_ticks_and_a_link_leads_to_the_curves(own_server: Server, new_page: NewPage) -> None:
    page = new_page(**PHONE)
    run_id = start(page, own_server.address, epochs=1, train_images=500)
    page.locator(".st-key-status-finished").wait_for()
    page.goto(f"{own_server.address}/compare")
    row(page, run_id)
    tick(page, run_id, touch=True)
    wait_for(page, f"({TRACES})('loss').length == 1")
    page.get_by_role("link", name="See the comparison").tap()
    expect(page.locator(".legend")).to_be_in_viewport()
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390
    assert f"runs={run_id}" in page.url


@pytest.mark.slow
def test_sixty_runs_are_listed_in_parts(own_server: Server, new_page: NewPage) -> None:
    page = new_page()
    first = start(page, own_server.address, epochs=1, train_images=500)
    page.locator(".st-key-status-finished").wait_for()
    source = own_server.runs / first
    for count in range(60):
        copy = own_server.runs / f"copy-{count:02d}"
        copy.mkdir()
        for name in ("job.json", "records.jsonl"):
            (copy / name).write_bytes((source / name).read_bytes())
    page.get_by_role("link", name="Compare").click()
    rows = page.locator("[class*='st-key-run-']")
    expect(rows).to_have_count(20)
    page.locator(".st-key-show-more button").click()
    expect(rows).to_have_count(40)
    page.get_by_role("radio", name="Mine").click()
    expect(rows).to_have_count(1)
