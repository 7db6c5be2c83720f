"""The way through the tour, without a browser: by link, back, skip and leave."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.webapp.frame.test_top_row import open_menu
from tests.webapp.pages.test_pages import htmls, open_app
from webapp.tour.cards import CARDS
from webapp.tour.show import EXCERPT, excerpt

pytestmark = pytest.mark.usefixtures("page_runs")


def title(app: AppTest) -> str:
    """Which card is shown; "" for none."""
    found = [card.title for card in CARDS if f"</small>{card.title}</h2>" in htmls(app).replace("&#x27;", "'")]
    return found[0] if found else ""


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
    assert "To the drawing page" in [link.proto.label for link in app.get("page_link")]


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


def test_the_piece_that_is_shown_in_numbers_is_where_the_ink_is():
    image = np.zeros((28, 28))
    image[20:24, 3:6] = 1
    piece = excerpt(image)
    assert piece.shape == (EXCERPT, EXCERPT)
    assert piece.sum() == image.sum()
