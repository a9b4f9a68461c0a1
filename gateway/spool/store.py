"""What waits for the sinks: committed in groups, read by each sink from its own place, gone when all have it.

All writing calls come from one thread and block; each is one transaction, and returns after the disk confirmed it.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.errors import SpoolFull
from gateway.fail_points import FailPoint, reach
from gateway.models import Definition, Message
from gateway.spool import kept
from gateway.spool.account import Account, Amounts
from gateway.spool.damage import Damage, failure, found_damaged, open_for_writing, reading
from gateway.spool.dead_letter_box import DeadLetterBox
from gateway.spool.dead_letters import DeadLetter
from gateway.spool.disk import Disk
from gateway.spool.errand import Settlement
from gateway.spool.file import Damaged, Lock
from gateway.spool.group import Group, Row
from gateway.spool.kept import HeldMessage
from gateway.spool.progress import Stretch
from gateway.spool.reader import SpoolReader
from gateway.spool.recent import Recent
from gateway.spool.redelivery import Redelivery, RedeliveryLog
from gateway.spool.requests import Requests
from gateway.spool.reserve import BYTES as RESERVE
from gateway.spool.room import Room


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
        reserve: Bytes of the disk that are set aside, so that a full disk can be left.

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
        reserve: int = RESERVE,
    ) -> None:
        self.path = path
        self._room = Room(path, max_bytes=max_bytes, min_free=min_free, drop_oldest=drop_oldest)
        self._room_for_dead_letters = max_dead_letters, keep_per_reason
        self._lock = Lock(path)
        try:
            self._open(sinks)
        except BaseException:
            self._lock.release()
            raise
        self.recent = Recent()
        self._disk = Disk(path, self._connection, reserve)

    def _open(self, sinks: Sequence[str]) -> None:
        """Open the file; one that turns out to be damaged is set aside first, and what can be read of it is kept."""
        try:
            try:
                self._read_all(sinks)
            except (Damaged, sqlite3.Error) as error:
                if not found_damaged(self.path, error):
                    raise
                self._read_all(sinks)
        except (Damaged, sqlite3.Error) as error:
            raise failure(self.path, error) from error

    def _read_all(self, sinks: Sequence[str]) -> None:
        self._connection = open_for_writing(self.path)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self.account = Account.opened(self._connection, sinks)
            self._connection.execute("COMMIT")
            self._load()
        except (TypeError, ValueError) as error:  # a number or a name is none: the file's own checks forbid that
            self._connection.close()
            raise Damaged(f"an entry is not what was written: {error}") from error
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Save the sinks' places, if the disk takes them, and let go of the file."""
        try:
            if not self._disk.failed:
                with suppress(SpoolFull):  # then the sinks are sent again what they have, which overwrites itself
                    self.save_positions()
        finally:
            self._connection.close()
            self._lock.release()

    @property
    def filled(self) -> float:
        """The part of the room that is taken by what waits; 0 where the oldest make room for the newest."""
        return self._room.filled(self.account)

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
            if self._disk.full:
                raise SpoolFull(f"the disk of {self.path} is full")
            self._room.make(self._connection, self.account, size)
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
        kept = list(letters)
        self._disk.write_even_if_full(self._transaction, lambda: self._dead_letters.add(kept))

    def settle(self, settlement: Settlement) -> None:
        """Do what became of dead letters of which nothing is to be stored; it needs no room.

        Raises:
            SpoolFull: There is not even room to delete.
            SpoolError: The disk failed.
        """
        self._disk.write_even_if_full(self._transaction, lambda: self.requests.settle(settlement))

    def confirm(self, sink: str, rows: Sequence[Row]) -> Stretch:
        """Note that a sink has these rows, which follow one another; return the stretch of numbers that they settle.

        Saved with the next commit, or by `save_positions`.
        """
        # Numbers before them that no row has belong to them: else a gap would remain that nothing can fill.
        with reading(self.path):
            before = self._connection.execute("SELECT max(id) FROM records WHERE id < ?", (rows[0].id,)).fetchone()[0]
        stretch = Stretch((before or 0) + 1, rows[-1].id)
        self.account.confirm(sink, rows, stretch)
        return stretch

    def save_positions(self) -> None:
        """Save how far the sinks are, and forget what all of them have.

        Raises:
            SpoolFull: There is no room to save it now. It may be saved later.
            SpoolError: The disk failed.
        """
        if self.account.unsaved:
            self._disk.write_even_if_full(self._transaction, self._forget)
            reach(FailPoint.AFTER_FORGETTING)
        self._disk.tidy(empty=not self.account.waiting.rows)

    def _forget(self) -> None:
        self.account.save(self._connection)
        reach(FailPoint.IN_FORGETTING)

    def lacking(self) -> dict[str, tuple[Amounts, int]]:
        """Return, by sink, what it lacks, and when the oldest of that was committed (0 if it has everything)."""
        found = {}
        for sink, progress in self.account.progress.items():
            with reading(self.path):
                row = self._connection.execute(
                    "SELECT created_ns FROM records WHERE id > ? ORDER BY id LIMIT 1", (progress.position,)
                ).fetchone()
            found[sink] = (self.account.behind[sink], 0 if row is None else row[0])
        return found

    def has_left(self, row: int) -> bool:
        """Whether all sinks have confirmed this row."""
        return self.account.done.has(row)

    def set_state(self, key: str, value: str) -> None:
        """Keep a small text across restarts.

        Raises:
            SpoolFull: There is no room now.
            SpoolError: The disk failed.
        """
        query = "INSERT INTO state VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2"
        self._disk.write_even_if_full(self._transaction, lambda: self._connection.execute(query, (key, value)))

    def state(self, key: str) -> str:
        """Return what `set_state` kept; empty if nothing."""
        with reading(self.path):
            row = self._connection.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return "" if row is None else str(row[0])

    def damage(self) -> Damage | None:
        """Return what is known of damage that was found in the file, now or earlier; None if it never was."""
        with reading(self.path):
            return Damage.kept(self._connection)

    def redelivery(self, source: str) -> Redelivery:
        """Return what is known of messages that the broker may send again."""
        with reading(self.path):
            return self._redelivery.read(source)

    def held(self) -> list[HeldMessage]:
        """Return all messages that wait for a key, oldest first."""
        with reading(self.path):
            return kept.read_held(self._connection)

    def remembered(self, source: str) -> list[Message]:
        """Return the messages that are to be decoded first, in the order in which they were received."""
        with reading(self.path):
            return kept.read_remembered(self._connection, source)

    def catalogue(self) -> dict[tuple[str, str, str], Definition]:
        """Return the last definition of each metric, by asset, measurement and name."""
        with reading(self.path):
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
            with self._disk.transaction():
                yield
        except BaseException:
            self.account = before
            with reading(self.path):
                self._load()
            raise
        self.recent.forget(self.account.done.position)
