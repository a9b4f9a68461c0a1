"""What waits for the sinks: committed in groups, read by each sink from its own place, gone when all have it.

All writing calls come from one thread and block; each is one transaction, and returns after the disk confirmed it.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from gateway.errors import SpoolError, SpoolFull
from gateway.fail_points import FailPoint, reach
from gateway.models import Definition, Message
from gateway.spool import kept
from gateway.spool.dead_letters import DeadLetter, DeadLetterBox
from gateway.spool.file import Lock, open_for_writing
from gateway.spool.group import Group
from gateway.spool.kept import HeldMessage
from gateway.spool.reader import SpoolReader
from gateway.spool.redelivery import Redelivery, RedeliveryLog

RESUME = 0.9
"""Once full, the spool takes more again below this part of its room: no flicker at the edge."""


class Depth(NamedTuple):
    """How much waits: rows, the messages and records in them, their bytes, and when the oldest was committed."""

    rows: int
    messages: int
    points: int
    size: int
    oldest_ns: int

    def plus(self, rows: int, messages: int, points: int, size: int) -> Depth:
        """Return it with so much more (or less)."""
        return Depth(self.rows + rows, self.messages + messages, self.points + points, self.size + size, self.oldest_ns)


AMOUNTS = "SELECT count(*), coalesce(sum(messages), 0), coalesce(sum(points), 0), coalesce(sum(size), 0)"


class Spool:
    """The spool, opened for writing by the one gateway that owns it.

    Args:
        path: Its file.
        sinks: Names of the sinks; nothing is forgotten before all of them confirmed it.
        max_bytes: Room for what waits.
        min_free: Bytes to leave free on the disk.
        drop_oldest: Forget the oldest when there is no room, instead of refusing the newest.
        max_dead_letters: Room for dead letters.
        keep_per_reason: How many dead letters are kept for each reason and topic in any case.

    Attributes:
        depth: What waits.
        done: The last row that all sinks confirmed.
        delivered: Messages that all sinks confirmed, since the spool was opened.
        dropped: Messages forgotten because there was no room, since the spool was opened.

    Raises:
        SpoolLocked: Another gateway owns it.
        SpoolError: It cannot be opened.
    """

    depth: Depth

    def __init__(
        self,
        path: Path,
        sinks: Sequence[str],
        *,
        max_bytes: int = 2**40,
        min_free: int = 0,
        drop_oldest: bool = False,
        max_dead_letters: int = 2**28,
        keep_per_reason: int = 20,
    ) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._min_free = min_free
        self._drop_oldest = drop_oldest
        self._room_for_dead_letters = max_dead_letters, keep_per_reason
        self._full = False
        self.delivered = self.dropped = 0
        self._lock = Lock(path)
        try:
            self._connection = open_for_writing(path)
        except BaseException:
            self._lock.release()
            raise
        self._load()
        self._positions = self._read_positions(sinks)
        self.done = min(self._positions.values())
        self._unsaved = False

    def close(self) -> None:
        """Save the sinks' places and let go of the file."""
        try:
            self.save_positions()
        finally:
            self._connection.close()
            self._lock.release()

    def commit(self, group: Group) -> None:
        """Make everything in the group safe, in one transaction.

        Raises:
            SpoolFull: There is no room now, and nothing of the group is kept.
            SpoolError: The disk failed. Nothing may be acknowledged any more.
        """
        body = group.body() if group.records else b""
        origins = group.origins().pack() if group.records else b""
        size = len(body) + len(origins)
        now_ns = time.time_ns()
        with self._transaction():
            self._write_positions()
            self._make_room(size)
            if group.records:
                row = (now_ns, group.messages, group.records, size, body, origins)
                self._connection.execute(
                    "INSERT INTO records (created_ns, messages, points, size, body, origins) VALUES (?, ?, ?, ?, ?, ?)",
                    row,
                )
                self.depth = self.depth.plus(1, group.messages, group.records, size)
                self.depth = self.depth._replace(oldest_ns=self.depth.oldest_ns or now_ns)
            self._dead_letters.add(group.dead_letters)
            self._redelivery.add(group.source, bytes(group.redelivery))
            kept.keep(self._connection, group)
            self._connection.executemany(
                "INSERT OR REPLACE INTO catalogue VALUES (?, ?, ?, ?)",
                [(known.asset, known.measurement, known.name, json.dumps(known)) for known in group.definitions],
            )
            reach(FailPoint.IN_COMMIT)

    def reject(self, letters: Iterable[DeadLetter]) -> None:
        """Make dead letters safe.

        Raises:
            SpoolFull: There is no room now.
            SpoolError: The disk failed.
        """
        with self._transaction():
            self._dead_letters.add(letters)

    def confirm(self, sink: str, row: int) -> None:
        """Note that a sink has everything up to this row. Saved with the next commit, or by `save_positions`."""
        self._positions[sink] = max(row, self._positions[sink])
        self._unsaved = True

    def save_positions(self) -> None:
        """Save how far the sinks are, and forget what all of them have."""
        if self._unsaved:
            with self._transaction():
                self._write_positions()
                if not self.depth.rows:
                    self._connection.execute("PRAGMA incremental_vacuum(4000)").fetchall()
                reach(FailPoint.IN_FORGETTING)
            reach(FailPoint.AFTER_FORGETTING)

    def set_state(self, key: str, value: str) -> None:
        """Keep a small text across restarts."""
        with self._transaction():
            self._connection.execute(
                "INSERT INTO state VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2", (key, value)
            )

    def state(self, key: str) -> str:
        """Return what `set_state` kept; empty if nothing."""
        row = self._connection.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return "" if row is None else str(row[0])

    def position(self, sink: str) -> int:
        """Return the last row that a sink confirmed."""
        return self._positions[sink]

    def redelivery(self, source: str) -> Redelivery:
        """Return what is known of messages that the broker may send again."""
        return self._redelivery.read(source)

    def held(self) -> list[HeldMessage]:
        """Return all messages that wait for a key, oldest first."""
        return kept.read_held(self._connection)

    def remembered(self, source: str) -> list[Message]:
        """Return the messages that are to be decoded first, in the order in which they were received."""
        return kept.read_remembered(self._connection, source)

    def catalogue(self) -> dict[tuple[str, str, str], Definition]:
        """Return the last definition of each metric, by asset, measurement and name."""
        rows = self._connection.execute("SELECT definition FROM catalogue")
        definitions = (Definition(*json.loads(text)) for (text,) in rows)
        return {(known.asset, known.measurement, known.name): known for known in definitions}

    def reader(self) -> SpoolReader:
        """Return a reader for a sink's own thread."""
        return SpoolReader(self.path)

    def _load(self) -> None:
        """Take from the file what is kept in memory: at the start, and after a transaction that failed."""
        oldest = self._connection.execute("SELECT created_ns FROM records ORDER BY id LIMIT 1").fetchone() or (0,)
        self.depth = Depth(*self._connection.execute(f"{AMOUNTS} FROM records").fetchone(), *oldest)
        self._dead_letters: DeadLetterBox = DeadLetterBox(self._connection, *self._room_for_dead_letters)
        self._redelivery: RedeliveryLog = RedeliveryLog(self._connection)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite has already rolled back after some errors
                    self._connection.execute("ROLLBACK")
                self._load()
                raise
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
                raise SpoolFull(f"the disk of {self.path} is full") from error
            raise SpoolError(f"{self.path}: {error}") from error

    def _make_room(self, size: int) -> None:
        """Raise SpoolFull, or forget the oldest, if there is no room for so many bytes."""
        free = shutil.disk_usage(self.path.parent).free
        limit = self._max_bytes * RESUME if self._full else self._max_bytes
        # Space inside the file is used again, so a full disk matters only where the file must grow.
        # An empty spool takes any group: one that is larger than the whole room would wait for ever.
        self._full = (self.depth.rows > 0 and self.depth.size + size > limit) or free < self._min_free
        if not self._full:
            return
        if not self._drop_oldest:
            raise SpoolFull(
                f"{self.path} holds {self.depth.size} of {self._max_bytes} bytes, and {free} bytes are free on its disk"
            )
        for row, *amounts in self._connection.execute(
            "SELECT id, messages, points, size FROM records ORDER BY id"
        ).fetchall():
            if self.depth.size + size <= self._max_bytes * RESUME and self.depth.size + size <= limit:
                break
            self._connection.execute("DELETE FROM records WHERE id = ?", (row,))
            self.depth = self.depth.plus(-1, *(-amount for amount in amounts))
            self.dropped += amounts[0]

    def _write_positions(self) -> None:
        if not self._unsaved:
            return
        self._connection.executemany(
            "UPDATE cursors SET position = ? WHERE sink = ?", [(row, sink) for sink, row in self._positions.items()]
        )
        done = self.done = min(self._positions.values())
        gone = self._connection.execute(f"{AMOUNTS} FROM records WHERE id <= ?", (done,)).fetchone()
        if gone[0]:
            self._connection.execute("DELETE FROM records WHERE id <= ?", (done,))
            oldest = self._connection.execute("SELECT created_ns FROM records ORDER BY id LIMIT 1").fetchone() or (0,)
            self.depth = self.depth.plus(*(-amount for amount in gone))._replace(oldest_ns=oldest[0])
            self.delivered += gone[1]
        self._unsaved = False

    def _read_positions(self, sinks: Sequence[str]) -> dict[str, int]:
        with self._transaction():
            known: dict[str, int] = dict(self._connection.execute("SELECT sink, position FROM cursors").fetchall())
            # What a sink that is gone from the configuration has not taken must not be kept for ever.
            gone = [(name,) for name in known if name not in sinks]
            self._connection.executemany("DELETE FROM cursors WHERE sink = ?", gone)
            self._connection.executemany("INSERT OR IGNORE INTO cursors VALUES (?, 0)", [(name,) for name in sinks])
        return {name: known.get(name, 0) for name in sinks}
