"""Looks at dead letters, beside a running gateway: no look holds up its writing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from gateway.errors import GatewayError, SpoolError
from gateway.spool import Kept, Request, Selection
from gateway.spool.dead_letters import COLUMNS
from gateway.spool.file import open_for_reading
from gateway.spool.requests import look_up
from gateway.spool.selection import teach

PAGE = 200
"""Letters that are read at a time: a long read would keep the gateway's log from being used again."""
ANY = Selection()


class Tally(NamedTuple):
    """How many dead letters of one sort there were, and how many of them are kept.

    Attributes:
        seen: All that there were, without those that were cured by a retry.
        kept: Those that are kept.
        last_ns: When the last one came.
    """

    kind: str
    reason: str
    source: str
    sink: str
    topic: str
    subject: str
    seen: int
    kept: int
    last_ns: int


@contextmanager
def reading(spool: Path) -> Iterator[sqlite3.Connection]:
    """Open the spool to look at dead letters.

    Raises:
        SpoolError: There is none, or it cannot be read.
    """
    connection = open_for_reading(spool)
    try:
        teach(connection)
        yield connection
    except sqlite3.Error as error:
        raise SpoolError(f"{spool} cannot be read: {error}") from error
    finally:
        connection.close()


def tallies(spool: Path, chosen: Selection = ANY) -> list[Tally]:
    """Return the numbers by sort, the most frequent first; of times only `since_ns` counts, for the latest letter."""
    condition, parameters = chosen.of_counts()
    with reading(spool) as connection:
        return [
            Tally(*row)
            for row in connection.execute(
                "SELECT kind, reason, source, sink, topic, subject, seen, (SELECT count(*) FROM dead_letters WHERE "  # noqa: S608  # constants
                "counted = dead_letter_counts.id), last_ns "
                f"FROM dead_letter_counts WHERE {condition} ORDER BY seen DESC, id",
                parameters,
            )
        ]


def number_of(spool: Path, chosen: Selection = ANY) -> int:
    """Return how many letters are meant."""
    condition, parameters = chosen.of_letters()
    with reading(spool) as connection:
        query = f"SELECT count(*) FROM dead_letters WHERE {condition}"  # noqa: S608  # constants
        number: int = connection.execute(query, parameters).fetchone()[0]
    return min(number, chosen.limit or number)


def letters(spool: Path, chosen: Selection = ANY) -> list[Kept]:
    """Return the latest letters that are meant, newest first; 50 if there is no limit."""
    condition, parameters = chosen.of_letters()
    with reading(spool) as connection:
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM dead_letters WHERE {condition} ORDER BY id DESC LIMIT ?",  # noqa: S608  # constants
            [*parameters, chosen.limit or 50],
        )
        return [Kept.of(row) for row in rows]


def pages(spool: Path, chosen: Selection = ANY) -> Iterator[Sequence[Kept]]:
    """Yield all letters that are meant, oldest first, page by page."""
    condition, parameters = chosen.of_letters()
    with reading(spool) as connection:
        after, left = 0, chosen.limit or 2**63 - 1
        while left:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM dead_letters WHERE id > ? AND {condition} ORDER BY id LIMIT ?",  # noqa: S608  # constants
                (after, *parameters, min(PAGE, left)),
            ).fetchall()
            if not rows:
                return
            after, left = rows[-1][0], left - len(rows)
            yield [Kept.of(row) for row in rows]


def letter(spool: Path, number: int) -> Kept:
    """Return one letter.

    Raises:
        GatewayError: There is none with this number.
    """
    found = letters(spool, Selection(numbers=(number,)))
    if not found:
        raise GatewayError(f"there is no dead letter {number}: `gateway dead-letters list` shows those there are")
    return found[0]


def requests(spool: Path) -> list[Request]:
    """Return what was asked for and is not done yet, and what was done lately, newest first."""
    with reading(spool) as connection:
        numbers = connection.execute("SELECT id FROM dead_letter_requests ORDER BY id DESC").fetchall()
        found = [look_up(connection, number) for (number,) in numbers]
    return [request for request in found if request is not None]
