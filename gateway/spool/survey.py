"""What waits in a spool, as someone sees it who looks at the file, with or without a running gateway."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from gateway.spool.file import open_for_reading
from gateway.spool.store import AMOUNTS, Depth

RECENT_NS = 600 * 1_000_000_000
"""The time over which the present rate is taken: ten minutes."""


class Survey(NamedTuple):
    """What waits.

    Attributes:
        depth: Rows, messages, points, bytes, and when the oldest was committed.
        behind: By sink: messages that it does not have.
        held: Messages that wait for a birth or for metadata.
        dead_letters: Dead letters that are kept.
        hours_left: How long the room lasts at the rate of the last ten minutes; None if nothing came in.
    """

    depth: Depth
    behind: Mapping[str, int]
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
        oldest = connection.execute("SELECT created_ns FROM records ORDER BY id LIMIT 1").fetchone() or (0,)
        depth = Depth(*connection.execute(f"{AMOUNTS} FROM records").fetchone(), *oldest)
        behind = dict(
            connection.execute(
                "SELECT sink, (SELECT coalesce(sum(messages), 0) FROM records WHERE id > position) FROM cursors"
            ).fetchall()
        )
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
        hours_left = (max_bytes - depth.size) / (recent / (now_ns - since_ns)) / 3_600e9
    return Survey(depth, behind, held, dead, hours_left)
