"""How settings are written and read as texts."""

import pytest

from mnist_core.recipes.recipe import SETTINGS
from mnist_core.recipes.setting import spell


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("hidden_sizes", (128, 64), "128,64"),
        ("hidden_sizes", (), "none"),
        ("schedule_drops", (0.5, 1 / 3), "0.5,0.3333333333333333"),
        ("batch_norm", True, "true"),
        ("batch_norm", False, "false"),
        ("patience", None, "none"),
        ("patience", 3, "3"),
        ("eps", 1e-8, "1e-08"),
        ("l2", -0.0, "-0.0"),
        ("optimizer", "adamw", "adamw"),
    ],
)
def test_a_value_is_read_as_it_was_written(name, value, text):
    assert spell(value) == text
    assert repr(SETTINGS[name].parse(text)) == repr(value)


@pytest.mark.parametrize("text", ["", ",", " "])
def test_no_number_is_no_layer(text):
    assert SETTINGS["hidden_sizes"].parse(text) == ()


def test_numbers_may_have_spaces_around_them_and_any_e():
    assert SETTINGS["hidden_sizes"].parse(" 6 , 5, ") == (6, 5)
    assert SETTINGS["learning_rate"].parse("1E-3") == 0.001


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[("epochs", text) for text in ("many", "1.5", "1_000", "٣", "", "none", "9" * 31)],
        *[("learning_rate", text) for text in ("nan", "inf", "0.1,0.2", "none", "1" * 31)],
        *[("batch_norm", text) for text in ("yes", "", "True", "none")],
        *[("hidden_sizes", text) for text in ("a", "8.0", "1 2")],
    ],
)
def test_nothing_else_is_read(name, text):
    with pytest.raises(ValueError):
        SETTINGS[name].parse(text)
