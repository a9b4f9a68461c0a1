"""Reads what waits in the spool, beside the thread that writes to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gateway.spool.damage import reading
from gateway.spool.file import Damaged, open_for_reading
from gateway.spool.group import Row
from gateway.spool.progress import Progress
from gateway.spool.recent import Recent

_SELECT = (
    # What would be too much is not even read: half of what is read would be, where rows are as large as batches.
    "SELECT id, created_ns, messages, points, size, iif(size <= ?1, body, x''), iif(size <= ?1, origins, x'') "
    "FROM records WHERE id > ?2 AND id <= ?3 "
)
_FIRST, _LAST = _SELECT + "ORDER BY id LIMIT 1", _SELECT + "ORDER BY id DESC LIMIT 1"
_END = 2**63 - 1


class SpoolReader:
    """Reads what waits for one sink, in a thread of its own, beside the writer.

    Args:
        path: The spool's file.
        recent: What was committed last.
        newest_first: Which of the rows that the sink lacks it gets first.
    """

    def __init__(self, path: Path, recent: Recent, *, newest_first: bool = False) -> None:
        self._path = path
        self._connection = open_for_reading(path)
        self._recent = recent
        self._newest_first = newest_first

    def read(self, progress: Progress, max_bytes: int, *, backlog_first: bool = False) -> Sequence[Row]:
        """Return rows that the sink lacks, in their order: one at least if there is any, and about `max_bytes` in all.

        `progress` is for this call to change.

        Oldest first, they are those behind its position. Newest first, they are the last ones: what has just come is
        sent at once, and then what is older, backwards in time. `backlog_first` lets what is older go before: where
        something new has always come meanwhile, it would never have its turn.

        Raises:
            SpoolError: The disk failed, or the file is damaged.
        """
        with reading(self._path):
            return self._choose(progress, max_bytes, backlog_first=backlog_first)

    def _choose(self, progress: Progress, max_bytes: int, *, backlog_first: bool) -> Sequence[Row]:
        gap = progress.newest_gap() if self._newest_first else progress.oldest_gap()
        fresh_first = self._newest_first and not (backlog_first and gap is not None)
        rows = None
        if fresh_first or gap is None:
            rows = self._recent.after(progress.top, max_bytes, newest=self._newest_first)
        if rows is not None and (rows or gap is None):
            return rows
        if fresh_first and (rows := self._read(progress.top, _END, max_bytes, backwards=True)):
            return rows
        while gap is not None:
            if rows := self._read(gap.first - 1, gap.last, max_bytes, backwards=self._newest_first):
                return rows
            progress.add(*gap)  # what was in it has been dropped
            gap = progress.newest_gap() if self._newest_first else progress.oldest_gap()
        if self._newest_first:
            return () if fresh_first else self._choose(progress, max_bytes, backlog_first=False)
        return self._read(progress.position, _END, max_bytes, backwards=False)

    def _read(self, after: int, last: int, max_bytes: int, *, backwards: bool) -> list[Row]:
        """Return rows of a stretch in their order, from its beginning or from its end."""
        rows: list[Row] = []
        size = 0
        # A query a row: an open cursor would keep the log of the writer from being reused.
        while size < max_bytes:
            room = max_bytes - size if rows else _END
            if backwards:
                between = after, rows[-1].id - 1 if rows else last
                row = self._connection.execute(_LAST, (room, *between)).fetchone()
            else:
                between = rows[-1].id if rows else after, last
                row = self._connection.execute(_FIRST, (room, *between)).fetchone()
            if row is None or row[4] > room:
                break
            rows.append(_checked(Row(*row)))
            size += row[4]
        return rows[::-1] if backwards else rows

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _checked(row: Row) -> Row:
    """Return the row if it is as it was written, as far as can be seen at a glance: 40 us a megabyte."""
    if len(row.body) + len(row.origins) != row.size or row.body.count(b"\n") != row.points:
        raise Damaged(f"row {row.id} is not what was written")
    return row
