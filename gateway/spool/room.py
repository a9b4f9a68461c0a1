"""The bounds on what waits: how much room a group finds, and what is done where there is none."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from gateway.errors import SpoolFull
from gateway.spool.account import Account, Amounts

RESUME = 0.9
"""Once full, the spool takes more again below this part of its room: no flicker at the edge."""


class Room:
    """Makes room for groups, or says that there is none.

    Args:
        path: The spool's file.
        max_bytes: Room for what waits.
        min_free: Bytes to leave free on the disk.
        drop_oldest: Forget the oldest when there is no room, instead of refusing the newest.
    """

    def __init__(self, path: Path, *, max_bytes: int, min_free: int, drop_oldest: bool) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._min_free = min_free
        self._drop_oldest = drop_oldest
        self._full = False

    def make(self, connection: sqlite3.Connection, account: Account, size: int) -> None:
        """See that there is room for so many bytes, inside a transaction of the caller.

        Raises:
            SpoolFull: There is none, and nothing may be dropped for it.
        """
        free = shutil.disk_usage(self._path.parent).free
        limit = self._max_bytes * RESUME if self._full else self._max_bytes
        # An empty spool takes any group: one that is larger than the whole room would wait for ever.
        over = account.waiting.rows > 0 and account.waiting.size + size > limit
        short = free < self._min_free
        self._full = over or short
        if not self._full:
            return
        waiting = account.waiting.size
        if self._drop_oldest and account.waiting.rows:
            # What is dropped leaves room inside the file, which then need not grow.
            self._drop(connection, account, min(self._max_bytes * RESUME if over else waiting, waiting) - size)
        else:
            raise SpoolFull(
                f"{self._path} holds {waiting} of {self._max_bytes} bytes, and {free} bytes are free on its disk"
            )

    def filled(self, account: Account) -> float:
        """Return the part of the room that is taken; 0 where the oldest make room for the newest."""
        return 0.0 if self._drop_oldest else account.waiting.size / max(1, self._max_bytes)

    def _drop(self, connection: sqlite3.Connection, account: Account, down_to: float) -> None:
        while account.waiting.rows and account.waiting.size > down_to:
            row, *amounts = connection.execute(
                "SELECT id, messages, points, size FROM records ORDER BY id LIMIT 1"
            ).fetchone()
            connection.execute("DELETE FROM records WHERE id = ?", (row,))
            account.drop(row, Amounts(1, *amounts))
        account.save(connection)
