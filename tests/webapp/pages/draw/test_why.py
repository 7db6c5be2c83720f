"""Why this digit: the colours, the words, the choice of two digits, and the view with a small network."""

import copy
import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_core.data.dataset import Dataset
from mnist_core.network import Network
from mnist_core.recognizer import Recognizer
from webapp.charts.signs import LOWERS, RAISES
from webapp.pages.draw.why import coloured, sentence, training_data


def page(weights: str, drawing: str) -> None:
    """Show the view of a drawing; it runs as a script of its own."""
    import numpy as np

    from mnist_core.recognizer import Recognizer
    from webapp.pages.draw.why import show

    reader = Recognizer.load(weights)
    show(reader, reader.recognize(np.load(drawing)) if drawing else None)


@pytest.fixture
def weights(small_network, data_folder, tmp_path, monkeypatch) -> str:
    """The file of a network whose training images the app offers."""
    monkeypatch.setattr("webapp.datasets.DATA_FOLDER", data_folder.parent)
    small_network.save(tmp_path / "small.npz")
    return str(tmp_path / "small.npz")


def drawing_of(digit: int, dataset: Dataset, folder: Path) -> str:
    np.save(folder / f"{digit}.npy", dataset.test_images[dataset.test_labels == digit][0])
    return str(folder / f"{digit}.npy")


def open_view(weights: str, drawing: str) -> AppTest:
    app = AppTest.from_function(page, args=(weights, drawing), default_timeout=30).run()
    assert not app.exception
    return app


