"""The settings form by itself: what its widgets say becomes the job, and nothing else does."""

import dataclasses
import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import SETTINGS, Recipe
from mnist_core.recipes.setting import Number
from webapp.runs.job import Job
from webapp.settings.fields import read_numbers

CHANGED: dict[str, Any] = {
    "normalization": "standard",
    "hidden_sizes": (16, 12),
    "activation": "silu",
    "batch_norm": True,
    "dropout": 0.3,
    "label_smoothing": 0.1,
    "init": "xavier-normal",
    "bias_init": "small-normal",
    "optimizer": "adamw",
    "learning_rate": 0.003,
    "beta1": 0.8,
    "beta2": 0.99,
    "eps": 1e-6,
    "weight_decay": 0.1,
    "schedule": "step",
    "schedule_unit": "epoch",
    "schedule_drops": (0.2, 1 / 3),
    "schedule_factor": 0.3,
    "warmup": 0.1,
    "batch_size": 500,
    "epochs": 2500,
    "shuffle": False,
    "seed": 7,
    "l1": 1e-5,
    "l2": 1e-4,
    "clip_norm": 2.0,
    "distortion": 2.0,
    "input_noise": 0.2,
    "rare_digits": 0.2,
    "not_digits": 0.1,
    "ema_decay": 0.99,
    "validation_fraction": 0.2,
    "patience": 3,
}
"""Another value for every setting that the page shows with AdamW and drops."""


def script(recipe, last):
    """What `AppTest` runs: it gets this source alone."""
    import streamlit as st

    from webapp.settings.form import settings_form

    st.session_state.setdefault("recipe", recipe)
    job, pressed = settings_form(last)
    st.session_state["job"] = job if pressed else None


def form(recipe: str, last: Job | None = None) -> AppTest:
    app = AppTest.from_function(script, kwargs={"recipe": recipe, "last": last}).run()
    assert not app.exception
    return app


def started(app: AppTest) -> Recipe:
    app.button(key="start").click().run()
    assert not app.exception
    job = app.session_state["job"]
    assert job is not None, [error.value for error in app.error]
    return job.recipe


def keys(app: AppTest, name: str) -> set[str]:
    widgets = (*app.selectbox, *app.number_input, *app.text_input, *app.toggle, *app.slider)
    return {widget.key.removeprefix(f"{name}.") for widget in widgets}


def examples(app: AppTest) -> dict[str, str]:
    """The pictures of examples on the page: their addresses by their descriptions."""
    found = [re.search('<img class="examples" alt="(.*?)".* src="(.*?)">', html.proto.body) for html in app.get("html")]
    return {match[1]: match[2] for match in found if match}


def test_untouched_settings_start_the_recipe_itself():
    app = form("quick")
    assert app.selectbox(key="recipe").options[:4] == ["quick", "accurate", "handwriting", "Tutorial: tanh-online"]
    for name, recipe in RECIPES.items():
        app.selectbox(key="recipe").set_value(name).run()
        assert app.button(key="reset").disabled
        assert started(app) == recipe


def test_a_new_visit_has_all_settings_of_the_last_job_and_a_way_back():
    changed = dataclasses.replace(RECIPES["quick"], **CHANGED)
    app = form("quick", Job(changed, "synthetic"))
    assert started(app) == changed
    app.button(key="reset").click().run()
    assert started(app) == RECIPES["quick"]


def test_settings_are_given_in_every_kind_of_widget():
    app = form("quick")
    app.selectbox(key="quick.schedule").set_value("step")
    app.selectbox(key="quick.head").set_value("squared-error")
    app.toggle(key="quick.shuffle").set_value(False)
    app.number_input(key="quick.clip_norm").set_value(1.5)
    app.run()
    app.text_input(key="quick.schedule_drops").set_value("0.25，0.5")
    expected: dict[str, Any] = {"schedule": "step", "head": "squared-error", "shuffle": False, "clip_norm": 1.5}
    assert started(app) == dataclasses.replace(RECIPES["quick"], **expected, schedule_drops=(0.25, 0.5))


def test_only_settings_of_the_chosen_optimizer_are_shown():
    expected = {
        "sgd": set(),
        "momentum": {"momentum"},
        "nesterov": {"momentum"},
        "adagrad": {"eps"},
        "rmsprop": {"beta2", "eps"},
        "adam": {"beta1", "beta2", "eps"},
        "adamw": {"beta1", "beta2", "eps", "weight_decay"},
    }
    app = form("quick")
    for optimizer, shown in expected.items():
        app.selectbox(key="quick.optimizer").set_value(optimizer).run()
        assert keys(app, "quick") & {"momentum", "beta1", "beta2", "eps", "weight_decay"} == shown


def test_a_value_that_is_hidden_again_does_not_count_but_is_remembered():
    app = form("quick")
    app.number_input(key="quick.momentum").set_value(0.5)
    app.number_input(key="quick.label_smoothing").set_value(0.1)
    app.number_input(key="quick.patience").set_value(2)
    app.run()
    app.selectbox(key="quick.optimizer").set_value("sgd")
    app.selectbox(key="quick.head").set_value("sigmoid")
    app.number_input(key="quick.validation_fraction").set_value(0.0)
    app.run()
    assert not keys(app, "quick") & {"momentum", "label_smoothing", "patience"}
    without = dataclasses.replace(RECIPES["quick"], optimizer="sgd", head="sigmoid", validation_fraction=0.0)
    assert started(app) == without
    app.selectbox(key="quick.optimizer").set_value("nesterov").run()
    assert app.number_input(key="quick.momentum").value == 0.5


