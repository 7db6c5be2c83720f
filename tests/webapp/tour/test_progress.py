"""The way through the tour, without a browser: by link, back, skip and leave, with drawings put on the pad."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from mnist_core.recipes.recipe import Recipe
from tests.webapp.frame.test_top_row import open_menu
from tests.webapp.pages.test_pages import htmls, open_app, texts
from tests.webapp.real_runs import train_job
from tests.webapp.tour.test_cards import ONE, SEVEN
from webapp.components.drawing_board import Board, Stroke
from webapp.components.drawing_pad import SESSION_KEY
from webapp.runs.job import Job
from webapp.runs.registry import Runs
from webapp.tour.cards import CARDS
from webapp.tour.show import EXCERPT, excerpt

pytestmark = pytest.mark.usefixtures("page_runs")


def title(app: AppTest) -> str:
    """Which card is shown; "" for none."""
    found = [card.title for card in CARDS if f"</small>{card.title}</h2>" in htmls(app).replace("&#x27;", "'")]
    return found[0] if found else ""


def board(*lines: list[tuple[float, float]], left: float = 0.25, top: float = 0.15, size: float = 0.65) -> Board:
    """A board with lines in a square: its left, its top and its size, as shares of the board."""
    picture = Image.new("RGBA", (200, 200))
    for line in lines:
        points = [(200 * (left + size * x), 200 * (top + size * y)) for x, y in line]
        ImageDraw.Draw(picture).line(points, fill="white", width=14, joint="curve")
    png = io.BytesIO()
    picture.save(png, "PNG")
    return Board(tuple(Stroke(json.dumps([["M", left, top, *line]]), "{}") for line in lines), png.getvalue())


def draw(app: AppTest, drawn: Board) -> None:
    """Let the pad hold a drawing as if the browser had reported it."""
    state = app.session_state[SESSION_KEY]
    state.history = state.history.report(drawn)
    app.run()
    assert not app.exception


def on_pad(app: AppTest) -> Board:
    found: Board = app.session_state[SESSION_KEY].history.present
    return found


def links(app: AppTest) -> list[str]:
    return [link.proto.label for link in app.get("page_link")]


@pytest.fixture
def finished(page_runs: Runs, tmp_path: Path, tiny_recipe: Recipe, data_folder: Path) -> str:
    """The id of a run that is over."""
    train_job(tmp_path / "runs" / "tiny", Job(tiny_recipe, str(data_folder)))
    return "tiny"


@pytest.mark.parametrize("number", range(1, 8))
def test_each_card_is_a_link(number):
    app = open_app(tour=str(number))
    assert title(app) == CARDS[number - 1].title
    assert app.query_params["tour"] == str(number)


@pytest.mark.parametrize(("asked", "number"), [("0", 1), ("99", 7)])
def test_a_link_beyond_the_ends_shows_the_first_or_the_last(asked, number):
    assert title(open_app(tour=asked)) == CARDS[number - 1].title


@pytest.mark.parametrize("asked", ["x", "-1", "1.5", "٣", "9" * 50, ""])
def test_a_link_that_names_no_card_begins_no_tour(asked):
    app = open_app(tour=asked)
    assert title(app) == ""
    assert "tour" not in app.query_params


def test_it_begins_in_the_menu_and_follows_to_every_page():
    app = open_menu(open_app())
    app.button(key="tour-start").click().run()
    assert title(app) == CARDS[0].title
    app.switch_page("lab/page.py").run()
    assert title(app) == CARDS[0].title
    assert "To the drawing page" in links(app)


def test_a_card_can_be_skipped_and_come_back_to():
    app = open_app(tour="1")
    assert app.button(key="tour-back").disabled
    app.button(key="tour-skip").click().run()
    assert title(app) == CARDS[1].title
    assert 'class="tour-well"' not in htmls(app)  # nothing has been done
    app.button(key="tour-back").click().run()
    assert title(app) == CARDS[0].title


def test_after_the_last_card_comes_the_end_and_then_nothing():
    app = open_app(tour="7")
    app.button(key="tour-skip").click().run()
    assert "That was the tour" in htmls(app)
    app.button(key="tour-done").click().run()
    assert "tour-title" not in htmls(app)
    app.run()
    assert "tour-title" not in htmls(app)


def test_whoever_leaves_is_left_alone():
    app = open_app(tour="3")
    app.button(key="tour-leave").click().run()
    assert title(app) == ""
    assert "tour" not in app.query_params
    app.switch_page("train/page.py").run()
    assert title(app) == ""


def test_the_corner_card_takes_the_help_away_and_the_next_one_brings_it_back():
    app = open_app(tour="3")
    assert not app.session_state["stages_steps"].crop
    app.button(key="tour-skip").click().run()
    assert app.session_state["stages_steps"].crop


def test_whoever_leaves_the_corner_card_has_the_help_again():
    app = open_app(tour="3")
    app.button(key="tour-leave").click().run()
    assert app.session_state["stages_steps"].crop


def test_what_is_done_is_said_with_what_it_means_in_place_of_what_to_do():
    card = CARDS[0]
    app = open_app(tour="1")
    assert card.text in texts(app)
    draw(app, board(ONE))
    assert card.text in texts(app)
    draw(app, board(SEVEN))
    assert card.well in texts(app)
    assert card.meaning in texts(app)
    assert card.text not in texts(app)


def test_the_numbers_are_those_of_the_drawing_that_is_there():
    app = open_app(tour="1")
    draw(app, board(SEVEN))
    app.button(key="tour-next").click().run()
    before = htmls(app).split('class="tour-numbers"')[1]
    draw(app, board(SEVEN, [(0.2, 0.5), (0.8, 0.5)]))
    assert CARDS[1].well in htmls(app)
    assert htmls(app).split('class="tour-numbers"')[1] != before


@pytest.mark.parametrize("number", ["2", "4"])
def test_a_card_about_a_seven_asks_for_one_if_none_was_drawn(number):
    card = CARDS[int(number) - 1]
    app = open_app(tour=number)
    assert "First draw a **7**" in texts(app)
    assert card.text not in texts(app)
    draw(app, board(ONE))
    assert "First draw a **7**" in texts(app)
    draw(app, board(SEVEN))
    assert "First draw a **7**" not in texts(app)
    assert card.text in texts(app)
    assert card.well not in htmls(app)


def test_the_seven_takes_the_place_of_what_is_drawn_when_a_card_is_about_it():
    seven = board(SEVEN)
    app = open_app(tour="1")
    draw(app, seven)
    app.button(key="tour-next").click().run()
    app.button(key="tour-skip").click().run()
    draw(app, board(ONE))
    app.button(key="tour-skip").click().run()
    assert title(app) == CARDS[3].title
    assert on_pad(app).strokes == seven.strokes
    assert CARDS[3].text in texts(app)


def test_the_seven_in_the_corner_stays_since_it_is_one_with_help():
    corner = board(SEVEN, left=0.04, top=0.04, size=0.3)
    app = open_app(tour="1")
    draw(app, board(SEVEN))
    app.button(key="tour-next").click().run()
    app.button(key="tour-skip").click().run()
    draw(app, corner)
    assert CARDS[2].well in htmls(app)
    app.button(key="tour-next").click().run()
    assert on_pad(app).strokes == corner.strokes
    assert CARDS[3].text in texts(app)


def test_a_card_is_about_the_pad_not_about_a_test_image_or_a_picture():
    app = open_app(test="0")
    app.session_state["input"] = "picture"
    app = open_menu(app)
    app.button(key="tour-start").click().run()
    assert "test" not in app.query_params
    assert app.session_state["input"] == "pad"


def test_the_training_begins_anew_with_start_in_sight(finished):
    app = open_app("train/page.py", run=finished)
    app.query_params["run"] = finished
    app.run()
    assert app.session_state["run"] == finished
    app = open_menu(app)
    app.button(key="tour-start").click().run()
    for _card in CARDS[:5]:
        app.button(key="tour-skip").click().run()
    assert title(app) == CARDS[5].title
    assert "run" not in app.query_params
    assert "run" not in app.session_state
    assert not app.button(key="start").disabled


def test_the_last_card_leads_to_the_training_if_there_is_no_own_network():
    app = open_app(tour="7")
    assert CARDS[6].way in texts(app)
    app.button(key="tour-train").click().run()
    assert title(app) == CARDS[5].title


def test_the_last_card_leads_to_the_network_that_was_trained_after_its_card_was_skipped(finished):
    app = open_app("train/page.py", tour="7")
    assert "tour-train" in [button.key for button in app.button]
    app.query_params["run"] = finished
    app.run()
    assert "tour-train" not in [button.key for button in app.button]
    of_card, of_page = (link.proto for link in app.get("page_link") if link.proto.label == "Draw with it")
    assert f"network={finished}" in of_card.query_string
    assert of_card.query_string == of_page.query_string


def test_the_last_card_asks_for_a_digit_where_an_own_network_reads(finished):
    app = open_app(tour="7", network=finished)
    assert CARDS[6].text in texts(app)
    assert "Draw with it" not in links(app)
    draw(app, board(ONE))
    assert CARDS[6].well in htmls(app)


def test_the_piece_that_is_shown_in_numbers_is_where_the_ink_is():
    image = np.zeros((28, 28))
    image[20:24, 3:6] = 1
    piece = excerpt(image)
    assert piece.shape == (EXCERPT, EXCERPT)
    assert piece.sum() == image.sum()


def test_the_piece_that_is_shown_in_numbers_is_where_they_are_other_ones():
    before, image = np.zeros((28, 28)), np.zeros((28, 28))
    before[20:24, 3:6] = image[20:24, 3:6] = 1
    image[2:4, 20:23] = 0.5
    assert excerpt(image, before).max() == 0.5
