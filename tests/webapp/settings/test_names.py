"""Names of settings: every setting and every option has one, and they are those of the training page."""

import dataclasses

import pytest
from streamlit.testing.v1 import AppTest

from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import SETTINGS, Recipe
from mnist_core.recipes.setting import Choice
from webapp.i18n import texts_in
from webapp.settings.names import changes_text, setting_name, setting_value

FIELDS = [field.name for field in dataclasses.fields(Recipe)]
CHOICES = {name: declared.kind.names for name, declared in SETTINGS.items() if isinstance(declared.kind, Choice)}
# Together they show every setting that the training page has.
SHOWN = (
    {"optimizer": "adamw", "schedule": "step", "distortion": 1.0},
    {"optimizer": "nesterov", "schedule": "exponential", "warmup": 0.1},
)


def script(recipe):
    """What `AppTest` runs: it gets this source alone."""
    from webapp.runs.job import Job
    from webapp.settings.form import settings_form

    settings_form(Job(recipe, "synthetic"))


@pytest.mark.parametrize("field", [*FIELDS, "data"])
def test_every_setting_has_a_name(field):
    assert setting_name(field)


def test_names_differ():
    assert len({setting_name(field) for field in FIELDS}) == len(FIELDS)


def test_an_unknown_setting_has_none():
    with pytest.raises(KeyError):
        setting_name("colour")


@pytest.mark.parametrize("field", CHOICES)
def test_every_option_has_a_text_of_its_own(field):
    texts = [setting_value(field, option) for option in CHOICES[field]]
    assert len(set(texts)) == len(texts)
    assert not set(texts) & set(CHOICES[field]) - {"constant"}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_value_of_every_recipe_is_a_short_text(recipe):
    values = {field: setting_value(field, getattr(recipe, field)) for field in FIELDS if field != "source"}
    assert all(0 < len(value) <= 40 for value in values.values()), values


@pytest.mark.parametrize("changes", SHOWN)
def test_the_words_are_those_of_the_training_page(changes):
    recipe = dataclasses.replace(RECIPES["quick"], **changes)
    app = AppTest.from_function(script, kwargs={"recipe": recipe}).run()
    assert not app.exception
    widgets = [*app.selectbox, *app.number_input, *app.text_input, *app.toggle, *app.slider]
    shown = {str(widget.key).removeprefix("quick."): widget for widget in widgets}
    fields = set(shown) & set(FIELDS)
    assert len(fields) > 25
    for field in fields:
        widget = shown[field]
        assert widget.label == setting_name(field)
        assert recipe.has_effect(field), field
        if field in CHOICES and field != "bias_init":
            assert widget.options == [setting_value(field, option) for option in CHOICES[field]]


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("hidden_sizes", (256, 128), "256, 128"),
        ("hidden_sizes", (), "none"),
        ("schedule_drops", (0.5, 1 / 3), "0.5, 0.333333"),
        ("learning_rate", 1e-4, "0.0001"),
        ("batch_size", 60_000, "60,000"),
        ("shuffle", False, "no"),
        ("batch_norm", True, "yes"),
        ("patience", None, "endless"),
        ("patience", 1, "1"),
        ("clip_norm", None, "none"),
        ("train_images", None, "all"),
        ("validation", "last", "the last of the file"),
        ("name", "quick", "quick"),
        ("data", "mnist", "MNIST"),
        ("data", "synthetic", "Synthetic digits (drawn by code)"),
        ("data", "data/fashion", "fashion"),
    ],
)
def test_values_as_a_person_reads_them(field, value, text):
    assert setting_value(field, value) == text


def test_what_differs_from_its_recipe_is_named_in_a_line():
    quick = RECIPES["quick"]
    assert changes_text(quick) == ""
    assert changes_text(dataclasses.replace(quick, hidden_sizes=(64,))) == ""  # stands there as 784-64-10
    assert changes_text(dataclasses.replace(quick, beta1=0.5)) == ""  # without effect
    changed = dataclasses.replace(quick, seed=7, batch_size=32, epochs=2, learning_rate=0.01)
    assert changes_text(changed) == "Learning rate: 0.01 · Epochs: 2 · Batch size: 32 · Seed: 7"
    assert changes_text(dataclasses.replace(changed, dropout=0.5)).endswith(" …")
    with texts_in("zh"):
        assert changes_text(dataclasses.replace(quick, learning_rate=0.01)) == "学习率：0.01"
