"""Reads what waits in the spool, beside the thread that writes to it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gateway.spool.file import open_for_reading
from gateway.spool.group import Origins


class Row(NamedTuple):
    """Records that wait, as one group committed them.

    Attributes:
        id: Rises with every group.
        created_ns: When it was committed.
        messages: Messages that the records came from.
        points: Records.
        size: Bytes it takes.
        body: The records, one a line.
        origins: Packed; see `Origins`.
    """

    id: int
    created_ns: int
    messages: int
    points: int
    size: int
    body: bytes
    origins: bytes

    def origin_of(self, record: int) -> tuple[int, str, str]:
        """Return the number of the message a record came from, its source and its topic."""
        origins = Origins.unpack(self.origins)
        message, topic = origins.message_of(record)
        return message, origins.source, topic


class SpoolReader:
    """Reads what waits, in a thread of its own, beside the writer."""

    def __init__(self, path: Path) -> None:
        self._connection = open_for_reading(path)

    def read(self, after: int, max_bytes: int) -> list[Row]:
        """Return the rows after a place, oldest first: at least one if there is any, and about `max_bytes` in all."""
        rows: list[Row] = []
        size = 0
        # A query a row: an open cursor would keep the log of the writer from being reused.
        while size < max_bytes:
            row = self._connection.execute(
                "SELECT id, created_ns, messages, points, size, body, origins FROM records "
                "WHERE id > ? ORDER BY id LIMIT 1",
                (rows[-1].id if rows else after,),
            ).fetchone()
            if row is None or (rows and size + row[4] > max_bytes):
                break
            rows.append(Row(*row))
            size += row[4]
        return rows

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
