"""Looks at dead letters, beside a running gateway."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import GatewayError
from gateway.spool import Kind
from gateway.spool.file import open_for_reading

_COLUMNS = "id, kind, created_ns, received_ns, source, topic, sink, reason, detail, payload, properties"


@dataclass(frozen=True)
class Kept:
    """A dead letter as it is kept; times are nanoseconds since 1970, `properties` is what MQTT 5 said beside it."""

    id: int
    kind: str
    created_ns: int
    received_ns: int
    source: str
    topic: str
    sink: str
    reason: str
    detail: str
    payload: bytes
    properties: str


@dataclass(frozen=True)
class Tally:
    """How many dead letters there were for a reason and topic, and how many of them are kept."""

    kind: str
    reason: str
    topic: str
    seen: int
    kept: int
    last_ns: int


@contextmanager
def _reading(spool: Path) -> Iterator[sqlite3.Connection]:
    connection = open_for_reading(spool)
    try:
        yield connection
    finally:
        connection.close()


def tallies(spool: Path, kind: Kind | None = None) -> list[Tally]:
    """Return the numbers by reason and topic, the most frequent first."""
    with _reading(spool) as connection:
        return [
            Tally(*row)
            for row in connection.execute(
                "SELECT kind, reason, topic, seen, (SELECT count(*) FROM dead_letters AS kept WHERE "
                "(kept.kind, kept.reason, kept.topic) = (counted.kind, counted.reason, counted.topic)), last_ns "
                "FROM dead_letter_counts AS counted WHERE ?1 IS NULL OR kind = ?1 ORDER BY seen DESC",
                (None if kind is None else kind.value,),
            )
        ]


def letters(spool: Path, *, kind: Kind | None = None, reason: str = "", topic: str = "", limit: int = 50) -> list[Kept]:
    """Return the latest letters, newest first, of a kind, with a reason or topic that contains a text."""
    with _reading(spool) as connection:
        return [
            Kept(*row)
            for row in connection.execute(
                f"SELECT {_COLUMNS} FROM dead_letters WHERE (?1 IS NULL OR kind = ?1) "  # noqa: S608  # a constant
                "AND instr(reason, ?2) AND instr(topic, ?3) ORDER BY id DESC LIMIT ?4",
                (None if kind is None else kind.value, reason, topic, limit),
            )
        ]


def letter(spool: Path, number: int) -> Kept:
    """Return one letter.

    Raises:
        GatewayError: There is none with this number.
    """
    with _reading(spool) as connection:
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM dead_letters WHERE id = ?",  # noqa: S608  # a constant
            (number,),
        ).fetchone()
    if row is None:
        raise GatewayError(f"there is no dead letter {number}: `gateway dead-letters list` shows those there are")
    return Kept(*row)
