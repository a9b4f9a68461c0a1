"""Reads the historian: what there is, how things stand now, and how a value went."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from orjson import loads

from gateway.models import INT64_MAX, INT64_MIN, Value
from gateway.sinks.historian.schema import PERIOD_NS, failure, open_for_reading


class Latest(NamedTuple):
    """The newest value of a field of a machine."""

    measurement: str
    tags: dict[str, str]
    field: str
    timestamp_ns: int
    value: Value


class Sample(NamedTuple):
    """A value, and when it was true (nanoseconds since 1970-01-01T00:00:00Z)."""

    timestamp_ns: int
    value: Value


class Point(NamedTuple):
    """All values of a series at one time."""

    measurement: str
    tags: dict[str, str]
    timestamp_ns: int
    fields: dict[str, Value]


class Historian:
    """A historian's file, open for reading beside the gateway that writes it.

    Every answer shows what was confirmed before the question. To be closed, or used in a `with` statement; one thread
    at a time, the one that opened it.

    Raises:
        SinkUnavailable: The file cannot be opened, or is not there.
        SinkHeld: It is no historian, or one of another version.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._connection = open_for_reading(path)
        except sqlite3.Error as error:
            raise failure(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def assets(self) -> list[str]:
        """Return the names of all machines, in order."""
        return self._texts("SELECT DISTINCT asset FROM series ORDER BY asset")

    def measurements(self, asset: str | None = None) -> list[str]:
        """Return the types of machine there are, or those that one machine has points of, in order."""
        query = "SELECT DISTINCT measurement FROM series WHERE ?1 IS NULL OR asset = ?1 ORDER BY measurement"
        return self._texts(query, asset)

    def fields(self, measurement: str, asset: str | None = None) -> list[str]:
        """Return the names of all fields of a type of machine, or of one machine of it, in order."""
        rows = self._texts(
            "SELECT latest.fields FROM series JOIN latest ON series = id"
            " WHERE measurement = ?1 AND (?2 IS NULL OR asset = ?2)",
            measurement,
            asset,
        )
        return sorted({name for row in rows for name in loads(row)})

    def latest(self, asset: str) -> list[Latest]:
        """Return the newest value of every field of a machine, by measurement, tags and field."""
        rows = self._connection.execute(
            "SELECT measurement, tags, fields FROM series JOIN latest ON series = id WHERE asset = ?"
            " ORDER BY measurement, tags",
            (asset,),
        ).fetchall()
        return [
            Latest(measurement, loads(tags), field, timestamp_ns, value)
            for measurement, tags, fields in rows
            for field, (timestamp_ns, value) in sorted(loads(fields).items())
        ]

    def range(
        self,
        asset: str,
        measurement: str,
        field: str,
        start_ns: int = INT64_MIN,
        end_ns: int = INT64_MAX,
        *,
        tags: Mapping[str, str] | None = None,
        limit: int = 100_000,
    ) -> list[Sample]:
        """Return how a field of a machine went, in order of time.

        Args:
            asset: The machine.
            measurement: Its type.
            field: The name of the field.
            start_ns: Earliest time.
            end_ns: Latest time; what lies at it is returned as well.
            tags: Only of series that have these tags: in the narrow layout `{"metric": ...}` tells values apart.
            limit: The most samples to return, the earliest ones; to go on, ask again from the last time plus 1.
        """
        samples: list[Sample] = []
        for series in self._series(asset, measurement, tags or {}):
            # Period by period, as the points are kept: each is one look into the tree.
            rows = self._connection.execute(
                "SELECT timestamp_ns, fields FROM period CROSS JOIN point ON period = number"
                " WHERE number BETWEEN ? AND ? AND series = ? AND timestamp_ns BETWEEN ? AND ?"
                " ORDER BY number, timestamp_ns",
                (start_ns // PERIOD_NS, end_ns // PERIOD_NS, series, start_ns, end_ns),
            )
            found = 0
            for timestamp_ns, fields in rows:
                value = loads(fields).get(field)
                if value is not None:
                    samples.append(Sample(timestamp_ns, value))
                    found += 1
                    if found >= limit:
                        break
            rows.close()
        return sorted(samples, key=lambda sample: sample.timestamp_ns)[:limit]

    def points(self, measurement: str | None = None) -> Iterator[Point]:
        """Go through all points, roughly in order of time.

        While this goes on the file's log cannot be emptied and grows: for export and comparison, not for a dashboard.
        """
        rows = self._connection.execute(
            "SELECT measurement, tags, timestamp_ns, fields FROM point CROSS JOIN series ON id = series"
            " WHERE ?1 IS NULL OR measurement = ?1",
            (measurement,),
        )
        for name, tags, timestamp_ns, fields in rows:
            yield Point(name, loads(tags), timestamp_ns, loads(fields))

    def point_count(self) -> int:
        """Count all points: a series has one at a time. Reads the whole file."""
        return self._count("SELECT count(*) FROM point")

    def value_count(self) -> int:
        """Count the values of all points. Reads the whole file."""
        return self._count("SELECT coalesce(sum(field_count(fields)), 0) FROM point")

    def _series(self, asset: str, measurement: str, tags: Mapping[str, str]) -> list[int]:
        rows = self._connection.execute(
            "SELECT id, tags FROM series WHERE asset = ? AND measurement = ?", (asset, measurement)
        ).fetchall()
        return [number for number, own in rows if tags.items() <= loads(own).items()]

    def _texts(self, query: str, *parameters: str | None) -> list[str]:
        return [text for (text,) in self._connection.execute(query, parameters)]

    def _count(self, query: str) -> int:
        row: tuple[int] = self._connection.execute(query).fetchone()
        return row[0]
