"""What visitors answered in the quizzes of lessons, before and after, without a name, in an SQLite file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal, NamedTuple

from webapp.i18n import gettext as _
from webapp.visitors.folder import StorageError, opened

MAX_SHEETS = 10_000
"""About 2 MB: 160 classes of thirty. When all is full, nobody's answers make room: who comes is told to ask the teacher
for a new class. So nobody who makes up visitors can wipe out what a class has answered."""
Moment = Literal["before", "after"]
MOMENTS: tuple[Moment, Moment] = ("before", "after")

_opened = partial(
    opened,
    "quiz.sqlite",
    """
CREATE TABLE IF NOT EXISTS sheets (
    lesson TEXT NOT NULL, moment TEXT NOT NULL CHECK (moment IN ('before', 'after')), visitor TEXT NOT NULL,
    answers BLOB NOT NULL, PRIMARY KEY (lesson, visitor, moment)
) WITHOUT ROWID;
""",
)


class Tally(NamedTuple):
    """How a class answered one question.

    Attributes:
        right: how many answered it right, before and after.
        answered: how many answered it, before and after.
        chosen: how many chose which answer, by its place; after the lesson, once somebody has answered then.
    """

    right: tuple[int, int]
    answered: tuple[int, int]
    chosen: Mapping[int, int]

    def share(self, place: int) -> float | None:
        """Return the share that was right before (0) or after (1); None if nobody has answered."""
        return self.right[place] / self.answered[place] if self.answered[place] else None


def hand_in(lesson: str, moment: Moment, visitor: str, answers: Sequence[int]) -> None:
    """Keep a visitor's answers to a quiz; those that the same visitor gave at that moment before are forgotten.

    Args:
        lesson: key of a lesson that there is.
        moment: before the lesson or after it.
        visitor: tells browsers apart, see `identity.browser`.
        answers: the place of the chosen answer to each question, 0 to 255.

    Raises:
        StorageError: if there is no room for another visitor's, or the file can't be written.
    """
    with _opened() as database:
        database.execute("BEGIN IMMEDIATE")  # nobody adds one between counting and adding
        known = database.execute(
            "SELECT 1 FROM sheets WHERE lesson = ? AND moment = ? AND visitor = ?", (lesson, moment, visitor)
        ).fetchone()
        (count,) = database.execute("SELECT count(*) FROM sheets").fetchone()
        if known is None and count >= MAX_SHEETS:
            raise StorageError(_("No more answers can be kept here. Ask the teacher to begin with a new class."))
        database.execute(
            "INSERT OR REPLACE INTO sheets (lesson, moment, visitor, answers) VALUES (?, ?, ?, ?)",
            (lesson, moment, visitor, bytes(answers)),
        )


def answers_of(lesson: str, visitor: str) -> dict[Moment, tuple[int, ...]]:
    """Return what a visitor has answered to a quiz, by the moment.

    Raises:
        StorageError: if the file can't be read.
    """
    with _opened() as database:
        rows = database.execute(
            "SELECT moment, answers FROM sheets WHERE lesson = ? AND visitor = ?", (lesson, visitor)
        ).fetchall()
    return {moment: tuple(answers) for moment, answers in rows}


def tallies(lesson: str, right: Sequence[int]) -> tuple[Tally, ...]:
    """Count how the class answered a quiz.

    Args:
        lesson: key of the lesson.
        right: the place of the right answer to each question. Answers to more or fewer questions do not count: they
            were given to another version of the lesson.

    Returns:
        A tally for each question.

    Raises:
        StorageError: if the file can't be read.
    """
    with _opened() as database:
        rows = database.execute("SELECT moment, answers FROM sheets WHERE lesson = ?", (lesson,)).fetchall()
    before, after = ([a for m, a in rows if m == moment and len(a) == len(right)] for moment in MOMENTS)
    return tuple(
        Tally(
            (sum(sheet[place] == answer for sheet in before), sum(sheet[place] == answer for sheet in after)),
            (len(before), len(after)),
            Counter(sheet[place] for sheet in after or before),
        )
        for place, answer in enumerate(right)
    )


def count_answers() -> int:
    """Count the quizzes that were answered, for the teacher.

    Raises:
        StorageError: if the file can't be read.
    """
    with _opened() as database:
        (count,) = database.execute("SELECT count(*) FROM sheets").fetchone()
    return int(count)


def empty_quiz() -> None:
    """Delete all answers: a new class begins.

    Raises:
        StorageError: if the file can't be written.
    """
    with _opened() as database:
        database.execute("DELETE FROM sheets")
