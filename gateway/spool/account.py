"""What the spool knows by heart: how much waits, and what each sink has and lacks of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from gateway.spool.group import Row
from gateway.spool.progress import Progress, Stretch, common

_ADDED_UP = (
    "SELECT count(*), coalesce(sum(messages), 0), coalesce(sum(points), 0), coalesce(sum(size), 0) FROM records "
    "WHERE id BETWEEN ? AND ?"
)
_SO_FAR = (
    "SELECT rows_so_far, messages_so_far, points_so_far, size_so_far FROM records "
    "WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1"
)
_BEFORE = (
    "SELECT rows_so_far - 1, messages_so_far - messages, points_so_far - points, size_so_far - size FROM records "
    "WHERE id >= ? ORDER BY id LIMIT 1"
)
_END = 2**63 - 1


class Amounts(NamedTuple):
    """Rows, the messages and records in them, and their bytes."""

    rows: int = 0
    messages: int = 0
    points: int = 0
    size: int = 0

    def plus(self, other: Amounts) -> Amounts:
        """Return the sum."""
        return Amounts(*(one + another for one, another in zip(self, other, strict=True)))

    def minus(self, other: Amounts) -> Amounts:
        """Return the difference."""
        return Amounts(*(one - another for one, another in zip(self, other, strict=True)))


def amounts_of(row: Row) -> Amounts:
    """Return what one row comes to."""
    return Amounts(1, row.messages, row.points, row.size)


def amounts_added_up(connection: sqlite3.Connection, first: int, last: int) -> Amounts:
    """Return what the rows with these numbers come to, by looking at each."""
    return Amounts(*connection.execute(_ADDED_UP, (first, last)).fetchone())


def amounts_between(connection: sqlite3.Connection, first: int, last: int) -> Amounts:
    """Return what the rows with these numbers come to, of which none has been deleted but the first."""
    end = connection.execute(_SO_FAR, (first, last)).fetchone()
    return Amounts() if end is None else Amounts(*end).minus(Amounts(*connection.execute(_BEFORE, (first,)).fetchone()))


def amounts_behind(connection: sqlite3.Connection, progress: Progress) -> Amounts:
    """Return what a sink lacks; of that, nothing but the oldest can have been deleted."""
    behind, after = Amounts(), progress.position
    for first, last in (*progress.stretches, Stretch(_END, _END)):
        behind = behind.plus(amounts_between(connection, after + 1, first - 1))
        after = last
    return behind


def so_far(connection: sqlite3.Connection) -> Amounts:
    """Return the sums at the end of the spool."""
    end = connection.execute(_SO_FAR, (0, _END)).fetchone()
    return Amounts() if end is None else Amounts(*end)


def oldest_ns(connection: sqlite3.Connection) -> int:
    """Return when the oldest row was committed; 0 if there is none."""
    row = connection.execute("SELECT created_ns FROM records ORDER BY id LIMIT 1").fetchone()
    return 0 if row is None else int(row[0])


@dataclass
class Account:
    """The numbers that every transaction changes; a transaction that fails leaves them as they were before it.

    Attributes:
        waiting: What waits.
        so_far: What was ever committed, as the last row says.
        oldest_ns: When the oldest of it was committed; 0 if nothing waits.
        progress: By sink: what it has.
        behind: By sink: how much it lacks.
        done: What all sinks have.
        delivered: Messages that all sinks confirmed, since the spool was opened.
        dropped: Messages forgotten because there was no room, since the spool was opened.
        unsaved: Whether the file does not know all of `progress`.
    """

    waiting: Amounts
    so_far: Amounts
    oldest_ns: int
    progress: dict[str, Progress]
    behind: dict[str, Amounts]
    done: Progress
    delivered: int = 0
    dropped: int = 0
    unsaved: bool = False

    def copy(self) -> Account:
        """Return one that changes by itself."""
        progress = {sink: one.copy() for sink, one in self.progress.items()}
        return replace(self, progress=progress, behind=dict(self.behind))

    @classmethod
    def opened(cls, connection: sqlite3.Connection, sinks: Sequence[str]) -> Account:
        """Read it from the file, inside a transaction of the caller; a sink that is not known lacks all that is there.

        What only a sink lacked that is gone from the configuration is deleted, or it would be kept for ever.
        """
        positions = connection.execute("SELECT sink, position FROM cursors")
        known = {sink: Progress(position) for sink, position in positions}
        for sink, first, last in connection.execute("SELECT sink, first, last FROM stretches"):
            known[sink].add(first, last)
        deleted = common(list(known.values())) if known else Progress()
        progress = {sink: known[sink] if sink in known else deleted.copy() for sink in sinks}
        account = cls(
            amounts_behind(connection, deleted),
            so_far(connection),
            oldest_ns(connection),
            progress,
            {sink: amounts_behind(connection, one) for sink, one in progress.items()},
            deleted,
        )
        if set(known) != set(sinks):
            gone = [(sink,) for sink in known if sink not in progress]
            connection.executemany("DELETE FROM cursors WHERE sink = ?", gone)
            connection.executemany("INSERT OR IGNORE INTO cursors VALUES (?, 0)", [(sink,) for sink in sinks])
            account.unsaved = True
            account.save(connection)
            account.delivered = 0
        return account

    def add(self, row: Row) -> None:
        """Take account of a new row, which no sink has."""
        amounts = amounts_of(row)
        self.waiting, self.so_far = self.waiting.plus(amounts), self.so_far.plus(amounts)
        self.oldest_ns = self.oldest_ns or row.created_ns
        self.behind = {sink: behind.plus(amounts) for sink, behind in self.behind.items()}

    def confirm(self, sink: str, rows: Sequence[Row], stretch: Stretch) -> None:
        """Take account of rows that a sink has now; they settle this stretch of numbers."""
        progress = self.progress[sink]
        for row in rows:
            if not progress.has(row.id):
                self.behind[sink] = self.behind[sink].minus(amounts_of(row))
        progress.add(*stretch)
        self.unsaved = True

    def drop(self, row: int, amounts: Amounts) -> None:
        """Take account of the oldest row being dropped."""
        self.waiting = self.waiting.minus(amounts)
        self.dropped += amounts.messages
        for sink, progress in self.progress.items():
            if not progress.has(row):
                self.behind[sink] = self.behind[sink].minus(amounts)
            progress.add(1, row)
        self.unsaved = True

    def save(self, connection: sqlite3.Connection) -> None:
        """Write what each sink has, and delete what all have, inside a transaction of the caller."""
        if not self.unsaved:
            return
        progress = self.progress
        connection.executemany(
            "UPDATE cursors SET position = ? WHERE sink = ?", [(one.position, sink) for sink, one in progress.items()]
        )
        connection.execute("DELETE FROM stretches")
        stretches = [(sink, *stretch) for sink, one in progress.items() for stretch in one.stretches]
        connection.executemany("INSERT INTO stretches VALUES (?, ?, ?)", stretches)
        self.done = common(list(progress.values()))
        for first, last in (Stretch(0, self.done.position), *self.done.stretches):
            gone = amounts_added_up(connection, first, last)
            if gone.rows:
                connection.execute("DELETE FROM records WHERE id BETWEEN ? AND ?", (first, last))
                self.waiting = self.waiting.minus(gone)
                self.delivered += gone.messages
        self.oldest_ns = oldest_ns(connection)
        self.unsaved = False
