"""What waits in a spool, as someone sees it who looks at the file, with or without a running gateway."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from gateway.spool.account import Amounts, amounts_behind, amounts_of_all, oldest_ns
from gateway.spool.file import open_for_reading
from gateway.spool.progress import Progress

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
        waiting, oldest = amounts_of_all(connection), oldest_ns(connection)
        progress = {
            sink: Progress(position) for sink, position in connection.execute("SELECT sink, position FROM cursors")
        }
        for sink, first, last in connection.execute("SELECT sink, first, last FROM stretches"):
            progress[sink].add(first, last)
        behind = {sink: amounts_behind(connection, one) for sink, one in progress.items()}
        recent, since_ns = connection.execute(
            "SELECT coalesce(sum(size), 0), coalesce(min(created_ns), 0) FROM records WHERE created_ns > ?",
            (now_ns - RECENT_NS,),
        ).fetchone()
        held = connection.execute("SELECT count(*) FROM held").fetchone()[0]
        dead = connection.execute("SELECT count(*) FROM dead_letters").fetchone()[0]
    finally:
        connection.close()
    hours_left = None
    if recent and now_ns > since_ns:
        hours_left = (max_bytes - waiting.size) / (recent / (now_ns - since_ns)) / 3_600e9
    return Survey(waiting, oldest, behind, held, dead, hours_left)
