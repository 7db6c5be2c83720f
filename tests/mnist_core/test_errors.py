"""Errors: a message in English, and the sentence with gaps that other languages begin with."""

import pickle

import pytest

from mnist_core.errors import DataError, DivergedError, ImageError, MnistCoreError, WeightsError


def test_a_message_is_a_sentence_with_its_values():
    error = WeightsError("{path}: there is no such file; check the path", path="a{b}.npz")
    assert str(error) == "a{b}.npz: there is no such file; check the path"
    assert error.template == "{path}: there is no such file; check the path"
    assert error.values == {"path": "a{b}.npz"}


def test_an_error_may_hold_another_one():
    lost = DataError("{folder}: found no {missing}", folder="here", missing="labels")
    assert str(DataError("MNIST_DIR names the wrong folder: {reason}", reason=lost)) == (
        "MNIST_DIR names the wrong folder: here: found no labels"
    )


@pytest.mark.parametrize("kind", [MnistCoreError, ImageError])
def test_without_values_a_message_is_what_it_says(kind):
    assert str(kind("found {nothing}, expected {0}")) == "found {nothing}, expected {0}"


def test_errors_go_from_one_process_to_another():
    error = pickle.loads(pickle.dumps(DataError("{path}: found {labels} labels", path="x", labels=3)))  # noqa: S301
    assert str(error) == "x: found 3 labels" and error.values == {"path": "x", "labels": 3}


def test_a_divergence_says_where():
    error = DivergedError(7, 0.5)
    assert (error.step, error.learning_rate) == (7, 0.5)
    assert "at step 7 with learning rate 0.5" in str(error)
