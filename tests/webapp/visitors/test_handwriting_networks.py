"""Networks that have learnt a hand: what is damaged counts as none, and a crowd displaces only what nobody uses."""

import json
import os
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from mnist_core.network import Network
from mnist_core.training.fine_tuning import Scores
from webapp.visitors import handwriting_networks as hands
from webapp.visitors.folder import StorageError
from webapp.visitors.handwriting_networks import Hand, forget_hand, hand_of, hand_path, keep_hand

ANNA, BERT = "a" * 32, "b" * 32
HAND = Hand("default", 12, Scores(0.5, 0.99), Scores(1.0, 0.98), "MNIST", False)
DAMAGED = [
    b"",
    b"{",
    b"\xff\x00garbage",
    b"[]",
    b"null",
    b"{}",
    json.dumps(asdict(HAND) | {"before": 1}).encode(),
    json.dumps(asdict(HAND) | {"before": {"own": "much", "test": 1.0}}).encode(),
    json.dumps(asdict(HAND) | {"drawings": None}).encode(),
    json.dumps(asdict(HAND) | {"base": 7}).encode(),
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_description_counts_as_none_and_can_be_taught_again(small_network, content):
    keep_hand(ANNA, small_network, HAND)
    hand_path(ANNA).with_suffix(".json").write_bytes(content)
    assert hand_of(ANNA) is None
    keep_hand(ANNA, small_network, HAND)
    assert hand_of(ANNA) == HAND


def test_an_unusable_folder_has_no_networks_and_says_so_when_one_is_to_be_kept(small_network, folder):
    (folder / "hands").write_bytes(b"")
    assert hand_of(ANNA) is None
    for attempt in (lambda: keep_hand(ANNA, small_network, HAND), lambda: forget_hand(ANNA)):
        with pytest.raises(StorageError, match="hands: its folder cannot be used"):
            attempt()


def test_if_the_network_cannot_be_written_the_one_before_stays_as_it_was(small_network, monkeypatch):
    keep_hand(ANNA, small_network, HAND)
    before = hand_path(ANNA).read_bytes()

    def full(network: Network, path: Path, dtype: str) -> None:
        Path("/dev/full").write_bytes(b"x")

    monkeypatch.setattr(Network, "save", full)
    with pytest.raises(StorageError, match="disk is full"):
        keep_hand(ANNA, small_network, Hand("other", 99, HAND.before, HAND.after, "MNIST", False))
    assert hand_of(ANNA) == HAND
    assert hand_path(ANNA).read_bytes() == before
    assert len(list(hand_path(ANNA).parent.iterdir())) == 2


def test_a_crowd_of_new_visitors_displaces_none_that_is_in_use(small_network, monkeypatch):
    monkeypatch.setattr(hands, "MAX_HANDS", 3)
    keep_hand(ANNA, small_network, HAND)
    keep_hand(BERT, small_network, HAND)
    for number in range(6):
        an_hour_ago = time.time() - 3600
        for path in hand_path(ANNA).parent.iterdir():
            os.utime(path, (an_hour_ago, an_hour_ago))
        assert hand_of(ANNA) == HAND  # Anna looks at a page
        keep_hand(f"{number:032x}", small_network, HAND)
    assert hand_of(ANNA) == HAND
    assert hand_of(BERT) is None
    assert len(list(hand_path(ANNA).parent.glob("*.npz"))) == 3


def test_a_network_that_was_just_taught_is_kept_even_if_the_clock_was_set_back(small_network, monkeypatch):
    monkeypatch.setattr(hands, "MAX_HANDS", 1)
    keep_hand(ANNA, small_network, HAND)
    tomorrow = time.time() + 86_400
    os.utime(hand_path(ANNA).with_suffix(".json"), (tomorrow, tomorrow))
    keep_hand(BERT, small_network, HAND)
    assert hand_of(BERT) == HAND
    assert hand_of(ANNA) is None


def test_looking_at_a_page_does_not_make_the_network_another_version(small_network):
    keep_hand(ANNA, small_network, HAND)
    os.utime(hand_path(ANNA), (1, 1))
    hand_of(ANNA)
    assert hand_path(ANNA).stat().st_mtime == 1
