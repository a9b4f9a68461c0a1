"""The file of the spool: how it is locked, made, opened and checked."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path

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
CORE = frozenset({"records", "cursors", "stretches", "held", "remembered", "redelivery", "catalogue", "state"})
"""Tables that every spool has from the beginning."""


MEGABYTE = 2**20


class Damaged(Exception):  # noqa: N818  # the name says what is the case
    """The file is not what was written: what it holds cannot be trusted."""


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


def open_file(path: Path) -> sqlite3.Connection:
    """Open the spool for writing; make it where there is none. Everything that it says is on disk then.

    Raises:
        SpoolError: It was written by a later version, or is no spool, or SQLite cannot keep its promise here.
        Damaged, sqlite3.Error, OSError: See `gateway.spool.damage`.
    """
    # Made here and not by SQLite, so that it and the files beside it are for this user only.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        # Not the size of the file: one that was being made when the power went holds an empty database.
        new = not any(
            connection.execute(query).fetchone()[0]
            for query in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
        )
        if new:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        # FULL: a commit returns after the disk has confirmed it. Read back, because builds differ in what they allow.
        # Without secure_delete, which Debian switches on, what the sinks have taken is not overwritten with zeros: that
        # would be a second write of everything, and one that needs room where there is none.
        for pragma, value in (
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("wal_autocheckpoint", 2000),
            ("secure_delete", 0),
        ):
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
        _check_version(connection, path)
        _check_tables(connection)
        _write_again(connection, path.with_name(path.name + "-wal"))
        sync_folders(path.parent)
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


def _write_again(connection: sqlite3.Connection, log: Path) -> None:
    """Put on disk what is read here and may not be there.

    SQLite's own log may hold what an earlier process wrote and did not live to see flushed, or was told could not be.
    It is read all the same, and the second copy of a message would be acknowledged because the first one seems safe.
    And no later flush writes what an earlier one could not: Linux takes it for written. Writing the same bytes in the
    same places changes that, and is safe to be interrupted.
    """
    connection.execute("BEGIN IMMEDIATE")  # nobody else appends to the log meanwhile
    try:
        with log.open("r+b", buffering=0) as file:
            while content := file.read(MEGABYTE):
                file.seek(-len(content), os.SEEK_CUR)
                file.write(content)
            os.fsync(file.fileno())
    finally:
        connection.execute("ROLLBACK")


def _check_tables(connection: sqlite3.Connection) -> None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if missing := CORE - tables:
        raise Damaged(f"these tables are missing: {', '.join(sorted(missing))}")


def sync_folders(folder: Path) -> None:
    """Make names of files as durable as their content, those of folders above them too, which may be new as well."""
    device = folder.stat().st_dev
    for parent in (folder, *folder.resolve().parents):
        if parent.stat().st_dev != device:
            break
        try:
            descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except PermissionError:  # not for this user to read, so not made by this user
            break
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
