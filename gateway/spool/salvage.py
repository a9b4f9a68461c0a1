"""Reads what can still be read of a damaged spool, row by row, into a new one.

Where a damaged page ends the reading of a table, each of the next rows is looked for by its number, until one can be
read again. What cannot be read, or makes no sense, is left out and counted.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gateway.spool.account import Amounts
from gateway.spool.dead_letters import MAX_NAME
from gateway.spool.plausible import plausible
from gateway.spool.progress import Progress, Stretch, common

PAGE = 4096
ROWS_ON_A_PAGE = 100
"""More than there can be: bounds what a damaged number can make us look for."""
MAX_LOOKUPS = 1_000_000
"""Rows looked for one by one after a damaged page: some seconds."""
UNBELIEVABLE = 2**60
"""No spool ever counts so far."""


class Salvaged(NamedTuple):
    """How much was read.

    Attributes:
        rows: Rows of records.
        missing: Rows of records that should be there, as far as their numbers tell.
        unreadable: Entries of other tables, at least.
    """

    rows: int
    missing: int
    unreadable: int


def readable_copy(damaged: Path, new: Path, copy: Path) -> Path:
    """Return the damaged file if SQLite can open it; else a copy of it that has the first page of the new spool.

    Without its first page a file is closed to SQLite, however whole the rest is. In a spool it says hardly more than
    where the tables begin, and they begin in the same places in every spool that is made by the same version.
    """
    connection = _open(damaged)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        shutil.copyfile(damaged, copy)
    else:
        return damaged
    finally:
        connection.close()
    other = sqlite3.connect(new, isolation_level=None)
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    other.close()
    with new.open("rb") as file:
        page = bytearray(file.read(PAGE))
    # https://www.sqlite.org/fileformat.html, 1.3: its size in pages, and no list of free pages.
    page[28:40] = (max(1, copy.stat().st_size // PAGE)).to_bytes(4, "big") + bytes(8)
    with copy.open("r+b") as file:
        file.write(page)
    return copy


def salvage(damaged: Path, new: sqlite3.Connection) -> Salvaged:
    """Read a damaged spool into a new, empty one."""
    old = _open(damaged)
    pages = max(1, damaged.stat().st_size // PAGE)
    taken: dict[str, int] = {}
    unreadable: dict[str, int] = {}
    try:
        new.execute("BEGIN IMMEDIATE")
        tables = "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        for name, without_rowid in new.execute(tables).fetchall():
            if not name.startswith("sqlite_"):
                table = _Table(old, new, name, pages, numbered=not without_rowid)
                taken[name], unreadable[name] = table.copy()
        highest = _continue_numbers(old, new)
        _check_places(new, highest, all_read=not (unreadable["cursors"] or unreadable["stretches"]))
        _mend_dead_letters(new)
        missing = _missing(new, highest, pages)
        new.execute("COMMIT")
    finally:
        old.close()
    return Salvaged(taken["records"], missing, sum(unreadable.values()) - unreadable["records"])


def _open(path: Path) -> sqlite3.Connection:
    """Open a file that must stay as it is."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)


class _Table:
    """One table on its way from the damaged file to the new one."""

    def __init__(
        self, old: sqlite3.Connection, new: sqlite3.Connection, name: str, pages: int, *, numbered: bool
    ) -> None:
        self._old, self._new, self._name, self._pages, self._numbered = old, new, name, pages, numbered
        wanted = new.execute(f"PRAGMA table_info({name})").fetchall()
        try:
            there = {row[1] for row in old.execute(f"PRAGMA table_info({name})")}
        except sqlite3.DatabaseError:  # not even that can be read: then nothing of the table can
            there = set()
        self._columns = [row[1] for row in wanted if row[1] in there]
        self._keys = [row[1] for row in wanted if row[5]]
        self._unreadable = 0

    def copy(self) -> tuple[int, int]:
        """Copy what can be read, in order; return how much that is, and how much cannot be, at least."""
        if not self._columns:
            return 0, 1
        taken = 0
        so_far = Amounts()
        marks = ", ".join("?" * len(self._columns))
        insert = f"INSERT OR IGNORE INTO {self._name} ({', '.join(self._columns)}) VALUES ({marks})"  # noqa: S608  # names of our own schema
        for values in self._by_number() if self._numbered else filter(self._plausible, self._by_key()):
            row = dict(zip(self._columns, values, strict=True))
            if self._name == "records":  # their sums are others without those that are missing
                so_far = so_far.plus(Amounts(1, row["messages"], row["points"], row["size"]))
                row |= {f"{name}_so_far": amount for name, amount in so_far._asdict().items()}
            try:
                taken += self._new.execute(insert, tuple(row.values())).rowcount
            except sqlite3.IntegrityError:  # of another type than the column
                self._unreadable += 1
        return taken, self._unreadable

    def _by_number(self) -> Iterator[Sequence[Any]]:
        """Yield all rows that can be read of a table with numbered rows, in order."""
        columns = ", ".join(self._columns)
        query = f"SELECT rowid, {columns} FROM {self._name} NOT INDEXED WHERE rowid > ? ORDER BY rowid"  # noqa: S608  # as above
        after = 0
        while True:
            try:
                for number, *values in self._old.execute(query, (after,)):
                    if self._plausible(values):
                        if number <= after:  # the page is another's
                            break
                        yield values
                        after = number
                else:
                    return
            except sqlite3.DatabaseError:  # counted below
                pass
            found = self._next(after)  # one by one, until one can be read again
            if found is None:
                return
            after, values = found
            yield values

    def _plausible(self, values: Sequence[Any]) -> bool:
        makes_sense = plausible(self._name, dict(zip(self._columns, values, strict=True)))
        self._unreadable += not makes_sense
        return makes_sense

    def _next(self, after: int) -> tuple[int, Sequence[Any]] | None:
        """Return the next row that can be read; None if there is none."""
        query = f"SELECT {', '.join(self._columns)} FROM {self._name} WHERE rowid = ?"  # noqa: S608  # as above
        try:
            last = self._old.execute(f"SELECT max(rowid) FROM {self._name}").fetchone()[0] or 0  # noqa: S608  # as above
        except sqlite3.DatabaseError:
            last = after + self._pages * ROWS_ON_A_PAGE
        for number in range(after + 1, min(last, after + MAX_LOOKUPS) + 1):
            try:
                values = self._old.execute(query, (number,)).fetchone()
                if values is not None and self._plausible(values):
                    return number, values
            except sqlite3.DatabaseError:
                self._unreadable += 1
        return None

    def _by_key(self) -> Iterator[Sequence[Any]]:
        """Yield all rows up to the first that cannot be read, and then those from the end."""
        columns = ", ".join(self._columns)
        for direction in ("ASC", "DESC"):
            order = ", ".join(f"{key} {direction}" for key in self._keys)
            try:
                yield from self._old.execute(f"SELECT {columns} FROM {self._name} NOT INDEXED ORDER BY {order}")  # noqa: S608  # as above
            except sqlite3.DatabaseError:
                self._unreadable += 1
            else:
                return


