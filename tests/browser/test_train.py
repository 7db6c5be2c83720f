"""The training page in a real browser: a real training on MNIST, watched from Start to its end."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.hand import Hand

POINTS = """() => {
  const chart = document.querySelector('.st-key-loss-chart .live-chart');
  return chart?.data ? Math.max(...chart.data[0].x, 0) : 0;
}"""


def start(page: Page, address: str, epochs: int, learning_rate: str | None = None) -> None:
    page.goto(f"{address}/train")
    page.locator(".st-key-start button").wait_for()
    set_number(page, "Epochs", str(epochs))
    if learning_rate is not None:
        set_number(page, "Learning rate", learning_rate)
    page.locator(".st-key-start button").click()


def set_number(page: Page, label: str, value: str) -> None:
    field = page.get_by_label(label, exact=True).first
    field.fill(value)
    field.press("Tab")


def choose_recipe(page: Page, name: str) -> None:
    field = page.locator(".st-key-recipe input").first
    field.click()
    field.fill(name)
    page.get_by_role("option", name=f"Tutorial: {name}", exact=True).click()


def use_synthetic_digits(page: Page) -> None:
    field = page.locator(".st-key-data input").first
    field.click()
    field.fill("Synthetic")
    page.get_by_role("option", name="Synthetic digits").click()


def trained_epochs(page: Page) -> float:
    return float(page.evaluate(POINTS))


def test_a_training_on_mnist_from_start_to_finished_and_to_the_pad(
    address: str, new_page: NewPage, real_mnist: Path
) -> None:
    page = new_page()
    start(page, address, epochs=5)
    expect(page.locator(".st-key-status-running")).to_be_visible()
    page.wait_for_function(f"({POINTS})() > 0.2")
    page.evaluate("document.querySelector('.st-key-loss-chart .live-chart').dataset.mark = 'mine'")
    early = trained_epochs(page)
    page.wait_for_function(f"({POINTS})() > {early} + 0.5")
    expect(page.locator(".st-key-loss-chart .live-chart[data-mark]")).to_have_count(1)  # not mounted anew
    page.locator(".st-key-status-finished").wait_for(timeout=120_000)
    accuracy = page.locator(".st-key-test-accuracy")
    expect(accuracy).to_contain_text("%")
    assert float(accuracy.inner_text().split()[-1].rstrip("%")) >= 97
    expect(page.locator(".st-key-accuracy-chart .live-chart")).to_be_visible()
    with page.expect_download() as download:
        page.locator(".st-key-download button").click()
    assert download.value.suggested_filename.endswith(".npz")
    page.locator(".st-key-use button").click()
    hand = Hand(page)
    expect(page.get_by_label("Network")).to_be_visible()
    assert "network=quick-" in page.url
    hand.write(7)
    expect(page.locator(".st-key-digit .digit")).to_have_text("7")
    page.reload()
    Hand(page)
    assert "network=quick-" in page.url  # the visitor's own network is still chosen


def test_pause_resume_reload_second_tab_and_stop(address: str, new_page: NewPage) -> None:
    page = new_page()
    start(page, address, epochs=400)
    page.wait_for_function(f"({POINTS})() > 0.2")
    page.locator(".st-key-pause button").click()
    page.locator(".st-key-status-paused").wait_for()
    page.wait_for_timeout(700)
    held = trained_epochs(page)
    page.wait_for_timeout(1200)
    assert trained_epochs(page) == held

    page.reload()
    page.locator(".st-key-status-paused").wait_for()
    page.wait_for_function(f"({POINTS})() == {held}")
    page.locator(".st-key-resume button").click()
    page.wait_for_function(f"({POINTS})() > {held}")

    other = new_page()
    other.goto(page.url)
    other.locator(".st-key-status-running").wait_for()
    page.get_by_role("link", name="Draw").click()
    Hand(page).write(1)
    expect(page.locator(".st-key-digit .digit")).to_have_text("1")
    page.get_by_role("link", name="Train").click()
    page.locator(".st-key-status-running").wait_for()
    assert "run=quick-" in page.url

    other.locator(".st-key-stop button").click()
    other.locator(".st-key-status-stopped").wait_for()
    page.locator(".st-key-status-stopped").wait_for()
    expect(page.locator(".st-key-test-accuracy")).to_be_visible()
    expect(page.locator(".st-key-start button")).to_be_enabled()


def test_a_tutorial_without_validation_images_with_one_step_an_epoch(address: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{address}/train")
    choose_recipe(page, "sigmoid-full-batch")
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
    page.wait_for_function(f"({POINTS})() > 2")
    legend = page.locator(".st-key-loss-chart .legendtext")
    expect(legend).to_have_text(["training"])
    page.locator(".st-key-stop button").click()
    page.locator(".st-key-status-stopped").wait_for()
    expect(page.locator(".st-key-test-accuracy")).to_be_visible()
    expect(page.get_by_text("keeps no images for validation")).to_be_visible()
    page.reload()
    page.locator("input[aria-label='Epochs'][value='2400']").wait_for()
    expect(reset).to_be_disabled()


def test_distorted_images_are_shown_and_learned_from(address: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{address}/train")
    page.locator(".st-key-start button").wait_for()
    use_synthetic_digits(page)
    strip = page.locator("img.examples")
    expect(strip).to_have_count(0)
    page.get_by_text("Distort the images").click()
    expect(strip).to_be_visible()
    assert strip.evaluate("picture => picture.complete && picture.naturalWidth > 9 * 28")
    box, settings = strip.bounding_box(), page.locator(".st-key-settings").bounding_box()
    assert box is not None and settings is not None
    assert settings["x"] < box["x"] and box["x"] + box["width"] < settings["x"] + settings["width"]
    page.get_by_text("More settings").click()
    before = strip.get_attribute("src")
    page.get_by_role("slider").press("ArrowRight")
    expect(strip).not_to_have_attribute("src", str(before))
    page.locator(".st-key-start button").click()  # stays in sight below the long settings
    expect(page.get_by_text("distorted images")).to_be_visible()
    page.locator(".st-key-status-finished").wait_for(timeout=120_000)
    accuracy = page.locator(".st-key-test-accuracy")
    expect(accuracy).to_contain_text("%")
    assert float(accuracy.inner_text().split()[-1].rstrip("%")) >= 90
    page.reload()
    strip.wait_for()  # the settings are still those of the run


def test_a_diverging_run_says_what_happened_and_what_to_try(address: str, new_page: NewPage) -> None:
    page = new_page()
    start(page, address, epochs=5, learning_rate="1e20")
    page.locator(".st-key-status-failed").wait_for()
    expect(page.get_by_text("Try a learning rate ten times smaller")).to_be_visible()


def test_clicking_wildly_breaks_nothing(address: str, new_page: NewPage) -> None:
    page = new_page()
    start(page, address, epochs=400)
    page.evaluate("for (let i = 0; i < 5; i++) document.querySelector('.st-key-start button').click()")
    page.locator(".st-key-status-running").wait_for()
    for _ in range(3):
        page.locator(".st-key-pause button").click()
        page.locator(".st-key-resume button").click()
    page.wait_for_function(f"({POINTS})() > 0.3")
    page.locator(".st-key-stop button").dblclick()
    page.locator(".st-key-status-stopped").wait_for()


def test_an_unknown_run_in_the_url_is_an_empty_state(address: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{address}/train?run=../../etc/passwd")
    page.locator(".st-key-status-idle").wait_for()
    assert "run=" not in page.url


def test_wrong_layers_are_explained(address: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{address}/train")
    set_number(page, "Hidden layers", "many")
    expect(page.get_by_text("write whole numbers with commas")).to_be_visible()
    expect(page.locator(".st-key-start button")).to_be_disabled()
