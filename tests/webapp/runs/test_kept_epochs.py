"""Which epochs of a training are kept: evenly spread, and within the limits, however large the network is."""

import pytest

from mnist_core.data.dataset import Dataset
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.state import init_state
from webapp.runs import kept_epochs
from webapp.runs.folder import RunFolder
from webapp.runs.kept_epochs import keep_epoch


def keep_epochs(folder: RunFolder, dataset: Dataset, epochs: range) -> list[tuple[int, ...]]:
    """Keep one epoch after the other of a training that has so many; give what is kept each time."""
    training = init_state(Recipe("tiny", "tests", hidden_sizes=(), epochs=epochs[-1]))
    kept = []
    for training.epoch in epochs:
        keep_epoch(folder, training, dataset.fingerprint)
        kept.append(folder.kept_epochs())
    return kept


def test_kept_epochs_are_thinned_evenly_and_the_last_one_is_always_kept(tmp_path, small_dataset, monkeypatch):
    monkeypatch.setattr(kept_epochs, "KEPT_EPOCHS", 4)
    kept = keep_epochs(RunFolder(tmp_path), small_dataset, range(12))
    assert kept[:4] == [(0,), (0, 1), (0, 1, 2), (0, 1, 2, 3)]
    assert kept[4:8] == [(0, 2, 4), (0, 2, 4), (0, 2, 4, 6), (0, 2, 4, 6)]
    assert kept[8:] == [(0, 4, 8), (0, 4, 8), (0, 4, 8), (0, 4, 8, 11)]


def test_after_a_fork_the_epochs_are_counted_from_there(tmp_path, small_dataset, monkeypatch):
    monkeypatch.setattr(kept_epochs, "KEPT_EPOCHS", 4)
    kept = keep_epochs(RunFolder(tmp_path), small_dataset, range(7, 20))
    assert kept[3] == (7, 8, 9, 10)
    assert kept[4:8] == [(7, 9, 11), (7, 9, 11), (7, 9, 11, 13), (7, 9, 11, 13)]
    assert kept[-1] == (7, 11, 15, 19)


def test_at_most_so_many_epochs_are_kept_and_fewer_of_a_large_network(tmp_path, small_dataset, monkeypatch):
    counts = [len(kept) for kept in keep_epochs(RunFolder(tmp_path / "a"), small_dataset, range(300))]
    assert max(counts) == 64 and counts[-1] > 32
    size = RunFolder(tmp_path / "a").epoch_checkpoint(0).stat().st_size
    monkeypatch.setattr(kept_epochs, "KEPT_BYTES", 10 * size)
    counts = [len(kept) for kept in keep_epochs(RunFolder(tmp_path / "b"), small_dataset, range(100))]
    assert max(counts) == 10 and counts[-1] > 5


@pytest.mark.parametrize(("room", "kept"), [(4.5, (0, 4, 8)), (2.5, (0, 5)), (1.5, (5,)), (0.5, ())])
def test_however_large_a_network_is_what_is_kept_of_it_stays_within_the_limit(
    tmp_path, small_dataset, monkeypatch, room, kept
):
    """Of all as many as there is room for; else the first and the newest, or the newest, or none."""
    epochs = range(9) if room > 4 else range(6)
    training = init_state(Recipe("tiny", "tests", hidden_sizes=(), epochs=epochs[-1]))
    keep_epoch(RunFolder(tmp_path / "size"), training, small_dataset.fingerprint)
    size = RunFolder(tmp_path / "size").epoch_checkpoint(0).stat().st_size
    monkeypatch.setattr(kept_epochs, "KEPT_BYTES", room * size)
    assert keep_epochs(RunFolder(tmp_path / "run"), small_dataset, epochs)[-1] == kept
