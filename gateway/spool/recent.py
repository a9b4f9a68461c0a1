"""The rows that were committed last, kept in memory: a sink that keeps up need not read them back from the disk."""

from __future__ import annotations

import threading
from collections import deque

from gateway.spool.group import Row

MAX_BYTES = 8 * 2**20


class Recent:
    """The last rows, without a gap. The spool's thread adds, the sinks' threads read."""

    def __init__(self) -> None:
        self._rows: deque[Row] = deque()
        self._size = 0
        self._lock = threading.Lock()

    def add(self, row: Row) -> None:
        """Add the row that was committed last."""
        with self._lock:
            self._rows.append(row)
            self._size += row.size
            while self._size > MAX_BYTES:
                self._size -= self._rows.popleft().size

    def forget(self, last: int) -> None:
        """Forget rows up to this one: every sink has them."""
        with self._lock:
            while self._rows and self._rows[0].id <= last:
                self._size -= self._rows.popleft().size

    def after(self, row: int, max_bytes: int, *, newest: bool = False) -> list[Row] | None:
        """Return rows after this one, in their order; None if some of them are no longer here.

        Args:
            row: Its number.
            max_bytes: What they may come to; one is returned in any case, if there is any.
            newest: If they come to more, return the last of them and not the first.
        """
        with self._lock:
            if not self._rows or self._rows[0].id > row + 1:
                return None
            rows = [one for one in self._rows if one.id > row]
        if newest:
            rows.reverse()
        size = 0
        for number, one in enumerate(rows):
            size += one.size
            if number and size > max_bytes:
                del rows[number:]
                break
        return rows[::-1] if newest else rows