def test_images_are_distorted_by_one_switch_which_shows_examples():
    app = form("quick")
    assert not examples(app)
    assert "distortion" not in keys(app, "quick")
    app.toggle(key="quick.distort").set_value(True).run()
    assert list(examples(app)) == ["Three digits, and eight distorted copies of each"]
    assert started(app) == dataclasses.replace(RECIPES["quick"], distortion=1.0)
    app.toggle(key="quick.distort").set_value(False).run()
    assert not examples(app)
    assert app.button(key="reset").disabled
    assert started(app) == RECIPES["quick"]


def test_the_examples_follow_the_strength_which_is_remembered_while_the_switch_is_off():
    app = form("quick")
    app.toggle(key="quick.distort").set_value(True).run()
    normal = examples(app)
    app.slider(key="quick.distortion").set_value(2.5).run()
    strong = examples(app)
    assert strong.keys() == normal.keys() and strong != normal
    app.toggle(key="quick.distort").set_value(False).run()
    app.toggle(key="quick.distort").set_value(True).run()
    assert examples(app) == strong
    assert started(app) == dataclasses.replace(RECIPES["quick"], distortion=2.5)
    app.button(key="reset").click().run()
    assert not app.toggle(key="quick.distort").value


def test_a_recipe_that_distorts_begins_switched_on_and_can_do_without():
    app = form("handwriting")
    assert app.toggle(key="handwriting.distort").value
    assert app.slider(key="handwriting.distortion").value == RECIPES["handwriting"].distortion
    app.toggle(key="handwriting.distort").set_value(False).run()
    without = started(app)
    assert without == dataclasses.replace(RECIPES["handwriting"], distortion=0.0)
    again = form("handwriting", Job(without, "synthetic"))
    assert started(again) == without
    again.toggle(key="handwriting.distort").set_value(True).run()
    assert started(again) == RECIPES["handwriting"]


@pytest.mark.parametrize(
    ("setting", "shown"),
    [("rare_digits", "Digits that are added"), ("not_digits", "Drawings that are added and show no digit")],
)
def test_what_is_added_to_the_images_is_shown(setting, shown):
    app = form("quick")
    app.number_input(key=f"quick.{setting}").set_value(0.25).run()
    assert list(examples(app)) == [shown]
    expected: dict[str, Any] = {setting: 0.25}
    assert started(app) == dataclasses.replace(RECIPES["quick"], **expected)


def test_early_stopping_goes_with_the_validation_images():
    app = form("classic-relu")
    app.number_input(key="classic-relu.validation_fraction").set_value(0.0).run()
    assert started(app) == dataclasses.replace(RECIPES["classic-relu"], validation_fraction=0.0, patience=None)


def test_a_schedule_shows_what_it_needs():
    app = form("wide-adam")
    schedule = {"schedule_drops", "schedule_factor", "schedule_unit"}
    assert not keys(app, "wide-adam") & schedule
    for name, shown in (("exponential", {"schedule_factor", "schedule_unit"}), ("step", schedule)):
        app.selectbox(key="wide-adam.schedule").set_value(name).run()
        assert keys(app, "wide-adam") & schedule == shown


@pytest.mark.parametrize(
    ("setting", "message"),
    [({"batch_norm": True}, "batch size of at least 2"), ({"epochs": 10}, "about 540,000 steps")],
)
def test_what_cannot_be_started_is_said_at_once(setting, message):
    app = form("quick", Job(dataclasses.replace(RECIPES["quick"], **setting), "synthetic"))
    assert not app.error
    app.number_input(key="quick.batch_size").set_value(1).run()
    assert message in app.error[0].value
    assert app.button(key="start").disabled


def test_wrong_drops_are_explained():
    app = form("tanh-online")
    for drops in ("a", "0.5, 1", "0", "nan"):
        app.text_input(key="tanh-online.schedule_drops").set_value(drops).run()
        assert "between 0 and 1" in app.error[0].value
        assert app.button(key="start").disabled


def test_numbers_are_read_with_either_comma():
    assert read_numbers("hidden_sizes", " 128，６４, ") == (128, 64)
    assert read_numbers("schedule_drops", "") == ()


def test_a_value_that_the_page_does_not_offer_survives_a_link():
    unusual = dataclasses.replace(
        RECIPES["quick"], bias_init="he", dropout=0.995, batch_size=70_000, learning_rate=1e-9, schedule="step"
    )
    assert started(form("quick", Job(unusual, "synthetic"))) == unusual


def test_what_a_widget_offers_is_possible():
    app = form("quick", Job(dataclasses.replace(RECIPES["quick"], **CHANGED), "synthetic"))
    for widget in (*app.number_input, *app.slider):
        declared = SETTINGS[widget.key.removeprefix("quick.")]
        assert isinstance(declared.kind, Number)
        ends = [declared.kind.kind(end) for end in (widget.min, widget.max) if end is not None]
        assert all(map(declared.accepts, ends)), widget.key
