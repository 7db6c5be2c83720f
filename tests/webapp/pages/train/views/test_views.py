"""The tabs of weights, confusion and mistakes: their calculations by hand, and what they show of a finished run."""

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mnist_core.recipes.recipe import Recipe
from tests.paths import ROOT
from tests.webapp.real_runs import wait_for
from webapp.charts.confusion import FAINTEST, confusion_figure, mistake_strengths
from webapp.charts.signs import LOWERS, RAISES
from webapp.charts.weight_images import round_scale, weight_pictures
from webapp.components.gallery import clicked_in
from webapp.runs import shared as resources
from webapp.runs.job import Job

NAMES = {"true": "TRUE", "read": "READ", "cell": "{digit} as {read}: {count:,} of {total:,} ({share:.1%})"}


def page() -> None:
    """A page with one view, as the training page shows it."""
    from importlib import import_module

    import streamlit as st

    from webapp.runs.shared import runs

    snapshot = runs().snapshot(st.query_params["run"])
    import_module(f"webapp.pages.train.views.{st.query_params['view']}").show(snapshot)


@pytest.fixture(scope="module")
def run(tmp_path_factory, data_folder):
    """A finished run, in the registry that the pages see."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNS_DIR", str(tmp_path_factory.mktemp("views") / "runs"))
        patch.chdir(ROOT)
        st.cache_resource.clear()
        recipe = Recipe(name="tiny", source="test", hidden_sizes=(70,), batch_size=25, epochs=2, learning_rate=0.2)
        runs = resources.runs()
        run_id = runs.start(Job(recipe, str(data_folder)))
        wait_for(runs, run_id)
        yield run_id
        runs.close()
        st.cache_resource.clear()


def open_view(view: str, run_id: str, language: str = "en", state: dict[str, Any] | None = None) -> AppTest:
    app = AppTest.from_function(page, default_timeout=30)
    app.query_params["view"], app.query_params["run"] = view, run_id
    app.session_state["language"] = language
    for key, value in (state or {}).items():
        app.session_state[key] = value
    app.run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.error, *app.info))


def galleries(app: AppTest) -> dict[str, list[dict[str, Any]]]:
    """The tiles of every gallery on the page, by its label."""
    found = [json.loads(element.proto.json) for element in app.get("bidi_component") if element.proto.json]
    return {data["label"]: data["tiles"] for data in found if "tiles" in data}


@pytest.mark.parametrize(
    ("view", "numbers"), [("weights", ("64", "70")), ("confusion", ("200",)), ("mistakes", ("200",))]
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_view_opens(run, view, numbers, language):
    shown = texts(open_view(view, run, language))
    assert all(number in shown for number in numbers)


# Weights


@pytest.mark.parametrize(("strongest", "scale"), [(0.29, 0.3), (0.3, 0.3), (0.301, 0.4), (7.5, 10), (0, 1e-6)])
def test_the_scale_is_the_next_round_number(strongest, scale):
    assert round_scale(np.full((2, 28, 28), strongest)) == pytest.approx(scale)


def test_one_outlier_does_not_change_the_scale():
    weights = np.full((4, 28, 28), 0.1)
    weights[0, 0, 0] = 50
    assert round_scale(weights) == pytest.approx(0.1)


def test_weights_become_colours():
    weights = np.zeros((1, 28, 28))
    weights[0, 0, :5] = [-0.2, -0.1, 0, 0.2, 7]
    red, opacity = (weight_pictures(weights, 0.2)[0, 0, :5, channel].tolist() for channel in (0, 3))
    assert red[:2] == [LOWERS[0]] * 2
    assert red[3:] == [RAISES[0]] * 2
    assert opacity[0] == opacity[3] == opacity[4] == 255
    assert opacity[1] == pytest.approx(127, abs=5)
    assert opacity[2] == 0


def test_a_chosen_unit_is_shown_larger(run):
    app = open_view("weights", run, state={"weights.unit": 11})
    assert "**Unit 12**" in texts(app)
    assert galleries(app)["The chosen one, larger"] == [{"id": 11, "name": "Unit 12", "link": ""}]
    assert "**Unit 64**" in texts(
        open_view("weights", run, state={"weights.unit": 10**9})
    )  # of another, larger network


# Confusion


def test_mistakes_are_coloured_by_their_share():
    confusion = np.diag(np.full(10, 900))
    confusion[3, 5] = 100  # a tenth of the threes
    confusion[4, 9] = 9  # a hundredth
    confusion[7, 1] = 1
    strengths = mistake_strengths(confusion)
    assert (np.diag(strengths) == -1).all()
    assert strengths[3, 5] == 1
    assert strengths[4, 9] == pytest.approx(0.5, abs=0.01)
    assert strengths[7, 1] == FAINTEST
    assert np.count_nonzero(strengths) == 13


def test_a_digit_without_images_has_no_colour():
    assert np.count_nonzero(mistake_strengths(np.zeros((10, 10), int))) == 10


@pytest.mark.parametrize("chosen", [None, (4, 9)])
def test_plotly_accepts_the_confusion_matrix(chosen):
    confusion = np.random.default_rng(1).integers(0, 900, (10, 10))
    figure = json.loads(json.dumps(confusion_figure(confusion, chosen, NAMES)))
    go.Figure(figure)
    heatmap = figure["data"][0]
    assert heatmap["text"][4][9] == str(confusion[4, 9])
    share = confusion[4, 9] / confusion[4].sum()
    assert heatmap["hovertext"][4][9] == f"4 as 9: {confusion[4, 9]:,} of {confusion[4].sum():,} ({share:.1%})"
    assert len(figure["layout"]["shapes"]) == (chosen is not None)
    if chosen:
        frame = figure["layout"]["shapes"][0]
        assert (frame["x0"], frame["x1"], frame["y0"], frame["y1"]) == (8.5, 9.5, 3.5, 4.5)


def test_two_digits_show_their_images(run):
    app = open_view("confusion", run)
    assert galleries(app) == {}
    app.selectbox[0].set_value(4)
    app.selectbox[1].set_value(4)
    app.run()
    assert not app.exception
    assert "images of 4 are read as 4" in texts(app)
    tiles = galleries(app)["Test images"]
    assert 1 <= len(tiles) <= 12
    shares = [int(tile["name"].strip(">%")) for tile in tiles]
    assert shares == sorted(shares)  # the least sure first


def test_a_click_in_the_matrix_shows_its_images(run):
    click = {"x": 4, "y": 4, "customdata": None, "count": 1}
    app = open_view("confusion", run, state={"confusion-chart": {"clicked": click}})
    assert [box.value for box in app.selectbox] == [4, 4]
    assert "images of 4 are read as 4" in texts(app)


@pytest.mark.parametrize("click", [7, [], {}, {"x": 4}, {"x": "4", "y": [2]}, {"x": 11, "y": -1}, {"x": 0.5, "y": 1}])
def test_a_forged_click_chooses_nothing(run, click):
    app = open_view("confusion", run, state={"confusion-chart": {"clicked": click}})
    assert [box.value for box in app.selectbox] == [None, None]


# Mistakes


def test_the_worst_mistakes_lead_to_the_drawing_page(run, data_folder):
    tiles = galleries(open_view("mistakes", run))["Test images"]
    assert 1 <= len(tiles) <= 24
    for tile in tiles:
        true, read, share = tile["name"].replace(", read as ", " ").replace("\n", " ").split()
        assert true != read
        assert share.strip("()>").endswith("%")
        folder = str(data_folder).replace("/", "%2F").replace(" ", "+")
        assert tile["link"] == f"./?test={tile['id']}&data={folder}&network={run}"


# The gallery


@pytest.mark.parametrize(
    ("value", "expected"),
    [({"clicked": 5}, 5), ({"clicked": None}, None), ({"clicked": "5"}, None), ({}, None), (5, None), (None, None)],
)
def test_a_click_is_a_whole_number_or_none(monkeypatch, value, expected):
    monkeypatch.setattr(st, "session_state", {"some": value})
    assert clicked_in("some") == expected
