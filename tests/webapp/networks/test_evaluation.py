"""Readings of the test images: they agree with the core's evaluation, and cost no more than they may."""

import dataclasses
import weakref

import numpy as np
import pytest
import streamlit as st

from mnist_core.errors import DataError
from mnist_core.network import Network
from mnist_core.training.state import init_state
from webapp import datasets
from webapp.datasets import is_offered
from webapp.networks.evaluation import MAX_WORK, MIN_IMAGES, cached_reading, read_test_images


@pytest.fixture(scope="module")
def reading(small_network, small_dataset):
    return read_test_images(small_network, small_dataset, MAX_WORK)


def test_a_reading_agrees_with_the_cores_evaluation(reading, small_network, small_dataset):
    recipe = small_network.recipe
    images, labels = small_dataset.test_images, small_dataset.test_labels
    expected = Network(small_network.model, recipe).evaluate(images, labels)
    assert np.array_equal(reading.confusion, expected.confusion)
    assert (reading.digits == reading.labels).mean() == pytest.approx(expected.accuracy)
    assert len(reading.labels) == reading.total == 200
    assert np.array_equal(reading.probabilities.argmax(axis=1), reading.digits)
    assert reading.probabilities.sum(axis=1) == pytest.approx(np.ones(200), abs=1e-5)


def test_mistakes_are_all_wrong_ones_the_surest_first(reading):
    mistakes = reading.mistakes
    assert len(mistakes) == (reading.digits != reading.labels).sum() > 1
    assert (reading.digits[mistakes] != reading.labels[mistakes]).all()
    assert (np.diff(reading.probabilities[mistakes].max(axis=1)) <= 0).all()


def test_a_large_network_reads_fewer_images_spread_over_all(small_network, small_dataset, reading):
    work = 150 * small_network.recipe.parameters
    some = read_test_images(small_network, small_dataset, work)
    assert len(some.labels) == 150
    assert some.total == 200
    assert some.places[0] == 0
    assert some.places[-1] == 199
    assert set(np.diff(some.places)) == {1, 2}
    assert np.array_equal(some.images, small_dataset.test_images[some.places])
    assert np.array_equal(some.labels, small_dataset.test_labels[some.places])
    assert some.probabilities == pytest.approx(reading.probabilities[some.places], abs=1e-5)
    assert len(read_test_images(small_network, small_dataset, 1).labels) == MIN_IMAGES


def test_a_network_whose_numbers_overflow_is_read_all_the_same(small_network, small_dataset):
    recipe = dataclasses.replace(small_network.recipe, hidden_sizes=(8, 8))
    model = init_state(recipe).model
    model.flat_params *= 1e30
    diverging = Network(model, recipe, "x", "0", False, None, None)
    found = read_test_images(diverging, small_dataset, MAX_WORK)
    assert found.confusion.sum() == 200
    assert np.isfinite(found.probabilities).all()


def test_only_data_sets_on_offer_may_be_named(monkeypatch, data_folder):
    monkeypatch.setattr(datasets, "DATA_FOLDER", data_folder.parent)
    assert is_offered("mnist")
    assert is_offered("synthetic")
    assert is_offered(str(data_folder))
    for stranger in ("", "/etc", f"{data_folder}/../{data_folder.name}", f"{data_folder}/", str(data_folder.parent)):
        assert not is_offered(stranger)


def test_a_data_set_is_loaded_once(data_folder, tmp_path):
    datasets.dataset.clear()
    assert datasets.dataset(str(data_folder)) is datasets.dataset(str(data_folder))
    with pytest.raises(DataError):
        datasets.dataset(str(tmp_path))


def test_of_a_training_only_the_newest_reading_is_held(small_network, data_folder, tmp_path):
    path, held = tmp_path / "network.npz", []
    for temperature in (1.0, 2.0, 3.0):
        dataclasses.replace(small_network, temperature=temperature).save(path)
        reading = cached_reading(path, str(data_folder), MAX_WORK)
        st.cache_resource.clear()  # what Streamlit does when any browser asks for it
        assert cached_reading(path, str(data_folder), MAX_WORK) is reading
        held.append(weakref.ref(reading))
        del reading
    assert [reading() is not None for reading in held] == [False, False, True]
