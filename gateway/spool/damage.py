"""What is done when the spool's file turns out to be damaged: it is marked, set aside, and read as far as it goes.

Damage is found where the damaged place is read: at the start, or days later. A gateway that finds it leaves a mark
beside the file and ends. The next one that starts sets the file aside, never deletes it, and begins a new one with all
that can still be read. Each step is safe to be interrupted, and to be taken again:

    spool.db.is-damaged   the mark
    spool.db.damaged-1    the file set aside
    spool.db.unfinished   the new one while it is filled
    spool.db.salvaged     the new one when it is whole; then the mark goes, and it gets the name of the spool
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import structlog

from gateway.errors import SpoolError, SpoolFull
from gateway.spool.file import Damaged, open_file, sync_folders
from gateway.spool.salvage import readable_copy, salvage

STATE = "damaged"
"""Under this key the spool keeps what is known of damage: see `Damage`."""
REMEDY = (
    "Check the disk (dmesg, smartctl -a) and its cable or card, and keep the file set aside until you know whether "
    "what is missing is needed"
)
MAX_ASIDE = 9
"""Files set aside: a disk that damages more of them must be looked at, and they must not fill it."""
_BESIDE = ("-wal", "-shm")
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

log = structlog.get_logger()


class Damage(NamedTuple):
    """What is known of damage.

    Attributes:
        times: How often a file was found damaged.
        last_ns: When the last one was set aside.
        aside: Its name now.
        reason: What was wrong with it.
        rows: Rows of records that could be read.
        missing: Rows that could not, as far as their numbers tell.
        unreadable: Further entries that could not be read (held messages, dead letters and others), at least.
    """

    times: int = 0
    last_ns: int = 0
    aside: str = ""
    reason: str = ""
    rows: int = 0
    missing: int = 0
    unreadable: int = 0

    @classmethod
    def kept(cls, connection: sqlite3.Connection) -> Damage | None:
        """Return what a spool knows of earlier damage; None if there was none."""
        row = connection.execute("SELECT value FROM state WHERE key = ?", (STATE,)).fetchone()
        return None if row is None else cls(*json.loads(row[0]))


def is_damage(error: Exception) -> bool:
    """Whether an error says that the file is damaged; not that its disk cannot be read or written just now."""
    if isinstance(error, Damaged):
        return True
    if isinstance(error, sqlite3.OperationalError) and str(error).startswith("Could not decode to UTF-8"):
        return True
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def found_damaged(path: Path, error: Exception) -> bool:
    """Mark the spool as damaged if an error says so; return whether it does."""
    if not is_damage(error):
        return False
    descriptor = os.open(_mark(path), os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, f"{error}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folders(path.parent)
    return True


def failure(path: Path, error: Exception) -> SpoolError:
    """Return an error of SQLite in our words, and mark the spool if it is damaged."""
    if getattr(error, "sqlite_errorcode", 0) in _NO_ROOM:
        return SpoolFull(f"the disk of {path} is full")
    try:
        if found_damaged(path, error):
            return SpoolError(
                f"{path} is damaged ({error}): the next start sets it aside and goes on with all that can be read"
            )
    except OSError as unmarked:
        return SpoolError(f"{path} is damaged ({error}), and its disk takes no mark of that ({unmarked.strerror})")
    return SpoolError(f"{path}: {error}")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn errors of reading into ours; content that makes no sense is damage, too.

    Raises:
        SpoolError: It cannot be read.
    """
    try:
        yield
    except (sqlite3.Error, Damaged) as error:
        raise failure(path, error) from error
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise failure(path, Damaged(f"its content makes no sense: {error}")) from error


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open the spool, made new where there is none; one that is damaged is set aside first, and what can be is kept.

    Raises:
        SpoolError: It cannot be opened, was written by a later version, or is no spool.
    """
    try:
        _replace_if_marked(path)
        try:
            return open_file(path)
        except (Damaged, sqlite3.Error) as error:
            if not found_damaged(path, error):
                raise
            _replace_if_marked(path)
            return open_file(path)
    except (sqlite3.Error, Damaged) as error:
        raise SpoolError(f"the spool cannot be opened: {failure(path, error)}") from error
    except OSError as error:
        raise SpoolError(f"the spool cannot be opened: {path}: {error.strerror}") from error


def _replace_if_marked(path: Path) -> None:
    mark, salvaged = _mark(path), _beside(path, ".salvaged")
    if mark.exists() and not salvaged.exists():
        aside = _set_aside(path)
        if aside is not None:
            _fill(path, aside, " ".join(mark.read_text(errors="replace").split()))
    if mark.exists():
        mark.unlink()
        sync_folders(path.parent)
    if salvaged.exists():
        salvaged.rename(path)
        sync_folders(path.parent)


def _set_aside(path: Path) -> Path | None:
    """Give the damaged file another name, unless it has one from an interrupted attempt; return that."""
    number = 1
    while _beside(path, f".damaged-{number}").exists():
        number += 1
    if not path.exists():
        return _beside(path, f".damaged-{number - 1}") if number > 1 else None
    if number > MAX_ASIDE:
        raise SpoolError(f"{path} is damaged, and {MAX_ASIDE} others are set aside. {REMEDY}; then move them away")
    aside = _beside(path, f".damaged-{number}")
    for ending in _BESIDE:
        with contextlib.suppress(FileNotFoundError):
            _beside(path, ending).rename(_beside(aside, ending))
    sync_folders(path.parent)
    path.rename(aside)
    sync_folders(path.parent)
    return aside


def _fill(path: Path, aside: Path, reason: str) -> None:
    """Make the new spool of what can be read of the old one."""
    unfinished, copy = _beside(path, ".unfinished"), _beside(path, ".copy")
    for name in (unfinished, copy):
        for ending in ("", *_BESIDE):
            _beside(name, ending).unlink(missing_ok=True)
    free, size = shutil.disk_usage(path.parent).free, aside.stat().st_size
    log.warning("The spool is damaged; what can be read of it is copied", aside=str(aside), size=size, free=free)
    new = open_file(unfinished)
    try:
        found = salvage(readable_copy(aside, unfinished, copy), new)
        before = Damage.kept(new) or Damage()
        damage = Damage(
            before.times + 1, time.time_ns(), aside.name, reason[:500], found.rows, found.missing, found.unreadable
        )
        new.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (STATE, json.dumps(damage)))
    finally:
        new.close()  # which brings everything into the one file
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    for ending in ("", *_BESIDE):
        _beside(copy, ending).unlink(missing_ok=True)
    unfinished.rename(_beside(path, ".salvaged"))
    sync_folders(path.parent)
    log.error(
        "The spool was damaged and set aside; the new one has all that could be read, and what is missing is lost",
        spool=str(path),
        aside=str(aside),
        reason=reason,
        rows=found.rows,
        missing=found.missing,
        unreadable=found.unreadable,
        remedy=REMEDY,
    )


def _mark(path: Path) -> Path:
    return _beside(path, ".is-damaged")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
