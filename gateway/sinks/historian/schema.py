"""The file of the historian: its tables, and how it is opened so that what was confirmed survives a power cut.

A row is a point: all values that one series has at one time, as a JSON object. A point that comes again is merged into
the row, new values over old ones, which is the overwrite rule of InfluxDB. Beside it stands the newest value of every
field, for whoever asks what a machine does now.

Points are kept by period of ten seconds, then by series, then by time. What is written at about the same time so lies
close together: with 1000 series a point costs 0.5 kB of writing to disk, where it would cost 5 kB if each series were
kept apart, and SQLite takes four times as many points a second. Reading one series costs a look into each period: 8640
a day. (One row for each value was measured as well: half as fast to write, and no smaller.)

    SELECT timestamp_ns, fields ->> 'temperature' FROM point JOIN series ON id = series WHERE asset = 'press-7'

The file grows by about 200 bytes for a point of six values. Nothing is ever deleted from it.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import TypeAlias

from orjson import dumps, loads

from gateway.errors import SinkError, SinkHeld, SinkUnavailable
from gateway.models import Value

PERIOD_NS = 10_000_000_000
"""Length of a period."""

APPLICATION_ID = 0x46544748
"""`FTGH`, in the header of the file."""

VERSION = 1
"""Of these tables; a file of another version is left alone."""

BUSY_SECONDS = 5.0
"""How long to wait for another process that writes."""

_TABLES = """
    CREATE TABLE series (
        id INTEGER PRIMARY KEY,
        measurement TEXT NOT NULL,
        asset TEXT NOT NULL,
        tags TEXT NOT NULL, -- all of them, a JSON object with its names in order
        UNIQUE (measurement, tags)
    );
    CREATE INDEX series_by_asset ON series (asset);
    CREATE TABLE period ( -- those that have points
        number INTEGER PRIMARY KEY
    );
    CREATE TABLE point (
        period INTEGER NOT NULL,
        series INTEGER NOT NULL,
        timestamp_ns INTEGER NOT NULL,
        fields TEXT NOT NULL, -- name to value, a JSON object
        PRIMARY KEY (period, series, timestamp_ns)
    ) WITHOUT ROWID;
    CREATE TABLE latest (
        series INTEGER PRIMARY KEY,
        fields TEXT NOT NULL -- name to [timestamp_ns, value], a JSON object
    );
"""

Newest: TypeAlias = dict[str, tuple[int, Value]]
"""Name of a field to its newest time and value."""

_BUSY_POLL_SECONDS = 0.01
# Full, busy, locked, out of memory, input/output error, cannot open, locking protocol: these pass.
_PASSING = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)


def open_for_writing(path: Path, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open the historian's file, and create it with its folder if it is not there.

    A commit waits until the data is on the disk (`synchronous=FULL`): with `NORMAL` it would survive a killed process,
    and not a power cut.

    Raises:
        OSError: The folder cannot be created.
        sqlite3.Error: The file cannot be opened, or is no database.
        SinkHeld: It belongs to another program or version, or its disk cannot keep the promise.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Calls come from one thread at a time, though not always from the same.
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection, path, busy_seconds)
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open the historian's file beside the gateway that writes it; nothing can be changed through this.

    Raises:
        sqlite3.Error: There is no such file, or it is no database.
        SinkHeld: It belongs to another program or version.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    try:
        known = _recognised(connection)
    except BaseException:
        connection.close()
        raise
    if not known:
        connection.close()
        raise SinkHeld(f"{path}: not a historian of version {VERSION}")
    connection.create_function("field_count", 1, lambda fields: len(loads(fields)), deterministic=True)
    return connection


def failure(path: Path, error: sqlite3.Error | OSError) -> SinkError:
    """Return what an error of the file means: what passes by itself is waited for, the rest is the operator's."""
    if isinstance(error, OSError):
        return SinkUnavailable(f"{path}: {error.strerror}")
    # The lower byte is the kind of error, the others say more (https://www.sqlite.org/rescode.html).
    if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _PASSING:
        return SinkUnavailable(f"{path}: {error}")
    return SinkHeld(f"{path}: {error}: move the file aside if it is damaged, or give the gateway the right to write it")


def _prepare(connection: sqlite3.Connection, path: Path, busy_seconds: float) -> None:
    connection.execute("BEGIN")  # one snapshot for both: another gateway may create the file between them
    known, empty = _recognised(connection), _empty(connection)
    connection.execute("COMMIT")
    if not known and not empty:  # before anything is changed: it may be anyone's
        raise SinkHeld(f"{path}: not a historian of version {VERSION}: move it aside, or set another path")
    _write_ahead(connection, busy_seconds)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")  # pages: 16 MB, so that hot pages are not copied often
    connection.execute("PRAGMA cache_size = -16384")  # KiB
    in_force = [_pragma(connection, name) for name in ("journal_mode", "synchronous")]
    if in_force != ["wal", 2]:
        raise SinkHeld(f"{path}: SQLite cannot use its write-ahead log here ({in_force}): choose a local disk")
    if not known:
        _create(connection)
    connection.create_function("merge", 2, _merge, deterministic=True)
    connection.create_function("newest", 2, _newest, deterministic=True)


def _write_ahead(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Turn on the write-ahead log. SQLite does not wait here for another who is just doing the same, so this does."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_BUSY_POLL_SECONDS)
        else:
            return


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _empty(connection):  # else another process has just created it
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _recognised(connection: sqlite3.Connection) -> bool:
    return (_pragma(connection, "application_id"), _pragma(connection, "user_version")) == (APPLICATION_ID, VERSION)


def _empty(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,))


def _pragma(connection: sqlite3.Connection, name: str) -> object:
    row: tuple[object] = connection.execute(f"PRAGMA {name}").fetchone()
    return row[0]


def _merge(old: str, new: str) -> str:
    """Return a point's fields with new ones over old ones."""
    return dumps(loads(old) | loads(new)).decode()


def _newest(old: str, new: str) -> str:
    """Return of each field the value with the later time; of two with the same time the new one, as it overwrites."""
    fields: Newest = loads(old)
    for name, (timestamp_ns, value) in loads(new).items():
        if name not in fields or fields[name][0] <= timestamp_ns:
            fields[name] = (timestamp_ns, value)
    return dumps(fields).decode()
