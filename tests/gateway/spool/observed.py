"""What a spool keeps, as a value that can be compared with what it was told to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.models import Definition
from gateway.spool import Row, Spool
from gateway.spool.account import Amounts, amounts_of

SOURCE = "plant"


@dataclass(frozen=True)
class Observed:
    """All that a spool keeps. Rows are told by their bodies, of which no two are the same.

    Attributes:
        rows: The body of each row, in order.
        has: By sink: the rows that it has confirmed, of those that are there.
        dead_letters: Reason and payload of each, in order.
        held: Key and payload of each held message, in order.
        remembered: Payloads of remembered messages, in order.
        redelivery: The keys of what may be sent again, in order.
        definitions: The last definition of each metric.
        state: The small texts.
    """

    rows: Sequence[bytes] = ()
    has: Mapping[str, frozenset[bytes]] = field(default_factory=dict)
    dead_letters: Sequence[tuple[str, bytes]] = ()
    held: Sequence[tuple[str, bytes]] = ()
    remembered: Sequence[bytes] = ()
    redelivery: bytes = b""
    definitions: Mapping[tuple[str, str, str], Definition] = field(default_factory=dict)
    state: Mapping[str, str] = field(default_factory=dict)


def rows_of(spool: Spool) -> list[Row]:
    """Return all rows, in order."""
    columns = "id, created_ns, messages, points, size, body, origins"
    return [Row(*row) for row in spool._connection.execute(f"SELECT {columns} FROM records ORDER BY id")]


def total(rows: Sequence[Row]) -> Amounts:
    """Return what these rows come to."""
    result = Amounts()
    for row in rows:
        result = result.plus(amounts_of(row))
    return result


def observe(spool: Spool) -> Observed:
    """Return what a spool keeps; fail if what it knows by heart is something else, or a row is damaged."""
    account, connection = spool.account, spool._connection
    rows = rows_of(spool)
    if not account.unsaved:
        assert account.waiting == total(rows)
        assert account.oldest_ns == (rows[0].created_ns if rows else 0)
        for sink, progress in account.progress.items():
            assert account.behind[sink] == total([row for row in rows if not progress.has(row.id)])
    for row in rows:
        assert (row.points, row.size) == (row.body.count(b"\n"), len(row.body) + len(row.origins))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return Observed(
        rows=tuple(row.body for row in rows),
        has={
            sink: frozenset(row.body for row in rows if progress.has(row.id))
            for sink, progress in account.progress.items()
        },
        dead_letters=tuple(connection.execute("SELECT reason, payload FROM dead_letters ORDER BY id")),
        held=tuple((held.key, held.message.payload) for held in spool.held()),
        remembered=tuple(message.payload for message in spool.remembered(SOURCE)),
        redelivery=b"".join(keys for (keys,) in connection.execute("SELECT keys FROM redelivery ORDER BY id")),
        definitions=spool.catalogue(),
        state=dict(connection.execute("SELECT key, value FROM state").fetchall()),
    )
