"""The words of the shipped recipes: their titles in every language, and what each teaches."""

import re

import pytest

from mnist_core.recipes.presets import RECIPES
from webapp.i18n import texts_in
from webapp.runs.names import recipe_title
from webapp.settings.recipes import description


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_has_a_title_and_a_description_in_chinese(name):
    with texts_in("zh"):
        assert re.search("[\u4e00-\u9fff]", recipe_title(name).removeprefix("教程："))
        assert len(description(name)) > 20


def test_a_description_calls_recipes_by_their_titles():
    with texts_in("zh"):
        assert f"“{recipe_title('quick')}”" in description("handwriting")
        assert f"“{recipe_title('dropout-mlp-sgd').removeprefix('教程：')}”" in description("dropout-mlp-adam")
