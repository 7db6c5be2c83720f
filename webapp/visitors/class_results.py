"""What all visitors of this server have played, without a name: finished games in an SQLite file."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import numpy as np

from webapp.visitors.folder import opened

SIDE = 28
MAX_GAMES = 2_000
"""About 17 MB: sixty players for half an hour. Then whoever has finished most loses the oldest game for each new one: a
flood by one player costs the others none, and one by many made-up players leaves each of them the last game, until
there are this many players."""
NEWEST = 48
"""How many drawings that were read wrongly are given at most."""

Kind = Literal["draw", "duel"]
"""Draw what is asked, or the visitor against the network."""

_opened = partial(
    opened,
    "class.sqlite",
    """
CREATE TABLE IF NOT EXISTS games (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, player TEXT NOT NULL, seconds REAL);
CREATE TABLE IF NOT EXISTS rounds (
    game INTEGER NOT NULL REFERENCES games (id), asked INTEGER NOT NULL, read INTEGER, answer INTEGER, image BLOB
);
CREATE INDEX IF NOT EXISTS rounds_by_game ON rounds (game);  -- deleted without a search
CREATE TABLE IF NOT EXISTS class (one INTEGER PRIMARY KEY CHECK (one = 1), began_at REAL NOT NULL);
""",
)


class Round(NamedTuple):
    """One of a game's ten questions.

    Attributes:
        asked: the digit that was to be drawn, or that the test image shows.
        read: the digit that the network read; None if it saw none.
        answer: the digit that the visitor read; None where the visitor drew.
        image: uint8 (28, 28), the drawing as the network saw it; None for a test image.
    """

    asked: int
    read: int | None
    answer: int | None = None
    image: np.ndarray | None = None


@dataclass(frozen=True)
class ClassResults:
    """What the class has played so far.

    Attributes:
        players: browsers that have finished a game; one that is loaded anew counts anew.
        draw_games: finished games of "draw what is asked".
        duels: finished games against the network.
        asked: for each digit, how often it was drawn.
        read: for each digit, how many of those drawings were read as it.
        draw_seconds: mean time of a game of drawing; None before the first.
        human: mean of the images that visitors read correctly in a duel; None before the first.
        network: the same of the network.
        misread: the newest drawings that were read wrongly, newest first.
    """

    players: int
    draw_games: int
    duels: int
    asked: tuple[int, ...]
    read: tuple[int, ...]
    draw_seconds: float | None
    human: float | None
    network: float | None
    misread: tuple[Round, ...]


def add_game(kind: Kind, player: str, seconds: float, rounds: Sequence[Round]) -> None:
    """Keep a finished game; beyond `MAX_GAMES`, another makes room.

    Args:
        kind: which game it was.
        player: tells browsers apart, by a random text that says nothing about anybody.
        seconds: how long it took.
        rounds: its questions, with what was answered.

    Raises:
        StorageError: if the file can't be written.
    """
    with _opened() as database:
        game = database.execute(
            "INSERT INTO games (kind, player, seconds) VALUES (?, ?, ?)", (kind, player, seconds)
        ).lastrowid
        database.executemany(
            "INSERT INTO rounds (game, asked, read, answer, image) VALUES (?, ?, ?, ?, ?)",
            [(game, *found) for found in rounds],
        )
        (games,) = database.execute("SELECT count(*) FROM games").fetchone()
        for _surplus in range(games - MAX_GAMES):
            (oldest,) = database.execute(
                "SELECT min(id) FROM games GROUP BY player ORDER BY count(*) DESC, 1 LIMIT 1"
            ).fetchone()
            database.execute("DELETE FROM rounds WHERE game = ?", (oldest,))
            database.execute("DELETE FROM games WHERE id = ?", (oldest,))


def class_results() -> ClassResults:
    """Look at what has been played.

    Raises:
        StorageError: if the file can't be read.
    """
    with _opened() as database:
        players, draw_games, duels, seconds = database.execute(
            "SELECT COUNT(DISTINCT player), COALESCE(SUM(kind = 'draw'), 0), COALESCE(SUM(kind = 'duel'), 0),"
            " AVG(CASE kind WHEN 'draw' THEN seconds END) FROM games"
        ).fetchone()
        digits = database.execute(
            "SELECT asked, COUNT(*), COALESCE(SUM(read = asked), 0) FROM rounds JOIN games ON games.id = game"
            " WHERE kind = 'draw' GROUP BY asked"
        ).fetchall()
        human, network = database.execute(
            "SELECT SUM(answer = asked), SUM(read = asked) FROM rounds JOIN games ON games.id = game"
            " WHERE kind = 'duel'"
        ).fetchone()
        misread = database.execute(
            "SELECT asked, read, image FROM rounds WHERE image IS NOT NULL AND read IS NOT asked"
            " ORDER BY rowid DESC LIMIT ?",
            (NEWEST,),
        ).fetchall()
    counts, right = [0] * 10, [0] * 10
    for digit, count, correct in digits:
        counts[digit], right[digit] = count, correct
    return ClassResults(
        players,
        draw_games,
        duels,
        tuple(counts),
        tuple(right),
        seconds,
        human / duels if duels else None,
        network / duels if duels else None,
        tuple(
            Round(asked, read, image=np.frombuffer(image, np.uint8).reshape(SIDE, SIDE))
            for asked, read, image in misread
        ),
    )


def empty_class() -> None:
    """Delete all games and drawings: a new class begins.

    Raises:
        StorageError: if the file can't be written.
    """
    with _opened() as database:
        database.execute("DELETE FROM rounds")
        database.execute("DELETE FROM games")
        database.execute("INSERT OR REPLACE INTO class (one, began_at) VALUES (1, ?)", (time.time(),))


def class_began() -> float:
    """Return when a new class has begun last, in seconds since 1970; 0 if that was never said.

    Raises:
        StorageError: if the file can't be read.
    """
    with _opened() as database:
        row = database.execute("SELECT began_at FROM class").fetchone()
    return 0.0 if row is None else float(row[0])
