"""Reads the next rows of a backlog while a sink is busy with the last ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future

from gateway.spool.group import Row
from gateway.spool.progress import Progress
from gateway.spool.reader import SpoolReader
from gateway.worker import Worker


class ReadAhead:
    """Owns a reader and its thread.

    Args:
        reader: Reads the spool.
        name: Of the thread.
    """

    def __init__(self, reader: SpoolReader, name: str) -> None:
        self._reader = reader
        self._worker = Worker(name)
        self._next: tuple[int, Future[Sequence[Row]]] | None = None

    async def read(self, progress: Progress, max_bytes: int, *, backlog_first: bool = False) -> Sequence[Row]:
        """Return rows that are lacking; see `SpoolReader.read`."""
        prepared, self._next = self._next, None
        if prepared is not None:
            position, future = prepared
            rows = await asyncio.wrap_future(future)
            if rows and progress.position == position and not progress.stretches:
                return rows
        return await self._worker.run(self._reader.read, progress.copy(), max_bytes, backlog_first=backlog_first)

    def prepare(self, progress: Progress, rows: Sequence[Row], max_bytes: int) -> None:
        """Read what will be lacking once these rows, which follow the position, are confirmed."""
        if not progress.stretches:
            position = rows[-1].id
            self._next = position, self._worker.start(self._reader.read, Progress(position), max_bytes)

    def close(self, seconds: float) -> None:
        """End the thread, within so many seconds, and let go of the file."""
        if self._worker.stop(seconds):
            self._reader.close()
