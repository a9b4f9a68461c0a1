"""The file of the spool: how it is locked, opened, checked, and set aside when it is damaged."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from pathlib import Path

import structlog

from gateway.errors import SpoolError, SpoolLocked
from gateway.spool import dead_letters, requests

APPLICATION_ID = 0x46544757
"""Marks a SQLite file as a spool of this program."""
FORMAT_VERSION = 2

SCHEMA = """
CREATE TABLE records (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_ns INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    points INTEGER NOT NULL,
    size INTEGER NOT NULL,
    rows_so_far INTEGER NOT NULL,
    messages_so_far INTEGER NOT NULL,
    points_so_far INTEGER NOT NULL,
    size_so_far INTEGER NOT NULL,
    body BLOB NOT NULL,
    origins BLOB NOT NULL
) STRICT;
CREATE TABLE cursors (sink TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT;
CREATE TABLE stretches (
    sink TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (sink, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE held (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    received_ns INTEGER NOT NULL,
    properties TEXT NOT NULL
) STRICT;
CREATE INDEX held_by_key ON held (source, key);
CREATE TABLE remembered (
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    received_ns INTEGER NOT NULL,
    properties TEXT NOT NULL,
    PRIMARY KEY (source, key)
) STRICT;
CREATE TABLE redelivery (id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, keys BLOB NOT NULL) STRICT;
CREATE TABLE catalogue (
    asset TEXT NOT NULL,
    measurement TEXT NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (asset, measurement, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""
"""`..._so_far` are sums over this row and all before it that were there when it was committed: what waits between two
rows is a difference, and need not be added up over millions of rows."""
log = structlog.get_logger()


class Lock:
    """Keeps a second gateway away from a spool, for as long as the process lives.

    Raises:
        SpoolLocked: Another process holds it.
        SpoolError: There is no place for it.
    """

    def __init__(self, path: Path) -> None:
        name = path.with_name(path.name + ".lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._descriptor = os.open(name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SpoolError(f"{name} cannot be made: {error.strerror}") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise SpoolLocked(
                f"{path} is used by another gateway: stop it, or give this one a spool of its own"
            ) from error

    def release(self) -> None:
        """Let others in."""
        os.close(self._descriptor)


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open the spool, made new where there is none; a damaged one is set aside, never deleted.

    Raises:
        SpoolError: It cannot be opened, was written by a later version, or is no spool.
    """
    try:
        # Made here and not by SQLite, so that it and the files beside it are for this user only.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        try:
            return _open(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked, no space, no permission: not damaged
                raise
            aside = _set_aside(path)
            log.error(  # noqa: TRY400  # the reason is enough; a traceback helps no operator
                "The spool is damaged and was set aside; a new one is started. What waited in it is not delivered",
                spool=str(path),
                aside=str(aside),
                reason=str(error),
            )
            return _open(path)
    except (OSError, sqlite3.Error) as error:
        raise SpoolError(f"{path} cannot be opened: {error}") from error


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open a spool to look at it, beside a gateway that writes to it.

    Raises:
        SpoolError: There is none, or it cannot be read.
    """
    if not path.exists():
        raise SpoolError(f"there is no spool at {path}: it is made when the gateway first runs")
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA busy_timeout = 5000")
        _check_version(connection, path)
    except sqlite3.Error as error:
        raise SpoolError(f"{path} cannot be read: {error}") from error
    return connection


def open_to_ask(path: Path) -> sqlite3.Connection:
    """Open a spool beside the process that owns it, to write down what is wanted of it: short transactions only.

    Raises:
        SpoolError: There is none, or it cannot be written to.
    """
    open_for_reading(path).close()
    connection = sqlite3.connect(f"file:{path}?mode=rw", uri=True, isolation_level=None)
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        new = connection.execute("PRAGMA user_version").fetchone()[0] == 0 and path.stat().st_size == 0
        if new:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        # FULL: a commit returns after the disk has confirmed it. Read back, because builds differ in what they allow.
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("wal_autocheckpoint", 2000)):
            connection.execute(f"PRAGMA {pragma} = {value}")
            found = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
            if found != value:
                reason = f"{path}: SQLite refuses {pragma} = {value} (it is {found}); use a local disk"
                raise SpoolError(reason)  # noqa: TRY301
        if new:
            connection.executescript(
                f"BEGIN IMMEDIATE; {SCHEMA} {dead_letters.SCHEMA} {requests.SCHEMA} "
                f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT_VERSION}; COMMIT;"
            )
            _sync_folder(path.parent)
        _check_version(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        raise SpoolError(f"{path} is a SQLite file but no spool: name another file")
    if version != FORMAT_VERSION:
        raise SpoolError(
            f"{path} has format {version}, this program knows {FORMAT_VERSION}: run the version that wrote it until "
            "it is empty, or name another file"
        )


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    for ending in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    return aside


def _sync_folder(folder: Path) -> None:
    """Make the file's name as durable as its content: a new name can be lost in a power cut otherwise."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
