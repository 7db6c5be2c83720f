"""The quiz before and after a lesson: last answers count, the class is counted, and all of it is bounded."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from webapp.i18n import texts_in
from webapp.visitors import quiz
from webapp.visitors.folder import StorageError
from webapp.visitors.quiz import Tally, answers_of, count_answers, empty_quiz, hand_in, tallies


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch) -> Path:
    """Where the answers are kept."""
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path))
    return tmp_path / "quiz.sqlite"


def test_before_anybody_has_answered():
    assert answers_of("seeing", "anna") == {}
    assert tallies("seeing", [0, 1]) == (Tally((0, 0), (0, 0), {}),) * 2
    assert tallies("seeing", [0])[0].share(0) is None


def test_the_class_is_counted_question_by_question_before_and_after():
    hand_in("seeing", "before", "anna", [0, 0])
    hand_in("seeing", "before", "ben", [0, 1])
    hand_in("seeing", "after", "anna", [0, 1])
    hand_in("learning", "before", "anna", [1, 1])
    first, second = tallies("seeing", [0, 1])
    assert first == Tally((2, 1), (2, 1), {0: 1}) and second == Tally((1, 1), (2, 1), {1: 1})  # chosen last
    assert (second.share(0), second.share(1)) == (0.5, 1.0)
    assert answers_of("seeing", "anna") == {"before": (0, 0), "after": (0, 1)}


def test_the_last_answer_counts_and_each_browser_once():
    for answer in (0, 1, 2):
        hand_in("seeing", "before", "anna", [answer])
    assert tallies("seeing", [2]) == (Tally((1, 0), (1, 0), {2: 1}),)
    assert count_answers() == 1


def test_answers_to_another_version_of_the_lesson_do_not_count():
    hand_in("seeing", "before", "anna", [0, 1, 2])
    assert tallies("seeing", [0, 1]) == (Tally((0, 0), (0, 0), {}),) * 2


def test_thirty_phones_hand_in_at_once():
    with ThreadPoolExecutor(6) as phones:
        list(phones.map(lambda phone: hand_in("seeing", "after", str(phone), [1, 0]), range(30)))
    assert tallies("seeing", [1, 1]) == (Tally((0, 30), (0, 30), {1: 30}), Tally((0, 0), (0, 30), {0: 30}))


def test_a_flood_of_visitors_is_bounded_and_takes_nobodys_answers(monkeypatch):
    monkeypatch.setattr(quiz, "MAX_SHEETS", 3)
    for visitor in ("anna", "ben", "joker"):
        hand_in("seeing", "before", visitor, [0])
    with texts_in("en"), pytest.raises(StorageError, match="Ask the teacher"):
        hand_in("seeing", "before", "joker 2", [0])
    hand_in("seeing", "before", "anna", [1])  # who is known may change the answer
    assert answers_of("seeing", "anna") == {"before": (1,)} and count_answers() == 3


def test_a_new_class_begins_with_nothing(file):
    hand_in("seeing", "before", "somebody", [0])
    assert b"somebody" in file.read_bytes()
    empty_quiz()
    assert count_answers() == 0 and b"somebody" not in file.read_bytes()


def test_a_damaged_file_is_an_error(file):
    file.write_bytes(b"this is no database" * 100)
    for use in (count_answers, empty_quiz, lambda: hand_in("seeing", "before", "anna", [0]), lambda: tallies("x", [0])):
        with texts_in("en"), pytest.raises(StorageError, match="damaged"):
            use()
