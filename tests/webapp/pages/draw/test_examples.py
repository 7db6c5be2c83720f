"""Test images to try in place of a drawing: five tiles, one by chance, and those around it."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.paths import ROOT
from tests.webapp.components.events import data_of, send_event
from webapp import datasets
from webapp.components.answer import KEY, LEAD
from webapp.pages.draw import examples


@pytest.fixture(autouse=True)
def only_a_small_data_set(page_runs, monkeypatch, data_folder, small_dataset):
    """A small data set takes the place of MNIST."""
    monkeypatch.setattr(datasets, "DATA_FOLDER", data_folder.parent)
    monkeypatch.setattr(examples, "default_data", lambda: str(data_folder))
    return small_dataset


def open_page(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "webapp/pages/menu.py"), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def place_of(app: AppTest) -> int | None:
    """The test image that is shown, counted from 0."""
    asked = asked_for(app, "test")
    return None if asked is None else int(asked)


def asked_for(app: AppTest, name: str) -> str | None:
    """What the URL asks for."""
    found = app.query_params.get(name)
    return found[0] if isinstance(found, list) else found


def test_an_empty_page_offers_five_different_digits(small_dataset):
    tiles = data_of(open_page(), KEY)["examples"]
    assert len({tile["name"] for tile in tiles}) == len(tiles) == 5
    assert all(tile["address"].startswith("data:image/png") for tile in tiles)


def test_a_tile_that_is_pressed_is_shown_and_read(small_dataset):
    app = open_page()
    name = data_of(app, KEY)["examples"][2]["name"]
    send_event(app, KEY, "pressed", 2)
    assert not app.exception
    place = place_of(app)
    assert place is not None and name == f"Try this {small_dataset.test_labels[place]}"
    content = data_of(app, KEY)
    assert len(content["content"]["digits"]) == 1
    assert content["examples"] == []  # nothing to try while something is read
    app.button(key="draw-yourself").click().run()
    assert place_of(app) is None and len(data_of(app, KEY)["examples"]) == 5


@pytest.mark.parametrize("forged", [99, -1, None, "why", [2], {"a": 1}, 2.5, "lead "])
def test_a_forged_press_shows_nothing(forged):
    app = send_event(open_page(), KEY, "pressed", forged)
    assert not app.exception
    assert place_of(app) is None


def test_the_way_on_leads_to_why_and_is_gone_there():
    app = open_page()
    assert data_of(app, KEY)["leads"]
    send_event(app, KEY, "pressed", LEAD)
    assert asked_for(app, "view") == "why"
    assert not data_of(app, KEY)["leads"]


def test_any_example_and_the_ones_around_it(small_dataset):
    app = open_page()
    app.button(key="example").click().run()
    place = place_of(app)
    assert place is not None and 0 <= place < len(small_dataset.test_images)
    app.button(key="example").click().run()
    assert place_of(app) != place
    app.query_params["test"] = "0"
    app.run()
    assert app.button(key="example-before").disabled
    app.button(key="example-next").click().run()
    assert place_of(app) == 1
    app.button(key="example-before").click().run()
    assert place_of(app) == 0
    app.query_params["test"] = str(len(small_dataset.test_images) - 1)
    app.run()
    assert app.button(key="example-next").disabled


def test_another_place_is_another_one():
    assert {examples.any_place(3, other_than=1) for _ in range(50)} == {0, 2}
    assert {examples.any_place(3) for _ in range(50)} == {0, 1, 2}


def test_without_data_there_is_nothing_to_try(monkeypatch, tmp_path):
    monkeypatch.setattr(examples, "default_data", lambda: str(tmp_path / "nowhere"))
    app = open_page(view="teach")
    assert not app.exception
    assert data_of(app, KEY)["examples"] == []
    app.button(key="example").click().run()
    assert not app.exception and app.warning
    assert app.button(key="clear")  # the pad is still there


def test_the_images_are_those_of_the_data_set(small_dataset, data_folder):
    for place, label, _address in examples._first_of(str(data_folder)):
        first = np.flatnonzero(small_dataset.test_labels == label)[0]
        assert place == first
