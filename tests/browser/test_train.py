"""The training page in a real browser: a real training on MNIST, watched from Start to its end."""

import json
import re
import shutil
from pathlib import Path

import onnx
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PHONE, NewPage, Server, wait_for
from tests.browser.hand import Hand
from tests.browser.training_page import (
    POINTS,
    QUICK_STEPS,
    choose,
    open_training,
    press,
    records_of,
    run_of,
    set_number,
    start,
    trained_epochs,
    wait_for_epochs,
    wait_for_state,
    wait_until_held,
    wait_until_shown,
)

PRESS_AS_A_POLL_IS_DUE = """(key) => {
  const send = WebSocket.prototype.send;
  const late = (socket, message) => setTimeout(() => send.call(socket, message), 100);
  WebSocket.prototype.send = function (message) {
    send.call(this, message);
    WebSocket.prototype.send = function (own) { WebSocket.prototype.send = send; late(this, own); };
  };
  setTimeout(() => document.querySelector(`.st-key-${key} button`).click());
  for (const end = performance.now() + 450; performance.now() < end; ); // by then a poll is due as well
}"""
"""JavaScript: a press that the message of a poll takes along; its own message then brings it a second time."""
MIDDLES = """() => [...document.querySelectorAll('.st-key-steer :is(h2, button)')]
  .map((element) => element.getBoundingClientRect()).filter(({ height }) => height)
  .map(({ top, bottom }) => (top + bottom) / 2)"""
"""JavaScript: how far down the state of a run stands, and the buttons beside it."""
VIEWS = {
    "Weights": ".gallery img, .gallery canvas, .gallery button",
    "Layers": ".live-chart .scatterlayer .trace",
    "Confusion": ".st-key-confusion .live-chart .heatmaplayer",
    "Mistakes": ".gallery img, .gallery canvas, .gallery button",
    "Your digit": ".st-key-own-digit img",
    "Formulas": ".katex",
    "Curves": ".st-key-loss-chart .live-chart .scatterlayer .trace",
}
"""What each view of a run shows, at least."""
DOWNLOADS = {
    "Report (HTML)": "-report.html",
    "Records of all steps (CSV)": "-records.csv",
    "All records (JSON)": "-records.json",
    "Weights (NumPy)": ".npz",
    "Network for other programs (ONNX)": ".onnx",
    "Network as a short Python script": ".py",
}


def test_a_training_on_mnist_from_start_to_finished_and_to_the_pad(
    address: str, new_page: NewPage, real_mnist: Path
) -> None:
    page = new_page()
    start(page, address, epochs=5)
    expect(page.locator(".st-key-status-running")).to_be_visible()
    wait_for(page, f"({POINTS})() > 0.2")
    page.evaluate("document.querySelector('.st-key-loss-chart .live-chart').dataset.mark = 'mine'")
    early = trained_epochs(page)
    wait_for(page, f"({POINTS})() > {early} + 0.5")
    expect(page.locator(".st-key-loss-chart .live-chart[data-mark]")).to_have_count(1)  # not mounted anew
    page.locator(".st-key-status-finished").wait_for(timeout=120_000)
    accuracy = page.locator(".test-accuracy")
    expect(accuracy).to_contain_text("%")
    assert float(accuracy.inner_text().split()[-1].rstrip("%")) >= 97
    expect(page.locator(".st-key-accuracy-chart .live-chart")).to_be_visible()
    page.locator(".st-key-use a:not([disabled]):visible").first.click()
    hand = Hand(page)
    expect(page.get_by_text(re.compile("^Network: quick · ")).first).to_be_visible()
    assert "network=quick-" in page.url
    hand.write(7)
    expect(page.locator(".st-key-digit .digit")).to_have_text("7")
    page.reload()
    Hand(page)
    assert "network=quick-" in page.url  # the visitor's own network is still chosen


