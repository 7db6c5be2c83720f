"""The one door: it reads digits, agrees with itself, takes any picture, and serves several threads at once.

Run alone: python -m pytest tests/mnist_core/test_recognizer.py
"""

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit

from mnist_core.errors import ImageError, WeightsError
from mnist_core.losses import HEADS
from mnist_core.normalization import NORMALIZATIONS
from mnist_core.recipes import Recipe
from mnist_core.recognizer import DEFAULT_WEIGHTS, Recognizer
from mnist_core.synthetic import synthetic_digits
from mnist_core.training import split_for, start_training, train
from mnist_core.weights import finished_network, save_weights


@pytest.fixture(scope="module")
def recognizer(small_network) -> Recognizer:
    return Recognizer(small_network)


@pytest.fixture(scope="module")
def drawings() -> tuple[list[np.ndarray], np.ndarray]:
    """Digits that the network has never seen, ten times as large, black on white."""
    images, labels = synthetic_digits(60, np.random.default_rng(99))
    return [255 - np.kron(image, np.ones((10, 10), np.uint8)) for image in images], labels


def test_most_drawings_are_read_rightly(recognizer, drawings):
    pictures, labels = drawings
    digits = [recognizer.recognize(picture).digit for picture in pictures]
    assert (np.array(digits) == labels).mean() > 0.7


def test_a_recognition_is_consistent(recognizer, drawings):
    for picture in drawings[0][:10]:
        recognition = recognizer.recognize(picture)
        assert type(recognition.digit) is int
        assert recognition.probabilities.dtype == np.float32 and recognition.probabilities.shape == (10,)
        assert recognition.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert recognition.digit == recognition.probabilities.argmax()
        assert recognition.image is recognition.stages.centred
        assert recognition.stages.ink.shape == (280, 280)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_the_network_reads_the_image_as_its_recipe_says(small_network, drawings, head, normalization):
    """Worked out step by step in float64."""
    network = replace(small_network, recipe=replace(small_network.recipe, head=head, normalization=normalization))
    recognition = Recognizer(network).recognize(drawings[0][0])
    assert recognition.probabilities is not None
    image = recognition.image.astype(np.float64).reshape(784)  # in [0, 1]
    x = {
        "unit": image,
        "standard": (image - 0.1307) / 0.3081,
        "raw": image * 255,
        "min-max": (image - image.min()) / (image.max() - image.min()),
    }[normalization]
    params = {name: param.astype(np.float64) for name, param in network.model.params.items()}
    logits = np.maximum(x @ params["0.W"] + params["0.b"], 0) @ params["2.W"] + params["2.b"]
    shares = np.exp(logits - logits.max()) if head == "softmax" else expit(logits)
    np.testing.assert_allclose(recognition.probabilities, shares / shares.sum(), rtol=2e-3, atol=1e-6)


def test_a_network_with_batch_norm_and_dropout_reads_one_image_like_many(small_dataset, drawings):
    recipe = Recipe("both", "tests", hidden_sizes=(16,), batch_norm=True, dropout=0.3, batch_size=50, epochs=2)
    training = start_training(recipe)
    for _ in train(training, split_for(recipe, small_dataset)):
        pass
    recognizer = Recognizer(finished_network(training, small_dataset))
    together = recognizer.recognize_many(drawings[0][:10])
    for picture, found in zip(drawings[0], together, strict=False):
        alone = recognizer.recognize(picture)
        assert alone.probabilities is not None and found.probabilities is not None
        np.testing.assert_allclose(alone.probabilities, found.probabilities, atol=1e-6)


def test_one_by_one_or_all_at_once(recognizer, drawings):
    pictures = [*drawings[0][:7], np.zeros((5, 9), np.uint8), *drawings[0][7:12]]
    together = recognizer.recognize_many(pictures)
    assert len(together) == len(pictures)
    for picture, found in zip(pictures, together, strict=True):
        alone = recognizer.recognize(picture)
        assert alone.digit == found.digit
        np.testing.assert_array_equal(alone.image, found.image)
        if alone.probabilities is not None and found.probabilities is not None:
            np.testing.assert_allclose(alone.probabilities, found.probabilities, atol=1e-5)
    assert together[7].digit is None
    assert recognizer.recognize_many([]) == []


@pytest.mark.parametrize("shape", [(280, 280), (1, 1), (30, 20, 3), (30, 20, 4)])
@pytest.mark.parametrize("value", [0, 255])
def test_where_nothing_is_drawn_nothing_is_read(recognizer, shape, value):
    recognition = recognizer.recognize(np.full(shape, value, np.uint8))
    assert recognition.digit is None and recognition.probabilities is None
    assert recognition.stages.empty
    np.testing.assert_array_equal(recognition.image, np.zeros((28, 28)))


@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 30), st.integers(1, 30)).flatmap(
            lambda size: st.sampled_from([size, (*size, 3), (*size, 4)])
        ),
        elements=st.integers(0, 255) | st.sampled_from([0, 255]),
    )
)
@settings(max_examples=50, deadline=None)
def test_any_picture_gets_an_answer(small_network, pixels):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recognition = Recognizer(small_network).recognize(pixels)
    if recognition.digit is None:
        assert recognition.probabilities is None and recognition.stages.empty
    else:
        assert 0 <= recognition.digit <= 9
        assert recognition.probabilities is not None and recognition.probabilities.min() >= 0
        assert recognition.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_a_picture_and_what_is_none_in_one_list(recognizer, drawings):
    with pytest.raises(ImageError, match="found dtype float64"):
        recognizer.recognize_many([drawings[0][0], np.zeros((28, 28))])


def test_several_threads_share_one_recognizer(recognizer, drawings):
    pictures = drawings[0]
    alone = [recognizer.recognize(picture) for picture in pictures]
    rng = np.random.default_rng(0)
    order = rng.integers(0, len(pictures), 400)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda i: recognizer.recognize(pictures[i]), order))
    for i, recognition in zip(order, found, strict=True):
        assert recognition.digit == alone[i].digit
        np.testing.assert_array_equal(recognition.probabilities, alone[i].probabilities)
        np.testing.assert_array_equal(recognition.image, alone[i].image)


def test_reading_changes_neither_network_nor_drawing(recognizer, drawings):
    before = {name: param.tobytes() for name, param in recognizer.network.model.params.items()}
    picture = drawings[0][0].copy()
    picture.flags.writeable = False
    first, again = recognizer.recognize(picture), recognizer.recognize(picture)
    np.testing.assert_array_equal(first.probabilities, again.probabilities)
    assert {name: param.tobytes() for name, param in recognizer.network.model.params.items()} == before


def test_a_recognizer_from_a_file_reads_the_same(tmp_path, small_network, recognizer, drawings):
    save_weights(tmp_path / "a.npz", small_network)
    for path in (tmp_path / "a.npz", str(tmp_path / "a.npz")):
        loaded = Recognizer.load(path)
        found = loaded.recognize_many(drawings[0])
        for one, two in zip(found, recognizer.recognize_many(drawings[0]), strict=True):
            np.testing.assert_array_equal(one.probabilities, two.probabilities)


def test_a_missing_file(tmp_path):
    with pytest.raises(WeightsError, match=r"nowhere\.npz: there is no such file; check the path"):
        Recognizer.load(tmp_path / "nowhere.npz")


def test_the_default_weights_lie_beside_the_package_wherever_it_is_started(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert DEFAULT_WEIGHTS.is_absolute()
    assert Path(__file__).resolve().parents[2] / "weights" / "default.npz" == DEFAULT_WEIGHTS
