"""A database `plant` on a real influxd: sinks that write to it, numbered points for them, and how many arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeAlias

from gateway.interfaces import Batch
from gateway.settings.sinks import InfluxDB
from gateway.sinks.influxdb import InfluxDBSink
from tests.servers.databases import Influxd

OpenSink: TypeAlias = Callable[..., InfluxDBSink]


@contextmanager
def open_sinks() -> Iterator[OpenSink]:
    """Return a function that opens a sink for the database of a server; all are closed at the end of the block."""
    with ExitStack() as stack:

        def open_one(server: Influxd, **options: object) -> InfluxDBSink:
            target = {"name": "db", "type": "influxdb", "api": "v1", "url": server.url, "database": "plant"}
            sink = InfluxDBSink(InfluxDB.model_validate(target | options))
            stack.callback(sink.close)
            return sink

        yield open_one


def batch(*lines: str) -> Batch:
    """Return a batch of these records."""
    return Batch("".join(f"{line}\n" for line in lines).encode(), len(lines))


def numbered(count: int, first: int = 1) -> Batch:
    """Return a batch of points whose times and values are numbers that follow each other."""
    return batch(*(f"cnc,asset=a x={number}.5 {number}" for number in range(first, first + count)))


def count(server: Influxd, field: str = "x") -> int:
    """Return how many values of a field the database has."""
    rows = server.query(f'SELECT count("{field}") FROM cnc', "plant")  # of the test itself
    return int(str(rows[0]["count"])) if rows else 0
