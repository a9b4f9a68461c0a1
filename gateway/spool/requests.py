"""What the command line wants done with dead letters, and how far that is: asked and answered in the spool's file.

Only the process that owns the spool writes records. So the command line writes down a request, in a short transaction,
and that process does it in portions. How far it is stands in the same transaction as what it did, so a request that
was interrupted, even by `kill -9`, goes on where it was and does nothing twice.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from gateway.errors import SpoolError
from gateway.spool import selection
from gateway.spool.dead_letter_box import DeadLetterBox
from gateway.spool.dead_letters import COLUMNS, Kept
from gateway.spool.errand import Action, Portion, Request, Results, Settlement
from gateway.spool.selection import Selection

SCHEMA = """
CREATE TABLE dead_letter_requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_ns INTEGER NOT NULL,
    action TEXT NOT NULL,
    chosen TEXT NOT NULL,
    counts INTEGER NOT NULL,
    expected INTEGER NOT NULL,
    last INTEGER NOT NULL,
    source TEXT NOT NULL,
    position INTEGER NOT NULL,
    results TEXT NOT NULL,
    done INTEGER NOT NULL
) STRICT;
"""
LETTERS, BYTES = 100, 256 * 1024
"""Letters, and bytes of them, that are retried at a time: some milliseconds of work."""
PURGED = 1000
"""Letters that are purged at a time."""
WINDOW = 2000
"""Letters that are looked through at a time for those that are meant."""
REMEMBERED = 100
"""Requests that are done and still shown."""
_END = ("\U0010ffff", 2**63 - 1)
"""Behind the last letter of the last source."""

log = structlog.get_logger()


class Requests:
    """The requests, for the one process that owns the spool.

    Args:
        connection: Its writing connection.
        box: The dead letters.
    """

    def __init__(self, connection: sqlite3.Connection, box: DeadLetterBox) -> None:
        self._connection = connection
        self._box = box

    def next(self) -> Request | None:
        """Return the oldest request that is not done; one that cannot be understood is forgotten.

        Raises:
            SpoolError: The disk failed.
        """
        while True:
            with _disk():
                try:
                    return _first(self._connection, "done = 0")
                except (ValueError, TypeError, KeyError) as error:
                    log.warning("Dead letters: a request of another version is not understood", reason=str(error))
                    self._connection.execute(
                        "DELETE FROM dead_letter_requests WHERE id = "
                        "(SELECT min(id) FROM dead_letter_requests WHERE done = 0)"
                    )

    def abandon(self, request: Request) -> None:
        """Forget a request that cannot be done; what is done of it stays done."""
        with _disk():
            withdraw(self._connection, request.id)

    def portion(self, request: Request) -> Portion:
        """Return letters for which something is to be done; payloads are left out if they are to be purged.

        Raises:
            SpoolError: The disk failed.
            ValueError: There is a letter that was not written by this program.
        """
        with _disk():
            return self._portion(request)

    def _portion(self, request: Request) -> Portion:
        begin = (request.source, request.position, request.last)
        end = self._connection.execute(
            "SELECT source, id FROM dead_letters WHERE (source, id) > (?, ?) AND id <= ? ORDER BY source, id "
            "LIMIT 1 OFFSET ?",
            (*begin, WINDOW - 1),
        ).fetchone()
        retry = request.action is Action.RETRY
        columns = COLUMNS if retry else COLUMNS.replace("payload", "x'' AS payload")
        condition, parameters = request.chosen.of_letters()
        most = LETTERS if retry else PURGED
        left = request.chosen.limit - request.results.letters if request.chosen.limit else most
        rows = self._connection.execute(
            f"SELECT {columns} FROM dead_letters WHERE (source, id) > (?, ?) AND id <= ? AND (source, id) <= (?, ?) "  # noqa: S608  # constants
            f"AND {condition} ORDER BY source, id LIMIT ?",
            (*begin, *(end or _END), *parameters, min(most, left)),
        )
        letters: list[Kept] = []
        size = 0
        for row in rows:
            letter = Kept.of(row)
            size += len(letter.payload)
            if letters and (size > BYTES or letter.source != letters[0].source):
                break
            letters.append(letter)
        else:
            if len(letters) < min(most, left):
                source, position = end or _END
                return Portion(letters, source, position, is_last=end is None)
        rows.close()
        # There may be no more; then the next portion finds that out.
        reached = bool(request.chosen.limit) and len(letters) == left
        return Portion(letters, letters[-1].source, letters[-1].id, is_last=reached)

    def settle(self, settlement: Settlement) -> None:
        """Do what became of a portion, inside a transaction of the caller."""
        request, portion = settlement.request, settlement.portion
        self._box.remove(settlement.removed, cured=request.action is Action.RETRY)
        self._box.replace(settlement.replaced)
        if portion.is_last and request.counts:
            self._box.reset_counts(request.chosen)
        self._connection.execute(
            "UPDATE dead_letter_requests SET source = ?, position = ?, results = ?, done = ? WHERE id = ?",
            (
                portion.source,
                portion.position,
                json.dumps(request.results.plus(settlement.results)),
                portion.is_last,
                request.id,
            ),
        )
        if portion.is_last:
            self._connection.execute(
                "DELETE FROM dead_letter_requests WHERE done AND id <= ?", (request.id - REMEMBERED,)
            )


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise SpoolError(f"the dead letters cannot be read: {error}") from error


def submit(connection: sqlite3.Connection, action: Action, chosen: Selection, *, counts: bool = False) -> Request:
    """Write down a request, as one short transaction; return it."""
    selection.teach(connection)
    condition, parameters = chosen.of_letters()
    expected, last = connection.execute(
        f"SELECT count(*), coalesce(max(id), 0) FROM dead_letters WHERE {condition}",  # noqa: S608  # constants
        parameters,
    ).fetchone()
    # Letters that were named and are not there are told of in the end.
    expected = min(len(set(chosen.numbers)) or expected, chosen.limit or 2**63)
    request = Request(0, time.time_ns(), action, chosen, counts, expected, last, "", 0, Results(), done=False)
    number = connection.execute(
        "INSERT INTO dead_letter_requests (created_ns, action, chosen, counts, expected, last, source, "
        "position, results, done) VALUES (?, ?, ?, ?, ?, ?, '', 0, ?, 0)",
        (request.created_ns, action.value, chosen.to_json(), counts, expected, last, json.dumps(request.results)),
    ).lastrowid
    assert number is not None  # noqa: S101  # an INSERT into a table with a rowid has one
    return request._replace(id=number)


def look_up(connection: sqlite3.Connection, number: int) -> Request | None:
    """Return a request as it is now; None if there is none with this number."""
    return _first(connection, "id = ?", number)


def withdraw(connection: sqlite3.Connection, number: int) -> None:
    """Forget a request, as one short transaction."""
    connection.execute("DELETE FROM dead_letter_requests WHERE id = ?", (number,))


def _first(connection: sqlite3.Connection, condition: str, *parameters: int) -> Request | None:
    columns = ", ".join(Request._fields)
    row = connection.execute(
        f"SELECT {columns} FROM dead_letter_requests WHERE {condition} ORDER BY id LIMIT 1",  # noqa: S608  # constants
        parameters,
    ).fetchone()
    if row is None:
        return None
    number, created_ns, action, chosen, counts, expected, last, source, position, results, done = row
    return Request(
        number,
        created_ns,
        Action(action),
        Selection.from_json(chosen),
        bool(counts),
        expected,
        last,
        source,
        position,
        Results(*json.loads(results)),
        bool(done),
    )
