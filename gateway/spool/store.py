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

from gateway.errors import SpoolError, SpoolFull
from gateway.fail_points import FailPoint, reach
from gateway.models import Definition, Message
from gateway.spool import kept
from gateway.spool.account import Account, Amounts
from gateway.spool.dead_letter_box import DeadLetterBox
from gateway.spool.dead_letters import DeadLetter
from gateway.spool.errand import Settlement
from gateway.spool.file import Lock, open_for_writing
from gateway.spool.group import Group, Row
from gateway.spool.kept import HeldMessage
from gateway.spool.progress import Stretch
from gateway.spool.reader import SpoolReader
from gateway.spool.recent import Recent
from gateway.spool.redelivery import Redelivery, RedeliveryLog
from gateway.spool.requests import Requests

RESUME = 0.9
"""Once full, the spool takes more again below this part of its room: no flicker at the edge."""


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
        account: How much waits, and what each sink has and lacks of it.
        recent: The rows that were committed last.
        requests: What is wanted of the dead letters.

    Raises:
        SpoolLocked: Another gateway owns it.
        SpoolError: It cannot be opened.
    """

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
        self._lock = Lock(path)
        try:
            self._connection = open_for_writing(path)
            self._connection.execute("BEGIN IMMEDIATE")
            self.account = Account.opened(self._connection, sinks)
            self._connection.execute("COMMIT")
            self._load()
        except sqlite3.Error as error:
            self._lock.release()
            raise SpoolError(f"{path}: {error}") from error
        except BaseException:
            self._lock.release()
            raise
        self.recent = Recent()

    def close(self) -> None:
        """Save the sinks' places and let go of the file."""
        try:
            self.save_positions()
        finally:
            self._connection.close()
            self._lock.release()

    def commit(self, group: Group) -> Row | None:
        """Make everything in the group safe, in one transaction; return the row of its records, if it has any.

        Raises:
            SpoolFull: There is no room now, and nothing of the group is kept.
            SpoolError: The disk failed. Nothing may be acknowledged any more.
        """
        body = group.body() if group.records else b""
        origins = group.origins().pack() if group.records else b""
        size = len(body) + len(origins)
        now_ns = time.time_ns()
        row = None
        with self._transaction():
            self.account.save(self._connection)
            self._make_room(size)
            if group.records:
                amounts = (group.messages, group.records, size)
                so_far = self.account.so_far.plus(Amounts(1, *amounts))
                number = self._connection.execute(
                    "INSERT INTO records VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (now_ns, *amounts, *so_far, body, origins),
                ).lastrowid
                assert number is not None  # noqa: S101  # an INSERT into a table with a rowid has one
                row = Row(number, now_ns, *amounts, body, origins)
                self.account.add(row)
            self._dead_letters.add(group.dead_letters)
            if group.settlement is not None:
                self.requests.settle(group.settlement)
            self._redelivery.add(group.source, bytes(group.redelivery))
            kept.keep(self._connection, group)
            self._connection.executemany(
                "INSERT OR REPLACE INTO catalogue VALUES (?, ?, ?, ?)",
                [(known.asset, known.measurement, known.name, json.dumps(known)) for known in group.definitions],
            )
            reach(FailPoint.IN_COMMIT)
        if row is not None:
            self.recent.add(row)
        return row

    def reject(self, letters: Iterable[DeadLetter]) -> None:
        """Make dead letters safe.

        Raises:
            SpoolFull: There is no room now.
            SpoolError: The disk failed.
        """
        with self._transaction():
            self._dead_letters.add(letters)

    def settle(self, settlement: Settlement) -> None:
        """Do what became of dead letters of which nothing is to be stored; it needs no room.

        Raises:
            SpoolFull: There is not even room to delete.
            SpoolError: The disk failed.
        """
        with self._transaction():
            self.requests.settle(settlement)

    def confirm(self, sink: str, rows: Sequence[Row]) -> Stretch:
        """Note that a sink has these rows, which follow one another; return the stretch of numbers that they settle.

        Saved with the next commit, or by `save_positions`.
        """
        # Numbers before them that no row has belong to them: else a gap would remain that nothing can fill.
        before = self._connection.execute("SELECT max(id) FROM records WHERE id < ?", (rows[0].id,)).fetchone()[0]
        stretch = Stretch((before or 0) + 1, rows[-1].id)
        self.account.confirm(sink, rows, stretch)
        return stretch

    def save_positions(self) -> None:
        """Save how far the sinks are, and forget what all of them have."""
        if self.account.unsaved:
            with self._transaction():
                self.account.save(self._connection)
                if not self.account.waiting.rows:
                    self._connection.execute("PRAGMA incremental_vacuum(4000)").fetchall()
                reach(FailPoint.IN_FORGETTING)
            reach(FailPoint.AFTER_FORGETTING)

    def lacking(self) -> dict[str, tuple[Amounts, int]]:
        """Return, by sink, what it lacks, and when the oldest of that was committed (0 if it has everything)."""
        found = {}
        for sink, progress in self.account.progress.items():
            row = self._connection.execute(
                "SELECT created_ns FROM records WHERE id > ? ORDER BY id LIMIT 1", (progress.position,)
            ).fetchone()
            found[sink] = (self.account.behind[sink], 0 if row is None else row[0])
        return found

    def has_left(self, row: int) -> bool:
        """Whether all sinks have confirmed this row."""
        return self.account.done.has(row)

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

    def reader(self, *, newest_first: bool = False) -> SpoolReader:
        """Return a reader for a sink's own thread."""
        return SpoolReader(self.path, self.recent, newest_first=newest_first)

    def _load(self) -> None:
        """Take from the file what else is kept in memory: at the start, and after a transaction that failed."""
        self._dead_letters: DeadLetterBox = DeadLetterBox(self._connection, *self._room_for_dead_letters)
        self._redelivery: RedeliveryLog = RedeliveryLog(self._connection)
        self.requests: Requests = Requests(self._connection, self._dead_letters)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        before = self.account.copy()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self.account = before
                if self._connection.in_transaction:  # SQLite has already rolled back after some errors
                    self._connection.execute("ROLLBACK")
                self._load()
                raise
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
                raise SpoolFull(f"the disk of {self.path} is full") from error
            raise SpoolError(f"{self.path}: {error}") from error
        self.recent.forget(self.account.done.position)

    def _make_room(self, size: int) -> None:
        """Raise SpoolFull, or forget the oldest, if there is no room for so many bytes."""
        account, free = self.account, shutil.disk_usage(self.path.parent).free
        limit = self._max_bytes * RESUME if self._full else self._max_bytes
        # Space inside the file is used again, so a full disk matters only where the file must grow.
        # An empty spool takes any group: one that is larger than the whole room would wait for ever.
        self._full = (account.waiting.rows > 0 and account.waiting.size + size > limit) or free < self._min_free
        if not self._full:
            return
        if not self._drop_oldest:
            raise SpoolFull(
                f"{self.path} holds {account.waiting.size} of {self._max_bytes} bytes, and {free} bytes are free on "
                "its disk"
            )
        for row, *amounts in self._connection.execute(
            "SELECT id, messages, points, size FROM records ORDER BY id"
        ).fetchall():
            if account.waiting.size + size <= self._max_bytes * RESUME and account.waiting.size + size <= limit:
                break
            self._connection.execute("DELETE FROM records WHERE id = ?", (row,))
            account.drop(row, Amounts(1, *amounts))
        account.save(self._connection)