def _continue_numbers(old: sqlite3.Connection, new: sqlite3.Connection) -> int:
    """Let new numbers begin behind all that ever were; return the highest that a row of records had."""
    try:
        said = dict(old.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    except sqlite3.DatabaseError:  # then what was read says enough
        said = {}
    highest = 0
    for (table,) in new.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'").fetchall():
        there = new.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]  # noqa: S608  # as above
        number = said.get(table)
        last = max(there, number) if isinstance(number, int) and number < UNBELIEVABLE else there
        if table == "records":
            highest = last
            places = [place for (place,) in new.execute("SELECT position FROM cursors") if place < UNBELIEVABLE]
            last = max([last, *places])
        new.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        new.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, last))
    return int(highest)


def _check_places(new: sqlite3.Connection, highest: int, *, all_read: bool) -> None:
    """Forget places of sinks where no row ever was, and all if one could not be read: its sink may lack every row.

    A sink that is sent something twice loses nothing.
    """
    if not all_read:
        new.execute("UPDATE cursors SET position = 0")
        new.execute("DELETE FROM stretches")
    new.execute("UPDATE cursors SET position = 0 WHERE position > ?", (highest,))
    new.execute("DELETE FROM stretches WHERE last > ? OR sink NOT IN (SELECT sink FROM cursors)", (highest,))


def _missing(new: sqlite3.Connection, highest: int, pages: int) -> int:
    """Forget rows that all sinks have; return how many of the others should be there and are not."""
    progress = {sink: Progress(position) for sink, position in new.execute("SELECT sink, position FROM cursors")}
    for sink, first, last in new.execute("SELECT sink, first, last FROM stretches"):
        progress[sink].add(first, last)
    if progress:
        done = common(list(progress.values()))
    else:  # it is not known what had been delivered
        done = Progress(new.execute("SELECT coalesce(min(id), 1) - 1 FROM records").fetchone()[0])
    delivered = [Stretch(0, done.position), *done.stretches]
    for first, last in delivered:
        new.execute("DELETE FROM records WHERE id BETWEEN ? AND ?", (first, last))
    there = new.execute("SELECT count(*) FROM records").fetchone()[0]
    expected = highest + 1 - sum(last - first + 1 for first, last in delivered)
    return int(max(0, min(expected - there, pages * ROWS_ON_A_PAGE)))


def _mend_dead_letters(new: sqlite3.Connection) -> None:
    """Count anew the letters of which the count could not be read."""
    sort = "kind, reason, source, sink, topic, subject"
    sort_of_letter = f"kind, reason, source, sink, substr(topic, 1, {MAX_NAME}), substr(subject, 1, {MAX_NAME})"
    lost = "counted NOT IN (SELECT id FROM dead_letter_counts)"
    new.execute(
        f"INSERT OR IGNORE INTO dead_letter_counts ({sort}, seen, last_ns) "  # noqa: S608  # constants
        f"SELECT {sort_of_letter}, count(*), max(created_ns) FROM dead_letters WHERE {lost} GROUP BY {sort_of_letter}"
    )
    for letter, *values in new.execute(
        f"SELECT id, {sort_of_letter} FROM dead_letters WHERE {lost}"  # noqa: S608  # constants
    ).fetchall():
        new.execute(
            "UPDATE dead_letters SET counted = (SELECT id FROM dead_letter_counts WHERE "  # noqa: S608  # constants
            f"({sort}) = (?, ?, ?, ?, ?, ?)) WHERE id = ?",
            (*values, letter),
        )
