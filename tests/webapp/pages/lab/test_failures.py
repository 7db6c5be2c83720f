"""The failure lab's experiments: valid, different in one setting only, and the ones that matter most really fail."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from mnist_core.data.dataset import Dataset
from mnist_core.data.synthetic import synthetic_digits
from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.loop import train_from
from mnist_core.training.records import EpochEnd, StepEnd
from mnist_core.training.split import make_split
from mnist_core.training.state import init_state
from webapp.pages.lab.failures import FAILURES, Failure, verdict
from webapp.runs.records import Records
from webapp.settings.names import setting_name, setting_value

BY_KEY = {failure.key: failure for failure in FAILURES}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """3,000 training digits, drawn by code; none are kept for the test."""
    images, labels = synthetic_digits(3000, np.random.default_rng(5))
    return Dataset("drawn", images, labels, images[:0], labels[:0], "0" * 64, True)


def train_to_the_end(recipe: Recipe, dataset: Dataset) -> Records:
    records = Records(begin={"record": "begin"})
    for record in train_from(init_state(recipe), make_split(recipe, dataset)):
        if isinstance(record, StepEnd):
            records.loss.append(record.loss)
        else:
            records.epochs.append(record)
    return records


def both(key: str, dataset: Dataset, **changes: object) -> tuple[Records, Records]:
    failure = BY_KEY[key]
    recipes = (dataclasses.replace(recipe, **changes) for recipe in (failure.recipe, failure.remedy))  # type: ignore[arg-type]
    failed, mended = (train_to_the_end(recipe, dataset) for recipe in recipes)
    return failed, mended


def accuracy(records: Records) -> float:
    """On the validation images, in the last epoch."""
    share = records.epochs[-1].validation_accuracy
    assert share is not None
    return share


def test_there_are_seven():
    assert len(BY_KEY) == 7


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.key)
def test_a_failure_and_its_remedy_differ_in_one_setting_that_can_be_named(failure: Failure):
    before, after = vars(failure.recipe), vars(failure.remedy)
    (changed,) = [name for name in before if before[name] != after[name]]
    assert set(failure.cure) == {changed}
    assert setting_name(changed)
    assert len({setting_value(changed, values[changed]) for values in (before, after)}) == 2
    assert failure.recipe.name in RECIPES  # links and settings refer to it
    assert failure.recipe.validation_fraction > 0
    assert all((failure.label, failure.title, failure.expect, failure.why, failure.why_cure, failure.seen))


def test_guesses_differ_and_the_right_one_has_no_place_of_its_own():
    for failure in FAILURES:
        assert len({*failure.guesses}) == 3 and all(failure.guesses) and failure.setup
    places = [failure.right for failure in FAILURES]
    assert set(places) == {0, 1, 2}
    assert all(one != other for one, other in pairwise(places))


def test_the_network_for_few_images_has_the_weights_that_its_text_counts():
    assert f"{BY_KEY['few-images'].recipe.parameters:,}" == "10,345"
    assert "10,345" in BY_KEY["few-images"].why


def test_zero_weights_learn_nothing_and_random_ones_do(dataset):
    failed, mended = both("zero-init", dataset, epochs=6)
    assert np.allclose(failed.loss[-20:], np.log(10), atol=0.05)
    assert accuracy(failed) < 0.2
    assert accuracy(mended) > 0.7


def test_a_far_too_large_learning_rate_throws_the_loss_up_for_good(dataset):
    failed, mended = both("large-learning-rate", dataset, epochs=6)
    assert max(failed.loss[:10]) > 100
    assert accuracy(failed) < 0.2
    assert accuracy(mended) > 0.7


def test_few_images_are_learned_by_heart(dataset):
    failed, mended = both("few-images", dataset)
    assert failed.epochs[-1].train_accuracy > 0.95
    assert failed.epochs[-1].train_accuracy - accuracy(failed) > 0.2
    assert accuracy(mended) > accuracy(failed) + 0.1


@pytest.mark.parametrize("key", BY_KEY)
def test_the_verdict_gives_the_figures_of_both_runs(key: str):
    failed, mended = (
        Records(epochs=[EpochEnd(1, 1, loss, 0.5 * loss, 3 * loss, share, True, 1.0)])
        for loss, share in ((0.9, 0.123), (0.2, 0.876))
    )
    failed.loss.extend([4321.0, 2.5])
    text = verdict(BY_KEY[key], failed, mended)
    assert "12.3%" in text and "87.6%" in text
    assert "{" not in text


def test_a_run_that_broke_off_at_once_is_no_comparison():
    whole = Records(epochs=[EpochEnd(1, 1, 2.0, 0.5, 2.0, 0.5, True, 1.0)])
    whole.loss.append(2.0)
    assert "nothing to compare" in verdict(BY_KEY["zero-init"], Records(), whole)
