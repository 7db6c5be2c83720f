"""What the class has played: the figures, the drawings, many games at the same moment, and a new class."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from webapp.visitors.class_results import Round, add_game, class_began, class_results, empty_class
from webapp.visitors.folder import StorageError


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch) -> Path:
    """Where the games are kept."""
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path))
    return tmp_path / "class.sqlite"


def drawing(digit: int) -> np.ndarray:
    return np.full((28, 28), digit, np.uint8)


def drawn(reads: list[int | None]) -> list[Round]:
    """A game of drawing: 0, 1, 2, … were asked, this was read."""
    return [Round(asked, read, image=drawing(asked)) for asked, read in enumerate(reads)]


def test_before_the_first_game():
    results = class_results()
    assert (results.players, results.draw_games, results.duels, results.misread) == (0, 0, 0, ())
    assert (results.human, results.network, results.draw_seconds) == (None, None, None)
    assert results.asked == results.read == (0,) * 10


def test_games_of_drawing_add_up(monkeypatch):
    add_game("draw", "a", 30.0, drawn([0, 1, 7, None]))
    add_game("draw", "a", 50.0, drawn([0, 7, 2]))
    results = class_results()
    assert (results.players, results.draw_games, results.duels) == (1, 2, 0)
    assert results.asked == (2, 2, 2, 1, 0, 0, 0, 0, 0, 0)
    assert results.read == (2, 1, 1, 0, 0, 0, 0, 0, 0, 0)
    assert results.draw_seconds == 40
    assert [(found.asked, found.read) for found in results.misread] == [(1, 7), (3, None), (2, 7)]
    for found in results.misread:
        np.testing.assert_array_equal(found.image, drawing(found.asked))
    monkeypatch.setattr("webapp.visitors.class_results.NEWEST", 2)
    assert len(class_results().misread) == 2


def test_duels_are_averaged_and_mix_with_nothing_else():
    add_game("duel", "a", 20.0, [Round(4, 9, 4), Round(5, 5, 5)])
    add_game("duel", "b", 20.0, [Round(4, 4, 9), Round(5, 5, 5)])
    add_game("duel", "b", 20.0, [Round(4, 4, 9), Round(5, 5, 6)])
    results = class_results()
    assert (results.players, results.draw_games, results.duels) == (2, 0, 3)
    assert results.human == 1.0  # 2, 1 and 0
    assert results.network == pytest.approx(5 / 3)
    assert results.asked == (0,) * 10 and results.misread == () and results.draw_seconds is None


def test_thirty_phones_finish_at_once():
    with ThreadPoolExecutor(6) as phones:
        list(phones.map(lambda phone: add_game("draw", str(phone), 1.0, drawn([0, 1])), range(30)))
    results = class_results()
    assert (results.players, results.draw_games, sum(results.read)) == (30, 30, 60)


def test_a_game_is_kept_whole_or_not_at_all():
    with pytest.raises(StorageError):
        add_game("draw", "a", 1.0, [Round(1, 1), Round(None, 1)])  # type: ignore[arg-type]
    assert class_results().draw_games == 0


def test_a_new_class_leaves_no_drawing_behind(file):
    image = np.frombuffer(b"a drawing of somebody".ljust(28 * 28, b"."), np.uint8).reshape(28, 28)
    add_game("draw", "a", 1.0, [Round(1, 7, image=image)])
    assert b"a drawing of somebody" in file.read_bytes()
    empty_class()
    assert class_results().draw_games == 0
    assert b"a drawing of somebody" not in file.read_bytes()


def test_a_damaged_file_is_an_error(file):
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(StorageError, match="damaged"):
        class_results()


def test_the_file_lies_with_what_visitors_leave(tmp_path, monkeypatch):
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path / "visitors"))
    add_game("duel", "a", 1.0, [Round(1, 1, 1)])
    assert (tmp_path / "visitors" / "class.sqlite").exists()


def test_a_flood_of_games_is_bounded_and_costs_the_others_none(file, monkeypatch):
    monkeypatch.setattr("webapp.visitors.class_results.MAX_GAMES", 10)
    for player in "abc":
        add_game("draw", player, 10.0, drawn([0, 1]))
    for _ in range(30):
        add_game("draw", "joker", 1.0, drawn([7, 7]))
    results = class_results()
    assert (results.players, results.draw_games) == (4, 10)
    assert results.read[:2] == (3, 3)  # all that the others drew
    size = file.stat().st_size
    for number in range(100):
        add_game("draw", f"joker {number}", 1.0, drawn([7, 7]))
    results = class_results()
    assert (results.draw_games, sum(results.asked)) == (10, 20)
    assert file.stat().st_size <= size + 4096


def test_it_is_known_when_a_new_class_began():
    assert class_began() == 0
    for _class in range(2):
        before = time.time()
        empty_class()
        assert before <= class_began() <= time.time()