@pytest.mark.slow
def test_on_a_phone_all_that_matters_of_a_run_is_in_sight(address: str, new_page: NewPage, real_mnist: Path) -> None:
    page = new_page(**PHONE)
    open_training(page, address)
    set_number(page, "Epochs", "3")
    page.locator(".st-key-start button").tap()
    wait_for(page, f"({POINTS})() > 0.2")
    wait_for(page, "document.querySelector('.stMain').scrollTop === 0")
    chart = page.locator(".live-chart").first.bounding_box()
    assert chart is not None and chart["y"] < 420 and chart["y"] + chart["height"] < 664  # on small phones as well
    for key in ("pause", "stop", "use"):
        expect(page.locator(f".st-key-{key} :is(a, button):visible").first).to_be_in_viewport(ratio=1)
    expect(page.locator(".figure strong")).to_have_text([re.compile("%")] * 2)
    expect(page.locator(".st-key-rewind")).to_be_hidden()
    page.locator(".st-key-more button").tap()
    expect(page.locator(".st-key-rewind")).to_be_visible()
    page.locator(".st-key-more button").tap()
    expect(page.locator(".st-key-rewind")).to_be_hidden()

    wait_for_state(page, "finished")
    draw = page.locator(".st-key-use a:not([disabled]):visible")
    expect(draw).to_be_in_viewport(ratio=1)
    expect(draw).to_have_css("background-color", "rgb(37, 99, 235)")
    expect(page.locator(".live-chart").first).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    run_id = run_of(page)
    draw.tap()
    Hand(page, touch=True)
    assert f"network={run_id}" in page.url


def test_on_a_phone_a_link_to_a_view_leads_there(address: str, finished_run: str, new_page: NewPage) -> None:
    page = new_page(**PHONE)
    open_training(page, address, f"?run={finished_run}&tab=formulas")
    tab = page.get_by_role("tab", name="Formulas")
    expect(tab).to_be_in_viewport(ratio=1)
    wait_for(page, "document.querySelector('.stTabs [aria-selected=true]').getBoundingClientRect().top < 250")


@pytest.mark.slow
def test_pause_resume_reload_second_tab_and_stop(server: Server, new_page: NewPage) -> None:
    page = new_page()
    start(page, server.address, epochs=400)
    wait_for(page, f"({POINTS})() > 0.2")
    page.locator(".st-key-pause button").click()
    wait_for_state(page, "paused")
    held = len(records_of(server.runs, run_of(page)).loss)
    wait_until_shown(page, held / QUICK_STEPS)
    page.set_viewport_size({"width": 768, "height": 1024})
    wait_for(page, f"({MIDDLES})().length === 5 && Math.max(...({MIDDLES})()) - Math.min(...({MIDDLES})()) < 5")
    settings, run = (page.locator(f".st-key-{key}").bounding_box() for key in ("settings", "steer"))
    assert settings is not None and run is not None and settings["x"] + settings["width"] < run["x"]

    page.reload()
    wait_for_state(page, "paused")
    wait_until_shown(page, held / QUICK_STEPS)
    assert len(records_of(server.runs, run_of(page)).loss) == held
    page.locator(".st-key-resume button").click()
    wait_for_epochs(page, held / QUICK_STEPS)

    other = new_page()
    other.goto(page.url)
    other.locator(".st-key-status-running").wait_for()
    page.get_by_role("link", name="Draw", exact=True).click()
    Hand(page).write(1)
    expect(page.locator(".st-key-digit .digit")).to_have_text("1")
    page.get_by_role("link", name="Train").click()
    page.locator(".st-key-status-running").wait_for()
    assert "run=quick-" in page.url

    other.locator(".st-key-stop button").click()
    other.locator(".st-key-status-stopped").wait_for()
    page.locator(".st-key-status-stopped").wait_for()
    expect(page.locator(".test-accuracy")).to_be_visible()
    expect(page.locator(".st-key-start button")).to_be_enabled()


