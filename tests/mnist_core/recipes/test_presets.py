"""The recipes that ship."""

from dataclasses import replace

from mnist_core.recipes.presets import QUICK, changes


def test_changes_are_what_has_an_effect_and_differs_from_the_recipe_of_that_name():
    assert changes(QUICK) == {}
    assert changes(replace(QUICK, epochs=3, hidden_sizes=(64,))) == {"hidden_sizes": (64,), "epochs": 3}
    assert changes(replace(QUICK, beta1=0.5)) == {}  # of Adam; this trains with momentum


def test_a_recipe_of_another_name_has_nothing_to_differ_from():
    assert changes(replace(QUICK, name="my own", epochs=3)) == {}
