"""The votes of a test: a SQLite file, in which a vote is a row with the key (rater, trial).

A vote counts once: the first answer stays, and the same request again, from a double click or a retry after an answer
that was lost on the way, finds its row there. `vote` returns after the row is on the disk (write-ahead log, full
synchronisation), so a server that is killed at any moment has kept every vote that it said it had.

A rater is a hash of a random code. The code is known to the rater alone; nothing else about raters is kept, no time and
no address.

Contents: `Ballot`, `new_code`, `read_code`, `rater_of`.
"""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import BadFile, UsageError
from ..signal.files import digest
from .blind import BlindTest

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # without 0 o 1 l i, which look alike on paper
LENGTH, GROUP = 12, 4  # 59 bits
PATIENCE = 30.0  # seconds for another writer to finish

TABLES = """
CREATE TABLE IF NOT EXISTS test (digest TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS raters (rater TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS votes (
    rater TEXT NOT NULL REFERENCES raters,
    trial TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (rater, trial)
) WITHOUT ROWID;
"""


def new_code() -> str:
    """A random code, as a rater may write it down: `k7mn-2xpa-99tq`.

    It must not be guessed by the next rater, so it comes from the system and not from a seed; nothing hangs on it but
    the order in which its owner sees the trials.
    """
    return _grouped("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


def _grouped(bare: str) -> str:
    return "-".join(bare[i : i + GROUP] for i in range(0, LENGTH, GROUP))


def read_code(text: str) -> str | None:
    """A code as it was given out, from what somebody typed; None where that is no code.

    Example:
        >>> read_code("K7MN 2xpa99tq")
        'k7mn-2xpa-99tq'
    """
    bare = text.lower().replace("-", "").replace(" ", "")
    return None if len(bare) != LENGTH or set(bare) - set(ALPHABET) else _grouped(bare)


def rater_of(text: str) -> str | None:
    """The name under which a code's answers are kept, or None where the text is no code."""
    code = read_code(text)
    return code and digest(f"rater {code}".encode())


class Ballot:
    """The votes of one test.

    Args:
        test: whose. Tables are made where there are none.

    Raises:
        UsageError: the votes are of another test.
        BadFile: the file is damaged.
    """

    def __init__(self, test: BlindTest):
        self.test, self.path = test, Path(test.votes)
        try:
            with self._open() as database:
                database.execute("PRAGMA journal_mode = WAL")
                database.executescript(TABLES)
                database.execute("INSERT INTO test SELECT ? WHERE NOT EXISTS (SELECT 1 FROM test)", (test.digest,))
                (known,) = database.execute("SELECT digest FROM test").fetchone()
        except sqlite3.DatabaseError as error:
            raise BadFile(f"{self.path} cannot be used: {error}.") from error
        if known != test.digest:
            raise UsageError(f"{self.path} holds votes on another test: the test in {test.folder} was changed.")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection of this thread's own; every statement is a transaction."""
        database = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
        try:
            database.execute("PRAGMA synchronous = FULL")
            yield database
        finally:
            database.close()

    def keep_open(self) -> None:
        """Hold a connection as long as this object lives: the last one to close folds the log into the file, and a
        server whose every request did that would wait for the disk several times a vote.
        """
        self._held = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        self._held.execute("SELECT 1 FROM test").fetchone()

    def enrol(self, rater: str) -> None:
        """Note that a rater has consented."""
        with self._open() as database:
            database.execute("INSERT INTO raters VALUES (?) ON CONFLICT DO NOTHING", (rater,))

    def knows(self, rater: str) -> bool:
        """The rater has consented."""
        with self._open() as database:
            return database.execute("SELECT 1 FROM raters WHERE rater = ?", (rater,)).fetchone() is not None

    def vote(self, rater: str, trial: str, answer: str) -> bool:
        """Keep an answer; returns whether it is new. A second one to the same trial changes nothing."""
        with self._open() as database:
            found = database.execute(
                "INSERT INTO votes VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (rater, trial, answer)
            )
            return found.rowcount == 1

    def answered(self, rater: str) -> set[str]:
        """Trials that a rater has answered."""
        with self._open() as database:
            return {trial for (trial,) in database.execute("SELECT trial FROM votes WHERE rater = ?", (rater,))}

    def votes(self) -> list[tuple[str, str, str]]:
        """Every vote: rater, trial, answer; sorted."""
        with self._open() as database:
            return list(database.execute("SELECT rater, trial, answer FROM votes ORDER BY rater, trial"))
