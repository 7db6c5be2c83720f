"""Learning a hand: it does learn one, forgets little, repeats to the bit, and leaves the network before as it was."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from mnist_core.data.synthetic import synthetic_digits
from mnist_core.errors import DivergedError
from mnist_core.network import DEFAULT_WEIGHTS, Network
from mnist_core.nn.losses import HEADS
from mnist_core.recipes.recipe import Recipe
from mnist_core.recognizer import Recognizer
from mnist_core.training.fine_tuning import DEFAULT_CONFIG, FineTuneResult, Progress, fine_tune
from mnist_core.training.state import init_state

QUICK = replace(DEFAULT_CONFIG, steps=20, own_share=0.25, learning_rate=5e-3)
"""So few and such large steps suit the small network."""


def hand(count: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Digits of somebody who lies on their side: every one is turned by a quarter."""
    images, labels = synthetic_digits(count, np.random.default_rng(seed))
    return np.rot90(images, axes=(1, 2)).copy(), labels


def lesson_of(*args, **kwargs) -> FineTuneResult:
    *progress, lesson = fine_tune(*args, **kwargs)
    assert all(isinstance(record, Progress) for record in progress)
    assert isinstance(lesson, FineTuneResult)
    return lesson


def accuracy(network: Network, images: np.ndarray, labels: np.ndarray) -> float:
    return network.score(images, labels)


# What is learnt and what is forgotten


def test_it_learns_a_hand_that_was_misread_and_forgets_little(small_network, small_dataset):
    plan = replace(QUICK, steps=60)
    lesson = lesson_of(small_network, *hand(20), small_dataset, config=plan)
    assert lesson.before.own < 0.5
    assert lesson.after.own > 0.9
    assert lesson.after.test > lesson.before.test - 0.05
    unseen = hand(200, seed=6)
    assert accuracy(lesson.network, *unseen) > accuracy(small_network, *unseen) + 0.1


def test_without_rehearsal_it_would_forget_more(small_network, small_dataset):
    """The same steps, of which nearly all images are the person's own."""
    alone = replace(QUICK, steps=60, own_share=0.99, repeats=10_000)
    rehearsing = replace(alone, own_share=0.25)
    forgetful, mindful = (
        lesson_of(small_network, *hand(20), small_dataset, config=plan).after.test for plan in (alone, rehearsing)
    )
    assert forgetful < mindful - 0.05


def test_the_scores_are_those_of_the_two_networks(small_network, small_dataset):
    own = hand(12)
    lesson = lesson_of(small_network, *own, small_dataset, config=QUICK)
    test = small_dataset.test_images, small_dataset.test_labels
    assert lesson.before.own == accuracy(small_network, *own)
    assert lesson.before.test == accuracy(small_network, *test) == small_network.test_accuracy
    assert lesson.after.own == accuracy(lesson.network, *own)
    assert lesson.after.test == accuracy(lesson.network, *test) == lesson.network.test_accuracy


def test_one_drawing_is_enough(small_network, small_dataset):
    lesson = lesson_of(small_network, *hand(1), small_dataset, config=replace(QUICK, steps=60))
    assert lesson.after.own == 1
    assert lesson.after.test > lesson.before.test - 0.05


# The network


def test_the_network_before_and_the_collection_stay_as_they_were(small_network, small_dataset):
    images, labels = hand(12)
    kept = small_network.model.flat.copy(), images.copy(), labels.copy()
    lesson = lesson_of(small_network, images, labels, small_dataset, config=QUICK)
    for array, copy in zip((small_network.model.flat, images, labels), kept, strict=True):
        assert np.array_equal(array, copy)
    assert not np.shares_memory(lesson.network.model.flat, small_network.model.flat)
    assert not np.array_equal(lesson.network.model.flat, small_network.model.flat)


def test_who_stops_asking_has_changed_nothing(small_network, small_dataset):
    before = small_network.model.flat.copy()
    assert len(list(islice(fine_tune(small_network, *hand(3), small_dataset, config=QUICK), 5))) == 5
    assert np.array_equal(small_network.model.flat, before)


