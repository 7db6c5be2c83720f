"""The words of the shipped recipes: their titles in every language, and what each teaches."""

import re

import pytest

from mnist_core.recipes.presets import RECIPES
from webapp.i18n import texts_in
from webapp.settings.recipes import description, title


def test_titles_are_those_of_links_and_commands_in_english():
    assert title("quick") == "quick"
    assert title("tanh-online") == "Tutorial: tanh-online"
    assert title("of my own") == "of my own"


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_has_a_title_and_a_description_in_chinese(name):
    with texts_in("zh"):
        assert re.search("[\u4e00-\u9fff]", title(name).removeprefix("教程："))
        assert len(description(name)) > 20


def test_a_description_calls_recipes_by_their_titles():
    with texts_in("zh"):
        assert f"“{title('quick')}”" in description("handwriting")
        assert f"“{title('dropout-mlp-sgd').removeprefix('教程：')}”" in description("dropout-mlp-adam")
