"""Keeps dead letters in the spool's file: all that there is room for, and of everything at least a few.

Bounded in bytes, everything that a letter takes in the file included. Letters are told apart by kind, reason, source,
sink, topic and subject (a value, or a series). While there is room all are kept. Then the first few of each are kept,
in the room of those of which there are most, and what comes after them is only counted: so one bad metric at ten
messages a second cannot push out the evidence of another.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterable
from typing import NamedTuple

from gateway.spool import selection
from gateway.spool.dead_letters import MAX_NAME, DeadLetter
from gateway.spool.shares import Shares

MAX_COUNTED = 10_000
"""Sorts of letters that are counted apart; of later ones only kind, reason, source and sink are told apart."""
MAX_FURTHER = 1_000
"""So many of these; then only the kind is: a reason may quote what a device wrote."""
OTHERS = "(others)"

_COLUMNS = "kind, reason, source, sink, topic, subject"


class Sort(NamedTuple):
    """What letters have in common that are counted together."""

    kind: str
    reason: str
    source: str
    sink: str
    topic: str
    subject: str

    @classmethod
    def of(cls, letter: DeadLetter) -> Sort:
        """Return the sort of a letter."""
        topic, subject = letter.topic[:MAX_NAME], letter.subject[:MAX_NAME]
        return cls(letter.kind.value, letter.reason, letter.source, letter.sink, topic, subject)

    def wider(self) -> tuple[Sort, Sort]:
        """Return the sorts under which it is counted when there are too many."""
        return self._replace(topic=OTHERS, subject=""), Sort(self.kind, OTHERS, "", "", OTHERS, "")


class DeadLetterBox:
    """Keeps dead letters in the spool's file. All calls run inside a transaction of the caller.

    Args:
        connection: The writing connection.
        max_bytes: Room for letters.
        keep: How many of each sort are kept, if need be in the room of others.
    """

    def __init__(self, connection: sqlite3.Connection, max_bytes: int, keep: int) -> None:
        self._connection = connection
        self._max_bytes = max_bytes
        self._keep = keep
        selection.teach(connection)
        self._loaded = False

    def _load(self) -> None:
        """Take from the file what is kept in memory; only when it is needed, for a full spool has no use for it."""
        if self._loaded:
            return
        self._loaded = True
        self._bytes = 0
        self._kept = Shares()
        for counted, number, size in self._connection.execute(
            "SELECT counted, count(*), sum(size) FROM dead_letters GROUP BY counted"
        ):
            self._kept.add(counted, number)
            self._bytes += size
        self._counted: dict[Sort, int] = {}
        self._sorts: dict[int, Sort] = {}
        self._seen: dict[int, int] = {}
        for counted, seen, *sort in self._connection.execute(f"SELECT id, seen, {_COLUMNS} FROM dead_letter_counts"):  # noqa: S608  # constants
            self._sorts[counted] = Sort(*sort)
            self._counted[Sort(*sort)] = counted
            self._seen[counted] = seen

    def add(self, letters: Iterable[DeadLetter]) -> None:
        """Count the letters, and keep those for which there is room."""
        letters = list(letters)
        if not letters:
            return
        self._load()
        now_ns = time.time_ns()
        touched: set[int] = set()
        for letter in map(DeadLetter.bounded, letters):
            if letter.fingerprint and self._has(letter.fingerprint):
                continue
            counted = self._count(Sort.of(letter), now_ns)
            touched.add(counted)
            if self._make_room(letter.size, counted):
                self._insert(letter, counted, now_ns)
        self._write_counts(touched, now_ns)

    def remove(self, numbers: Iterable[int], *, cured: bool) -> int:
        """Forget letters; return how many there were. Those that are `cured` are no longer counted either."""
        self._load()
        touched: set[int] = set()
        removed = 0
        for number in numbers:
            found = self._connection.execute("DELETE FROM dead_letters WHERE id = ? RETURNING counted, size", (number,))
            # All of it, or the statement does not end.
            for counted, size in found.fetchall():
                self._take_off(counted, size)
                self._seen[counted] -= cured
                touched.add(counted)
                removed += 1
        if cured:
            self._write_counts(touched)
        return removed

    def replace(self, letters: Iterable[tuple[int, DeadLetter]]) -> None:
        """Give letters that were tried again the kind and the reason that they have now; they keep their numbers."""
        self._load()
        now_ns = time.time_ns()
        touched: set[int] = set()
        for number, given in letters:
            letter = given.bounded()
            before = self._connection.execute(
                "SELECT counted, size FROM dead_letters WHERE id = ?", (number,)
            ).fetchone()
            if before is None:
                continue
            self._take_off(*before)
            self._seen[before[0]] -= 1
            counted = self._count(Sort.of(letter), now_ns)
            touched |= {before[0], counted}
            self._kept.add(counted)
            self._bytes += letter.size
            self._connection.execute(
                "UPDATE dead_letters SET counted = ?, size = ?, kind = ?, subject = ?, reason = ?, detail = ?, "
                "retries = retries + 1 WHERE id = ?",
                (counted, letter.size, letter.kind.value, letter.subject, letter.reason, letter.detail, number),
            )
        self._write_counts(touched, now_ns)

    def reset_counts(self, chosen: selection.Selection) -> None:
        """Set the counts of the chosen sorts to what is kept of them, and forget those of which nothing is."""
        condition, parameters = chosen.of_counts()
        kept = "(SELECT count(*) FROM dead_letters WHERE counted = dead_letter_counts.id)"
        self._connection.execute(f"UPDATE dead_letter_counts SET seen = {kept} WHERE {condition}", parameters)  # noqa: S608  # constants
        self._connection.execute("DELETE FROM dead_letter_counts WHERE seen = 0")
        self._loaded = False

    def _has(self, fingerprint: str) -> bool:
        found = self._connection.execute("SELECT 1 FROM dead_letters WHERE fingerprint = ?", (fingerprint,))
        return found.fetchone() is not None

    def _count(self, sort: Sort, now_ns: int) -> int:
        """Count one more of a sort; return the number under which it is counted."""
        counted = self._counted.get(sort)
        if counted is None:
            rest, all_others = sort.wider()
            for one, limit in ((sort, MAX_COUNTED), (rest, MAX_COUNTED + MAX_FURTHER), (all_others, None)):
                counted = self._counted.get(one)
                if counted is None and (limit is None or len(self._counted) < limit):
                    counted = self._insert_count(one, now_ns)
                if counted is not None:
                    break
        assert counted is not None  # noqa: S101  # the last of the three has no limit
        self._seen[counted] += 1
        return counted

    def _insert_count(self, sort: Sort, now_ns: int) -> int:
        counted = self._connection.execute(
            f"INSERT INTO dead_letter_counts ({_COLUMNS}, seen, last_ns) VALUES (?, ?, ?, ?, ?, ?, 0, ?)",  # noqa: S608  # constants
            (*sort, now_ns),
        ).lastrowid
        assert counted is not None  # noqa: S101  # an INSERT into a table with a rowid has one
        self._counted[sort] = counted
        self._sorts[counted] = sort
        self._seen[counted] = 0
        return counted

    def _write_counts(self, touched: Collection[int], now_ns: int = 0) -> None:
        self._connection.executemany(
            "UPDATE dead_letter_counts SET seen = ?, last_ns = max(last_ns, ?) WHERE id = ?",
            [(self._seen[counted], now_ns, counted) for counted in touched],
        )
        for counted in touched:
            if self._seen[counted] <= 0 and not self._kept.of(counted):
                self._connection.execute("DELETE FROM dead_letter_counts WHERE id = ?", (counted,))
                del self._counted[self._sorts.pop(counted)], self._seen[counted]

    def _make_room(self, size: int, counted: int) -> bool:
        """Whether there is room for one more letter of a sort, if need be in the place of others."""
        if self._bytes + size <= self._max_bytes:
            return True
        if size > self._max_bytes or self._kept.of(counted) >= self._keep:
            return False
        while self._bytes + size > self._max_bytes:
            largest = self._kept.largest()
            if largest is None or self._kept.of(largest) <= self._kept.of(counted) + 1:
                return False  # no sort has more than this one would have: there is no room for so many sorts
            letter, gone = self._connection.execute(
                "SELECT id, size FROM dead_letters WHERE counted = ? ORDER BY id DESC LIMIT 1", (largest,)
            ).fetchone()
            self._connection.execute("DELETE FROM dead_letters WHERE id = ?", (letter,))
            self._take_off(largest, gone)
        return True

    def _take_off(self, counted: int, size: int) -> None:
        self._kept.add(counted, -1)
        self._bytes -= size

    def _insert(self, letter: DeadLetter, counted: int, now_ns: int) -> None:
        self._connection.execute(
            "INSERT INTO dead_letters (counted, size, kind, created_ns, received_ns, source, sink, topic, subject, "
            "reason, detail, retries, properties, fingerprint, payload) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)",
            (
                counted,
                letter.size,
                letter.kind.value,
                now_ns,
                letter.received_ns,
                letter.source,
                letter.sink,
                letter.topic,
                letter.subject,
                letter.reason,
                letter.detail,
                letter.properties,
                letter.fingerprint or None,
                letter.payload,
            ),
        )
        self._kept.add(counted)
        self._bytes += letter.size
