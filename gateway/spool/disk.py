"""Writes to the spool's file on a disk that may be full, or fail.

Full, it must still be possible to forget what the sinks have taken, or the disk would stay full for ever: for that
there is a reserve, and SQLite's own log (its WAL) is kept small enough to be copied into the file with that room alone.
Failed, nothing more is written: a flush that the kernel could not do once it may report as done when asked again, and
what it should have written is gone all the same.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from gateway.errors import SpoolError, SpoolFull
from gateway.spool.damage import failure, is_damage
from gateway.spool.reserve import Reserve

PAGE = 4096
"""Bytes of a page of the file."""
LOG = 2000
"""Pages that SQLite's log holds before it is copied into the file."""
GIVEN_BACK = 4000
"""Pages that are given back to the disk at a time."""
KEPT = 4000
"""Free pages that an empty spool keeps for what comes next."""


class Disk:
    """The writing side of the file. All calls come from one thread.

    Args:
        path: The file.
        connection: The connection that writes.
        reserve: Bytes of the disk that are set aside.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, reserve: int) -> None:
        self._path, self._connection = path, connection
        self._reserve = Reserve(path, reserve)
        self._failed: Exception | None = None
        self._tight = False
        """Something found no room since the log was last copied."""
        self._make_reserve()

    @property
    def full(self) -> bool:
        """Whether there is no reserve: only what makes room, or must be kept in any case, may be written."""
        return not self._reserve.size

    @property
    def failed(self) -> bool:
        """Whether the disk has failed, and nothing more is written."""
        return self._failed is not None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write in one transaction, flushed to the disk at its end.

        Raises:
            SpoolFull: There is no room for it; nothing of it is kept.
            SpoolError: The disk failed, now or before: nothing may be acknowledged any more.
        """
        if self._failed is not None:
            raise SpoolError(f"{self._path}: the disk has failed ({self._failed}), and nothing more is written to it")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite has already rolled back after some errors
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def write_even_if_full(
        self, transaction: Callable[[], AbstractContextManager[None]], action: Callable[[], object]
    ) -> None:
        """Do in a transaction what makes room, or must be kept in any case: in the reserve, if need be.

        Raises:
            SpoolFull: The reserve is used up, too.
            SpoolError: The disk failed.
        """
        try:
            with transaction():
                action()
        except SpoolFull:
            if not self._release_reserve():
                raise
            with transaction():
                action()

    def tidy(self, *, empty: bool) -> None:
        """Use what has become free: now and then, and after rows were forgotten.

        Raises:
            SpoolError: The disk failed.
        """
        if self._tight:
            self._tight = False
            if not self._copy_log():  # the file must get smaller first, and that takes room, too
                self._release_reserve()
        if self.full:
            self._give_back(keep=0)
            if self._copy_log():
                self._make_reserve()
        elif empty:
            self._give_back(keep=KEPT)

    def _failure(self, error: sqlite3.Error) -> SpoolError:
        found = failure(self._path, error)
        if isinstance(found, SpoolFull):
            self._tight = True
        elif isinstance(error, sqlite3.OperationalError) or is_damage(error):
            self._failed = error
        return found

    def _make_reserve(self) -> None:
        self._reserve.make()
        if not self.full:
            self._limit_log(min(LOG, self._reserve.size // PAGE // 2))

    def _release_reserve(self) -> bool:
        self._limit_log(0)  # it would use up the room to copy a part of it
        return self._reserve.release()

    def _limit_log(self, pages: int) -> None:
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")

    def _copy_log(self) -> bool:
        """Copy SQLite's log into the file, and let it begin anew; return whether there was room for that."""
        pages = self._connection.execute("PRAGMA page_count").fetchone()[0]
        if pages * PAGE - self._path.stat().st_size > self._free():
            return False
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            found = self._failure(error)
            if not isinstance(found, SpoolFull):
                raise found from error
            return False
        return True

    def _give_back(self, *, keep: int) -> None:
        """Give pages that are free inside the file back to the disk, as many as there is room to do that with."""
        free = self._connection.execute("PRAGMA freelist_count").fetchone()[0] - keep
        pages = min(free, GIVEN_BACK, self._free() // PAGE // 4)
        if pages > 0:
            with suppress(SpoolFull), self.transaction():
                for _ in range(pages):  # one by one: Python's sqlite3 takes one step of this statement, and no more
                    self._connection.execute("PRAGMA incremental_vacuum(1)")

    def _free(self) -> int:
        return shutil.disk_usage(self._path.parent).free
