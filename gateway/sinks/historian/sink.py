"""The embedded historian as a sink: a batch is one transaction of its file."""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict

from orjson import OPT_SORT_KEYS, dumps

from gateway.errors import SinkRejected
from gateway.interfaces import Batch
from gateway.settings.sinks import Historian as HistorianSettings
from gateway.sinks.historian.records import Record, read_record, read_series
from gateway.sinks.historian.schema import BUSY_SECONDS, PERIOD_NS, Newest, failure, open_for_writing

MAX_SERIES = 200_000
"""Series whose number in the file is remembered."""

MAX_BATCH_BYTES = 2 * 2**20
"""Larger batches gain nothing, and the log of the file would grow by several times their size."""


class HistorianSink:
    """Keeps points in a SQLite file with the overwrite rule of InfluxDB: series, time and field decide.

    It takes exactly the records that the gateway's encoder writes. A batch is written whole or not at all, and is on
    the disk when `write` returns. Values of one field may be of several types.

    Args:
        settings: Where the file is.
        busy_seconds: How long to wait for another process that writes.

    Attributes:
        name: As configured.
        max_batch_bytes: 2 MiB.
    """

    def __init__(self, settings: HistorianSettings, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.name = settings.name
        self.max_batch_bytes = MAX_BATCH_BYTES
        self._path = settings.path
        self._busy_seconds = busy_seconds
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] = (0, 0)
        self._series: dict[bytes, int] = {}

    def write(self, batch: Batch) -> None:
        """Write all records of the batch, or raise. See `Sink`."""
        records = [self._read(index, line) for index, line in enumerate(batch.body.split(b"\n")[:-1])]
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                series = self._store(connection, records)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except (sqlite3.Error, OSError) as error:
            self.close()  # whatever is wrong with the file, the next attempt opens it anew
            raise failure(self._path, error) from error
        # Only now: the numbers of a transaction that was rolled back are given to others.
        if len(self._series) > MAX_SERIES:
            self._series = {}
        self._series |= series

    def check(self) -> str:
        """Open the file, or create it, and try whether it can be written. See `Sink`."""
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            (series,) = connection.execute("SELECT count(*) FROM series").fetchone()
        except (sqlite3.Error, OSError) as error:
            raise failure(self._path, error) from error
        return f"the historian {self._path} can be written and knows {series} series"

    def close(self) -> None:
        """Close the file. See `Sink`."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        """Return the connection to the file that has this path now.

        Raises:
            OSError, sqlite3.Error, SinkHeld: See `open_for_writing`.
        """
        # If someone moved or deleted the file, what is written to the open one would be lost with it. SQLite then
        # leaves the log of the moved file behind, where the next file of this name would throw it away.
        if self._connection is not None and self._identity() != self._file:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.close()
        if self._connection is None:
            self._series = {}
            self._connection = open_for_writing(self._path, self._busy_seconds)
            self._file = self._identity()
        return self._connection

    def _identity(self) -> tuple[int, int]:
        try:
            status = os.stat(self._path)  # noqa: PTH116  # on every write, and half as dear as through pathlib
        except FileNotFoundError:
            return (0, 0)
        return (status.st_dev, status.st_ino)

    def _read(self, index: int, line: bytes) -> Record:
        try:
            record = read_record(line)
            if record.series not in self._series:
                read_series(record.series)
        except ValueError as error:
            raise SinkRejected(f"a record cannot be read: record {index}, {error}") from error
        return record

    def _store(self, connection: sqlite3.Connection, records: list[Record]) -> dict[bytes, int]:
        """Put the records into the tables; return the numbers of their series."""
        spellings = {record.series for record in records}
        series = {spelling: self._series.get(spelling) or _number(connection, spelling) for spelling in spellings}
        points: list[tuple[int, int, int, str]] = []
        newest: defaultdict[int, Newest] = defaultdict(dict)
        # The lines that run for every record: 7 us for six values, with SQLite's part.
        for spelling, timestamp_ns, fields in records:
            number = series[spelling]
            points.append((timestamp_ns // PERIOD_NS, number, timestamp_ns, dumps(fields).decode()))
            known = newest[number]
            for name, value in fields.items():
                if name not in known or known[name][0] <= timestamp_ns:
                    known[name] = (timestamp_ns, value)
        periods = {(period,) for period, *_ in points}
        connection.executemany("INSERT INTO period VALUES (?) ON CONFLICT DO NOTHING", periods)
        connection.executemany(
            "INSERT INTO point VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET fields = merge(fields, excluded.fields)",
            points,
        )
        connection.executemany(
            "INSERT INTO latest VALUES (?, ?) ON CONFLICT DO UPDATE SET fields = newest(fields, excluded.fields)",
            [(number, dumps(fields).decode()) for number, fields in newest.items()],
        )
        return series


def _number(connection: sqlite3.Connection, spelling: bytes) -> int:
    """Return the number of a series, a new one if the file does not know it."""
    key = read_series(spelling)
    tags = dumps(key.tags, option=OPT_SORT_KEYS).decode()
    connection.execute(
        "INSERT INTO series (measurement, asset, tags) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (key.measurement, key.asset, tags),
    )
    query = "SELECT id FROM series WHERE measurement = ? AND tags = ?"
    row: tuple[int] = connection.execute(query, (key.measurement, tags)).fetchone()
    return row[0]
