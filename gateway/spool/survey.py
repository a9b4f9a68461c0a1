"""What waits in a spool, as someone sees it who looks at the file, with or without a running gateway."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from gateway.spool.account import Amounts, amounts_behind, amounts_between, oldest_ns
from gateway.spool.file import open_for_reading
from gateway.spool.progress import Progress, common

RECENT_NS = 600 * 1_000_000_000
"""The time over which the present rate is taken: ten minutes."""


class Survey(NamedTuple):
    """What waits.

    Attributes:
        waiting: What waits.
        oldest_ns: When the oldest of it was committed; 0 if nothing waits.
        behind: By sink: what it lacks.
        held: Messages that wait for a birth or for metadata.
        dead_letters: Dead letters that are kept.
        hours_left: How long the room lasts at the rate of the last ten minutes; None if nothing came in.
    """

    waiting: Amounts
    oldest_ns: int
    behind: Mapping[str, Amounts]
    held: int
    dead_letters: int
    hours_left: float | None


def survey(path: Path, max_bytes: int, now_ns: int) -> Survey:
    """Look at a spool.

    Raises:
        SpoolError: There is none, or it cannot be read.
    """
    connection = open_for_reading(path)
    try:
        connection.execute("BEGIN")  # a running gateway deletes rows meanwhile
        oldest = oldest_ns(connection)
        progress = {
            sink: Progress(position) for sink, position in connection.execute("SELECT sink, position FROM cursors")
        }
        for sink, first, last in connection.execute("SELECT sink, first, last FROM stretches"):
            progress[sink].add(first, last)
        behind = {sink: amounts_behind(connection, one) for sink, one in progress.items()}
        waiting = amounts_behind(connection, common(list(progress.values()) or [Progress()]))
        rate = _bytes_a_second(connection, now_ns)
        held = connection.execute("SELECT count(*) FROM held").fetchone()[0]
        dead = connection.execute("SELECT count(*) FROM dead_letters").fetchone()[0]
    finally:
        connection.close()
    hours_left = (max_bytes - waiting.size) / rate / 3600 if rate else None
    return Survey(waiting, oldest, behind, held, dead, hours_left)


def _bytes_a_second(connection: sqlite3.Connection, now_ns: int) -> float:
    """Return how fast it was written to lately; 0 if it was not."""
    low, high = connection.execute("SELECT coalesce(min(id), 1), coalesce(max(id), 0) FROM records").fetchone()
    end = high
    while low <= high:  # halve the numbers, which rise with time, until the first recent row is found
        middle = (low + high) // 2
        number, created_ns = connection.execute(
            "SELECT id, created_ns FROM records WHERE id >= ? ORDER BY id LIMIT 1", (middle,)
        ).fetchone()
        if created_ns > now_ns - RECENT_NS:
            high = middle - 1
        else:
            low = number + 1
    if low > end:
        return 0.0
    (first_ns,) = connection.execute(
        "SELECT created_ns FROM records WHERE id >= ? ORDER BY id LIMIT 1", (low,)
    ).fetchone()
    return amounts_between(connection, low, end).size / max(1e-9, (now_ns - int(first_ns)) / 1e9)