def test_what_is_known_of_the_network_stays_and_is_saved(small_network, small_dataset, tmp_path):
    network = replace(
        small_network, temperature=1.5, confidence_threshold=0.8, ood_threshold=1.25, validation_accuracy=0.5
    )
    learnt = lesson_of(network, *hand(3), small_dataset, config=QUICK).network
    assert learnt.validation_accuracy is None  # it was that of other weights
    for name in (
        "recipe",
        "data_name",
        "data_fingerprint",
        "synthetic",
        "temperature",
        "confidence_threshold",
        "ood_threshold",
    ):
        assert getattr(learnt, name) == getattr(network, name), name
    learnt.save(tmp_path / "hand.npz")
    loaded = Network.load(tmp_path / "hand.npz")
    assert np.array_equal(loaded.model.flat, learnt.model.flat)
    assert loaded.recipe == learnt.recipe


def test_the_test_accuracy_is_not_said_of_another_data_set(small_network, small_dataset):
    network = replace(small_network, data_name="another", data_fingerprint="f" * 64, test_accuracy=1.0)
    lesson = lesson_of(network, *hand(3), small_dataset, config=QUICK)
    assert lesson.network.test_accuracy is None
    assert lesson.before.test == small_network.test_accuracy  # measured, not believed


@pytest.mark.parametrize("head", HEADS)
def test_it_works_with_networks_of_every_kind(small_dataset, head):
    tanh = Recipe("odd", "tests", normalization="standard", hidden_sizes=(8, 6), activation="tanh", head=head)
    for recipe in (tanh, replace(tanh, hidden_sizes=()), replace(tanh, batch_norm=True, dropout=0.2)):
        model = init_state(recipe).model
        network = Network(model, recipe, "digits", "f" * 64, True, None, None)
        assert len(list(fine_tune(network, *hand(2), small_dataset, config=replace(QUICK, steps=3)))) == 4


def test_the_network_that_ships_still_refuses_what_is_no_digit(small_dataset):
    network = Recognizer.load(DEFAULT_WEIGHTS).network
    plan = replace(DEFAULT_CONFIG, steps=3, batch_size=20)
    learnt = lesson_of(network, *hand(2), small_dataset, config=plan).network
    scribble = np.zeros((200, 200), np.uint8)
    for place in range(10, 200, 20):
        scribble[place : place + 6] = scribble[:, place : place + 6] = 255
    assert Recognizer(network).recognize(scribble).certainty == "no digit"
    assert Recognizer(learnt).recognize(scribble).certainty == "no digit"


# The stream of records


def test_progress_counts_every_step(small_network, small_dataset):
    records = list(fine_tune(small_network, *hand(3), small_dataset, config=QUICK))
    progress = [record for record in records if isinstance(record, Progress)]
    assert records[:-1] == progress
    assert [(record.step, record.steps) for record in progress] == [(i, 20) for i in range(1, 21)]
    assert all(record.loss > 0 for record in progress)


def test_the_same_seed_gives_the_same_bits_and_another_one_others(small_network, small_dataset):
    one, two, other = (
        lesson_of(small_network, *hand(5), small_dataset, seed, QUICK).network.model.flat for seed in (0, 0, 1)
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


# What is refused


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8), "the collection is empty"),
        (np.zeros((2, 784), np.uint8), np.zeros(2, np.uint8), r"images of the shape \(2, 784\) and type uint8"),
        (np.zeros((2, 28, 28)), np.zeros(2, np.uint8), "type float64, expected uint8"),
        (np.zeros((2, 28, 28), np.uint8), np.zeros(3, np.uint8), r"labels of the shape \(3,\)"),
        (np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.int64), "type int64"),
        (np.zeros((2, 28, 28), np.uint8), np.array([3, 10], np.uint8), "found the label 10, expected 0 to 9"),
    ],
)
def test_a_collection_that_is_none_is_refused_at_once(small_network, small_dataset, images, labels, message):
    with pytest.raises(ValueError, match=message):
        fine_tune(small_network, images, labels, small_dataset)


def test_a_learning_that_diverges_says_so(small_network, small_dataset):
    plan = replace(QUICK, learning_rate=1e30)
    with pytest.raises(DivergedError):
        list(fine_tune(small_network, *hand(3), small_dataset, config=plan))