@pytest.mark.slow
def test_a_tutorial_without_validation_images_with_one_step_an_epoch(address: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{address}/train")
    choose(page, "recipe", "Tutorial: sigmoid-full-batch")
    page.locator("input[aria-label='Batch size'][value='60000']").wait_for()
    reset = page.locator(".st-key-reset button")
    page.get_by_text("More settings").click()
    expect(page.get_by_label("Patience", exact=True)).to_have_count(0)
    expect(reset).to_be_disabled()
    set_number(page, "Validation share", "0.1")
    expect(page.get_by_label("Patience", exact=True)).to_be_visible()
    reset.click()
    expect(page.get_by_label("Patience", exact=True)).to_have_count(0)
    expect(reset).to_be_disabled()  # what the browser gives back is the recipe again, number by number
    page.locator(".st-key-start button").click()
    wait_for(page, f"({POINTS})() > 2")
    legend = page.locator(".st-key-loss-chart .legendtext")
    expect(legend).to_have_text(["training"])
    page.locator(".st-key-stop button").click()
    page.locator(".st-key-status-stopped").wait_for()
    expect(page.locator(".test-accuracy")).to_be_visible()
    expect(page.get_by_text("keeps no images for validation")).to_be_visible()
    page.reload()
    page.locator("input[aria-label='Epochs'][value='2400']").wait_for()
    expect(reset).to_be_disabled()


@pytest.mark.slow
def test_distorted_images_are_shown_and_learned_from(address: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{address}/train")
    page.locator(".st-key-start button").wait_for()
    page.get_by_text("More settings").click()
    choose(page, "data", "Synthetic digits")
    strip = page.locator("img.examples")
    expect(strip).to_have_count(0)
    page.get_by_text("Distort the images").click()
    expect(strip).to_be_visible()
    assert strip.evaluate("picture => picture.complete && picture.naturalWidth > 9 * 28")
    box, settings = strip.bounding_box(), page.locator(".st-key-settings").bounding_box()
    assert box is not None and settings is not None
    assert settings["x"] < box["x"] and box["x"] + box["width"] < settings["x"] + settings["width"]
    before = strip.get_attribute("src")
    page.get_by_role("slider").press("ArrowRight")
    expect(strip).not_to_have_attribute("src", str(before))
    page.locator(".st-key-start button").click()  # stays in sight below the long settings
    expect(page.get_by_text("distorted images")).to_be_visible()
    page.locator(".st-key-status-finished").wait_for(timeout=120_000)
    accuracy = page.locator(".test-accuracy")
    expect(accuracy).to_contain_text("%")
    assert float(accuracy.inner_text().split()[-1].rstrip("%")) >= 90
    page.reload()
    page.get_by_text("More settings").click()
    strip.wait_for()  # the settings are still those of the run


@pytest.mark.slow
def test_a_diverging_run_says_what_happened_and_what_to_try(address: str, new_page: NewPage) -> None:
    page = new_page()
    start(page, address, epochs=5, learning_rate="1e20")
    page.locator(".st-key-status-failed").wait_for()
    expect(page.get_by_text("Try a learning rate ten times smaller")).to_be_visible()


@pytest.mark.slow
def test_clicking_wildly_breaks_nothing(address: str, new_page: NewPage) -> None:
    page = new_page()
    start(page, address, epochs=400)
    page.evaluate("for (let i = 0; i < 5; i++) document.querySelector('.st-key-start button').click()")
    page.locator(".st-key-status-running").wait_for()
    for _ in range(3):
        page.locator(".st-key-pause button").click()
        page.locator(".st-key-resume button").click()
    wait_for(page, f"({POINTS})() > 0.3")
    page.locator(".st-key-stop button").dblclick()
    page.locator(".st-key-status-stopped").wait_for()


@pytest.mark.slow
def test_an_unknown_run_in_the_url_is_an_empty_state(address: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{address}/train?run=../../etc/passwd")
    page.locator(".st-key-status-idle").wait_for()
    assert "run=" not in page.url
    wait_for(page, "window.Plotly")  # for the first curves, though no chart is seen and no key leads to one
    expect(page.locator(".live-chart")).to_be_hidden()
    expect(page.get_by_text("Logarithmic loss")).to_have_count(0)


@pytest.mark.slow
def test_a_page_lets_go_of_a_paused_run_that_is_deleted_and_asks_no_more_for_its_curves(
    server: Server, browser: Browser
) -> None:
    context = browser.new_context(locale="en-US")  # a page of `new_page` may miss nothing
    page = context.new_page()
    missed = []
    page.on("response", lambda response: missed.append(response.url) if response.status == 404 else None)
    open_training(page, server.address)
    press(page, "start-paused")
    wait_for_state(page, "paused")
    expect(page.locator(".st-key-loss-chart .live-chart .gridlayer").first).to_be_attached()
    missed.clear()
    shutil.rmtree(server.runs / run_of(page))
    expect(page.get_by_text("This training was deleted")).to_be_visible()
    expect(page.locator(".st-key-status-idle")).to_be_visible()
    expect(page.locator(".st-key-steer, .st-key-actions")).to_have_count(0)
    assert "run=" not in page.url
    assert len([url for url in missed if "/api/curves/" in url]) <= 1
    context.close()


@pytest.mark.slow
def test_a_press_on_a_finished_run_that_is_deleted_says_so(
    server: Server, finished_run: str, new_page: NewPage
) -> None:
    page = new_page()
    open_training(page, server.address, f"?run={finished_run}")
    wait_for_state(page, "finished")
    shutil.rmtree(server.runs / finished_run)
    press(page, "downloads")
    expect(page.get_by_text("This training was deleted")).to_be_visible()
    expect(page.locator(".st-key-steer, .st-key-actions")).to_have_count(0)


@pytest.mark.slow
def test_wrong_layers_are_explained(address: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{address}/train")
    set_number(page, "Hidden layers", "many")
    expect(page.get_by_text("write whole numbers with commas")).to_be_visible()
    expect(page.locator(".st-key-start button")).to_be_disabled()


@pytest.mark.slow
def test_step_by_step_change_and_fork(server: Server, new_page: NewPage, real_mnist: Path) -> None:
    page = new_page()
    open_training(page, server.address)
    set_number(page, "Epochs", "2")
    press(page, "start-paused")
    wait_for_state(page, "paused")
    run_id = run_of(page)
    assert len(records_of(server.runs, run_id).loss) == 0
    for steps in (1, 2):
        page.evaluate(PRESS_AS_A_POLL_IS_DUE, "step")
        expect(page.get_by_text(f"step {steps} of 1,688")).to_be_visible()
        wait_until_held(server.runs, run_id)
        assert len(records_of(server.runs, run_id).loss) == steps  # exactly one
    press(page, "epoch")
    expect(page.get_by_text("step 844 of 1,688")).to_be_visible()
    wait_for_state(page, "paused")
    assert len(records_of(server.runs, run_id).loss) == 844

    press(page, "change")
    field = page.locator(".st-key-change-rate input")
    field.fill("0.02")
    field.press("Tab")
    press(page, "apply")
    expect(page.locator(".st-key-loss-chart .annotation-text")).to_have_text(["Learning rate 0.02"])
    expect(page.locator(".st-key-apply")).to_have_count(0)  # its popover is closed
    press(page, "resume")
    wait_for_state(page, "finished")
    records = records_of(server.runs, run_id)
    assert records.changes == [{"step": 844, "learning_rate": 0.02}]
    before, after = records.learning_rate[842:844]
    assert after < before <= 0.1
    assert records.learning_rate[844] < 0.2 * after * 1.01

    press(page, "rewind")
    page.locator(".st-key-fork-rate input").fill("0.1")
    page.locator(".st-key-fork-rate input").press("Tab")
    page.get_by_role("slider").press("ArrowLeft")
    press(page, "fork")
    page.wait_for_url(lambda url: run_id not in url)
    expect(page.locator(".st-key-fork")).to_have_count(0)
    expect(page.get_by_text(f"forked from {run_id} after epoch 1")).to_be_visible()
    wait_for_state(page, "finished")
    fork = records_of(server.runs, run_of(page))
    assert fork.loss[:844] == records.loss[:844]
    assert len(fork.loss) == len(records.loss)
    assert fork.loss[845:] != records.loss[845:]


@pytest.mark.slow
def test_a_link_gives_the_identical_run(server: Server, new_page: NewPage) -> None:
    page = new_page()
    open_training(page, server.address)
    set_number(page, "Epochs", "1")
    set_number(page, "Hidden layers", "24, 16")
    set_number(page, "Learning rate", "0.05")
    page.wait_for_url("**learning_rate=0.05*")
    link = page.url
    press(page, "start")
    wait_for_state(page, "finished")
    other = new_page(**PHONE, locale="zh-CN")
    open_training(other, server.address, link.split("/train")[1])
    expect(other.locator("input[value='24, 16']")).to_be_visible()
    other.locator(".st-key-start button").tap()
    wait_for_state(other, "finished")
    mine, theirs = (records_of(server.runs, run_of(seen)) for seen in (page, other))
    assert run_of(page) != run_of(other)
    assert (mine.loss, mine.accuracy, mine.epochs, mine.validation_loss, mine.layers) == (
        theirs.loss,
        theirs.accuracy,
        theirs.epochs,
        theirs.validation_loss,
        theirs.layers,
    )


def test_a_link_that_makes_no_sense_is_refused_in_words(address: str, new_page: NewPage) -> None:
    page = new_page()
    open_training(page, address, "?recipe=quick&learning_rate=fast")
    expect(page.get_by_text("learning_rate").first).to_be_visible()
    expect(page.locator(".st-key-start button")).to_be_enabled()


@pytest.mark.slow
def test_the_network_reads_drawings_while_it_trains(address: str, new_page: NewPage) -> None:
    page = new_page()
    start(page, address, epochs=400)
    wait_for_epochs(page, 1)
    page.locator(".st-key-use a:not([disabled]):visible").first.click()
    hand = Hand(page)
    assert "network=quick-" in page.url
    hand.write(1)
    expect(page.locator(".st-key-digit .digit")).to_have_text("1")
    page.get_by_role("link", name="Train").click()
    wait_for_state(page, "running")
    press(page, "stop")
    wait_for_state(page, "stopped")


@pytest.mark.slow
def test_every_view_shows_something_while_it_trains(address: str, new_page: NewPage) -> None:
    page = new_page()
    start(page, address, epochs=60)
    wait_for_epochs(page, 2)  # the layers are looked at 30 times in a run: a curve of one point would have no size
    for tab, content in VIEWS.items():
        page.get_by_role("tab", name=tab, exact=True).click()
        page.get_by_role("tabpanel", name=tab, exact=True).locator(content).first.wait_for()
    page.get_by_role("tab", name="Formulas", exact=True).click()
    expect(page.locator("h4.formula + p.formula").first).to_be_visible()
    expect(page.locator(".stTabs pre")).to_have_count(0)  # code, which is for whoever asks
    page.get_by_text("As it runs", exact=True).click()
    expect(page.locator(".stTabs pre").first).to_be_visible()
    page.get_by_role("tab", name="Gradient check", exact=True).click()
    press(page, "check-gradients")
    verdicts = page.locator("[class*='st-key-slopes-'] summary")
    arrays = [f"layer {layer}, {kind}" for layer in (1, 2) for kind in ("weights", "biases")]
    expect(verdicts).to_have_text([re.compile(f"right.* · {array} · ") for array in arrays])  # never "wrong"
    press(page, "stop")
    wait_for_state(page, "stopped")


@pytest.mark.slow
def test_what_can_be_downloaded(server: Server, finished_run: str, new_page: NewPage) -> None:
    page, run_id = new_page(), finished_run
    open_training(page, server.address, f"?run={run_id}")
    wait_for_state(page, "finished")
    press(page, "downloads")
    files = {}
    for label, ending in DOWNLOADS.items():
        with page.expect_download() as download:
            page.get_by_role("button", name=label, exact=True).click()
        assert download.value.suggested_filename == run_id + ending
        files[ending] = Path(download.value.path()).read_bytes()
    assert files[".npz"] == (server.runs / run_id / "weights.npz").read_bytes()
    assert len(files["-records.csv"].splitlines()) == 1 + 844
    assert json.loads(files["-records.json"])["records"][-1]["state"] == "finished"
    assert b"</html>" in files["-report.html"]
    onnx.checker.check_model(onnx.load_model_from_string(files[".onnx"]))
    compile(files[".py"], "script", "exec")