def html(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def words(app: AppTest) -> str:
    """The sentence on where the evidence is."""
    return html(app).split('<p class="why-words">')[1].split("</p>")[0]


def answer(weights: str, drawing: str) -> list[int]:
    """The digits from the most to the least probable."""
    probabilities = Recognizer.load(weights).recognize(np.load(drawing)).probabilities
    assert probabilities is not None
    return np.argsort(-probabilities).tolist()


# Colours


def test_the_colours_say_for_and_against():
    image, values = np.zeros((28, 28)), np.zeros((28, 28))
    image[0, :3] = 1
    values[0, 0], values[0, 1], values[5, 5] = 8, -8, 4
    pixels = np.asarray(coloured(image, values))
    assert tuple(pixels[0, 0]) == RAISES
    assert tuple(pixels[0, 1]) == LOWERS
    assert len(set(pixels[0, 2].tolist())) == 1  # ink that says nothing is grey
    np.testing.assert_allclose(pixels[5, 5], np.array(RAISES) / 2, atol=0.5)
    assert not pixels[20:].any()


@pytest.mark.parametrize("nothing", [0, np.nan, np.inf])
def test_where_nothing_can_be_said_the_ink_is_grey(nothing):
    pixels = np.asarray(coloured(np.ones((28, 28)), np.full((28, 28), nothing)))
    assert (pixels == pixels[0, 0, 0]).all()


# Words


def said(
    network: Network, whole: dict[int, float], without: dict[int, dict[int, float]], other: int | None = None
) -> str:
    """The sentence on a 4, for a whole drawing and for some of the nine places, of which 0 is the upper left."""

    def logits(given: dict[int, float]) -> np.ndarray:
        return np.array([given.get(digit, 0) for digit in range(10)], np.float32)

    ninths = np.stack([logits(without.get(place, whole)) for place in range(9)]).reshape(3, 3, 10)
    case = "4" if other is None else f"4 rather than {other}"
    return sentence(network, logits(whole), ninths, 4, other, case)


def test_the_sentence_says_what_would_be_read_instead(small_network):
    network = dataclasses.replace(small_network, temperature=2)  # the logits are halved before they are probabilities
    found = said(network, {4: 12}, {0: {4: 10}, 5: {4: 4, 9: 8}, 7: {4: 14}}, 9)
    # e⁴ / (e⁴ + e² + 8) = 0.78; the second, 5, is not in doubt: it takes (12) − (4 − 8) = 16 away, the first one 2.
    assert found == (
        "The ink on the right speaks most for 4 rather than 9: without it, the network would read 9 (78%). "
        "The ink at the bottom speaks most against it."
    )


def test_the_sentence_says_how_the_digit_fades(small_network):
    found = said(small_network, {4: 12}, {6: {4: 3}})
    # e³ / (e³ + 9) = 0.69
    assert found == "The ink in the lower left speaks most for 4: without it, 4 goes from more than 99% to 69%."


def test_a_probability_that_hardly_falls_has_not_changed(small_network):
    found = said(small_network, {4: 12}, {6: {4: 7}})
    # 1 − e⁷ / (e⁷ + 9) = 0.8%, and before it was 0.006%
    assert found == ("The ink in the lower left speaks most for 4: without it, the network would still read 4 (99%).")


def test_a_probability_that_does_not_fall_is_not_told(small_network):
    found = said(small_network, {4: 5, 9: 1, 8: 4}, {2: {4: 5, 9: 3, 8: -9}}, 9)
    assert found == "The ink in the upper right speaks most for 4 rather than 9."


def test_ink_may_only_speak_against_a_digit_or_not_at_all(small_network):
    assert said(small_network, {4: 1}, {4: {4: 2}}) == "The ink in the middle speaks most against it."
    assert said(small_network, {4: 1}, {}) == ""


# The view


def test_before_anything_is_drawn(weights):
    app = open_view(weights, "")
    assert "Draw a digit" in app.get("html")[0].proto.body
    assert not app.selectbox


def test_the_best_digit_is_compared_with_the_second_best(weights, small_dataset, tmp_path):
    drawing = drawing_of(3, small_dataset, tmp_path)
    best, second, *_ = answer(weights, drawing)
    app = open_view(weights, drawing)
    assert [box.value for box in app.selectbox] == [best, second]
    assert f"for {best} rather than {second}" in html(app)
    assert "Slope × ink" in html(app)


def test_what_was_chosen_holds_until_the_answer_changes(weights, small_dataset, tmp_path):
    three, seven = (drawing_of(digit, small_dataset, tmp_path) for digit in (3, 7))
    best, _second, *_others, last = answer(weights, three)
    app = open_view(weights, three)
    before = html(app)
    app.selectbox(key="why_other").select(last).run()
    assert f"for {best} rather than {last}" in html(app)
    assert html(app) != before
    app.run()
    assert app.selectbox(key="why_other").value == last
    kept = dict(app.session_state["why_kept"])
    again = AppTest.from_function(page, args=(weights, seven), default_timeout=30)
    again.session_state["why_kept"] = kept
    again.run()
    assert [box.value for box in again.selectbox] == answer(weights, seven)[:2]


def test_a_digit_is_never_compared_with_itself(weights, small_dataset, tmp_path):
    drawing = drawing_of(3, small_dataset, tmp_path)
    best, second, *_ = answer(weights, drawing)
    app = open_view(weights, drawing)
    app.selectbox(key="why_digit").select(second).run()
    assert [box.value for box in app.selectbox] == [second, best]
    app.selectbox(key="why_other").select(-1).run()
    assert f"<i>+</i>for {second}<" in html(app)


def test_the_nearest_training_images_are_counted(weights, small_dataset, tmp_path):
    drawing = drawing_of(0, small_dataset, tmp_path)
    shown = html(open_view(weights, drawing))
    digit = answer(weights, drawing)[0]
    labels = [int(label) for label in re.findall(r"<figcaption>(\d)</figcaption>", shown)]
    assert len(labels) == 12
    assert f"{labels.count(digit)} of 12 are labelled {digit}" in shown
    assert labels.count(digit) >= 6
    assert "The nearest training images (small digits)" in shown


def test_which_training_images_are_searched(small_network, monkeypatch, data_folder, real_mnist):
    assert training_data(small_network) == ("mnist", True)  # its folder is not offered
    assert training_data(dataclasses.replace(small_network, synthetic=True)) == ("synthetic", True)
    monkeypatch.setattr("webapp.datasets.DATA_FOLDER", data_folder.parent)
    assert training_data(small_network) == (str(data_folder), True)


def test_without_mnist_there_are_digits_drawn_by_code(small_network, monkeypatch, tmp_path):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    assert training_data(small_network) == ("synthetic", False)


def test_a_network_that_learned_on_is_asked_anew(weights, small_network, small_dataset, tmp_path):
    drawing = drawing_of(3, small_dataset, tmp_path)
    before = words(open_view(weights, drawing))
    learned = dataclasses.replace(small_network, model=copy.deepcopy(small_network.model))
    for array in learned.model.params.values():
        array *= 0.5
    learned.save(tmp_path / "learned.npz")
    assert words(open_view(str(tmp_path / "learned.npz"), drawing)) != before
    assert words(open_view(weights, drawing)) == before
