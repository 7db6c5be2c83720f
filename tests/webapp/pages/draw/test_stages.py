"""The way into the network, stage by stage: switches change what is read, and what they would change stands beside."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from mnist_core.imaging.naive_pipelines import NAIVE_PIPELINES
from mnist_core.imaging.preprocess import DEFAULT_OPTIONS, PreprocessOptions
from mnist_core.recognizer import Recognizer
from tests.webapp.components.events import send_event
from webapp.components.answer_view import KEY
from webapp.pages.draw import stages
from webapp.pages.draw.reading import SWITCHED


def drawn() -> np.ndarray:
    """A small 7 in the upper right corner of a pad of 200 pixels."""
    pad = Image.new("L", (200, 200))
    ImageDraw.Draw(pad).line([(130, 20), (180, 20), (150, 90)], 255, 8)
    return np.asarray(pad)


def page() -> None:
    """Read what a test has put in the session, as the drawing page does."""
    import streamlit as st

    from mnist_core.recognizer import Recognizer
    from webapp.pages.draw import stages
    from webapp.pages.draw.reading import chosen_steps

    reader = Recognizer(st.session_state["network"], chosen_steps())
    pixels = st.session_state["drawn"]
    read = None if pixels is None else reader.recognize(pixels)
    st.html(stages.way_html(reader, read))
    stages.show(reader, read)


@pytest.fixture
def opened(small_network) -> Callable[[np.ndarray | None], AppTest]:
    def open_with(pixels: np.ndarray | None) -> AppTest:
        test = AppTest.from_function(page, default_timeout=20)
        test.session_state["network"] = small_network
        test.session_state["drawn"] = pixels
        return test.run()

    return open_with


def html_of(test: AppTest) -> str:
    assert not test.exception
    return "\n".join(element.proto.body for element in test.get("html"))


def switches_of(test: AppTest) -> list[str]:
    """The switches in their order, as HTML."""
    return re.findall(r"<input [^>]*>", html_of(test))


def positions(test: AppTest) -> list[bool]:
    return [" checked" in switch for switch in switches_of(test)]


def press(test: AppTest, step: object) -> AppTest:
    return send_event(test, KEY, "switched", step)


def answers_of(test: AppTest) -> list[str]:
    """What stands beside the switches, then below the other ways."""
    return re.findall(r'<p class="stages-answer[^"]*">(.*?)</p>', html_of(test))


def test_before_anything_is_drawn_a_line_says_what_will_be_here(opened):
    for pixels in (None, np.zeros((50, 50), np.uint8)):
        test = opened(pixels)
        assert "Draw a digit" in html_of(test)
        assert not switches_of(test)


def test_every_answer_is_what_the_network_reads_that_way(opened, small_network):
    reader = Recognizer(small_network)
    read = reader.recognize(drawn())
    expected = [
        f"{'without' if getattr(DEFAULT_OPTIONS, step) else 'with'} it: "
        + stages.answer(Recognizer(small_network, stages.flip(DEFAULT_OPTIONS, step)).recognize(drawn()))
        for step in SWITCHED
    ]
    expected.append(f"reads {stages.answer(read)}")
    for way in NAIVE_PIPELINES.values():
        (other,) = reader.read_stages([replace(read.stages, centred=way(read.stages.ink))])
        expected.append(f"reads {stages.answer(other)}")
    assert answers_of(opened(drawn())) == [text.replace(">", "&gt;") for text in expected]


def test_a_switch_changes_the_steps_and_one_button_brings_them_back(opened):
    test = opened(drawn())
    before = answers_of(test)
    assert positions(test) == [True, True, False, True] and not test.button
    press(test, "centre")
    assert test.session_state["stages_steps"] == PreprocessOptions(centre=False)
    assert answers_of(test)[3].startswith("with it: ")
    press(test, "slant")
    assert test.session_state["stages_steps"] == PreprocessOptions(slant=True, centre=False)
    test.button(key="stages-reset").click().run()
    assert positions(test) == [True, True, False, True] and not test.button
    assert answers_of(test) == before


def test_a_forged_switch_changes_nothing(opened):
    for forged in ("weights", "", 3, None, ["crop"]):
        test = press(opened(drawn()), forged)
        assert not test.exception and "stages_steps" not in test.session_state


def test_without_the_crop_no_other_step_counts(opened):
    test = opened(drawn())
    press(test, "crop")
    assert [" disabled" in switch for switch in switches_of(test)] == [False, True, True, True]
    assert answers_of(test)[1:4] == ["&nbsp;"] * 3
    assert 'class="box"' not in html_of(test)  # nothing was scaled into it


def test_the_centre_of_mass_is_at_the_cross_only_when_it_is_centred(opened):
    def distance(test: AppTest) -> float:
        places = re.findall(r'class="(?:cross|mass)" style="top: (.*?)%; left: (.*?)%"', html_of(test))
        cross, mass = np.array(places, float) * 0.28  # in pixels
        return float(np.abs(cross - mass).max())

    test = opened(drawn())
    assert distance(test) <= 0.51  # it is moved by whole pixels
    assert distance(press(test, "centre")) > 1


def test_an_answer_differs_when_the_digit_does_or_one_is_no_digit(small_network):
    read = Recognizer(small_network).recognize(drawn())
    assert not stages.differs(read, read)
    assert not stages.differs(replace(read, certainty="sure"), replace(read, certainty="unsure"))
    assert stages.differs(replace(read, digit=4), replace(read, digit=9))
    assert stages.differs(replace(read, certainty="sure"), replace(read, certainty="no digit"))


def test_answers_in_words(small_network):
    read = replace(Recognizer(small_network).recognize(drawn()), digit=4, certainty="unsure")
    assert stages.answer(replace(read, probabilities=np.array([0.19, 0.81]))) == "4 (81%)"
    assert stages.answer(replace(read, probabilities=np.array([0.003, 0.997]))) == "4 (>99%)"
    assert stages.answer(replace(read, certainty="no digit")) == "no digit"
